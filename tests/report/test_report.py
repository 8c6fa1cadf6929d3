"""The page as a whole: what it says, and that it needs nothing else and trusts no name."""

import csv
import html
import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from tests.report.conftest import HOSTILE, REPOSITORY, RUNS, TABLE, Page, comparison, cost, operating, quality, training

from resolute import measurements
from resolute.core.errors import ResoluteError
from resolute.figures import style
from resolute.measurements import titles
from resolute.metrics.protocols import PROTOCOLS
from resolute.pages.environment import STYLE
from resolute.pages.origin import origin
from resolute.pages.words import duration, energy, weights_title
from resolute.profile.exported import write_rows
from resolute.report.make import table_order

LARGEST = 8_000_000  # bytes of a report of the quick preset


def test_findings_are_computed_from_the_data(report: Callable[..., str]) -> None:
    page = " ".join(Page(report()).text.split())
    assert "+0.75 dB RLFN tiny, trained in this run, gains most over bicubic" in page
    assert "all of 2 networks gain" in page
    assert "25% of the multiply-adds of RLFN tiny are enough for IMDN tiny, 0.05 dB below it" in page
    assert "11 of 12 published figures that this run could check are reproduced; 1 explained" in page


def test_the_quality_table_has_means_and_gains(report: Callable[..., str]) -> None:
    page = report()
    table = page[(start := page.index('<table class="quality sortable">')) : page.index("</table>", start)]
    networks = re.findall(r'<th scope="row">([^<]+?) <small>([^<]+)<', table)
    assert networks == [
        ("Bicubic", "baseline"),
        ("RLFN tiny", "trained here (quick, 1 seed)"),
        ("IMDN tiny", "trained here (quick, 1 seed)"),
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
    text = report()
    assert len(text) < LARGEST
    page = Page(text)
    assert not {"link", "iframe", "object"} & set(page.tags)
    for tag, name, value in page.attributes:
        if name in ("src", "href", "xlink:href", "srcset", "action"):
            assert value.startswith(("#", "data:")), (tag, name, value)
    policy = next(value for tag, name, value in page.attributes if "default-src" in value)
    assert "default-src 'none'" in policy
    assert "connect-src" not in policy
    for sheet in (*STYLE, REPOSITORY / "src/resolute/report/widgets.css"):
        assert "url(" not in sheet.read_text()


def test_the_appendix_is_linked_where_there_is_one(report: Callable[..., str], project: Path) -> None:
    (project / "reports/snakemake.html").touch()
    assert ("a", "href", "snakemake.html") in Page(report()).attributes


def test_the_site_is_linked_where_there_is_one(report: Callable[..., str], project: Path) -> None:
    assert "<code>resolute publish</code> writes a site" in report()
    (project / "reports/site").mkdir()
    (project / "reports/site/index.html").touch()
    page = report()
    assert ("a", "href", "site/index.html") in Page(page).attributes
    assert "resolute publish" not in page


def test_the_page_has_a_language_a_title_and_headings_in_order(report: Callable[..., str]) -> None:
    page = Page(report())
    assert ("html", "lang", "en-GB") in page.attributes
    assert page.tags.count("h1") == page.tags.count("title") == page.tags.count("main") == 1
    levels = [int(tag[1]) for tag in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    links = [value for tag, name, value in page.attributes if tag == "a" and name == "href"]
    targets = {value[1:] for value in links if value.startswith("#")}
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert targets <= set(ids)
    assert len(ids) == len(set(ids))
    assert page.tags.count("th") == sum(tag == "th" and name == "scope" for tag, name, _ in page.attributes)


def test_hostile_names_are_shown_harmlessly(report: Callable[..., str], project: Path) -> None:
    scripts = Page(report()).tags.count("script")
    folder = project / "data/reference" / HOSTILE[8:40].replace("/", "")
    measurements.write(folder / "all.parquet", quality(HOSTILE, "bsds-seed0", 30.0, dataset=HOSTILE))
    rows = [*quality(HOSTILE, "quick-seed0", 29.0, dataset=HOSTILE, device=HOSTILE), *cost(HOSTILE, 1e9)]
    (project / "training_a.json").write_text(json.dumps(training(HOSTILE)))
    (project / "comparison_a.json").write_text(json.dumps(comparison(HOSTILE, HOSTILE)))
    (project / "settings_a.json").write_text(json.dumps(operating(HOSTILE, HOSTILE)))
    page = Page(report(rows, [folder / "all.parquet"], preset=HOSTILE, data={"test": [HOSTILE]}))
    assert page.tags.count("script") == scripts
    assert page.text.count(HOSTILE) > 5
    assert not any(name.startswith("on") for _, name, _ in page.attributes)
    choices, trainings, *_ = [json.loads(script) for script in page.scripts if script.startswith(("{", "["))]
    assert choices["groups"][0]["rows"][0]["title"] == HOSTILE
    assert trainings[0]["title"] == HOSTILE


def test_lr_images_alone_are_shown_without_scores(
    report: Callable[..., str], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(titles, "has_originals", lambda dataset: dataset != "phone")
    compared, panel = comparison("door (phone, x4)", "RLFN tiny"), operating("door (phone, x4)", "Two widths")
    compared |= {"protocol": "", "lr": compared.pop("original")}
    for view in compared["views"]:
        del view["error"]
        view |= {"psnr": None, "equal": False}
    panel |= {"protocol": "", "points": [{**point, "psnr": None} for point in panel["points"]]}
    (project / "comparison_a.json").write_text(json.dumps(compared))
    (project / "settings_a.json").write_text(json.dumps(panel))
    row = {"source": "measured", "method": "rlfn_tiny", "weights": "quick-seed0", "dataset": "phone", "scale": 4.0}
    rows = [*RUNS, {**row, "image": "door", "metric": "sr_pixels", "value": 64.0}]
    page = report(rows, data={"test": ["embedded", "phone"]})
    assert 'alt="LR image"' in page and 'alt="error of' not in page
    page = Page(page).text
    assert "phone (LR images alone)" in page
    assert "Without originals, and so without scores: phone." in page
    assert "There is no original: no error and no PSNR." in page
    assert "There is no original, and so no PSNR." in page
    assert "equal to the original" not in page and "original (HR)" not in page
    assert "1 seed, 2 test images" in page  # of what is scored


@pytest.mark.parametrize("methods", [12, 13])
def test_of_many_methods_the_page_compares_the_best(report: Callable[..., str], project: Path, methods: int) -> None:
    facts = comparison("photograph", "RLFN tiny")
    facts["views"] = [{**facts["views"][0], "title": f"method {number}"} for number in range(methods)]
    (project / "comparison_a.json").write_text(json.dumps(facts))
    page = report()
    assert [f'alt="method {number}"' in page for number in (0, 11, 12)] == [True, True, False]
    assert ("The 12 of 13 with the best PSNR are shown" in page) is (methods > 12)


def test_the_chart_has_what_the_tables_have(report: Callable[..., str]) -> None:
    choices = json.loads(next(script for script in Page(report()).scripts if script.startswith("{")))
    group = choices["groups"][0]
    assert group["protocols"] == ["y_basicsr"]
    assert group["baseline"]["y_basicsr"] == {"psnr": 28.0, "ssim": 0.8125}
    best = group["rows"][0]
    assert (best["title"], best["trained"], best["weights"]) == ("RLFN tiny", True, "trained here (quick, 1 seed)")
    assert best["quality"]["y_basicsr"]["psnr"] == 28.75
    assert best["cost"] == {"params": 316.9, "macs": 4.0, "latency": 27.11}
    assert [cost["unit"] for cost in choices["costs"]] == ["G", "K", "ms", "MiB"]


def test_protocols_and_timing_are_described(report: Callable[..., str], project: Path) -> None:
    page = report()
    words = PROTOCOLS["y_basicsr"].description
    assert f'<th scope="col" title="{words}"><code>y_basicsr</code>' in page
    assert f"<dd>{words}</dd>" in page
    assert json.loads(next(one for one in Page(page).scripts if one.startswith("{")))["described"]["y_basicsr"] == words
    assert "A CPU, 2 threads, float32" not in page
    path = project / "reports/measurements/all.parquet"
    measurements.write(path, RUNS, device="A CPU", threads=2, precision="float32")
    assert titles.timing([path]) == "A CPU, 2 threads, float32"


def test_latency_by_onnxruntime_is_a_column_and_a_refusal_says_why(report: Callable[..., str], project: Path) -> None:
    assert "onnxruntime" not in report()
    ran = {"scale": 4.0, "lr_size": "256x256", "device": "Its CPU", "threads": 1, "onnxruntime": "1.30"}
    timed = {**ran, "method": "rlfn_tiny", "latency_ms_onnxruntime": 31.25, "parity_error": 1e-6, "refused": None}
    why = {"latency_ms_onnxruntime": None, "parity_error": None, "refused": "imdn_tiny cannot be exported: <no>"}
    files = [project / "reports/measurements/onnxruntime" / name for name in ("a.parquet", "b.parquet")]
    for path, found in zip(files, (timed, {**timed, **why, "method": "imdn_tiny"}), strict=True):
        write_rows(path, found)
    page = report(measured=files)
    assert "Latency, onnxruntime <small>ms</small>" in page
    assert '<td data-varies title="A CPU">27.1</td>\n<td data-varies title="Its CPU">31.2</td>' in page
    assert page.count('<td data-varies title="A CPU">27.1</td>\n<td class="none">') == 1
    text = Page(page).text
    assert "onnxruntime 1.30 on Its CPU, 1 thread, float32, once" in text
    assert "IMDN tiny x4 has no latency by onnxruntime: imdn_tiny cannot be exported: <no>." in text


def test_every_known_error_says_how_to_check_it(report: Callable[..., str]) -> None:
    page = report()
    section = page[page.index('id="errata"') : page.index('id="images"')]
    known = []
    for path in sorted((REPOSITORY / "data/published").glob("*/errata.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            known += list(csv.DictReader(file))
    shown = [
        html.unescape(found) for found in re.findall(r"(?:claimed|given as) <b>.*?</b>, found <b>.*?</b>", section)
    ]
    words = {"error": "claimed", "remark": "given as"}
    expected = [f"{words[row['kind']]} <b>{row['claim']}</b>, found <b>{row['finding']}</b>" for row in known]
    assert sorted(shown) == sorted(expected)
    cards = [html.unescape(card) for card in section.split("<article>")[1:]]
    assert len(cards) == len({(row["row"].partition(" ")[0], row["evidence"]) for row in known})
    for row in known:
        method, _, which = row["row"].partition(" ")
        heading = f"<h4>{titles.method_title(method)}"
        (card,) = [card for card in cards if row["evidence"] in card and heading in card]
        assert which.endswith("=") or which in card
        (commands,) = re.findall(r"<pre[^>]*>(.+)</pre>", card, re.DOTALL)
        assert row["command"] in commands.splitlines()
    (bsrn,) = [card for card in cards if "<h4>BSRN" in card and "found <b>2.02</b>" in card]
    assert "Table 1</p>" in bsrn
    assert "<dt>FLOPs (G)</dt><dd>claimed <b>9.50</b>, found <b>2.02</b> as <code>flops_ntire2022</code></dd>" in bsrn


def test_figures_keep_to_themselves(report: Callable[..., str]) -> None:
    page = Page(report())
    ids = {value for _, name, value in page.attributes if name == "id"}
    for name in ("psnr_macs", "patch_categories"):
        assert {f"{name}-m", f"{name}-p"} <= ids
        assert ("use", "xlink:href", f"#{name}-m") in page.attributes
        assert ("use", "clip-path", f"url(#{name}-p)") in page.attributes
    assert page.tags.count("style") == 1
    assert page.text.count("What it shows <script>") == 4
    assert page.tags.count("figcaption") == 7  # and those of the three charts


@pytest.mark.parametrize("networks", [100, 101])
def test_a_table_of_many_rows_is_laid_out_when_it_is_seen(report: Callable[..., str], networks: int) -> None:
    rows = [row for number in range(networks) for row in quality(f"network{number}", "quick-seed0", 28.0)]
    assert ('class="scroll long"' in report(rows, figures=())) is (networks > 100)


def test_files_of_a_folder_tell_once_what_they_have_in_common(project: Path) -> None:
    folder = project / "reports/measurements/quality"
    for dataset in ("set5", "set14"):
        measurements.write(folder / f"{dataset}.parquet", [], run="rlfn", dataset=dataset, seed="")
    measurements.write(project / "cost.parquet", [], device="A CPU")
    found = origin([folder / "set5.parquet", project / "cost.parquet", folder / "set14.parquet"])
    told = [{"run": "rlfn", "dataset": "set5"}, {"run": "rlfn", "dataset": "set14"}, {"device": "A CPU"}]
    assert found.records == told
    assert [(one.name, one.common) for one in found.folders] == [
        ("reports/measurements/quality", {"run": "rlfn"}),
        (".", {"device": "A CPU"}),
    ]
    assert found.folders[0].files == (("set5.parquet", {"dataset": "set5"}), ("set14.parquet", {"dataset": "set14"}))


def test_other_devices_and_provenance_are_there(report: Callable[..., str], project: Path) -> None:
    path = project / "data/reference/some-gpu/rlfn.parquet"
    measurements.write(path, quality("rlfn_team04", "bsds-seed0", 31.0))
    text = Page(report(reference=[path])).text
    assert "some-gpu" in text
    assert "trained here (bsds, 1 seed)" in text
    assert "weights_sha256: 0123abcd" in text
    assert "The 1 measurement files" in text
    assert re.search(r"reports/measurements.*weights_sha256.*\sall\.parquet", text, re.DOTALL)
    assert "preset: quick" in text
    assert "A CPU" in text


def test_numbered_tables_come_first(project: Path) -> None:
    names = ["b/table10", "b/psnr", "b/table2_x3", "b/table2_x2", "a/other"]
    ordered = sorted((project / f"{name}.html" for name in names), key=table_order)
    assert [f"{path.parent.name}/{path.stem}" for path in ordered] == [
        "a/other",
        "b/table2_x2",
        "b/table2_x3",
        "b/table10",
        "b/psnr",
    ]


def test_equal_input_makes_equal_bytes(report: Callable[..., str]) -> None:
    assert report() == report()


def test_a_run_without_measurements_has_a_report(report: Callable[..., str]) -> None:
    assert "This run has measured no quality." in Page(report([])).text


def test_an_absent_table_is_one_clear_line(report: Callable[..., str], project: Path) -> None:
    (project / TABLE).unlink()
    with pytest.raises(
        ResoluteError, match=r"table1\.html is not there: `snakemake --cores all .*table1\.html` makes it"
    ):
        report()
    assert not (project / "reports/index.html").exists()


def test_names_of_weights() -> None:
    assert weights_title("published-ntire2022") == "published (ntire2022)"
    assert weights_title("quick-seed3") == "trained here (quick, seed 3)"
    assert weights_title("quick", 3) == "trained here (quick, 3 seeds)"
    assert weights_title("own-mine") == "own (mine)"
    assert weights_title("own-seed0") == "trained here (own, seed 0)"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("joules", "words"),
    [(None, "not readable"), (0, "none"), (2250, "0.62 Wh"), (3_599_000, "999.72 Wh"), (3.6e6, "1.00 kWh")],
)
def test_energies(joules: float | None, words: str) -> None:
    assert energy(joules) == words


def test_the_dark_page_recolours_the_figures_own_colours() -> None:
    css = (REPOSITORY / "src/resolute/pages/style.css").read_text()
    for colour in (style.INK, style.MUTED, style.GRID, style.BLUE):
        assert f': {colour}"]' in css
