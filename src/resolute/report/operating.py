"""The operating points of dynamic methods, each ready to be shown with the others: how it lies between them."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

CHART = (240, 120)  # of the small curve beside a map, in its own units
MARGIN, FOOT = 9, 12  # around the points, and below for the axis's name


def panel(data: Mapping[str, Any]) -> dict[str, Any]:
    """What the page says of a figure `settings_<name>`.

    Every point has besides the `shares` of its experts, its `chart`, and its `loss`, the PSNR in dB by which it differs
    from the costliest point. `slowest` are the most seconds of any; `first` is the number of the point to begin with.
    """
    points = data["points"]
    best = points[-1]["psnr"]
    first = next((number for number, point in enumerate(points) if point["setting"] == data["default"]), 0)
    shown = [
        {
            **point,
            "loss": None if None in (best, point["psnr"]) else point["psnr"] - best,
            "shares": _shares(data["experts"], point["chosen"]),
            "chart": _chart(points, number),
        }
        for number, point in enumerate(points)
    ]
    return {**data, "points": shown, "first": first, "slowest": max(point["seconds"] for point in points) or 1}


def _shares(experts: list[dict[str, Any]], chosen: list[int]) -> list[dict[str, Any]]:
    """The experts with their shares (0 to 1) of the patches or pixels."""
    total = sum(chosen) or 1
    return [{**expert, "share": times / total} for expert, times in zip(experts, chosen, strict=False)]


def _chart(points: list[dict[str, Any]], here: int) -> Markup:
    """PSNR over the share of the multiply-adds, with one of the points marked; empty where PSNRs are lacking."""
    if any(point["psnr"] is None for point in points):
        return Markup("")
    least, most = (pick(point["psnr"] for point in points) for pick in (min, max))
    width, height = CHART[0] - 2 * MARGIN, CHART[1] - FOOT - 2 * MARGIN
    places = [
        (
            MARGIN + width * min(point["share"], 1),
            MARGIN + height * ((most - point["psnr"]) / (most - least) if most > least else 0.5),
        )
        for point in points
    ]
    dots = Markup("").join(
        Markup('<circle{} cx="{:.1f}" cy="{:.1f}" r="{:g}"/>').format(
            Markup(' class="here"') if number == here else "", x, y, 5.5 if number == here else 3
        )
        for number, (x, y) in sorted(enumerate(places), key=lambda place: place[0] == here)
    )
    axes = Markup('<path d="M1 {0}V{1}H{2}"/><text x="6" y="{3}">dB</text><text x="{2}" y="{4}">FLOPs</text>').format(
        MARGIN, CHART[1] - FOOT, CHART[0] - 1, MARGIN + 3, CHART[1] - 2
    )
    return Markup('<svg class="curve" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>').format(
        *CHART, "PSNR of all settings over their multiply-adds, this one marked", axes, dots
    )
