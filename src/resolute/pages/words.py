"""How the page words what the stages name."""

import math

from resolute import measurements
from resolute.core import layout
from resolute.metrics.protocols import PROTOCOLS


def weights_title(weights: str, seeds: int = 0) -> str:
    """`published (ntire2022)`, `trained here (quick, seed 0)`, or `trained here (quick, 3 seeds)` of a preset; `own
    (mine)` of what was imported.
    """
    if own := layout.own_name(weights):
        return f"own ({own})"
    if not measurements.is_trained(weights):
        return f"published ({weights.removeprefix('published-')})"
    preset, _, seed = weights.rpartition("-seed")
    if preset:
        return f"trained here ({preset}, seed {seed})"
    return f"trained here ({weights}, {counted(seeds, 'seed')})"


def counted(number: int, noun: str) -> str:
    """`1 seed`, `3 seeds`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def with_spread(value: float, spread: float, digits: int) -> str:
    """`29.06 ± 0.02`; the value alone where nothing is known of its spread (NaN)."""
    shown = f"{value:.{digits}f}"
    return shown if math.isnan(spread) else f"{shown} ± {spread:.{digits}f}"


def protocol_words(name: str) -> str:
    """How a protocol measures; empty where it is unknown here."""
    return PROTOCOLS[name].description if name in PROTOCOLS else ""


def signed(value: float) -> str:
    """`+0.52`, with a true minus sign."""
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")


def grouped(value: float, digits: int) -> str:
    """`1 234.5`: thousands apart."""
    return f"{value:,.{digits}f}".replace(",", " ")


def duration(seconds: float | None) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `not recorded`."""
    if seconds is None:
        return "not recorded"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def energy(joules: float | None) -> str:
    """`0.63 Wh`, `4.21 kWh`, `none`, `not readable`."""
    if joules is None:
        return "not readable"
    if joules == 0:
        return "none"
    hours = joules / 3600
    return f"{hours:.2f} Wh" if hours < 1000 else f"{hours / 1000:.2f} kWh"
