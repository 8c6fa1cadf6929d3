"""How the networks of this run were trained, as the params say, and what that allows to conclude."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from resolute import measurements
from resolute.core import layout
from resolute.core.layout import Span, Weights
from resolute.core.reading import reading
from resolute.measurements import titles
from resolute.methods.plan import Plan, make_plan
from resolute.pages.words import counted
from resolute.report.quality import QualityRow, QualityTable

SPENT = ("seconds", "cpu_joules", "gpu_joules")
FEW = 3  # networks that may be named for being trained otherwise than the rest


@dataclass(frozen=True)
class Recipe:
    """What a training is given: steps, LR patches per step, side of an LR patch in pixels and loss, phase by phase."""

    steps: str
    batch: str
    lr_patch: str
    loss: str


def recipe(params: Mapping[str, Any], method: str) -> Recipe:
    """That of a method of this run."""
    phases = _plan(params, method).phases
    return Recipe(
        steps=_then(phase.iterations for phase in phases),
        batch=_then(phase.batch_size for phase in phases),
        lr_patch=_then(phase.lr_patch_size for phase in phases),
        loss=_then(phase.loss.name for phase in phases),
    )


def _plan(params: Mapping[str, Any], method: str) -> Plan:
    return make_plan(params["train"], params["recipes"].get(method, {}), method)


def trainings(params: Mapping[str, Any], drawn: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The data of the training figures, each with the network's title, scale and seed, its recipe, and what it took
    (`SPENT`; none where that was not recorded).
    """
    found = []
    for data in drawn:
        method, span, name = data["run"].split("/")
        names = {"network": titles.method_title(method), "scale": span, "seed": name.rpartition("-seed")[2]}
        took = spent(Weights(method, Span.parse(span), name), _plan(params, method).iterations)
        found.append({**data, **names, "recipe": asdict(recipe(params, method)), **took})
    return found


def spent(trained: Weights, steps: int) -> dict[str, float | None]:
    """`SPENT` of a whole training of so many steps, from the file beside its log; none where a counter could not be
    read.
    """
    path = layout.training_times(trained)
    if not path.is_file():
        return dict.fromkeys(SPENT)
    with reading(path, f"remove {layout.relative(path)}"):
        last = pd.read_csv(path).astype(float).iloc[-1]
        if last["step"] != steps:
            raise ValueError(f"it ends at step {last['step']:g} of {steps}")
        return {name: float(last[name]) if math.isfinite(last[name]) else None for name in SPENT}


def caveat(params: Mapping[str, Any], tables: Sequence[QualityTable], rows: pd.DataFrame) -> str:
    """Why the networks trained here must not be ranked; empty where none was, or all as the papers do.

    Args:
        params: the whole configuration.
        tables: every quality that the page shows.
        rows: the long form that they come from.
    """
    full = measurements.over_seeds(measurements.means(rows[rows["recipe"] == "paper"]))
    as_the_papers = set(zip(full["method"], full["weights"], strict=True))
    shown = [row for table in tables for row in table.rows if row.is_trained]
    trained = [row for row in shown if (row.method, row.weights) not in as_the_papers]
    if not trained:
        return ""
    images = rows.loc[(rows["image"] != "") & (rows["metric"] == "psnr"), ["dataset", "image"]].drop_duplicates()
    tested = counted(len(images), "test image")
    return (
        f"Trained here for {_budgets(params, trained)}, {_seeds(trained)}, {tested}: it shows that the pipeline works,"
        " not which network is best."
    )


def _budgets(params: Mapping[str, Any], trained: Iterable[QualityRow]) -> str:
    """`800 steps of 8 patches (SeemoRe-T: 400 of 4)`."""
    recipes = {titles.method_title(row.method): recipe(params, row.method) for row in trained}
    budgets = {title: (found.steps, found.batch) for title, found in recipes.items()}
    (usual, _), *_ = Counter(budgets.values()).most_common(1)
    others = {title: budget for title, budget in budgets.items() if budget != usual}
    named = [f"{title}: {steps} of {batch}" for title, (steps, batch) in others.items()]
    told = "; ".join(named) if len(named) <= FEW else f"{len(named)} networks otherwise"
    return f"{usual[0]} steps of {usual[1]} patches" + (f" ({told})" if told else "")


def _seeds(trained: Iterable[QualityRow]) -> str:
    numbers = sorted({row.seeds for row in trained})
    return counted(numbers[0], "seed") if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]} seeds"


def _then(values: Iterable[Any]) -> str:
    """What changes from phase to phase, once where it does not."""
    return ", then ".join(dict.fromkeys(map(str, values)))
