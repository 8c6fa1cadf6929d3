"""Equal runs give equal pages, but for the elements that say of themselves that they vary."""

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.report.conftest import RUNS, SVG, TABLE, Page, cost, operating, quality, write_times

from resolute.pages.origin import commit

VARIES = re.compile(r"(<(\w+)\b[^<>]*\bdata-varies\b[^<>]*>).*?</\2>", re.DOTALL)
# Made file: its rule and what it was made from. Three stages of one level, so that a set's order would show.
RECORDED = {
    "lr": ("degrade", ["raw"]),
    **{f"{name}.parquet": (name, ["lr"]) for name in ("evaluate", "profile", "train")},
    TABLE: ("tables", ["evaluate.parquet", "profile.parquet", "train.parquet"]),
    "raw": ("fetch_images", []),
}


def record(project: Path, seconds: float) -> None:
    """Snakemake's metadata of a run, each job of which took as long."""
    folder = project / ".snakemake/metadata"
    folder.mkdir(parents=True, exist_ok=True)
    for name, (rule, needed) in RECORDED.items():
        times = {"starttime": 10.0, "endtime": 10.0 + seconds}
        path = folder / base64.urlsafe_b64encode(name.encode()).decode()
        path.write_text(json.dumps({"rule": rule, "input": needed, "shellcmd": f"make {name}", **times}))


def test_pages_of_equal_runs_differ_only_where_they_say_so(report: Callable[..., str], project: Path) -> None:
    def page(seconds: float) -> str:
        record(project, seconds)
        write_times(project, "rlfn_tiny", f"{seconds * 100},{seconds},{seconds * 7000}")
        (project / "psnr_latency.svg").write_text(SVG.replace("A title", f"{seconds} ms"))
        panel = operating("photograph", "Two widths")
        panel["points"][1]["seconds"] = seconds
        (project / "settings_a.json").write_text(json.dumps(panel))
        took = [{**row, "value": 10 * seconds} if row["metric"] == "latency" else row for row in RUNS]
        return report(took, figures=["psnr_macs.svg", "psnr_latency.svg", "training_a.json", "settings_a.json"])

    first, second = page(1.0), page(2.5)
    for text, words in ((first, ("1 min 40 s", "10.0", "1.0 s")), (second, ("4 min 10 s", "25.0", "2.5 s"))):
        assert all(f">{word}<" in text or f", {word}<" in text for word in words)
    assert first != second
    marked = VARIES.findall(first)
    assert {tag for _, tag in marked} == {"td", "text", "span", "script", "figure", "dd"}
    assert VARIES.sub(r"\1", first) == VARIES.sub(r"\1", second)
    assert page(1.0) == first


GRAPH = """
import sys
from pathlib import Path
from resolute.report.drawing import drawing
from resolute.report.stages import graph
print(drawing(graph([Path(sys.argv[1]).absolute()])))
"""


@pytest.mark.slow
def test_the_graph_is_the_same_whatever_python_hashes_by(project: Path) -> None:
    record(project, 1.0)
    drawn = set()
    for seed in range(4):
        environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
        command = [sys.executable, "-c", GRAPH, TABLE]
        drawn.add(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    (svg,) = drawn
    assert svg.count("<rect") == 7


@pytest.fixture
def repository(project: Path) -> Callable[..., str]:
    """A git repository of the project; runs git in it."""

    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
        return subprocess.run(command, cwd=project, capture_output=True, text=True, check=True).stdout.strip()

    for name in ("reports/metrics.json", "dvc.lock"):
        (project / name).write_text("a")
    (project / "code.py").write_text("a")
    git("init", "-q")
    git("add", "-f", "reports/metrics.json", "dvc.lock", "code.py")
    git("commit", "-qm", "first")
    return git


def test_what_the_workflow_writes_does_not_make_the_commit_dirty(repository: Callable[..., str], project: Path) -> None:
    name = repository("rev-parse", "--short=12", "HEAD")
    assert commit() == name
    for written in ("reports/metrics.json", "dvc.lock"):
        (project / written).write_text("b")
    assert commit() == name
    (project / "code.py").write_text("b")
    assert commit() == f"{name}-dirty"


INFINITE: list[dict[str, Any]] = [
    {**row, "value": float("inf")} if row["metric"] == "psnr" else row for row in quality("imdn_tiny", "quick-seed0", 0)
]


@pytest.mark.parametrize("whole", [True, False])
def test_equal_images_leave_the_page_whole(whole: bool, report: Callable[..., str]) -> None:
    equal = INFINITE if whole else INFINITE[:1] + quality("imdn_tiny", "quick-seed0", 29.0)[1:]
    text = report([*quality("bicubic", "published-matlab", 28.0), *equal, *cost("imdn_tiny", 1e9)])
    page = Page(text)
    for script in page.scripts:
        if script.startswith(("{", "[")):
            json.loads(script, parse_constant=pytest.fail)
    group = json.loads(next(one for one in page.scripts if one.startswith("{")))["groups"][0]
    (row,) = group["rows"]
    assert row["quality"]["y_basicsr"] == ({"ssim": 0.8125} if whole else {"psnr": 30.0, "ssim": 0.8125})
    assert group["equal"] == ({"y_basicsr": 1} if whole else {})
    words = " ".join(page.text.split())
    if whole:
        assert "equal 0.8125 all images equal their originals, which makes the PSNR infinite" in words
    else:
        assert "30.00 +2.00 0.8125 1 image that equals its original is left out of the mean" in words
    assert not re.search(r"\b(inf|nan)\b", words)
    assert "trained PSNRs differ, by up to 0.05 dB" in words
    assert "was measured on A CPU" in words
