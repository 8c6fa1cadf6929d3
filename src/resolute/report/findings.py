"""The headline findings, computed from the data and said in one sentence each."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from resolute.core import layout
from resolute.measurements import titles
from resolute.pages.cost import CostRow
from resolute.published import JUDGED, Verdict
from resolute.report.published import FIGURES, Published
from resolute.report.quality import QualityRow, QualityTable

CLOSE_DB = 0.1  # a loss that hardly anybody sees


@dataclass(frozen=True)
class Finding:
    """A figure large enough to be remembered, and the sentence that it belongs to."""

    figure: str
    sentence: str


def findings(
    tables: Sequence[QualityTable], costs: Sequence[CostRow], published: Sequence[Published], protocol: str
) -> list[Finding]:
    """What a reader should take away; fewer where less has been measured."""
    return [*_about_quality(tables, costs, protocol), *_about_verdicts(published)]


def _about_quality(tables: Sequence[QualityTable], costs: Sequence[CostRow], protocol: str) -> Iterator[Finding]:
    """On the first data set, at the first scale."""
    for table in tables[:1]:
        for column in [column for column in table.columns if column[1] == protocol][:1]:
            networks = [row for row in table.rows if not row.is_baseline and row.psnr(column) > -math.inf]
            ranked = sorted(networks, key=lambda row: -row.psnr(column))
            macs = {row.method: row.values.get("macs", 0) for row in costs if row.scale == table.scale}
            if ranked:
                where = f"on {titles.dataset_title(column[0])} at x{table.scale:g} (PSNR, {protocol})"
                yield _best(ranked, column, where)
                yield from _thrifty(ranked, column, macs)


def _best(ranked: Sequence[QualityRow], column: tuple[str, str], where: str) -> Finding:
    best = ranked[0]
    given = best.weights if layout.own_name(best.weights) else "its published weights"
    how = "trained in this run" if best.is_trained else f"with {given}"
    if not math.isnan(spread := best.cells[column].psnr_spread):
        how += f" (mean of {best.seeds} seeds, ± {spread:.2f} dB)"
    gains = [row.cells[column].gain for row in ranked]
    if gains[0] is None:
        return Finding(f"{best.psnr(column):.2f} dB", f"{best.title}, {how}, is the best network {where}.")
    networks = {row.method for row in ranked}
    above = {row.method for row in ranked if (row.cells[column].gain or 0) > 0}
    count = "all" if above == networks else str(len(above))
    sentence = f"{best.title}, {how}, gains most over bicubic {where}; {count} of {len(networks)} networks gain."
    return Finding(f"{gains[0]:+.2f} dB".replace("-", "\N{MINUS SIGN}"), sentence)


def _thrifty(ranked: Sequence[QualityRow], column: tuple[str, str], macs: Mapping[str, float]) -> Iterator[Finding]:
    """The cheapest network that hardly loses anything against the best."""
    best = ranked[0]
    close = [row for row in ranked if best.psnr(column) - row.psnr(column) <= CLOSE_DB and macs.get(row.method)]
    if not macs.get(best.method) or not close:
        return
    cheapest = min(close, key=lambda row: macs[row.method])
    share, loss = macs[cheapest.method] / macs[best.method], best.psnr(column) - cheapest.psnr(column)
    if share < 1:
        sentence = f"of the multiply-adds of {best.title} are enough for {cheapest.title}, {loss:.2f} dB below it."
        yield Finding(f"{share:.0%}", sentence)


def _about_verdicts(published: Sequence[Published]) -> Iterator[Finding]:
    """How many of the figures that can be compared hold, printed ones and outputs of official code apart."""
    for kind, figures in FIGURES.items():
        tables = [table for table in published if table.kind == kind]
        total = {verdict: sum(table.counts[verdict] for table in tables) for verdict in JUDGED}
        if judged := sum(total.values()):
            rest = [f"{total[verdict]} {words}" for verdict, words in _REST.items() if total[verdict]]
            sentence = "; ".join([f"{figures} that this run could check are {_HOLD[kind]}", *rest])
            yield Finding(f"{total[Verdict.REPRODUCED]} of {judged}", f"{sentence}.")


_HOLD = {"published": "reproduced", "official_outputs": "equal"}
_REST = {
    Verdict.EXPLAINED: "explained by a known error of the paper",
    Verdict.DIFFERS: "not reproduced and not explained",
}
