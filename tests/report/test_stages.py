"""The graph of a run from Snakemake's own record of it."""

import base64
import json
from pathlib import Path

import pytest

from resolute.report.drawing import drawing
from resolute.report.stages import graph

# Made file: its rule, what it was made from, the seconds it took.
RUN = {
    "code": ("sources", ["src/code.py"], 1.0),
    "raw": ("fetch", [], 2.0),
    "lr": ("degrade", ["raw", "code"], 1.0),
    "a": ("evaluate", ["raw", "lr", "code", "src/network.py"], 3.0),
    "b": ("evaluate", ["raw", "lr"], 4.0),
    "cost": ("profile", [], 5.0),
    "figure": ("figures", ["a", "b", "cost"], 1.0),
    "stale": ("figures", ["a"], 100.0),
}


@pytest.fixture
def recorded(project: Path) -> Path:
    """Snakemake's metadata of the run, one name spread over folders as long ones are."""
    folder = project / ".snakemake/metadata"
    folder.mkdir(parents=True)
    for name, (rule, needed, seconds) in RUN.items():
        encoded = base64.urlsafe_b64encode(name.encode()).decode()
        path = folder / encoded if name != "cost" else folder / f"@{encoded[:4]}" / encoded[4:]
        path.parent.mkdir(exist_ok=True)
        times = {"starttime": 10.0, "endtime": 10.0 + seconds}
        path.write_text(json.dumps({"rule": rule, "input": needed, "shellcmd": f"make {name}", **times}))
    return project


def test_stages_have_their_jobs_and_times(recorded: Path) -> None:
    found = {stage.name: stage for stage in graph([recorded / "figure"]).stages}
    assert {name: (stage.jobs, stage.seconds) for name, stage in found.items()} == {
        "fetch": (1, 2.0),
        "degrade": (1, 1.0),
        "evaluate": (2, 7.0),
        "profile": (1, 5.0),
        "figures": (1, 1.0),
        "report": (0, 0.0),
    }
    assert found["evaluate"].needs == {"fetch", "degrade"}


def test_only_direct_needs_are_drawn_and_stages_stand_before_their_users(recorded: Path) -> None:
    found = graph([recorded / "figure"])
    assert set(found.direct) == {
        ("fetch", "degrade"),
        ("degrade", "evaluate"),
        ("evaluate", "figures"),
        ("profile", "figures"),
        ("figures", "report"),
    }
    assert found.levels == {"fetch": 0, "degrade": 1, "evaluate": 2, "profile": 2, "figures": 3, "report": 4}
    svg = str(drawing(found))
    assert svg.count("<rect") == 6
    assert svg.count("<path") == 5
    assert "2 jobs, 7.0 s" in svg


def test_without_a_readable_record_there_is_no_graph(recorded: Path) -> None:
    assert graph([recorded / "unknown"]).stages == ()
    for path in (recorded / ".snakemake/metadata").rglob("*"):
        if path.is_file():
            path.write_text("{")
    assert graph([recorded / "figure"]).stages == ()
