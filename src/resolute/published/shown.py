"""How a reader is shown a printed value and the one found: at the paper's own digits."""

from resolute.published.tolerances import Tolerance

MINUS = "\N{MINUS SIGN}"
TOO_LONG = 1e7  # from which on a number is shown as a power of ten: scores of slow networks


def number(value: float | None, digits: int) -> str:
    """A value with its digits after the point; empty where there is none."""
    if value is None:
        return ""
    return f"{value:.{digits}{'e' if abs(value) >= TOO_LONG else 'f'}}".replace("-", MINUS)


def difference(here: float | None, paper: float | None, digits: int, tolerance: Tolerance | None) -> str:
    """Measured minus printed, signed; one digit more than printed where differences are what is judged.

    At the printed digits the two roundings are subtracted, so that what looks equal differs by nothing. Empty where
    there is nothing to subtract.
    """
    if here is None or paper is None:
        return ""
    if tolerance and tolerance.within is not None:
        digits, value = digits + 1, here - paper
    else:
        value = round(here, digits) - round(paper, digits)
    shown = f"{value:+.{digits}f}"
    return shown.lstrip("+-") if float(shown) == 0 else shown.replace("-", MINUS)
