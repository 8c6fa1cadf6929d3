"""Training a method: one training of the same weights at a time, with its weights and its log as what it makes."""

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from resolute.core import layout
from resolute.core.locks import making
from resolute.methods.plan import Plan
from resolute.train.fabric import is_worker
from resolute.train.loop import Training


def train(
    wanted: layout.Weights,
    seed: int,
    plan: Plan,
    dataset: str,
    settings: Mapping[str, Any],
    checkpoint_every: int,
    scorer: layout.Weights | None = None,
) -> Path:
    """Train a method and write `data/weights/trained/<wanted>.safetensors`, its log and what it took beside it.

    Weights and log are a function of code, params, data, seed and device alone: a run that was killed at any step
    and started again ends with the same bytes as one that was not. Of two at once the second waits, and takes what the
    first has made where it would make the same.

    Args:
        wanted: method, span of scales, and the name that the weights will have.
        seed: of initialisation and sampling.
        plan: what to do.
        dataset: the data set to train on, whose patches lie ready.
        settings: `devices`, `precision` (used on a GPU), `threads` (used on the CPU).
        checkpoint_every: steps between two checkpoints.
        scorer: the weights whose scores of the patches lie ready too, where samplers draw by them.

    Raises:
        ResoluteError: patches or scores are missing, or the loss becomes NaN or infinite.
    """
    with nullcontext(False) if is_worker() else making(layout.weights(wanted)) as waited:
        training = Training(wanted, seed, plan, dataset, settings, checkpoint_every, scorer)
        return layout.weights(wanted) if training.is_made(waited) else training.finish()
