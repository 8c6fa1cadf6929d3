"""Cells of regenerated tables, against the challenge's own counter and against made-up measurements."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from resolute import measurements, registry
from resolute.core.errors import ResoluteError
from resolute.published import Judgement, Verdict, read_spec, read_tolerances
from resolute.tables.build import Cell, Table, build

Write = Callable[..., Path]
CPU = "A CPU"


def table(files: list[Path], name: str = "table1", methods: Iterable[str] = registry.names()) -> Table:
    spec = read_spec(Path(f"data/published/ntire2022/{name}.yaml").absolute())
    tolerances = read_tolerances(Path("data/published/tolerances.yaml"))
    means = measurements.means(measurements.read(*files))
    return build(spec, measurements.read(spec.figures), means, tolerances, {m: registry.entry(m) for m in methods})


def cell(table: Table, method: str, key: str) -> Cell:
    column = [column.key for column in table.spec.columns].index(key)
    rows = [row for _, rows in table.groups for row in rows if row.spec.method == method]
    return rows[0].cells[column]


def verdict(table: Table, method: str, key: str) -> Verdict:
    judgement = cell(table, method, key).judgement
    assert judgement is not None
    return judgement.verdict


def quality(write: Write, value: float, weights: str, **columns: Any) -> Path:
    """Two images whose mean is the value."""
    described = {
        "method": "rlfn_team04", "weights": weights, "dataset": "div2k_val", "protocol": "ntire2022",
        "metric": "psnr", "unit": "dB", "device": CPU,
    }  # fmt: skip
    images = [{"image": "0801", "value": value - 1}, {"image": "0802", "value": value + 1}]
    return write(images, **{**described, **columns})


def test_the_challenges_counter_reproduces_table_1_but_for_one_known_error(
    official_counts: list[Path],
) -> None:
    built = table(official_counts)
    judged = {
        (row.spec.method, column.key): cell.judgement.verdict
        for _, rows in built.groups
        for row in rows
        for column, cell in zip(built.spec.columns, row.cells, strict=True)
        if cell.measured is not None and cell.judgement
    }
    assert len(judged) == 42 * 4
    assert judged.pop(("bsrn_team18", "flops")) is Verdict.EXPLAINED
    assert Counter(judged.values()) == {Verdict.REPRODUCED: 42 * 4 - 1}


@pytest.mark.usefixtures("project")
def test_without_measurements_nothing_holds_and_nothing_fails() -> None:
    built = table([])
    counts = built.counts()
    # 45 hidden test PSNRs; 7 further columns of three networks without code; the validation PSNR without weights.
    assert counts["cannot be measured"] == 45 + 3 * 7 + 1
    assert counts["not run"] == 45 * 8 - counts["cannot be measured"]
    assert not built.is_measured


def test_rows_say_whether_they_are_implemented(write: Write) -> None:
    rows = [{"metric": "n_conv", "value": 43.0}]
    file = write(rows, method="imdn_baseline", lr_size="256x256")
    built = table([file], methods=("imdn_baseline", "rlfn_team04"))
    status = {row.spec.method: row.status for _, rows in built.groups for row in rows}
    assert status["imdn_baseline"] == "measured here"
    assert status["rlfn_team04"] == "not part of this run"
    assert status["fmen_team03"] == "paper only: no implementation here"
    judged = {(method, key): cell(built, method, key).judgement for method in status for key in ("params", "psnr_test")}
    assert judged["rlfn_team04", "params"] == Judgement(Verdict.NOT_RUN, "not part of this run")
    assert judged["fmen_team03", "params"] == Judgement(Verdict.CANNOT_BE_MEASURED, "no implementation here")
    hidden = Judgement(Verdict.CANNOT_BE_MEASURED, "the HR images of the DIV2K test set are not public")
    assert judged["fmen_team03", "psnr_test"] == judged["rlfn_team04", "psnr_test"] == hidden


@pytest.mark.usefixtures("project")
def test_without_published_weights_quality_cannot_be_measured_but_costs_can() -> None:
    built = table([])
    expected = Judgement(Verdict.CANNOT_BE_MEASURED, "no published weights to fetch")
    assert cell(built, "hnct_team12", "psnr_val").judgement == expected
    assert verdict(built, "hnct_team12", "flops") is Verdict.NOT_RUN


def test_what_is_trained_here_by_the_papers_recipe_needs_no_published_weights(write: Write) -> None:
    file = quality(write, 28.9, "paper-seed0", method="hnct_team12", recipe="paper")
    assert verdict(table([file]), "hnct_team12", "psnr_val") is Verdict.DIFFERS


def test_a_network_built_to_meet_the_printed_counts_never_compares(write: Write) -> None:
    rows = [
        {"metric": "n_conv", "value": 74.0, "protocol": ""},
        {"metric": "flops", "value": 32.5e9, "protocol": "flops_ntire2022"},
    ]
    built = table([write(rows, method="restormer_iso", lr_size="256x256")])
    circular = Judgement(Verdict.NOT_COMPARABLE, "built from the paper's text alone, to meet the printed counts")
    assert cell(built, "restormer_iso", "n_conv").judgement == circular
    assert cell(built, "restormer_iso", "flops").judgement == circular
    assert verdict(built, "restormer_iso", "psnr_val") is Verdict.CANNOT_BE_MEASURED


def test_published_weights_are_judged_trained_ones_stand_beside(write: Write) -> None:
    files = [
        quality(write, 29.004, "published-ntire2022"),
        quality(write, 27.0, "quick-seed0", seed=0, training_data="embedded"),
        quality(write, 27.5, "quick-seed1", seed=1, training_data="embedded"),
    ]
    found = cell(table(files), "rlfn_team04", "psnr_val")
    assert found.measured == pytest.approx(29.004)
    assert found.trained == pytest.approx(27.25)
    assert found.difference == pytest.approx(0.004)
    assert found.judgement is not None
    assert found.judgement.verdict is Verdict.REPRODUCED


def test_what_was_trained_by_the_papers_recipe_is_held_against_the_paper(write: Write) -> None:
    built = table([quality(write, 29.0, "mine-seed0", seed=0, recipe="paper")])
    assert verdict(built, "rlfn_team04", "psnr_val") is Verdict.REPRODUCED


@pytest.mark.parametrize(
    ("recipe", "how"),
    [
        ("other settings", "with other settings than the paper"),
        ("other settings and training data", "with other settings and training data than the paper"),
        ("", "by a recipe that is not recorded"),
    ],
)
def test_another_recipe_is_not_whatever_its_preset_is_called(write: Write, recipe: str, how: str) -> None:
    file = quality(write, 29.0, "paper-seed0", seed=0, training_data="embedded", recipe=recipe)
    judgement = cell(table([file]), "rlfn_team04", "psnr_val").judgement
    assert judgement is not None
    assert judgement.verdict is Verdict.NOT_COMPARABLE
    assert judgement.reason == f"trained here {how}: paper-seed0 on embedded"


def test_other_published_weights_are_not_the_papers(write: Write) -> None:
    built = table([quality(write, 29.0, "published-other")])
    assert verdict(built, "rlfn_team04", "psnr_val") is Verdict.NOT_RUN


def test_another_protocol_data_set_or_scale_is_another_number(write: Write) -> None:
    others: list[dict[str, Any]] = [{"protocol": "y_basicsr"}, {"dataset": "set5"}, {"scale": 2.0}]
    built = table([quality(write, 29.0, "published-ntire2022", **other) for other in others])
    assert verdict(built, "rlfn_team04", "psnr_val") is Verdict.NOT_RUN


def test_time_and_memory_are_shown_in_the_papers_units_and_not_compared(write: Write) -> None:
    rows = [
        {"metric": "latency", "value": 27.11, "unit": "ms"},
        {"metric": "peak_memory", "value": 2.0**20, "unit": "B"},
    ]
    built = table([write(rows, method="rlfn_team04", lr_size="256x256", device=CPU)])
    time, memory = cell(built, "rlfn_team04", "runtime"), cell(built, "rlfn_team04", "peak_memory")
    assert (time.measured, memory.measured) == (27.11, 1.0)
    for found in (time, memory):
        assert found.judgement is not None
        assert found.judgement.verdict is Verdict.NOT_COMPARABLE
        assert CPU in found.judgement.reason


def test_the_official_outputs_have_a_table_of_their_own(write: Write) -> None:
    near = quality(write, 32.0983 + 0.004, "published-ntire2022", dataset="set5", protocol="y_basicsr")
    far = quality(write, 30.2068 - 0.02, "published-ntire2022", dataset="set5", protocol="ntire2022")
    built = table([near, far], "official_code")
    assert verdict(built, "rlfn_team04", "set5_y_psnr") is Verdict.REPRODUCED
    assert verdict(built, "rlfn_team04", "set5_rgb_psnr") is Verdict.DIFFERS


@pytest.mark.parametrize(("kind", "expected"), [("error", Verdict.EXPLAINED), ("remark", Verdict.DIFFERS)])
def test_an_error_explains_its_own_cell_alone_and_a_remark_none(
    kind: str, expected: Verdict, write: Write, project: Path
) -> None:
    """Both columns have the same metric and protocol."""
    errata = project / "data/published/ntire2022/errata.csv"
    known = f"{kind},official_code,rlfn_team04,set5_y_psnr,32.0983,30.0000,another resizer,resolute evaluate\n"
    errata.write_text(errata.read_text() + known)
    files = [
        quality(write, 30.0, "published-ntire2022", dataset=dataset, protocol="y_basicsr")
        for dataset in ("set5", "set14")
    ]
    built = table(files, "official_code")
    assert verdict(built, "rlfn_team04", "set5_y_psnr") is expected
    assert verdict(built, "rlfn_team04", "set14_y_psnr") is Verdict.DIFFERS


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (("digits: 3", "digits: -1"), "table1.yaml: columns.3.digits: -1 is less than the minimum of 0"),
        (("published_only: true", "publishd_only: true"), "unknown key .*did you mean 'published_only'"),
        (("key: flops", "key: params"), "columns: the key 'params' is there 2 times"),
        (('labels: ["1", ByteESR, ', "labels: [ByteESR, "), "rlfn_team04 has 2 labels, the table has 3"),
        (("method: fmen_team03", "method: fmen"), "no row for 'fmen_team03' of table1.csv"),
        (("match: {metric: params}", "match: {}"), "table1.yaml: 'columns.3.match.metric' is missing"),
        (("metric: params}", "metric: psnr}"), "rlfn_team04, params: 2 different numbers match"),
    ],
)  # fmt: skip
def test_a_wrong_specification_is_one_clear_line(project: Path, edit: tuple[str, str], message: str) -> None:
    path = project / "data/published/ntire2022/table1.yaml"
    text = path.read_text()
    assert edit[0] in text
    path.write_text(text.replace(edit[0], edit[1], 1))
    with pytest.raises(ResoluteError, match=message) as error:
        table([])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("ntire2022/errata.csv", ",9.50,", ",9.51,", "errata.csv: table1 does not print 9.51 as flops of bsrn_team18"),
        ("ntire2022/errata.csv", "table1,bsrn_team18", "table1,bsrn_team81", "no row 'bsrn_team81': did you mean"),
        ("ntire2022/errata.csv", ",flops,", ",flop,", "table1 has no column 'flop': did you mean 'flops'"),
        ("ntire2022/errata.csv", "claim,finding", "finding,claim", "its columns must be kind, table, row"),
        ("ntire2022/errata.csv", ",9.50,2.02,", ",9.50,", "ntire2022/errata.csv, line 2: 8 fields expected, 7 found"),
        ("ntire2022/errata.csv", ",9.50,2.02,", ",9.50,2.O2,", "line 2: the finding '2.O2' is no number"),
        ("tolerances.yaml", "params: {compare: digits}\n", "", "metric 'params' is not in"),
        ("tolerances.yaml", "compare: digits", "compare: digit", "did you mean 'digits'"),
    ],
)  # fmt: skip
def test_wrong_facts_are_one_clear_line(project: Path, file: str, old: str, new: str, message: str) -> None:
    path = project / "data/published" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ResoluteError, match=re.escape(message)):
        table([])


def test_an_unknown_unit_is_refused(write: Write) -> None:
    file = write(
        [{"metric": "params_ntire2022", "value": 317.0, "unit": "KB"}], method="rlfn_team04", lr_size="256x256"
    )
    with pytest.raises(ResoluteError, match="params of rlfn_team04: unknown unit 'KB'"):
        table([file])
