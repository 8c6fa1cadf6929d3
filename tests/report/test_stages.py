"""The graph of a run from Snakemake's own record of it."""

import base64
import json
import re
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.report.drawing import HEIGHT, WIDTH, drawing
from resolute.report.stages import Graph, Stage, graph

# Made file: its rule, what it was made from, the seconds it took.
RUN = {
    "raw": ("fetch", [], 2.0),
    "lr": ("degrade", ["raw", "src/code.csv"], 1.0),
    "a": ("evaluate", ["raw", "lr", "src/network.csv"], 3.0),
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


def boxes_and_paths(svg: str) -> tuple[list[tuple[float, float]], list[list[tuple[float, float]]]]:
    """The upper left corners of the boxes, and points on every path, close to each other."""
    boxes = [(float(x), float(y)) for x, y in re.findall(r"translate\(([\d.]+) ([\d.]+)\)", svg)]
    paths = []
    for path in re.findall(r'd="([^"]+)"', svg):
        points: list[tuple[float, float]] = []
        for command, rest in re.findall(r"([MHC])([^MHC]+)", path):
            numbers = [float(number) for number in rest.split()]
            if command == "M":
                points = [(numbers[0], numbers[1])]
                continue
            (x, y), last = points[-1], numbers[0]
            a, b, c, d, e, f = numbers if command == "C" else [x, y, last, y, last, y]
            for t in (step / 40 for step in range(1, 41)):
                weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
                across, down = (
                    sum(w * v for w, v in zip(weights, one, strict=True)) for one in ((x, a, c, e), (y, b, d, f))
                )
                points.append((across, down))
        paths.append(points)
    return boxes, paths


@given(st.lists(st.lists(st.booleans(), min_size=7, max_size=7), min_size=8, max_size=8))
def test_no_line_crosses_a_stage(needed: list[list[bool]]) -> None:
    names = [f"stage{number}" for number in range(8)]
    found = Graph(
        tuple(
            Stage(
                name,
                1,
                1.0,
                frozenset(other for other, is_needed in zip(names[:number], row, strict=False) if is_needed),
            )
            for number, (name, row) in enumerate(zip(names, needed, strict=True))
        )
    )
    boxes, paths = boxes_and_paths(str(drawing(found)))
    assert (len(boxes), len(paths)) == (8, len(found.direct))
    for x, y in boxes:
        for point_x, point_y in (point for path in paths for point in path):
            assert not (x < point_x < x + WIDTH and y < point_y < y + HEIGHT)
    assert all(
        abs(x - other_x) >= WIDTH or abs(y - other_y) > HEIGHT for (x, y), (other_x, other_y) in combinations(boxes, 2)
    )


def test_without_a_readable_record_there_is_no_graph(recorded: Path) -> None:
    assert graph([recorded / "unknown"]).stages == ()
    for path in (recorded / ".snakemake/metadata").rglob("*"):
        if path.is_file():
            path.write_text("{")
    assert graph([recorded / "figure"]).stages == ()
