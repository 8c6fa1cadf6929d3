"""Leaderboards: all that is printed and all that was measured of a data set at a scale, by protocol."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from resolute import measurements, registry
from resolute.measurements import Record, titles
from resolute.measurements.tradeoff import COSTS, results
from resolute.pages.cost import COLUMNS, Column, CostRow
from resolute.pages.words import with_spread
from resolute.publish.material import Figure, Material, Weights, about_weights, weights_here
from resolute.publish.tradeoff import Chart, chart
from resolute.published import Verdict
from resolute.published.results import Result

METRICS = {"psnr": 2, "ssim": 4}  # with the digits of what no paper prints
COSTS_SHOWN = ("params", "macs", "flops_ntire2022", "flops_fvcore", "latency")

Scores = dict[str, Figure]
Place = tuple[str, float]
"""A data set and a scale."""


@dataclass(frozen=True)
class Row:
    """A network in a paper's table, or one that was measured here and that no table prints under this protocol.

    `printed` is the table, `labels` what its row is called there; both are empty where there is none. `macs` are those
    that a dynamic method took on the data set, else those of the network (G).
    """

    method: str
    title: str
    printed: str
    labels: str
    weights: Weights
    cost: CostRow | None
    macs: float | None
    scores: Scores = field(default_factory=dict)

    @property
    def order(self) -> tuple[bool, float, str]:
        """The best measured one first, then by what is printed."""
        score = self.scores.get("psnr") or Figure("", "")
        return not score.here, -_value(score.here or score.paper), self.title.lower()


@dataclass(frozen=True)
class Board:
    """All rows of a data set at a scale, by protocol; `counts` are the verdicts on its PSNRs and SSIMs."""

    dataset: str
    scale: float
    protocols: Mapping[str, tuple[Row, ...]]
    counts: Mapping[str, int]
    chart: Chart | None

    @property
    def title(self) -> str:
        return f"{titles.dataset_title(self.dataset)} x{self.scale:g}"

    @property
    def page(self) -> str:
        return f"dataset-{self.dataset}-x{self.scale:g}.html"

    @property
    def measured(self) -> int:
        """How many networks were measured here, whatever the protocol."""
        rows = [row for rows in self.protocols.values() for row in rows]
        return len({row.method for row in rows if any(score.here for score in row.scores.values())})

    @property
    def networks(self) -> int:
        return len({row.method for rows in self.protocols.values() for row in rows})


def score_columns(rows: Sequence[Row]) -> list[tuple[str, tuple[str, ...]]]:
    """The metrics of some rows, each with the heads of its columns: what is nowhere printed has one column."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for metric in METRICS:
        scores = [row.scores[metric] for row in rows if metric in row.scores]
        if scores:
            is_printed = any(score.paper for score in scores)
            found.append((metric, ("Paper", "Here", "Difference", "Verdict") if is_printed else ("Here",)))
    return found


def cost_columns(rows: Sequence[Row]) -> list[Column]:
    """The counts and times that a leaderboard shows, as far as some row has them."""
    known = {key for row in rows if row.cost for key in row.cost.values}
    return [column for column in COLUMNS if column.key in known.intersection(COSTS_SHOWN)]


def boards(material: Material) -> list[Board]:
    """All leaderboards: those with measurements first, then by title and scale."""
    rows: dict[Place, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    counts: dict[Place, Counter[str]] = defaultdict(Counter)
    scored = [result for result in material.cells if result["dataset"] and result["metric"] in METRICS]
    for result in scored:
        counts[result["dataset"], result["scale"]][result["verdict"]] += 1
    for place, protocol, row in (*_printed(material, scored), *_unprinted(material, scored)):
        rows[place][protocol].append(row)
    made = [
        Board(
            *place,
            _by_protocol(protocols, material.protocol),
            {verdict.value: counts[place][verdict] for verdict in Verdict},
            _chart(material, *place),
        )
        for place, protocols in rows.items()
    ]
    return sorted(made, key=lambda board: (not board.measured, board.title.lower(), board.scale))


def _by_protocol(protocols: Mapping[str, list[Row]], first: str) -> dict[str, tuple[Row, ...]]:
    """The run's own protocol first, then those that papers print by."""
    printed = {name for name, rows in protocols.items() if any(row.printed for row in rows)}
    names = sorted(protocols, key=lambda name: (name != first, name not in printed, name))
    return {name: tuple(sorted(protocols[name], key=lambda row: row.order)) for name in names}


def _printed(material: Material, scored: list[Result]) -> Iterator[tuple[Place, str, Row]]:
    """The rows of the papers' tables: PSNR and SSIM side by side where one row has both."""
    rows: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for result in scored:
        place = result["dataset"], result["scale"]
        parts = ("paper", "table", "row", "setting", "dataset", "scale", "protocol")
        beside = rows[tuple(result[part] for part in parts)]
        # A column of its own for other weights, or for a second source, begins a row of its own.
        row = next((row for row in beside if result["metric"] not in row.scores), None)
        if row is None:
            row = _row_of(material, result)
            beside.append(row)
            yield place, result["protocol"], row
        row.scores[result["metric"]] = material.figure(result)


def _row_of(material: Material, result: Result) -> Row:
    method, scale = result["method"], result["scale"]
    known = method in registry.names()
    weights = weights_here(result)
    setting = _setting(result)
    record = {"method": method, "weights": weights, "setting": setting, "dataset": result["dataset"], "scale": scale}
    labels = material.labels(result)
    return Row(
        method,
        titles.method_title(method, result["setting"]) if known else labels or method,
        material.spec(result).title,
        labels,
        about_weights(method, weights, scale, result["trained_seeds"], material.trained_on.get((method, weights), "")),
        material.costs.get((method, scale)),
        material.macs(record),
    )


def _unprinted(material: Material, scored: list[Result]) -> Iterator[tuple[Place, str, Row]]:
    """What was measured here and is no table's."""
    told = {
        (
            result["method"],
            weights_here(result),
            _setting(result),
            result["dataset"],
            result["scale"],
            result["protocol"],
        )
        for result in scored
    }
    rows: dict[tuple[measurements.Key, str], Row] = {}
    for record in measurements.records(material.means[material.means["metric"].isin(METRICS)]):
        key = measurements.key(record)
        if (*key, record["protocol"]) in told:
            continue
        if (key, record["protocol"]) not in rows:
            rows[key, record["protocol"]] = row = _measured(material, record)
            yield (record["dataset"], record["scale"]), record["protocol"], row
        digits = METRICS[record["metric"]]
        here = "equal" if measurements.is_infinite(record) else with_spread(record["value"], record["spread"], digits)
        rows[key, record["protocol"]].scores[record["metric"]] = Figure("", here)


def _measured(material: Material, record: Record) -> Row:
    method, scale = record["method"], record["scale"]
    title = titles.method_title(method, record["setting"])
    weights = about_weights(method, record["weights"], scale, record["seeds"], record["training_data"])
    return Row(method, title, "", "", weights, material.costs.get((method, scale)), material.macs(record))


def _setting(result: Result) -> str:
    """The operating point that a cell is about: the method's default where the table names none."""
    method = result["method"]
    return result["setting"] or (registry.entry(method).setting() if method in registry.names() else "")


def _chart(material: Material, dataset: str, scale: float) -> Chart | None:
    found, _ = results(material.means, material.protocol, dataset, scale, COSTS["macs"])
    return chart(found) if found else None


def _value(text: str) -> float:
    """The number that a text begins with; infinite for `equal`, below all where there is none."""
    if text == "equal":
        return math.inf
    return float(text.split()[0].replace("\N{MINUS SIGN}", "-")) if text else -math.inf
