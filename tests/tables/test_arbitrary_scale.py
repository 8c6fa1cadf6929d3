"""The tables of LIIF and its kin, MoEISR and PCSR: as printed, and what errata and weights make of a measurement."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from resolute import measurements
from resolute.core import layout
from resolute.published import Verdict, read_spec, spec_files
from resolute.tables import paper_tables

pytestmark = pytest.mark.usefixtures("project")

Write = Callable[..., Path]
PAPERS = {"liif", "lte", "ciaosr", "srno", "thera", "moeisr", "pcsr"}
SCALES = 8  # of DIV2K validation, x2 to x30


def figures(file: str, **wanted: Any) -> list[float]:
    """What a table prints, of the rows that have these values."""
    rows = measurements.records(measurements.read(layout.published_tables() / f"{file}.csv"))
    return [row["value"] for row in rows if all(row[name] == value for name, value in wanted.items())]


def verdict(paper: str, table: str, row: str, column: str, files: list[Path]) -> Verdict:
    (built,) = paper_tables(paper, files, table)
    for entry in built.entries():
        if (entry.row.spec.key, entry.column.key) == (row, column):
            assert entry.cell.judgement
            return entry.cell.judgement.verdict
    raise AssertionError("no such cell")


def test_every_table_has_all_of_its_figures() -> None:
    found = {
        f"{spec.paper}/{spec.table}": len(measurements.read(spec.figures))
        for spec in map(read_spec, spec_files())
        if spec.paper in PAPERS
    }
    # Bicubic, MetaSR and LIIF on two encoders, and one network per scale for three.
    assert found["liif/table1"] == 5 * SCALES + 3
    # RDN at three scales of four sets but for two cells, two others at five scales; Manga109 at three.
    assert found["liif/table2"] == 4 * 3 - 2 + 4 * 2 * 5 + 3
    assert found["liif/table3"] == 5 * SCALES
    assert found["liif/mmagic"] == 2 * 3 * 6
    for paper in ("lte", "ciaosr", "srno"):
        assert found[f"{paper}/div2k"] == 2 * SCALES
        # x2 to x4 of five sets; x6 of four and x8 of three.
        assert found[f"{paper}/benchmarks"] == 5 * 3 + 4 + 3
    assert found["thera/table1"] == 2 * (6 * SCALES - 2)
    assert {found[f"pcsr/official_{name}"] for name in ("carn", "fsrcnn")} == {3 * 6 * 3}
    assert len(found) == 5 + 3 * 2 + 1 + 1 + 2


def test_every_figure_stands_in_a_cell_of_its_table() -> None:
    for paper in sorted(PAPERS):
        for table in paper_tables(paper, []):
            shown = sum(entry.cell.paper is not None for entry in table.entries())
            assert shown == len(measurements.read(table.spec.figures)), table.spec.path


@pytest.mark.parametrize(
    ("file", "method", "dataset", "scale", "value"),
    [
        ("liif/table1", "liif_edsr", "div2k_val", 2, 34.67),
        ("liif/table1", "metasr_rdn", "div2k_val", 30, 20.47),
        ("liif/table1", "bicubic", "div2k_val", 18, 21.00),
        ("liif/table2", "liif_rdn", "urban100", 8, 22.79),
        ("liif/table3", "liif_edsr_noensemble", "div2k_val", 12, 23.66),
        ("liif/table3", "liif_edsr_shallow", "div2k_val", 4, 28.98),
        ("lte/div2k", "lte_edsr", "div2k_val", 4, 29.04),
        ("lte/benchmarks", "lte_rdn", "manga109", 2, 39.28),
        ("ciaosr/benchmarks", "ciaosr_rdn", "set5_edsr", 8, 27.36),
        ("srno/div2k", "srno_rdn", "div2k_val", 24, 21.41),
        ("thera/table1", "clit_rdn", "div2k_val", 24, 31.38),
    ],
)
def test_figures_are_as_printed(file: str, method: str, dataset: str, scale: float, value: float) -> None:
    assert figures(file, method=method, dataset=dataset, scale=scale) == [value]


def test_the_whole_network_of_the_ablation_is_that_of_table_1() -> None:
    assert figures("liif/table3", method="liif_edsr") == figures("liif/table1", method="liif_edsr")


@pytest.mark.parametrize(
    "file", [f"{paper}/{table}" for paper in ("lte", "ciaosr", "srno") for table in ("div2k", "benchmarks")]
)
def test_psnr_falls_with_the_scale(file: str) -> None:
    rows = measurements.read(layout.published_tables() / f"{file}.csv")
    for _, one in rows.groupby(["method", "dataset"]):
        assert one.sort_values("scale")["value"].is_monotonic_decreasing


def test_the_crossed_cells_of_mmagic_are_explained_by_what_belongs_there(write: Write) -> None:
    facts = {"metric": "psnr", "unit": "dB", "protocol": "rgb_basicsr", "scale": 3.0, "image": "a"}
    rows = [{**facts, "dataset": "set14_edsr", "value": 28.4601}, {**facts, "dataset": "div2k_val", "value": 30.9810}]
    files = [write(rows, method="liif_edsr_mmagic", weights="published-mmagic")]
    for dataset in ("set14_edsr", "div2k_val"):
        found = verdict("liif", "mmagic", f"liif_edsr_mmagic dataset={dataset}", "psnr_x3", files)
        assert found is Verdict.EXPLAINED


def test_only_weights_of_the_paper_are_held_against_its_figures(write: Write) -> None:
    row = {"metric": "psnr", "unit": "dB", "protocol": "liif_div2k", "scale": 2.0, "image": "a", "dataset": "div2k_val"}
    others = [write([{**row, "value": 34.40}], method="liif_edsr", weights="published-mmagic")]
    assert verdict("liif", "table1", "liif_edsr", "psnr_x2", others) is Verdict.CANNOT_BE_MEASURED
    own = [write([{**row, "value": 34.66}], method="liif_edsr", weights="published-paper")]
    assert verdict("liif", "table1", "liif_edsr", "psnr_x2", own) is Verdict.REPRODUCED


def test_bicubic_has_no_other_weights_than_its_own(write: Write) -> None:
    row = {"metric": "psnr", "unit": "dB", "protocol": "liif_div2k", "scale": 2.0, "image": "a", "dataset": "div2k_val"}
    files = [write([{**row, "value": 31.01}], method="bicubic", weights="published-matlab")]
    assert verdict("liif", "table1", "bicubic", "psnr_x2", files) is Verdict.REPRODUCED


@pytest.mark.parametrize("network", ["carn", "fsrcnn"])
@pytest.mark.parametrize("dataset", ["set5", "set14", "b100"])
def test_what_the_official_code_of_pcsr_gives_hangs_together(network: str, dataset: str) -> None:
    """Each setting takes fewer heavy pixels than the one before it, and costs and reaches less."""
    file, at = f"pcsr/official_{network}", {"method": f"pcsr_{network}", "dataset": dataset}
    settings = ["heavy", "k0", "k0.5", "k1", "k2"]
    for wanted in ({"metric": "pixel_share", "place": "heavy"}, {"metric": "flops"}, {"metric": "psnr"}):
        found = [figures(file, **at, **wanted, setting=setting)[0] for setting in settings]
        assert found == sorted(found, reverse=True)
        assert found[0] > figures(file, **at, **wanted, setting="light")[0]
    assert figures(file, **at, metric="pixel_share", setting="heavy") == [1]
    assert figures(file, **at, metric="pixel_share", setting="light") == [0]


def test_pixels_and_flops_of_pcsr_are_judged_by_their_means_over_the_images(write: Write) -> None:
    """Of two images, however large each is."""
    described = {"method": "pcsr_carn", "weights": "published-paper", "dataset": "set5", "setting": "k0"}
    taken = {"a": {"light": 1000, "heavy": 0}, "b": {"light": 115_314, "heavy": 884_686}}
    rows: list[dict[str, Any]] = [
        {"image": image, "place": "pixels", "metric": f"chosen_{expert}", "value": times}
        for image, experts in taken.items()
        for expert, times in experts.items()
    ]
    spent = {"metric": "flops", "protocol": "flops_per_image"}
    rows += [{**spent, "image": "a", "value": 5e9}, {**spent, "image": "b", "value": 6.312962e9}]
    files, row = [write(rows, **described)], "pcsr_carn dataset=set5 setting=k0"
    for column in ("heavy", "flops"):
        assert verdict("pcsr", "official_carn", row, column, files) is Verdict.REPRODUCED
    rows[3]["value"] = 884_000
    assert verdict("pcsr", "official_carn", row, "heavy", [write(rows, **described)]) is Verdict.DIFFERS
