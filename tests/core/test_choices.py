"""Choices with options: what may be written follows from the signatures."""

from typing import Annotated, Any

import pytest
from jsonschema import Draft202012Validator

from resolute.core.choices import Choice, Choices
from resolute.core.errors import ResoluteError
from resolute.methods.losses import LOSSES


def plain() -> str:
    return "plain"


def tuned(*, weight: Annotated[float, {"minimum": 0}] = 0.5, at: tuple[int, ...] = ()) -> tuple[float, tuple[int, ...]]:
    return weight, at


CHOICES = Choices("thing", {"plain": plain, "tuned": tuned})


@pytest.mark.parametrize(
    ("written", "choice"),
    [
        ("plain", Choice("plain")),
        ("tuned", Choice("tuned", {"weight": 0.5, "at": ()})),
        ({"tuned": {"weight": 0.1}}, Choice("tuned", {"weight": 0.1, "at": ()})),
        ({"tuned": {"at": [1, 2]}}, Choice("tuned", {"weight": 0.5, "at": (1, 2)})),
    ],
)
def test_a_name_or_a_name_with_options(written: str | dict[str, Any], choice: Choice) -> None:
    assert CHOICES.parse(written) == choice
    assert CHOICES.parse(choice) is choice


def test_an_option_reaches_the_function() -> None:
    assert CHOICES.function(CHOICES.parse({"tuned": {"weight": 0.1}}))() == (0.1, ())


def test_writing_a_default_changes_nothing() -> None:
    assert LOSSES.parse("l1_fft") == LOSSES.parse({"l1_fft": {"weight": 0.1}})


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("tund", "thing is 'tund': did you mean 'tuned'"),
        ({"tuned": {"wieght": 1}}, "thing tuned has no option 'wieght': did you mean 'weight'"),
        ({"plain": {"weight": 1}}, "thing plain has no option 'weight': it takes none"),
    ],
)
def test_what_is_wrong_names_the_nearest(written: str | dict[str, Any], message: str) -> None:
    with pytest.raises(ResoluteError, match=message):
        CHOICES.parse(written)


@pytest.mark.parametrize(
    ("written", "is_valid"),
    [
        ("plain", True),
        ("nothing", False),
        ({"tuned": {"weight": 1}}, True),
        ({"tuned": {"weight": -1}}, False),
        ({"tuned": {"at": ["x"]}}, False),
        ({"tuned": {}, "plain": {}}, False),
        ({}, False),
        (3, False),
    ],
)
def test_the_schema_says_the_same(written: object, is_valid: bool) -> None:
    assert Draft202012Validator(CHOICES.schema()).is_valid(written) is is_valid
