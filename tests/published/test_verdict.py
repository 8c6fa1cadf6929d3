import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.published import Erratum, Tolerance, Verdict, agrees, judge

DIGITS = Tolerance()
PSNR = Tolerance(within=0.01)
DEVICE = Tolerance(device=True)

decibels = st.decimals(min_value=5, max_value=60, places=2).map(float)


@pytest.mark.parametrize(
    ("paper", "measured", "digits", "tolerance", "expected"),
    [
        (0.317, 0.317218, 3, DIGITS, True),
        (9.50, 2.022422883, 2, DIGITS, False),
        (39, 39.0, 0, DIGITS, True),
        (39, 40.0, 0, DIGITS, False),
        (29.00, 29.01, 2, PSNR, True),
        (29.01, 29.00, 2, PSNR, True),
        (29.00, 29.0101, 2, PSNR, False),
        (28.72, 28.7099, 2, PSNR, False),
    ],
)
def test_agreement(paper: float, measured: float, digits: int, tolerance: Tolerance, expected: bool) -> None:
    assert agrees(paper, measured, digits, tolerance) is expected


@given(decibels, st.integers(min_value=-300, max_value=300))
def test_two_decimals_apart_by_at_most_the_tolerance_agree(paper: float, hundredths: int) -> None:
    """Binary floats must not decide: 29.01 is within 0.01 of 29.00, 29.02 is not."""
    measured = round(paper + hundredths / 100, 2)
    assert agrees(paper, measured, 2, PSNR) is (abs(hundredths) <= 1)


@given(decibels)
def test_the_papers_own_value_is_reproduced(paper: float) -> None:
    for tolerance in (DIGITS, PSNR):
        assert judge(paper, paper, digits=2, tolerance=tolerance).verdict is Verdict.REPRODUCED


def test_nothing_measured() -> None:
    unrun = judge(29.0, None, digits=2, tolerance=PSNR, absent="no implementation yet")
    assert (unrun.verdict, unrun.reason) == (Verdict.NOT_RUN, "no implementation yet")
    hidden = judge(29.0, None, digits=2, tolerance=PSNR, missing="hidden images", absent="no implementation yet")
    assert (hidden.verdict, hidden.reason) == (Verdict.CANNOT_BE_MEASURED, "hidden images")


def test_what_cannot_be_compared_is_not_even_where_it_agrees() -> None:
    found = judge(27.11, 27.11, digits=2, tolerance=DEVICE, incomparable="another device: A CPU")
    assert (found.verdict, found.reason) == (Verdict.NOT_COMPARABLE, "another device: A CPU")


def test_an_erratum_explains_its_own_finding_and_nothing_else() -> None:
    erratum = Erratum("error", claim="9.50", finding="2.02", evidence="the counter")
    explained = judge(9.50, 2.0224, digits=2, tolerance=DIGITS, erratum=erratum)
    assert (explained.verdict, explained.reason) == (Verdict.EXPLAINED, "the counter")
    assert judge(9.50, 2.03, digits=2, tolerance=DIGITS, erratum=erratum).verdict is Verdict.DIFFERS
    assert judge(9.50, 9.50, digits=2, tolerance=DIGITS, erratum=erratum).verdict is Verdict.REPRODUCED
