"""A project with what the other stages hand to the report, shared with the browser tests."""

import base64
import html.parser
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from resolute import measurements
from resolute.published.results import RESULTS, write_results
from resolute.report import make_report

REPOSITORY = Path(__file__).parents[2]
HOSTILE = '<script>document.title="broken"</script>"\'>&' + "n" * 200 + "超解像"

PIXEL = (
    "data:image/png;base64,"
    + base64.b64encode(
        bytes.fromhex(
            "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
            "53de0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
        )
    ).decode()
)

SVG = """<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9pt"
 viewBox="0 0 9 9">
<metadata><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A title</dc:title>
<dc:description>What it shows &lt;script&gt;</dc:description></rdf:RDF></metadata>
<defs><style>*{fill: red}</style><path id="m" d="M0 0"/><clipPath id="p"><path d="M0 0"/></clipPath></defs>
<use xlink:href="#m" clip-path="url(#p)"/><text>&lt;script&gt;</text></svg>"""

TABLE = "reports/tables/ntire2022/table1.html"
Row = dict[str, Any]
# Of each of the papers' tables.
UNSEEN = {"not comparable": 2, "cannot be measured": 3, "not run": 4}
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(html.parser.HTMLParser):
    """Tags, links and text of a page; refuses unclosed elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.scripts: list[str] = []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["script"]:
            self.scripts.append(data)
        else:
            self.text += data


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project root with what the other stages hand to the report."""
    (tmp_path / "params.yaml").touch()
    shutil.copytree(REPOSITORY / "data/published", tmp_path / "data/published")
    (tmp_path / TABLE).parent.mkdir(parents=True)
    (tmp_path / TABLE).write_text("<table class='verdicts'><tr><td>fragment</td></tr></table>")
    write_results(tmp_path / "reports/results.parquet", judged("table1", reproduced=11, explained=1))
    for name in ("psnr_macs", "patch_categories"):
        (tmp_path / f"{name}.svg").write_text(SVG)
    (tmp_path / "patch_difficulty_a.svg").write_text(SVG)
    histogram = {
        "title": "8 patches",
        "size": 32,
        "edges": [0, 1, 2],
        "counts": [[3, 1], [0, 4]],
        "colours": ["#000000"] * 2,
    }
    (tmp_path / "patch_difficulty_a.json").write_text(json.dumps(histogram))
    (tmp_path / "training_a.json").write_text(json.dumps(training("RLFN tiny, x4, quick-seed0")))
    write_times(tmp_path, "rlfn_tiny", "200.0,,9000.0")
    (tmp_path / "comparison_a.json").write_text(json.dumps(comparison("photograph (a set, x4)", "RLFN tiny")))
    (tmp_path / "settings_a.json").write_text(json.dumps(operating("photograph (a set, x4)", "Two widths")))
    (tmp_path / "curve_a.svg").write_text(SVG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cell(**columns: Any) -> Row:
    """A cell of a table, as the stage `tables` writes it."""
    texts = {field.name: "" for field in RESULTS if field.type == "string"}
    values = dict.fromkeys(("scale", "paper_value", "measured_value", "trained_value", "trained_std"))
    return {**texts, **values, "kind": "published", "digits": 2, "trained_seeds": 0, "equal_images": 0, **columns}


def judged(table: str, **counts: int) -> list[Row]:
    """Cells of one row of a table of NTIRE 2022, so many of each verdict, and those of `UNSEEN`."""
    named = {"paper": "ntire2022", "table": table, "method": "rlfn_team04", "row": "rlfn_team04"}
    columns = {"table1": "psnr_val", "official_code": "set5_rgb_psnr"}
    values = {"paper_value": 29.0, "measured_value": 28.0, "why": "told elsewhere"}
    verdicts = [verdict for verdict, count in {**counts, **UNSEEN}.items() for _ in range(count)]
    return [cell(**named, column=columns[table], verdict=verdict, **values) for verdict in verdicts]


def training(title: str) -> dict[str, Any]:
    curve = {"step": [1.0, 2.0, 3.0], "loss": [0.1, 0.05, 0.04]}
    return {"run": "rlfn_tiny/x4/quick-seed0", "title": title, **curve}


def write_times(root: Path, method: str, last: str) -> None:
    """The file of times of a method's training, with its last line's seconds and joules."""
    path = root / f"data/weights/trained/{method}/x4/quick-seed0.times.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"step,seconds,cpu_joules,gpu_joules\n1,1.0,,1.0\n800,{last}\n")


def comparison(subject: str, title: str) -> dict[str, Any]:
    """Two views of one pixel each."""
    views = [
        {"method": method, "title": name, "weights": weights, "psnr": psnr, "image": PIXEL, "error": PIXEL}
        for method, name, weights, psnr in (
            ("bicubic", "Bicubic", "published-matlab", 28.0),
            ("rlfn_tiny", title, "quick-seed0", 28.75),
        )
    ]
    return {
        "subject": subject, "protocol": "y_basicsr", "size": [4, 4], "crop": [1, 1, 2, 2], "largest_error": 48,
        "whole": PIXEL, "original": PIXEL, "views": views,
    }  # fmt: skip


def operating(subject: str, title: str) -> dict[str, Any]:
    """Three settings of two experts, of which the second is the default."""
    points = [
        {
            "setting": setting, "psnr": psnr, "macs": macs, "share": macs / 4e9, "seconds": seconds, "chosen": chosen,
            "map": PIXEL,
        }
        for setting, psnr, macs, seconds, chosen in (
            ("narrow", 27.0, 1e9, 0.05, [8, 0]),
            ("saving", 28.0, 2.5e9, 0.125, [4, 4]),
            ("full", 28.25, 4e9, 0.2, [0, 8]),
        )
    ]  # fmt: skip
    return {
        "title": title, "weights": "quick-seed0", "subject": subject, "protocol": "y_basicsr",
        "timing": "A CPU, 2 threads", "default": "saving", "size": [3, 2], "photograph": PIXEL, "points": points,
        "experts": [
            {"name": "narrow", "macs": 1e9, "colour": "#440154"}, {"name": "wide", "macs": 4e9, "colour": "#fde725"},
        ],
    }  # fmt: skip


def quality(method: str, weights: str, psnr: float, **columns: Any) -> list[Row]:
    row = {
        "source": "measured", "method": method, "weights": weights, "dataset": "embedded", "scale": 4.0,
        "protocol": "y_basicsr", "device": "A CPU", **columns,
    }  # fmt: skip
    images = [
        {**row, "image": name, "metric": "psnr", "value": psnr + by, "unit": "dB"} for name, by in (("a", -1), ("b", 1))
    ]
    return [*images, {**row, "image": "a", "metric": "ssim", "value": 0.8125}]


def cost(method: str, macs: float) -> list[Row]:
    row = {"source": "measured", "method": method, "scale": 4.0, "lr_size": "256x256"}
    return [
        {**row, "metric": "params", "value": 316_900.0},
        {**row, "metric": "macs", "protocol": "macs", "value": macs},
        {**row, "metric": "latency", "value": 27.11, "unit": "ms", "device": "A CPU"},
    ]


RUNS = [
    *quality("bicubic", "published-matlab", 28.0),
    *quality("rlfn_tiny", "quick-seed0", 28.75),
    *quality("imdn_tiny", "quick-seed0", 28.70),
    *cost("rlfn_tiny", 4e9),
    *cost("imdn_tiny", 1e9),
]


FIGURES = (
    "psnr_macs.svg",
    "patch_categories.svg",
    "patch_difficulty_a.svg",
    "patch_difficulty_a.json",
    "training_a.json",
    "comparison_a.json",
    "settings_a.json",
    "curve_a.svg",
)


@pytest.fixture
def report(project: Path) -> Callable[..., str]:
    """Makes the report of some rows and returns the page."""

    def report(
        rows: list[Row] = RUNS,
        reference: Sequence[Path] = (),
        figures: Sequence[str] = FIGURES,
        tables: Sequence[Path] = (),
        measured: Sequence[Path] = (),
        **params: Any,
    ) -> str:
        path = project / "reports/measurements/all.parquet"
        measurements.write(path, rows, weights_sha256="0123abcd")
        given = {
            "preset": "quick",
            "seeds": [0],
            "methods": {"trained": ["rlfn_tiny"]},
            "data": {"test": ["embedded"]},
            "figures": {"protocol": "y_basicsr"},
            "train": {"iterations": 800, "batch_size": 8, "lr_patch_size": 32},
            "recipes": {"imdn_tiny": {"iterations": 400, "batch_size": 4, "loss": "l1_fft"}},
            **params,
        }
        shown = [project / name for name in figures]
        make_report(given, [path, *measured], tables or [project / TABLE], shown, reference)
        return (project / "reports/index.html").read_text(encoding="utf-8")

    return report
