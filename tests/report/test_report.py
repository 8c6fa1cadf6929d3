"""The page as a whole: what it says, and that it needs nothing else and trusts no name."""

import html.parser
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from resolute import measurements
from resolute.core.errors import ResoluteError
from resolute.figures import style
from resolute.report import make_report
from resolute.report.make import table_order, weights_title

REPOSITORY = Path(__file__).parents[2]
HOSTILE = '<script>document.title="broken"</script>"\'>&' + "n" * 200 + "超解像"
VOID = {"meta", "link", "br", "img", "input", "hr"}

SVG = """<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9pt"
 viewBox="0 0 9 9">
<metadata><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A title</dc:title>
<dc:description>What it shows &lt;script&gt;</dc:description></rdf:RDF></metadata>
<defs><style>*{fill: red}</style><path id="m" d="M0 0"/><clipPath id="p"><path d="M0 0"/></clipPath></defs>
<use xlink:href="#m" clip-path="url(#p)"/><text>&lt;script&gt;</text></svg>"""

Row = dict[str, Any]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project root with what the other stages hand to the report."""
    (tmp_path / "params.yaml").touch()
    shutil.copytree(REPOSITORY / "data/published", tmp_path / "data/published")
    (tmp_path / "reports").mkdir()
    verdicts = {"ntire2022": {"table1": {
        "reproduced": 11, "explained": 1, "differs": 0,
        "not comparable": 2, "cannot be measured": 3, "not run": 4,
    }}}  # fmt: skip
    (tmp_path / "reports/metrics.json").write_text(json.dumps({"verdicts": verdicts}))
    (tmp_path / "table1.html").write_text("<table class='verdicts'><tr><td>fragment</td></tr></table>")
    for name in ("psnr_macs", "patch_categories"):
        (tmp_path / f"{name}.svg").write_text(SVG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


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
    row = {"source": "measured", "method": method, "scale": 4.0, "setting": "lr256x256"}
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


@pytest.fixture
def report(project: Path) -> Callable[..., str]:
    """Makes the report of some rows and returns the page."""

    def report(rows: list[Row] = RUNS, reference: Sequence[Path] = (), **params: Any) -> str:
        path = project / "reports/measurements/all.parquet"
        measurements.write(path, rows, weights_sha256="0123abcd")
        given = {
            "preset": "quick",
            "data": {"test": ["embedded"]},
            "figures": {"protocol": "y_basicsr"},
            **params,
        }
        figures = [project / "psnr_macs.svg", project / "patch_categories.svg"]
        make_report(given, [path], [project / "table1.html"], figures, reference)
        return (project / "reports/index.html").read_text(encoding="utf-8")

    return report


class Page(html.parser.HTMLParser):
    """Tags, links and text of a page; refuses unclosed elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
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
        self.text += data


def test_findings_are_computed_from_the_data(report: Callable[..., str]) -> None:
    page = " ".join(Page(report()).text.split())
    assert "+0.75 dB RLFN tiny, trained in this run, gains most over bicubic" in page
    assert "all of 2 networks gain" in page
    assert "25% of the multiply-adds of RLFN tiny are enough for IMDN tiny, 0.05 dB below it" in page
    assert "11 of 12 published figures that this run could check are reproduced; 1 explained" in page


def test_the_quality_table_has_means_and_gains(report: Callable[..., str]) -> None:
    page = report()
    table = page[page.index('<table class="quality">') : page.index("</table>")]
    networks = re.findall(r'<th scope="row">([^<]+?) <small>([^<]+)<', table)
    assert networks == [
        ("Bicubic", "baseline"),
        ("RLFN tiny", "trained here (quick, seed 0)"),
        ("IMDN tiny", "trained here (quick, seed 0)"),
    ]
    assert re.findall(r'class="psnr">([^<]+)', table) == ["28.00", "28.75", "28.70"]
    assert re.findall(r'class="gain up">([^<]+)', table) == ["+0.75", "+0.70"]
    assert table.count("0.8125") == 3
    assert table.count('class="best"') == 1


def test_a_loss_against_bicubic_is_shown_as_one(report: Callable[..., str]) -> None:
    page = report([*quality("bicubic", "published-matlab", 28.0), *quality("rlfn_tiny", "quick-seed0", 27.5)])
    assert '<span class="gain down">\N{MINUS SIGN}0.50</span>' in page
    assert "\N{MINUS SIGN}0.50 dB" in page
    assert "0 of 1 networks gain" in page


def test_the_page_is_one_file_that_asks_for_nothing(report: Callable[..., str]) -> None:
    page = Page(report())
    assert "script" not in page.tags
    assert not {"link", "iframe", "img", "object"} & set(page.tags)
    for tag, name, value in page.attributes:
        if name in ("src", "href", "xlink:href", "srcset", "action"):
            assert value.startswith(("#", "data:")), (tag, name, value)
    policy = next(value for tag, name, value in page.attributes if "default-src" in value)
    assert "default-src 'none'" in policy
    assert "url(" not in (REPOSITORY / "src/resolute/report/style.css").read_text()


def test_the_page_has_a_language_a_title_and_headings_in_order(report: Callable[..., str]) -> None:
    page = Page(report())
    assert ("html", "lang", "en-GB") in page.attributes
    assert page.tags.count("h1") == page.tags.count("title") == page.tags.count("main") == 1
    levels = [int(tag[1]) for tag in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    targets = {value[1:] for tag, name, value in page.attributes if tag == "a" and name == "href"}
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert targets <= set(ids)
    assert len(ids) == len(set(ids))
    assert page.tags.count("th") == sum(tag == "th" and name == "scope" for tag, name, _ in page.attributes)


def test_hostile_names_are_shown_harmlessly(report: Callable[..., str], project: Path) -> None:
    folder = project / "data/reference" / HOSTILE[8:40].replace("/", "")
    measurements.write(folder / "all.parquet", quality(HOSTILE, "bsds-seed0", 30.0, dataset=HOSTILE))
    rows = [*quality(HOSTILE, "quick-seed0", 29.0, dataset=HOSTILE, device=HOSTILE), *cost(HOSTILE, 1e9)]
    page = Page(report(rows, [folder / "all.parquet"], preset=HOSTILE, data={"test": [HOSTILE]}))
    assert "script" not in page.tags
    assert page.text.count(HOSTILE) > 5
    assert not any(name.startswith("on") for _, name, _ in page.attributes)


def test_figures_keep_to_themselves(report: Callable[..., str]) -> None:
    page = Page(report())
    ids = {value for _, name, value in page.attributes if name == "id"}
    for name in ("psnr_macs", "patch_categories"):
        assert {f"{name}-m", f"{name}-p"} <= ids
        assert ("use", "xlink:href", f"#{name}-m") in page.attributes
        assert ("use", "clip-path", f"url(#{name}-p)") in page.attributes
    assert page.tags.count("style") == 1
    assert page.text.count("What it shows <script>") == 2
    assert page.tags.count("figcaption") == 2


def test_other_devices_and_provenance_are_there(report: Callable[..., str], project: Path) -> None:
    path = project / "data/reference/some-gpu/rlfn.parquet"
    measurements.write(path, quality("rlfn_team04", "bsds-seed0", 31.0))
    text = Page(report(reference=[path])).text
    assert "some-gpu" in text
    assert "trained here (bsds, seed 0)" in text
    assert "weights_sha256: 0123abcd" in text
    assert "reports/measurements/all.parquet" in text
    assert "preset: quick" in text
    assert "A CPU" in text


def test_numbered_tables_come_first(project: Path) -> None:
    names = ["b/table10", "b/psnr", "b/table2", "a/other"]
    ordered = sorted((project / f"{name}.html" for name in names), key=table_order)
    assert [f"{path.parent.name}/{path.stem}" for path in ordered] == [
        "a/other",
        "b/table2",
        "b/table10",
        "b/psnr",
    ]


def test_equal_input_makes_equal_bytes(report: Callable[..., str]) -> None:
    assert report() == report()


def test_a_run_without_measurements_has_a_report(report: Callable[..., str]) -> None:
    assert "This run has measured no quality." in Page(report([])).text


def test_an_absent_table_is_one_clear_line(report: Callable[..., str], project: Path) -> None:
    (project / "table1.html").unlink()
    with pytest.raises(
        ResoluteError, match=r"table1\.html is not there: `snakemake --cores all table1\.html` makes it"
    ):
        report()
    assert not (project / "reports/index.html").exists()


def test_names_of_weights() -> None:
    assert weights_title("published-ntire2022") == "published (ntire2022)"
    assert weights_title("quick-seed3") == "trained here (quick, seed 3)"


def test_the_dark_page_recolours_the_figures_own_colours() -> None:
    css = (REPOSITORY / "src/resolute/report/style.css").read_text()
    for colour in (style.INK, style.MUTED, style.GRID, style.BLUE):
        assert f': {colour}"]' in css


@pytest.mark.browser
def test_a_browser_lays_it_out_and_runs_nothing(report: Callable[..., str], project: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("no Chromium is installed")
    rows = [*RUNS, *quality(HOSTILE, "quick-seed0", 29.0)]
    report(rows)
    offline = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
    ]
    command = [
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", *offline,
        f"--user-data-dir={project / 'profile'}", "--host-resolver-rules=MAP * ~NOTFOUND", "--dump-dom",
        f"file://{project / 'reports/index.html'}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "<title>Resolute: quick</title>" in done.stdout
    assert "</main>" in done.stdout
