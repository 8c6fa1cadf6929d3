"""Training plans and samplers."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.errors import ResoluteError
from resolute.methods.plan import Phase, make_plan
from resolute.methods.samplers import hes, uniform

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


@given(st.lists(st.integers(1, 10), min_size=1, max_size=50), st.integers(0, 1000))
def test_samplers_return_rows_that_exist(categories: list[int], seed: int) -> None:
    category = np.array(categories)
    for sampler in (uniform, hes):
        drawn = sampler(np.random.default_rng(seed), {"image": category, "category": category}, 16)
        assert drawn.shape == (16,)
        assert ((drawn >= 0) & (drawn < len(category))).all()


def test_hes_draws_hard_categories_more_often_by_the_papers_odds() -> None:
    category = np.repeat(np.arange(1, 11), 7)
    drawn = category[hes(np.random.default_rng(0), {"category": category}, 200_000, delta=0.9)]
    odds = np.mean(drawn == 10) / np.mean(drawn == 1)
    # 0.9 ** -9 = 2.58; the sampling error of 200,000 draws is about 1 %.
    assert odds == pytest.approx(0.9**-9, rel=0.05)
