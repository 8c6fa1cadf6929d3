"""Claims of a paper against made-up runs whose outcome is known."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.tables.conftest import REPOSITORY

from resolute import measurements
from resolute.core.errors import ResoluteError
from resolute.methods.plan import make_plan
from resolute.published import claims_files, read_claims
from resolute.tables.claims import Outcome, hold
from resolute.tables.render import render_claims

SIDES = {
    "of": {"method": "wbsr_tiny", "setting": "alpha1"},
    "over": {"method": "wbsr_tiny_uniform", "setting": "alpha1"},
}
FACTS: dict[str, Any] = {
    "title": "Claims",
    "caption": "Tested.",
    "source": {"citation": "Somebody, 2024", "year": 2024},
    "preset": "own",
    "protocol": "classsr",
    "datasets": ["set14", "b100"],
    "scales": [4],
    "claims": [{"says": "It is better", "where": "Table 1", "printed": "1 dB", **SIDES}],
}


def rows(
    method: str,
    setting: str,
    psnr: dict[int, tuple[float, float]],
    macs: float = 0,
    weights: str = "own",
    scale: float = 4,
    datasets: Sequence[str] = ("set14", "b100"),
    protocol: str = "classsr",
) -> Iterator[dict[str, Any]]:
    """PSNR on both data sets by seed; macs of 100 where the method is dynamic."""
    for seed, values in psnr.items():
        for dataset, value in zip(datasets, values, strict=True):
            shared = {
                "source": "measured",
                "method": method,
                "weights": f"{weights}-seed{seed}",
                "seed": seed,
                "setting": setting,
                "dataset": dataset,
                "scale": float(scale),
                "image": "a",
                "device": "a CPU",
            }
            yield {**shared, "protocol": protocol, "metric": "psnr", "value": value}
            if macs:
                yield {**shared, "protocol": "macs", "metric": "macs", "value": macs}
                yield {**shared, "protocol": "macs", "metric": "macs_full", "value": 100.0}


def outcome(tmp_path: Path, found: list[dict[str, Any]], **claim: Any) -> Any:
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump({**FACTS, "claims": [{**FACTS["claims"][0], **claim}]}))
    return hold(read_claims(path), measurements.means(measurements.frame(found))).tested[0]


BETTER = {0: (30.0, 26.0), 1: (30.1, 26.1), 2: (30.2, 26.0)}
WORSE = {0: (29.9, 25.9), 1: (29.95, 26.0), 2: (30.1, 25.95)}


def test_a_difference_is_taken_seed_by_seed_over_all_data_sets(tmp_path: Path) -> None:
    found = [*rows("wbsr_tiny", "alpha1", BETTER, 60), *rows("wbsr_tiny_uniform", "alpha1", WORSE, 80)]
    tested = outcome(tmp_path, found)
    assert tested.differences == pytest.approx((0.1, 0.125, 0.075))
    assert tested.mean == pytest.approx(0.1)
    assert tested.spread == pytest.approx(0.025)
    assert tested.shares == pytest.approx((0.6, 0.8))
    assert tested.outcome is Outcome.HOLDS
    assert outcome(tmp_path, found, margin=0.11).outcome is Outcome.UNDECIDED
    assert outcome(tmp_path, found, margin=0.2).outcome is Outcome.FAILS
    turned = outcome(tmp_path, found, of=SIDES["over"], over=SIDES["of"])
    assert turned.outcome is Outcome.FAILS
    assert outcome(tmp_path, found, of=SIDES["over"], over=SIDES["of"], margin=-0.2).outcome is Outcome.HOLDS


def test_what_is_not_there_on_both_sides_and_all_data_sets_does_not_count(tmp_path: Path) -> None:
    found = [*rows("wbsr_tiny", "alpha1", BETTER, 60), *rows("wbsr_tiny_uniform", "alpha1", {1: WORSE[1]}, 60)]
    one = outcome(tmp_path, found)
    assert len(one.differences) == 1
    assert one.outcome is Outcome.UNDECIDED, "one seed has no spread"
    lacking = [row for row in found if not (row["method"] == "wbsr_tiny_uniform" and row["dataset"] == "b100")]
    assert outcome(tmp_path, lacking).outcome is Outcome.NOT_RUN
    others = [
        *rows("wbsr_tiny", "alpha1", BETTER, 60, "quick"),
        *rows("wbsr_tiny_uniform", "alpha1", WORSE, 60, "quick"),
    ]
    assert outcome(tmp_path, others).outcome is Outcome.NOT_RUN, "the runs of another preset"


def test_equal_cost_is_between_the_settings_on_either_side(tmp_path: Path) -> None:
    static = [
        *rows("arm_tiny", "width9", {0: (28.0, 28.0)}, 40),
        *rows("arm_tiny", "width13", {0: (29.0, 29.0)}, 80),
        *rows("arm_tiny", "best", {0: (40.0, 40.0)}, 59),
    ]
    found = [*rows("wbsr_tiny", "alpha1", {0: (29.0, 29.0)}, 60), *static]
    between = {"method": "arm_tiny", "settings": ["width9", "width13"]}
    tested = outcome(tmp_path, found, over=between)
    assert tested.differences == pytest.approx((0.5,))
    assert tested.shares == pytest.approx((0.6, 0.6))
    beyond = [*rows("wbsr_tiny", "alpha1", {0: (29.0, 29.0)}, 20), *static]
    assert outcome(tmp_path, beyond, over=between).differences == pytest.approx((1.0,))
    assert outcome(tmp_path, found, over={"method": "arm_tiny"}).differences[0] < -5


def test_a_static_network_takes_all_of_itself(tmp_path: Path) -> None:
    found = [*rows("wbsr_tiny", "alpha1", BETTER, 60), *rows("srresnet_tiny", "", WORSE)]
    assert outcome(tmp_path, found, over={"method": "srresnet_tiny"}).shares == pytest.approx((0.6, 1.0))


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ({"over": {"method": "wbsr_tinny"}}, r"claims\[0\].over: unknown method 'wbsr_tinny'"),
        ({"over": {"method": "arm_tiny", "setting": "eta"}}, r"claims\[0\].over: arm_tiny has no setting 'eta'"),
        ({"of": {"method": "wbsr_tiny"}}, r"claims\[0\].of: wbsr_tiny has settings: name the one"),
        ({"margin": "much"}, "margin"),
    ],
)
def test_a_claim_that_cannot_be_tested_is_one_line(tmp_path: Path, claim: dict[str, Any], words: str) -> None:
    with pytest.raises(ResoluteError, match=words):
        outcome(tmp_path, [], **claim)


def test_a_difference_is_averaged_over_scales_too(tmp_path: Path) -> None:
    def found(scale: float) -> Iterator[dict[str, Any]]:
        yield from rows("wbsr_tiny", "alpha1", {0: (30.0 + scale, 26.0)}, 60, scale=scale)
        yield from rows("wbsr_tiny_uniform", "alpha1", {0: (30.0, 26.0)}, 60, scale=scale)

    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump({**FACTS, "scales": [2, 3.7]}))
    both = measurements.means(measurements.frame([*found(2), *found(3.7), *found(4)]))
    assert hold(read_claims(path), both).tested[0].differences == pytest.approx(((2 / 2 + 3.7 / 2) / 2,))
    one = measurements.means(measurements.frame(list(found(2))))
    assert hold(read_claims(path), one).tested[0].outcome is Outcome.NOT_RUN, "one of the scales"


@pytest.mark.parametrize("path", claims_files(), ids=lambda path: path.parent.name)
@pytest.mark.parametrize("form", ["csv", "md", "tex", "html"])
def test_the_papers_claims_are_written_in_every_form(form: str, path: Path) -> None:
    spec = read_claims(path)
    one = spec.claims[0]
    found = [
        row
        for side, psnr in ((one.of, BETTER), (one.over, WORSE))
        for scale in spec.scales
        for row in rows(side.method, side.setting, psnr, 70, spec.preset, scale, spec.datasets, spec.protocol)
    ]
    text = render_claims(hold(spec, measurements.means(measurements.frame(found))), form)
    assert "a CPU" in text or form == "csv"
    for words in (one.says, "holds", "not run", "0.100"):
        assert words in text


@pytest.mark.parametrize("path", claims_files(), ids=lambda path: path.parent.name)
def test_the_budget_that_is_told_is_the_presets(path: Path) -> None:
    spec = read_claims(path)
    preset = yaml.safe_load((REPOSITORY / f"workflow/presets/{spec.preset}.yaml").read_text())
    train = preset["train"]
    plans = [make_plan(train, preset["recipes"].get(name, {}), name) for name in preset["methods"]["trained"]]
    assert {plan.iterations for plan in plans} == {train["iterations"]}
    caption = " ".join(spec.caption.split())
    assert re.search(rf"{train['iterations']} steps of {train['batch_size']} (patches|crops)", caption)
    assert tuple(preset["data"]["test"]) == spec.datasets
    assert tuple(preset["scales"]) == spec.scales
    assert spec.protocol in preset["evaluate"]["protocols"]


@pytest.mark.parametrize("path", claims_files(), ids=lambda path: path.parent.name)
def test_without_any_run_it_says_which_preset_tests_them(path: Path) -> None:
    spec = read_claims(path)
    text = render_claims(hold(spec, measurements.means(measurements.frame([]))), "html")
    assert f"Not run: the preset {spec.preset} tests these claims." in text
