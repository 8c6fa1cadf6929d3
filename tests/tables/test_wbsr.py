"""The tables of WBSR, ClassSR, ARM, RCAN and SRResNet: as printed, judged by measurements, with errata."""

import csv
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from resolute import measurements
from resolute.core import layout
from resolute.published import Verdict, read_spec, spec_files
from resolute.tables import make_tables, paper_tables

Write = Callable[..., Path]
PAPERS = {"wbsr", "classsr", "arm", "rcan", "srresnet"}


def figures(file: str) -> dict[tuple[str, str, str], float]:
    """What a table prints, by method, data set and metric; where settings are printed, of any of them."""
    rows = measurements.records(measurements.read(layout.published_tables() / f"{file}.csv"))
    return {(row["method"], row["dataset"], row["metric"]): row["value"] for row in rows}


def judged(paper: str, table: str, files: list[Path]) -> dict[tuple[str, str], tuple[Verdict, str]]:
    """Verdict and reason by the keys of row and column."""
    (built,) = paper_tables(paper, files, table)
    return {
        (entry.row.spec.key, entry.column.key): (entry.cell.judgement.verdict, entry.cell.judgement.reason)
        for entry in built.entries()
        if entry.cell.judgement
    }


@pytest.mark.usefixtures("project")
def test_every_table_has_all_of_its_figures() -> None:
    found = {
        f"{spec.paper}/{spec.table}": len(measurements.read(spec.figures))
        for spec in map(read_spec, spec_files())
        if spec.paper in PAPERS
    }
    # Eight methods: parameters, the PSNR of four sets, and FLOPs and share of six of them, once of the two alone.
    assert found["wbsr/table1_x2"] == found["wbsr/table1_x4"] == 8 + 8 * 4 + 6 * 4 * 2 + 2
    # Ten rows: PSNR and SSIM of two sets; FLOPs and share of six of them, once of the four others.
    assert found["wbsr/table2"] == 10 * 4 + 6 * 4 + 4
    # Seven rows, without DDA's SSIMs; one of them has two costs.
    assert found["wbsr/table3"] == 7 * 4 - 2 + 6 + 4
    assert found["wbsr/table4"] == 5 * 2
    # Five rows of four sets, and three networks' parameters.
    assert {found[f"arm/{name}"] for name in ("fsrcnn", "carn", "srresnet")} == {5 * 4 + 4 * 4 * 2 + 3 + 1}
    assert {found[f"rcan/table_x{scale}"] // 10 for scale in (2, 3, 4, 8)} == {12, 5, 4}
    assert len(found) == 6 + 3 + 2 + 4 + 4 + 4


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("file", "method", "dataset", "metric", "value"),
    [
        ("wbsr/table1_x4", "wbsr_rcan", "test4k", "flops", 19.40),
        ("wbsr/table1_x2", "classsr_srresnet", "urban100", "psnr", 31.15),
        ("wbsr/table2", "rcan_wbsr", "test4k", "ssim", 0.8138),
        ("wbsr/table3", "bspa_rcan", "urban100", "psnr", 26.02),
        ("arm/carn", "classsr_carn", "test8k", "flops", 608),
        ("classsr/rcan", "classsr_rcan", "test2k", "flops_share", 65),
        ("rcan/table_x4", "rcan", "b100", "ssim", 0.7436),
        ("srresnet/msrresnet_x4", "srresnet", "set5", "psnr", 30.2468),
    ],
)
def test_figures_are_as_printed(file: str, method: str, dataset: str, metric: str, value: float) -> None:
    assert figures(file)[method, dataset, metric] == value


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("backbone", ["srresnet", "rcan"])
def test_the_costs_at_x2_are_four_times_those_at_x4(backbone: str) -> None:
    x2, x4 = figures("wbsr/table1_x2"), figures("wbsr/table1_x4")
    assert x2[backbone, "", "flops"] == pytest.approx(4 * x4[backbone, "", "flops"], abs=4 * 0.005)
    assert x2[backbone, "", "params"] == x4[backbone, "", "params"]


@pytest.mark.usefixtures("project")
def test_claims_are_held_against_the_cells_that_they_are_of() -> None:
    """Each erratum of the table of claims quotes the mean of cells; some claims are twice that."""
    spec = read_spec(layout.published_tables() / "wbsr/printed_gains.yaml")
    cells, sets = figures("wbsr/table2"), ("test2k", "test4k")
    variants = {"wbsr_srresnet_bdloss": "wbsr_{}_bdloss", "wbsr_srresnet": "wbsr_{}", "srresnet_wbsr": "{}_wbsr"}

    def gain(method: str, metric: str) -> float:
        names = [(variants[method].format(backbone), backbone) for backbone in ("srresnet", "rcan")]
        return fmean(cells[own, one, metric] - cells[alone, one, metric] for own, alone in names for one in sets)

    def taken(*names: str) -> float:
        tables = [figures(f"wbsr/table1_x{scale}") for scale in (2, 4)]
        methods = ("wbsr_srresnet", "wbsr_rcan")
        return fmean(table[method, name, "flops_share"] for table in tables for method in methods for name in names)

    expected = {
        ("wbsr_srresnet protocol=Test2K and Test4K", "flops_taken"): taken("test2k", "test4k"),
        ("wbsr_srresnet protocol=B100 and Urban100", "flops_taken"): taken("b100", "urban100"),
        **{
            (f"{method} protocol=Table 2", f"{metric}_gain"): gain(method, metric)
            for method, metric in [(name, "psnr") for name in variants] + [("srresnet_wbsr", "ssim")]
        },
    }
    findings = {place: float(erratum.finding) for place, erratum in spec.errata.items()}
    assert findings.keys() == expected.keys()
    for place, value in expected.items():
        assert findings[place] == pytest.approx(value, abs=6e-5 if "ssim" in place[1] else 0.06 if value > 1 else 6e-4)
    # The claims that hold.
    assert gain("wbsr_srresnet", "ssim") == pytest.approx(0.0043, abs=5e-5)
    assert 100 - taken("b100", "urban100", "test2k", "test4k") == pytest.approx(34, abs=0.7)


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(("method", "column"), [("rcan", "b100_psnr"), ("rcan", "urban100_psnr")])
def test_a_remark_on_two_tables_quotes_the_other(method: str, column: str) -> None:
    erratum = read_spec(layout.published_tables() / "wbsr/table3.yaml").errata[method, column]
    dataset = column.removesuffix("_psnr")
    assert float(erratum.finding) == figures("wbsr/table1_x4")[method, dataset, "psnr"]


def count(write: Write, method: str, scale: float, params: int, lr_size: str, flops: int) -> Path:
    rows: list[dict[str, Any]] = [
        {"metric": "params", "value": params},
        {"metric": "flops", "protocol": "flops_2macs", "value": flops},
    ]
    return write(rows, method=method, scale=scale, lr_size=lr_size)


def test_counts_of_the_networks_hold_at_x4_and_are_explained_at_x2(write: Write) -> None:
    """The sheet's counts, from the networks' own definitions."""
    for scale, size, counts, verdict in (
        (4.0, "32x32", {"srresnet": (1517571, 5193990144), "rcan": (15592379, 32600090624)}, Verdict.REPRODUCED),
        (2.0, "64x64", {"srresnet": (1369859, 12150374400), "rcan": (15444667, 125397155840)}, Verdict.EXPLAINED),
    ):
        files = [count(write, name, scale, params, size, flops) for name, (params, flops) in counts.items()]
        found = judged("wbsr", f"table1_x{scale:g}", files)
        for name in counts:
            assert {found[name, column][0] for column in ("params", "flops")} == {verdict}


def test_costs_of_patches_are_judged_by_their_papers_own_count(write: Write) -> None:
    """Two images of 2 and 1 patches: what counts is the mean over patches, not over images."""
    described = {"method": "arm_carn", "weights": "published-paper", "dataset": "b100", "setting": "eta4"}
    bicubic, wide = 10, 790
    rows = [
        {"image": "a", "place": "patches", "metric": "chosen_bicubic", "value": bicubic},
        {"image": "b", "place": "patches", "metric": "chosen_width64", "value": 400},
        {"image": "c", "place": "patches", "metric": "chosen_width64", "value": wide - 400},
        {"image": "c", "place": "border", "metric": "chosen_width64", "value": 5},
        {"image": "a", "metric": "flops", "protocol": "flops_patches", "value": 0},
        {"image": "b", "metric": "flops", "protocol": "flops_patches", "value": 400 * 1154875392},
        {"image": "c", "metric": "flops", "protocol": "flops_patches", "value": (wide - 400) * 1154875392},
    ]
    found = judged("arm", "official_carn", [write(rows, **described)])
    row = "arm_carn dataset=b100 setting=eta4"
    assert {found[row, column][0] for column in ("flops", "bicubic", "width64")} == {Verdict.REPRODUCED}
    rows[1]["value"] = 399
    assert judged("arm", "official_carn", [write(rows, **described)])[row, "width64"][0] is Verdict.DIFFERS


@pytest.mark.usefixtures("project")
def test_cells_say_what_is_missing() -> None:
    arm = judged("arm", "carn", [])
    assert arm["arm_carn dataset=test2k setting=eta1.38", "psnr"] == (
        Verdict.NOT_RUN,
        "not part of this run: div8k is placed by hand",
    )
    assert arm["arm_carn dataset=f2k setting=eta4", "psnr"][1] == "the data set is none of those here"
    table3 = judged("wbsr", "table3", [])
    assert {table3[name, "b100_psnr"][1] for name in ("bspa_rcan", "dda_rcan")} == {"no implementation here"}
    assert judged("wbsr", "table1_x2", [])["arm_srresnet", "params"][1] == "not made for this scale here"


@pytest.mark.usefixtures("project")
def test_the_pages_show_figures_notes_and_errata() -> None:
    make_tables([], "y_basicsr")
    page = (layout.tables() / "wbsr/table1_x2.html").read_text()
    assert "125.40" not in page  # nothing is measured
    for shown in ("130.40", "GoPro and H2D", "Eq. 16 as printed", "WBSR"):
        assert shown in page
    with (layout.tables() / "arm/carn.csv").open(newline="") as file:
        assert "32.27" in {value for row in csv.reader(file) for value in row}
