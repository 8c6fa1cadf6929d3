"""The site of all results: valid, whole, equal for equal results, and never in the place of somebody's files."""

import csv
import hashlib
import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from tests.publish.conftest import DATE, GRAPH, REFUSED, resolute

from resolute.core.errors import ResoluteError
from resolute.measurements.tradeoff import Result
from resolute.publish import dated, make, publish, results_date
from resolute.publish.board import Board
from resolute.publish.network import MOST, at_its_place
from resolute.publish.tradeoff import chart
from resolute.published.results import RESULTS

LARGEST = 10_000_000  # bytes


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def cells(page: str, network: str) -> list[list[str]]:
    """The texts of the cells of a network's rows."""
    head = f'<th scope="row"><a href="{network}"'
    rows = [row for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL) if head in row]
    found = [re.findall(r"<td.*?</td>", row, re.DOTALL) for row in rows]
    return [[re.sub(r"<[^>]*>", "", cell).strip() for cell in row] for row in found]


def test_every_page_is_valid_html(site: Path) -> None:
    html5lib = pytest.importorskip("html5lib", reason="html5lib is not installed")
    pages = sorted(site.glob("*.html"))
    assert len(pages) > 50
    for path in pages:
        html5lib.HTMLParser(strict=True).parse(path.read_text(encoding="utf-8"))


def test_the_site_is_small_and_every_address_within_it_is_there(site: Path) -> None:
    found = files(site)
    assert sum(map(len, found.values())) < LARGEST
    for name, content in found.items():
        if name.endswith(".html"):
            text = content.decode()
            assert "default-src 'none'" in text
            loaded = re.findall(r'<(?:link|script|img|iframe)\b[^>]*\b(?:href|src)="([^"]*)"', text)
            assert set(loaded) <= {"style.css", "tables.js"}
            ids = set(re.findall(r'\bid="([^"]*)"', text))
            for address in re.findall(r'\bhref="([^"]*)"', text):
                file, _, part = address.partition("#")
                assert file.startswith("https://") or file in found or (not file and part in ids), (name, address)
    assert b"url(" not in found["style.css"]
    assert b"@import" not in found["style.css"]


def test_a_leaderboard_shows_what_the_paper_prints_beside_what_was_measured(site: Path) -> None:
    page = (site / "dataset-set5_edsr-x4.html").read_text()
    # SeemoRe (ICML 2024), Table 1, IMDN at x4 on Set5: 32.21 dB, 0.8948.
    row = next(row for row in cells(page, "network-imdn.html") if row[-3].startswith("SeemoRe, Table 1"))
    assert row[0:4] == ["32.21", "32.21", "0.000", "reproduced"]
    assert row[4:6] == ["0.8948", "0.8948"]
    assert row[8] == "715.2"  # K parameters, as the paper has them: 715
    assert row[-2:] == ["DIV2K", "none stated"]
    assert page.index("<code>y_basicsr</code></h2>") < page.index("<code>ntire2022</code></h2>")


def test_a_networks_page_tells_its_paper_its_licence_its_errata_and_how_it_is_run(site: Path) -> None:
    page = (site / "network-bsrn_team18.html").read_text()
    assert "resolute upscale photo.png large.png --method bsrn_team18" in page
    assert "claimed <b>9.50</b>, found <b>2.02</b>" in page
    measured = (site / "network-rlfn_team04.html").read_text()
    assert "Residual Local Feature Network" in measured
    assert "ByteESR" in measured
    assert '<circle cx="' in measured
    assert 'class="here"' in measured


def test_a_networks_page_has_its_latency_by_onnxruntime_or_the_reason(site: Path) -> None:
    timed, refused, other = ((site / f"network-{name}.html").read_text() for name in (GRAPH, REFUSED, "carn_m"))
    assert '<td data-varies title="A CPU">93.8</td>' in timed
    assert "onnxruntime 1.30 on A CPU, 2 threads, float32" in timed
    assert "PAN x4 has no latency by onnxruntime: no operator for it." in refused
    assert "Latency, onnxruntime" not in refused
    assert "by onnxruntime" not in timed + other


def test_the_data_package_describes_the_very_files(site: Path) -> None:
    package = json.loads((site / "datapackage.json").read_text())
    assert package["created"].startswith(DATE)
    assert package["licenses"][0]["name"] == "MIT"
    assert any("SeemoRe" in one["title"] or "See More" in one["title"] for one in package["sources"])
    for resource in package["resources"]:
        content = (site / resource["path"]).read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert [field["name"] for field in resource["schema"]["fields"]] == RESULTS.names
        assert all(field["description"] for field in resource["schema"]["fields"])
    units = {field["name"]: field.get("unit") for field in package["resources"][0]["schema"]["fields"]}
    assert units["paper_value"] == "that of the field `unit`"


def test_csv_and_parquet_have_the_same_cells(site: Path) -> None:
    kinds = {field["name"]: field["type"] for field in _fields(site)}
    read = {"string": str, "integer": int, "number": float}
    with (site / "results.csv").open(newline="") as file:
        rows = [
            {name: read[kinds[name]](text) if text or kinds[name] == "string" else None for name, text in row.items()}
            for row in csv.DictReader(file)
        ]
    assert rows == pq.read_table(site / "results.parquet").to_pylist()
    assert len(rows) > 1000


def _fields(site: Path) -> list[dict[str, str]]:
    return list(json.loads((site / "datapackage.json").read_text())["resources"][0]["schema"]["fields"])


def test_equal_results_make_equal_bytes_but_for_the_date(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, there = files(site), tmp_path / "elsewhere"
    resolute("publish", "--date", "2025-07-01", str(there))
    assert capsys.readouterr().out.strip() == str(there / "index.html")
    assert {name: content.replace(b"2025-07-01", DATE.encode()) for name, content in files(there).items()} == before


@pytest.mark.parametrize("name", ["thesis.tex", "index.html"])
def test_a_folder_with_foreign_files_is_refused_and_left_alone(
    name: str, site: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "home"
    target.mkdir()
    (target / name).write_text("mine")
    with pytest.raises(AssertionError, match="1"):
        resolute("publish", str(target))
    told = capfd.readouterr().err.strip()
    assert told.count("\n") == 0
    assert f"{target} holds {name}, which is no part of a site" in told
    assert files(target) == {name: b"mine"}


def test_a_foreign_folder_that_the_writing_would_go_through_is_refused(site: Path, tmp_path: Path) -> None:
    (tmp_path / "site.old").mkdir()
    (tmp_path / "site.old/diary.txt").write_text("mine")
    with pytest.raises(ResoluteError, match=r"site\.old holds diary\.txt"):
        publish(tmp_path / "site", {}, [], DATE)
    assert (tmp_path / "site.old/diary.txt").read_text() == "mine"


def test_a_site_that_cannot_be_finished_leaves_the_old_one(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "site"
    shutil.copytree(site, target)
    before = files(target)
    monkeypatch.setattr(make, "Material", lambda *_: None)
    monkeypatch.setattr(make, "_write_data", lambda folder, *_: (folder / "results.csv").write_text("half"))
    monkeypatch.setattr(make, "_write_pages", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        publish(target, {}, [], DATE)
    assert files(target) == before
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_results_of_other_params_are_refused(site: Path, capfd: pytest.CaptureFixture[str]) -> None:
    params = Path("params.yaml")
    text = params.read_text()
    try:
        settings = yaml.safe_load(text)
        settings["methods"]["published"].remove("imdn")
        params.write_text(yaml.safe_dump(settings))
        with pytest.raises(AssertionError, match="1"):
            resolute("publish")
    finally:
        params.write_text(text)
    assert "is not of these measurements and params.yaml: run `resolute tables` first" in capfd.readouterr().err


def test_without_results_it_says_what_makes_them(site: Path, capfd: pytest.CaptureFixture[str]) -> None:
    results = Path("reports/results.parquet")
    kept = results.rename("kept")
    try:
        with pytest.raises(AssertionError, match="1"):
            resolute("publish")
    finally:
        kept.rename(results)
    assert "there are no results yet: run `resolute tables`" in capfd.readouterr().err


def test_the_date_is_what_is_asked_for_or_set_or_the_results_own(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert results_date() == dated._day((project / "reports/results.parquet").stat().st_mtime)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    assert results_date() == "2026-01-01"
    assert results_date("2024-02-29") == "2024-02-29"
    with pytest.raises(ResoluteError, match=r"--date is '31\.1\.2026': write a date as"):
        results_date("31.1.2026")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "today")
    with pytest.raises(ResoluteError, match="SOURCE_DATE_EPOCH is 'today'"):
        results_date()


def test_a_chart_places_dots_by_cost_and_quality_and_joins_the_front() -> None:
    def one(name: str, cost: float, psnr: float) -> Result:
        return Result((name, "published-a"), "", name, cost, psnr, float("nan"), False)

    drawn = chart([one("cheap", 1, 30.0), one("beaten", 10, 29.5), one("best", 100, 31.0)])
    dots = {dot.method: dot for dot in drawn.dots}
    assert dots["cheap"].x < dots["beaten"].x < dots["best"].x
    assert dots["best"].y < dots["cheap"].y < dots["beaten"].y
    # On a logarithmic axis a factor of ten is one length.
    assert dots["beaten"].x - dots["cheap"].x == pytest.approx(dots["best"].x - dots["beaten"].x, abs=0.2)
    assert [name for name, dot in dots.items() if not dot.on_front] == ["beaten"]
    assert len(drawn.front.split()) == 3  # up where the best begins
    assert Counter(words for _, words in drawn.across) == Counter(["1", "2", "5", "10", "20", "50", "100"])
    assert all(dot.name for dot in drawn.dots)


def test_a_network_among_many_stands_with_the_front_and_those_nearest_in_cost() -> None:
    found = [
        Result((f"n{cost}", "published-a"), "", f"n{cost}", cost, 31 + (cost == 1) - cost / 1e4, float("nan"), False)
        for cost in range(1, 1001)
    ]
    board = Board("set5", 4.0, {}, {}, chart(found))
    page = at_its_place(board, "n500")
    assert page
    assert len(page.dots) == MOST + 1
    assert {"n1", "n499", "n501"} < {dot.method for dot in page.dots}
    assert page.dots[-1].method == "n500"
    assert not {"n2", "n1000"} & {dot.method for dot in page.dots}
    assert at_its_place(board, "n1001") is None


def test_a_single_network_has_a_chart_too() -> None:
    drawn = chart([Result(("a", "published-a"), "", "A", 5.0, 30.0, float("nan"), False)])
    assert len(drawn.dots) == 1
    assert len(drawn.across) > 1
