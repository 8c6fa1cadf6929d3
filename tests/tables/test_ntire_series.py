"""The efficient SR challenges of 2023 to 2026: their figures as printed, and what follows from these alone."""

import csv
import math
from pathlib import Path

import pytest

from resolute import measurements, registry
from resolute.core.errors import ResoluteError
from resolute.published import Spec, read_ranking, read_side_by_side, read_spec, read_tolerances
from resolute.tables.build import build
from resolute.tables.ranking import Ranking, rank
from resolute.tables.render import render_side_by_side

pytestmark = pytest.mark.usefixtures("project")

PUBLISHED = Path(__file__).parents[2] / "data/published"
YEARS = (2023, 2024, 2025, 2026)
# Weight of time, FLOPs and parameters in the score, and the baseline's figures (READMEs; of 2024, see its errata).
TERMS = {"runtime": 11.77, "flops": 19.67, "params": 0.317}
WEIGHTS = {"runtime": 0.7, "flops": 0.15, "params": 0.15}

Figures = dict[str, dict[str, str]]


def table(year: int, name: str = "table1") -> Spec:
    return read_spec(PUBLISHED / f"ntire{year}/{name}.yaml")


def figures(spec: Spec) -> Figures:
    """What is printed, by method and by metric; PSNR by data set."""
    found: Figures = {}
    with spec.figures.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["method"], {})[row["dataset"] or row["metric"]] = row["value"]
    return found


def ranked(year: int) -> Ranking:
    """The ranking of the printed figures alone."""
    asked = read_ranking(PUBLISHED / f"ntire{year}/rankings.yaml")
    nothing = measurements.means(measurements.frame([]))
    tolerances = read_tolerances(PUBLISHED / "tolerances.yaml")
    return rank(asked, measurements.read(asked.figures), nothing, tolerances, methods={})


def order(ranking: Ranking, key: str) -> list[str]:
    index = [column.key for column in ranking.columns].index(key)
    return [row.method for row in sorted(ranking.rows, key=lambda row: row.places[index].rank)]


@pytest.mark.parametrize(
    ("year", "groups"),
    [
        (2023, {"Entries": 32, "Reference methods": 1}),
        (2024, {"Ranked": 26, "Not ranked": 8, "Reference methods": 1}),
        (2025, {"Ranked": 3, "Place not known": 3, "Reference methods": 1}),
        (2026, {"Ranked": 13, "Not ranked": 2, "Reference methods": 1}),
    ],
)
def test_every_row_has_its_figures(year: int, groups: dict[str, int]) -> None:
    spec, printed = table(year), figures(table(year))
    assert {group.title: len(group.rows) for group in spec.groups} == groups
    assert {row.method for group in spec.groups for row in group.rows} == set(printed)
    whole = {"runtime", "params", "flops"} if year == 2025 else {"runtime", "params", "flops", "div2k_lsdir_test"}
    if year == 2023:
        whole = {"runtime", "params", "flops", "activations", "peak_memory"}
    assert all(whole <= set(found) for found in printed.values())


@pytest.mark.parametrize(
    ("year", "method", "metric", "value"),
    [
        (2023, "dipnet_2024", "div2k_val", "29.04"),
        (2023, "zapdos_2023", "peak_memory", "420.50"),
        (2024, "span_2024", "runtime", "5.59"),
        (2024, "efficientsrgan_2024", "score_main", "1.1459e51"),
        (2025, "dan_2025", "params", "0.044"),
        (2026, "spanv2_2026", "flops", "1.591738"),
    ],
)
def test_figures_are_as_printed(year: int, method: str, metric: str, value: str) -> None:
    assert figures(table(year))[method][metric] == value


@pytest.mark.parametrize("year", [2023, 2024])
def test_every_figure_has_the_digits_of_its_column(year: int) -> None:
    spec = table(year)
    digits = {column.match.get("dataset") or column.match["metric"]: column.digits for column in spec.columns}
    digits["rank_main"] = 0  # a label of the row
    for method, found in figures(spec).items():
        for name, value in found.items():
            # Scores above 1000 are printed with five digits and a power of ten.
            if not (name.startswith("score_") and float(value) > 1000):
                assert len(value.partition(".")[2]) == digits[name], (method, name)


def test_the_mean_time_is_that_of_the_two_sets_of_images() -> None:
    for year in YEARS:
        for method, found in figures(table(year)).items():
            if "runtime_val" in found:
                mean = (float(found["runtime_val"]) + float(found["runtime_test"])) / 2
                # Half a unit of the last digit, of the mean and of what it is of.
                assert float(found["runtime"]) == pytest.approx(mean, abs=0.0101), (year, method)


def test_ranks_of_2023_are_those_of_the_figures_but_for_shared_sums() -> None:
    """Where the sums of two entries are equal, one of them is printed a place lower, or two."""
    ranking = ranked(2023)
    moved = {
        (column.key, place.figure)
        for row in ranking.rows
        for column, place in zip(ranking.columns, row.places, strict=True)
        if place.arrow
    }
    assert moved == {
        *{("complexity", figure) for figure in (11, 31)},
        *{("overall", figure) for figure in (67, 70, 78, 84, 90, 99)},
    }


def test_the_scores_of_2024_follow_from_the_printed_figures() -> None:
    """To what the rounding of the figures leaves open, and one unit in the last digit."""
    half = {"runtime": 0.005, "flops": 0.005, "params": 0.0005}
    for method, found in figures(table(2024)).items():
        for name, baseline in TERMS.items():
            printed, unit = float(found[f"score_{name}"]), 0.01
            if printed > 1000:
                unit = 10.0 ** (math.floor(math.log10(printed)) - 4)
            low, high = (math.exp(2 * (float(found[name]) + side * half[name]) / baseline) for side in (-1, 1))
            assert low - unit <= printed <= high + unit, (method, name)
        total = sum(weight * float(found[f"score_{name}"]) for name, weight in WEIGHTS.items())
        assert float(found["score_main"]) == pytest.approx(total, rel=4e-3), method


@pytest.mark.parametrize("other", [12.21, 13.54])
def test_other_official_times_of_the_baseline_do_not_give_the_printed_scores(other: float) -> None:
    found = figures(table(2024))["r2net_2024"]
    assert f"{math.exp(2 * float(found['runtime']) / 11.77):.2f}" == found["score_runtime"]
    assert math.exp(2 * float(found["runtime"]) / other) < float(found["score_runtime"]) - 0.1


def test_all_ranks_of_2024_are_those_of_the_figures() -> None:
    assert not [place for row in ranked(2024).rows for place in row.places if place.arrow]


def test_the_quoted_places_of_2025_are_not_those_of_the_score() -> None:
    assert order(ranked(2025), "score") == ["tsr_2025", "spanf_2025", "dscf_2025"]


def test_the_places_of_2026_by_the_score() -> None:
    first = order(ranked(2026), "score")[:5]
    assert first == ["spanv2_2026", "pds_2026", "pkdsr_2026", "disp_2026", "dscf_fused_2026"]


def test_who_is_ranked_in_2026_passes_both_floors_after_rounding_and_not_always_before() -> None:
    spec, printed = table(2026), figures(table(2026))
    passing = {"before": set[str](), "after": set[str]()}
    for method, found in printed.items():
        both = [(float(found["div2k_lsdir_val"]), 26.90), (float(found["div2k_lsdir_test"]), 26.99)]
        if all(value >= floor for value, floor in both):
            passing["before"].add(method)
        if all(round(value, 2) >= floor for value, floor in both):
            passing["after"].add(method)
    ranked_ones = {row.method for row in spec.groups[0].rows}
    assert passing["after"] - {"span_2024"} == ranked_ones
    by_rounding = {"pds_2026", "zenosr_2026", "vscinet_2026", "amcanet_2026", "dscf_fused_2026"}
    assert ranked_ones - passing["before"] == by_rounding


@pytest.mark.parametrize("year", [2023, 2024, 2026])
def test_printed_counts_are_the_official_codes(year: int) -> None:
    """At the printed digits; but for two of 2026: SPANV2 was counted through an operator of its own, and of DWMamba's
    scan a stand-in was counted outside.
    """
    spec, official = table(year), figures(table(year, "official_code"))
    counter = "flops_ntire2022" if year == 2023 else "flops_fvcore"
    with table(year, "official_code").figures.open(newline="", encoding="utf-8") as file:
        flops = {row["method"]: row["value"] for row in csv.DictReader(file) if row["protocol"] == counter}
    digits = {column.key: column.digits for column in spec.columns}
    differing = set()
    for method, found in figures(spec).items():
        if method in official:
            counted = {"params": float(official[method]["params"]) / 1e6, "flops": float(flops[method])}
            for name, value in counted.items():
                # The record of the code has four digits of FLOPs.
                places = min(digits[name], 4) if name == "flops" else digits[name]
                if f"{value:.{places}f}" != f"{float(found[name]):.{places}f}":
                    differing.add((method, name))
    assert differing == ({("spanv2_2026", "flops"), ("dwmamba_2026", "flops")} if year == 2026 else set())


SIDE_BY_SIDE = "data/published/ntire_series/side_by_side.yaml"


def test_all_networks_of_the_challenges_stand_side_by_side() -> None:
    spec = read_side_by_side(Path(SIDE_BY_SIDE).absolute())
    families = {f"ntire{year}" for year in (2022, *YEARS)}
    networks = {name for name in registry.names() if registry.entry(name).family in families}
    assert {row.method for group in spec.groups for row in group.rows} == networks
    assert "rlfn_team04" in {row.method for row in spec.groups[0].rows}


@pytest.mark.parametrize("form", ["csv", "md", "tex", "html"])
def test_side_by_side_stand_published_weights_and_costs_alone(form: str) -> None:
    cost = {"source": "measured", "method": "rlfn_team04", "scale": 4.0, "lr_size": "256x256"}
    quality = {**cost, "lr_size": "", "dataset": "set5", "protocol": "y_basicsr", "metric": "psnr", "unit": "dB"}
    rows = [
        {**cost, "metric": "flops", "protocol": "flops_fvcore", "value": 19_674_859_520.0},
        {**cost, "metric": "latency", "value": 3.21, "unit": "ms", "device": "A GPU"},
        {**quality, "weights": "published-ntire2022", "value": 32.071},
        {**quality, "weights": "bench-seed0", "value": 40.0},
        {**quality, "weights": "published-ntire2022", "protocol": "ntire2022", "value": 30.5},
    ]
    spec = read_side_by_side(Path(SIDE_BY_SIDE).absolute())
    methods = {name: registry.entry(name) for name in ("rlfn_team04", "fmen_team03")}
    tolerances = read_tolerances(PUBLISHED / "tolerances.yaml")
    means = measurements.means(measurements.frame(rows))
    text = render_side_by_side(build(spec, measurements.frame([]), means, tolerances, methods), form)
    shown = {"csv": ("19.674860", "32.071000"), "html": ("19.67", "32.07", "A GPU")}.get(
        form, ("19.67", "3.2", "32.07")
    )
    assert all(value in text for value in shown)
    assert "40.0" not in text
    assert "30.5" not in text


def test_a_wrong_table_of_measurements_is_one_clear_line() -> None:
    path = Path(SIDE_BY_SIDE).absolute()
    path.write_text(path.read_text().replace('"2023": ntire2023', "twenty: ntire2023"))
    with pytest.raises(ResoluteError, match=r"side_by_side\.yaml: years"):
        read_side_by_side(path)


def test_a_score_of_what_is_not_ranked_names_the_nearest() -> None:
    path = Path("data/published/ntire2024/rankings.yaml").absolute()
    path.write_text(path.read_text().replace("runtime: {weight", "runtim: {weight"))
    with pytest.raises(ResoluteError, match=r"score scores 'runtim': did you mean 'runtime'"):
        read_ranking(path)
