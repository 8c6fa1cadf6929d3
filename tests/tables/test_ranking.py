"""The ranks of NTIRE 2022 Table 1: as printed, as the official counter gives them, and by multiply-accumulates."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from resolute import measurements, registry
from resolute.core.errors import ResoluteError
from resolute.published import read_ranking, read_tolerances
from resolute.tables import make_tables
from resolute.tables.ranking import Place, Ranking, rank

REPOSITORY = Path(__file__).parents[2]
Write = Callable[..., Path]


def ranking(files: list[Path]) -> Ranking:
    asked = read_ranking(Path("data/published/ntire2022/rankings.yaml").absolute())
    tolerances = read_tolerances(Path("data/published/tolerances.yaml"))
    methods = {name: registry.entry(name) for name in registry.names()}
    return rank(
        asked, measurements.read(asked.figures), measurements.means(measurements.read(*files)), tolerances, methods
    )


def places(ranking: Ranking, key: str) -> dict[str, Place]:
    index = [column.key for column in ranking.columns].index(key)
    return {row.method: row.places[index] for row in ranking.rows}


@pytest.fixture
def macs(write: Write, challenge_alone: None) -> list[Path]:
    """Every multiply-accumulate of the official networks, as the stage `profile` writes it."""
    with (REPOSITORY / "tests/data/tables/ntire2022_macs.csv").open(newline="") as file:
        facts = [(row["method"], float(row["macs"])) for row in csv.DictReader(file)]
    described = {"metric": "macs", "protocol": "macs"}
    return [write([{**described, "value": value}], method=name, lr_size="256x256") for name, value in facts]


@pytest.mark.usefixtures("project")
def test_without_measurements_the_printed_ranks_stand() -> None:
    """All but Alpan Team's, which shares its 18 points with MegSR and is printed one place below it."""
    built = ranking([])
    assert len(built.rows) == 35
    moved = {
        (row.method, column.key): (place.printed, place.rank)
        for row in built.rows
        for column, place in zip(built.columns, row.places, strict=True)
        if place.arrow
    }
    assert moved == {
        ("sr_model_team31", "subtrack1"): (10, 9),
        ("sr_model_team31", "subtrack1_consistent"): (10, 9),
    }
    assert not any(place.measured for row in built.rows for place in row.places)


@pytest.mark.slow
def test_consistent_counting_moves_the_networks_with_linear_layers(
    official_counts: list[Path], macs: list[Path]
) -> None:
    built = ranking(official_counts + macs)
    by_macs, overall = places(built, "macs"), places(built, "subtrack1_consistent")
    assert (by_macs["mobilesr_team20"].printed, by_macs["mobilesr_team20"].rank) == (1, 4)
    assert (by_macs["hnct_team12"].printed, by_macs["hnct_team12"].rank) == (34, 23)
    assert (by_macs["imdtn_team09"].printed, by_macs["imdtn_team09"].rank) == (33, 26)
    assert (overall["bsrn_team18"].rank, overall["bsrn_team18"].figure) == (1, 2)
    shared = {name for name, place in overall.items() if place.rank == 2}
    assert shared == {"mobilesr_team20", "arfdn_team14"}
    assert {overall[name].figure for name in shared} == {6}
    assert [name for name, place in overall.items() if place.rank == 1] == ["bsrn_team18"]


def test_the_official_counter_moves_only_who_its_one_disagreement_concerns(official_counts: list[Path]) -> None:
    flops = places(ranking(official_counts), "flops")
    moved = {name: (place.printed, place.rank) for name, place in flops.items() if place.arrow}
    assert moved == {"bsrn_team18": (2, 1), "mobilesr_team20": (1, 2)}


def test_networks_that_are_not_measured_keep_their_published_figure_and_say_so(
    official_counts: list[Path], macs: list[Path]
) -> None:
    by_macs = places(ranking(official_counts + macs), "macs")
    standing = {name for name, place in by_macs.items() if not place.measured}
    assert standing == {"restormer_iso", "vlesr", "dlsr_express"}
    assert by_macs["vlesr"].figure == 21.11


def test_a_network_built_to_meet_the_printed_counts_is_marked_as_one_that_is_not_measured(write: Write) -> None:
    row = {"metric": "params_ntire2022", "value": 1.0}
    by_params = places(ranking([write([row], method=name) for name in ("vlesr", "rlfn_team04")]), "params")
    assert (by_params["vlesr"].measured, by_params["vlesr"].arrow) == (False, "")
    assert (by_params["rlfn_team04"].measured, by_params["rlfn_team04"].rank) == (True, 1)


@pytest.mark.slow
def test_the_ranking_is_written_in_every_format(official_counts: list[Path], macs: list[Path]) -> None:
    make_tables(official_counts + macs, "y_basicsr")
    folder = Path("reports/tables/ntire2022")
    assert "1 → 4 ↓ (15.28)" in (folder / "rankings.md").read_text()
    assert "32.42) †" in (folder / "rankings.md").read_text()
    assert r"1\textrightarrow{}4 \textdownarrow{}" in (folder / "rankings.tex").read_text()
    assert (folder / "rankings.html").read_text().count('<th scope="row"') == 35
    rows = {row["method"]: row for row in csv.DictReader((folder / "rankings.csv").open(newline=""))}
    assert [rows["mobilesr_team20"][f"macs_{part}"] for part in ("printed", "rank", "figure", "measured")] == [
        "1", "4", "15.28", "yes",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("of: table1", "of: tabel1", "rankings.yaml: of: no table 'tabel1': did you mean 'table1'"),
        ("group: Ranked", "group: Rankd", "group: no 'Rankd' in table1.yaml: did you mean 'Ranked'"),
        ("sum: [params_used, macs]", "sum: [params_used, mac]", "subtrack1_consistent sums 'mac': did you mean 'macs'"),
        ("rank_params", "rank_param", "rlfn_team04 has no published figure or place"),
        (
            "digits: 3, match: {metric: params}, printed: rank_params}",
            "printed: rank_params}",
            r"rankings.1 must have exactly one of match\+digits, sum, score",
        ),
    ],
)  # fmt: skip
def test_a_wrong_specification_is_one_clear_line(project: Path, old: str, new: str, message: str) -> None:
    path = project / "data/published/ntire2022/rankings.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ResoluteError, match=message) as error:
        ranking([])
    assert "\n" not in str(error.value)
