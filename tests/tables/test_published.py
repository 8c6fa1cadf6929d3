"""The published figures of the repository itself: complete, and with the digits that the papers print."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from resolute import measurements
from resolute.published import Spec, ranking_files, read_spec, read_tolerances, spec_files

pytestmark = pytest.mark.usefixtures("project")


def specs() -> list[Spec]:
    found = {path.stem: read_spec(path) for path in spec_files() if path.parent.name == "ntire2022"}
    return [found["table1"], found["official_code"]]


def as_text(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_table_1_of_ntire_2022_is_complete() -> None:
    """45 rows: 35 ranked, 8 not, 2 reference methods; ranks and scores are for the ranked ones alone."""
    spec = specs()[0]
    assert [(group.title, len(group.rows)) for group in spec.groups] == [
        ("Ranked", 35),
        ("Not ranked", 8),
        ("Reference methods", 2),
    ]
    assert [row.labels[0] for row in spec.groups[0].rows] == [str(rank) for rank in range(1, 36)]
    counts = Counter(row["metric"] for row in as_text(spec.figures))
    assert counts["psnr"] == 90
    assert all(counts[name] == 45 for name in ("runtime", "params", "flops", "activations", "peak_memory", "n_conv"))
    ranked = [name for name in counts if name.startswith(("rank_", "score_"))]
    assert len(ranked) == 10
    assert all(counts[name] == 35 for name in ranked)


@pytest.mark.parametrize(
    ("method", "metric", "dataset", "printed"),
    [
        ("rlfn_team04", "psnr", "div2k_val", "29.00"),
        ("rlfn_team04", "params", "", "0.317"),
        ("bsrn_team18", "flops", "", "9.50"),
        ("restormer_iso", "activations", "", "502.27"),
        ("dlsr_express", "n_conv", "", "148"),
        ("imdn_baseline", "psnr", "div2k_test", "28.78"),
    ],
)
def test_figures_of_table_1_are_kept_as_printed(method: str, metric: str, dataset: str, printed: str) -> None:
    rows = as_text(specs()[0].figures)
    found = [
        row["value"] for row in rows if (row["method"], row["metric"], row["dataset"]) == (method, metric, dataset)
    ]
    assert found == [printed]


def test_ranks_are_those_of_the_figures() -> None:
    """Sorting the printed figures gives the printed ranks; equal printed figures may differ unrounded."""
    rows = as_text(specs()[0].figures)
    for metric in ("runtime", "params", "flops", "activations", "peak_memory"):
        ranks = {row["method"]: int(row["value"]) for row in rows if row["metric"] == f"rank_{metric}"}
        values = {row["method"]: float(row["value"]) for row in rows if row["metric"] == metric}
        for method, rank in ranks.items():
            below = sum(values[other] < values[method] for other in ranks)
            equal = sum(values[other] == values[method] for other in ranks)
            assert below < rank <= below + equal, (method, metric)


@pytest.mark.parametrize("number", [0, 1])
def test_every_figure_has_the_digits_of_its_column_and_its_unit(number: int) -> None:
    spec = specs()[number]
    rows = as_text(spec.figures)
    for column in spec.columns:
        wanted = {key: str(value) for key, value in {**spec.match, **column.match}.items()}
        found = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
        assert found, column.key
        for row in found:
            assert len(row["value"].partition(".")[2]) == column.digits, (column.key, row)
            assert row["unit"] in (column.unit, column.unit or "1"), (column.key, row)


def test_published_figures_are_in_the_long_form() -> None:
    for spec in specs():
        written = list(as_text(spec.figures)[0])
        assert written == [name for name in measurements.COLUMNS.names if name in written]
        rows = measurements.read(spec.figures)
        assert rows["value"].notna().all()
        assert set(rows["weights"]) == {"paper"}


def test_published_figures_lie_in_possible_ranges() -> None:
    for spec in specs():
        rows = measurements.read(spec.figures)
        assert rows.loc[rows["metric"] == "psnr", "value"].between(5, 60).all()
        assert rows.loc[rows["metric"] == "ssim", "value"].between(0, 1).all()


@pytest.mark.parametrize(
    "paper",
    [
        "ntire2022",
        "ntire2023",
        "ntire2024",
        "ntire2025",
        "ntire2026",
        "seemore",
        "liif",
        "lte",
        "srno",
        "thera",
        "moeisr",
    ],
)
def test_every_erratum_is_of_a_table(paper: str) -> None:
    """Whose rows, columns and figures it must then have: building a table checks them."""
    folder = Path("data/published").absolute() / paper
    found = {row["table"] for row in as_text(folder / "errata.csv")}
    assert found <= {path.stem for path in spec_files() + ranking_files() if path.parent == folder}


def test_every_judged_column_has_a_tolerance() -> None:
    tolerances = read_tolerances(Path("data/published/tolerances.yaml"))
    for spec in specs():
        for column in spec.columns:
            assert column.published_only or column.match["metric"] in tolerances


def test_psnr_and_ssim_have_the_tolerances_that_are_documented() -> None:
    tolerances = read_tolerances(Path("data/published/tolerances.yaml"))
    assert (tolerances["psnr"].within, tolerances["ssim"].within) == (0.01, 0.0005)
