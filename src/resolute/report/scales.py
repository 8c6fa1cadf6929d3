"""What methods of every scale reach and cost, from one set of weights, at each scale that is evaluated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from resolute import registry
from resolute.core.layout import Span
from resolute.measurements import titles
from resolute.pages.cost import CostRow
from resolute.pages.words import weights_title
from resolute.report.quality import QualityRow, QualityTable

CHART = (480, 170)  # in its own units
MARGIN, FOOT = 12, 16  # around the points, and below for the scales
COLOURS = ("blue", "vermillion", "green", "purple", "orange", "sky")  # of the page's style sheet, in turn


@dataclass(frozen=True)
class Reached:
    """A run at a scale: PSNR, gain over bicubic (dB), multiply-adds (G) and latency (ms) of the cost table; None
    where it is not known.

    `inside` is whether it was trained at the scale; None for bicubic, which was not trained.
    """

    name: str
    words: str
    colour: str
    inside: bool | None
    psnr: float | None
    gain: float | None
    macs: float | None
    latency: float | None


def scale_panels(tables: Sequence[QualityTable], costs: Sequence[CostRow], protocol: str) -> list[dict[str, Any]]:
    """One panel for each data set on which a method of every scale is evaluated at several: its points by scale, each
    with the runs at their default settings, bicubic first, and the chart in which the scale is marked."""
    by_place = {(row.method, row.scale): row for row in costs}
    panels: list[dict[str, Any]] = []
    for dataset in dict.fromkeys(name for table in tables for name in table.protocols):
        column = dataset, protocol
        found = {table.scale: _rows(table, column) for table in tables}
        found = {scale: rows for scale, rows in found.items() if any(row.is_baseline is False for row in rows)}
        if len(found) < 2:
            continue
        runs = dict.fromkeys(
            (row.method, row.weights) for rows in found.values() for row in rows if not row.is_baseline
        )
        colours = {run: COLOURS[number % len(COLOURS)] for number, run in enumerate(runs)}
        points: list[dict[str, Any]] = [
            {"scale": scale, "rows": [_reached(row, column, scale, by_place, colours) for row in rows]}
            for scale, rows in sorted(found.items())
        ]
        charts = [_chart(points, here) for here in range(len(points))]
        panels.append({
            "title": titles.dataset_title(dataset),
            "protocol": protocol,
            "points": [{**point, "chart": chart} for point, chart in zip(points, charts, strict=True)],
            "most": max((row.macs or 0 for point in points for row in point["rows"]), default=0) or 1,
            "first": len(points) // 2,
        })  # fmt: skip
    return panels


def span_of(method: str) -> Span | None:
    """The scales that the one set of weights of a method of every scale was trained at; None for other methods."""
    entry = registry.entry(method) if method in registry.names() else None
    return entry.trained_at if entry and not entry.scales else None


def _rows(table: QualityTable, column: tuple[str, str]) -> list[QualityRow]:
    known = [row for row in table.rows if column in row.cells]
    return [
        row
        for row in known
        if row.is_baseline or (span_of(row.method) and row.setting == registry.entry(row.method).setting())
    ]


def _reached(
    row: QualityRow,
    column: tuple[str, str],
    scale: float,
    costs: Mapping[tuple[str, float], CostRow],
    colours: Mapping[tuple[str, str], str],
) -> Reached:
    cell, span = row.cells[column], span_of(row.method)
    cost = costs.get((row.method, scale))
    macs = cost.values.get("macs") if cost else None
    return Reached(
        name=row.title,
        words="" if row.is_baseline else weights_title(row.weights, row.seeds),
        colour=colours.get((row.method, row.weights), ""),
        inside=span.low <= scale <= span.high if span else None,
        psnr=cell.psnr,
        gain=cell.gain,
        macs=None if macs is None else macs * cell.share,
        latency=cost.values.get("latency") if cost else None,
    )


def _chart(points: Sequence[Mapping[str, Any]], here: int) -> Markup:
    """The gain over bicubic (or, without bicubic, the PSNR) over the scales, side by side; circles are hollow
    beyond the scales of the training.
    """
    based = all(
        row.gain is not None for point in points for row in point["rows"] if row.colour and row.psnr is not None
    )
    lines: dict[tuple[str, str, str], list[tuple[int, float, bool]]] = {}
    for number, point in enumerate(points):
        for row in point["rows"]:
            value = row.gain if based else row.psnr
            if row.colour and value is not None:
                lines.setdefault((row.name, row.words, row.colour), []).append((number, value, bool(row.inside)))
    values = [value for line in lines.values() for _, value, _ in line] + ([0.0] if based else [])
    if not lines:
        return Markup("")
    least, most = min(values), max(values)
    width, height = CHART[0] - 2 * MARGIN, CHART[1] - FOOT - 2 * MARGIN
    step = width / (len(points) - 1)

    def down(value: float) -> float:
        return MARGIN + height * ((most - value) / (most - least) if most > least else 0.5)

    parts = [Markup('<path class="here" d="M{:.1f} 0V{}"/>').format(MARGIN + step * here, CHART[1] - FOOT)]
    if based:
        parts.append(Markup('<path class="zero" d="M0 {:.1f}H{}"/>').format(down(0), CHART[0]))
    for (_, _, colour), line in lines.items():
        places = [(MARGIN + step * number, down(value), inside) for number, value, inside in line]
        corners = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in places)
        dots = Markup("").join(
            Markup('<circle{} cx="{:.1f}" cy="{:.1f}" r="4"/>').format(
                Markup("") if inside else Markup(' class="beyond"'), x, y
            )
            for x, y, inside in places
        )
        parts.append(Markup('<g style="--line: var(--{})"><polyline points="{}"/>{}</g>').format(colour, corners, dots))
    for number, point in enumerate(points):
        anchor = "start" if number == 0 else "end" if number == len(points) - 1 else "middle"
        at = MARGIN + step * number + (-MARGIN if number == 0 else MARGIN if number == len(points) - 1 else 0)
        parts.append(
            Markup('<text x="{:.1f}" y="{}" text-anchor="{}">x{:g}</text>').format(
                at, CHART[1] - 2, anchor, point["scale"]
            )
        )
    parts.append(
        Markup('<text x="{}" y="10" text-anchor="end">top {}{:.2f} dB</text>').format(
            CHART[0] - 2 * MARGIN, "+" if based else "", most
        )
    )
    label = f"{'Gain over bicubic' if based else 'PSNR'} in dB over the scales, from {least:.2f} to {most:.2f}"
    return Markup('<svg class="scales" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        *CHART, label, Markup("").join(parts)
    )
