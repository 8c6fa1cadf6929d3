"""Training plans: phases, their schedules, and what they may choose."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from resolute.core.errors import ResoluteError
from resolute.methods.plan import Phase, make_plan, phase_schema

DEFAULTS = {"iterations": 100, "batch_size": 4, "lr_patch_size": 24, "precision": "32-true", "threads": 1}


def test_a_recipe_overrides_the_defaults_phase_by_phase() -> None:
    recipe = {"batch_size": 8, "phases": [{"iterations": 10}, {"iterations": 5, "loss": "l2"}]}
    plan = make_plan(DEFAULTS, recipe, "rlfn_tiny")
    assert [(phase.iterations, phase.batch_size, phase.loss.name) for phase in plan.phases] == [
        (10, 8, "l1"),
        (5, 8, "l2"),
    ]
    assert plan.iterations == 15
    assert plan.at(9) == (0, plan.phases[0], 9)
    assert plan.at(10) == (1, plan.phases[1], 0)


def test_an_unknown_key_names_the_nearest() -> None:
    with pytest.raises(ResoluteError, match=r"recipes\.rlfn_tiny: unknown key 'iteratons': did you mean 'iterations'"):
        make_plan(DEFAULTS, {"iteratons": 3}, "rlfn_tiny")


def phase(**settings: Any) -> Phase:
    return make_plan(
        {"iterations": 100, "batch_size": 1, "lr_patch_size": 8, "learning_rate": 1.0}, settings, "x"
    ).phases[0]


def test_schedules() -> None:
    cosine = phase(schedule={"cosine": {"final": 0.0}}, warmup=10)
    assert cosine.learning_rate_at(0) == pytest.approx(0.1)
    assert cosine.learning_rate_at(9) == cosine.learning_rate_at(10) == 1.0
    assert cosine.learning_rate_at(55) == pytest.approx(0.5)
    halved = phase(schedule={"halve": {"every": 40}})
    assert [halved.learning_rate_at(step) for step in (39, 40, 80)] == [1.0, 0.5, 0.25]
    uneven = phase(schedule={"halve": {"at": [50, 80, 90]}})
    rates = [uneven.learning_rate_at(step) for step in (0, 49, 50, 79, 80, 90, 99)]
    assert rates == [1.0, 1.0, 0.5, 0.5, 0.25, 0.125, 0.125]


def test_phases_go_down_one_cosine() -> None:
    whole = phase(schedule={"cosine": {"final": 1e-7}})
    halves = [phase(iterations=n, schedule={"cosine": {"final": 1e-7, "part": part}}) for n, part in WBSR_PARTS]
    rates = [half.learning_rate_at(step) for half in halves for step in range(half.iterations)]
    assert rates == pytest.approx([whole.learning_rate_at(step) for step in range(100)], rel=1e-12)


WBSR_PARTS = ((70, [0, 0.7]), (30, [0.7, 1]))


def test_wbsr_samples_first_by_patches_then_by_categories() -> None:
    samplers = ("uniform", {"hes": {"delta": 0.8}})
    phases = [
        {"iterations": n, "sampler": sampler, "schedule": {"cosine": {"part": part}}}
        for (n, part), sampler in zip(WBSR_PARTS, samplers, strict=True)
    ]
    recipe = {"phases": phases}
    assert Draft202012Validator(phase_schema()).is_valid(phases[1])
    plan = make_plan(DEFAULTS, recipe, "rlfn_tiny")
    assert [str(plan.at(step)[1].sampler) for step in (0, 69, 70, 99)] == [
        *2 * ["uniform"],
        *2 * ["hes (thresholds quantile, delta 0.8)"],
    ]


@pytest.mark.parametrize(
    "sampler",
    [
        {"hes": {"delta": 0}},
        {"hes": {"thresholds": "width"}},
        {"sampling_aug": {"share": 0}},
        {"sampling_aug": {"share": 1.5}},
        "bspa",
    ],
)
def test_options_that_a_sampler_cannot_have_are_refused(sampler: Any) -> None:
    assert not Draft202012Validator(phase_schema()).is_valid({"sampler": sampler})
