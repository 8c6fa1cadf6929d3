"""Whether a printed number holds: one verdict per cell of a regenerated table."""

from dataclasses import dataclass
from enum import StrEnum

from resolute.published.errata import Erratum
from resolute.published.tolerances import Tolerance


class Verdict(StrEnum):
    """The five verdicts, and the state of a cell that nothing has been measured for yet."""

    REPRODUCED = "reproduced"
    EXPLAINED = "explained"
    DIFFERS = "differs"
    NOT_COMPARABLE = "not comparable"
    CANNOT_BE_MEASURED = "cannot be measured"
    NOT_RUN = "not run"


JUDGED = (Verdict.REPRODUCED, Verdict.EXPLAINED, Verdict.DIFFERS)
"""The verdicts on what could be held against the paper."""


@dataclass(frozen=True)
class Judgement:
    verdict: Verdict
    reason: str


# Differences are taken between decimal numbers held as binary floats: 29.01 - 29.00 is 0.010000000000001563.
SLACK = 1e-9


def agrees(paper: float, measured: float, digits: int, tolerance: Tolerance) -> bool:
    """Whether two values in the same unit agree; `digits` are those printed after the point."""
    if tolerance.within is None:
        return f"{measured:.{digits}f}" == f"{paper:.{digits}f}"
    return abs(measured - paper) <= tolerance.within + SLACK


def judge(
    paper: float,
    measured: float | None,
    *,
    digits: int,
    tolerance: Tolerance,
    incomparable: str = "",
    missing: str = "",
    absent: str = "not measured in this run",
    erratum: Erratum | None = None,
) -> Judgement:
    """The verdict on one printed number.

    Args:
        paper: the printed value.
        measured: the value measured here in the printed unit, None where there is none.
        digits: digits printed after the point.
        tolerance: of the metric under this protocol.
        incomparable: why the measured value must not be compared (other device, other training), else empty.
        missing: what makes measuring impossible (hidden images, no weights, no code, no implementation), else empty.
        absent: why nothing is measured although it could be.
        erratum: the paper's known error at this place. It explains only the value that it names: any other
            difference remains a difference.
    """
    if measured is None:
        if missing:
            return Judgement(Verdict.CANNOT_BE_MEASURED, missing)
        return Judgement(Verdict.NOT_RUN, absent)
    if incomparable:
        return Judgement(Verdict.NOT_COMPARABLE, incomparable)
    if agrees(paper, measured, digits, tolerance):
        return Judgement(Verdict.REPRODUCED, str(tolerance))
    if erratum and erratum.kind == "error" and agrees(float(erratum.finding), measured, digits, tolerance):
        return Judgement(Verdict.EXPLAINED, erratum.evidence)
    return Judgement(Verdict.DIFFERS, f"not {tolerance}")
