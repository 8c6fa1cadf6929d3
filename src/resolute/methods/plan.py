"""How a method trains: a plan of phases, each with its sampler, loss, optimiser and schedule."""

import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any

from resolute.core.errors import ResoluteError, nearest


@dataclass(frozen=True)
class Phase:
    """A stretch of training with fixed settings.

    Attributes:
        iterations: optimisation steps.
        batch_size: LR patches per step, over all devices together.
        lr_patch_size: side of an LR patch in pixels; the HR patch is `scale` times as large.
        sampler: how patches are drawn: a name of `resolute.methods.samplers.SAMPLERS`.
        loss: a name of `resolute.methods.losses.LOSSES`.
        fft_weight: of the Fourier coefficients in the loss `l1_fft`.
        optimiser: `adam` or `adamw`.
        beta2: decay of the optimiser's mean of squared gradients.
        learning_rate: at the start (after the warm-up).
        final_learning_rate: what the cosine schedule ends at.
        schedule: `constant`, `cosine`, or `halve` (every `halve_every` steps, or at the steps `halve_at`).
        halve_every: steps between halvings.
        halve_at: steps of the halvings, where they are not evenly spaced; empty: every `halve_every`.
        warmup: steps over which the learning rate grows linearly from zero.
        weight_decay: the optimiser's.
        ema: decay of the exponential moving average of the weights; 0 keeps none.
        gradient_clip: largest norm of the gradient; 0 does not clip.
    """

    iterations: int
    batch_size: int
    lr_patch_size: int
    sampler: str = "uniform"
    loss: str = "l1"
    fft_weight: float = 0.1
    optimiser: str = "adam"
    beta2: float = 0.999
    learning_rate: float = 1e-3
    final_learning_rate: float = 1e-6
    schedule: str = "cosine"
    halve_every: int = 200_000
    halve_at: tuple[int, ...] = ()
    warmup: int = 0
    weight_decay: float = 0.0
    ema: float = 0.0
    gradient_clip: float = 0.0

    def learning_rate_at(self, step: int) -> float:
        """The learning rate of a step of this phase, counted from 0."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        if self.schedule == "halve":
            halvings = sum(step >= at for at in self.halve_at) if self.halve_at else step // self.halve_every
            return self.learning_rate * 0.5**halvings
        if self.schedule == "cosine":
            done = (step - self.warmup) / max(1, self.iterations - self.warmup)
            span = self.learning_rate - self.final_learning_rate
            return self.final_learning_rate + span * (1 + math.cos(math.pi * done)) / 2
        return self.learning_rate


@dataclass(frozen=True)
class Plan:
    """All phases of a training, and the weights that it starts from.

    `warm_start` is empty for fresh weights; `published`, `published-<tag>`, `<preset>-seed<n>` or a safetensors file;
    or one of these after the scale that they are of: `x2/<preset>-seed<n>`.
    """

    phases: tuple[Phase, ...]
    warm_start: str = ""

    @property
    def iterations(self) -> int:
        return sum(phase.iterations for phase in self.phases)

    def at(self, step: int) -> tuple[int, Phase, int]:
        """The phase of a step, as its index, itself, and the step counted from its start."""
        for index, phase in enumerate(self.phases):
            if step < phase.iterations:
                return index, phase, step
            step -= phase.iterations
        raise IndexError(f"the plan has only {self.iterations} steps")

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


PHASE_KEYS = tuple(item.name for item in fields(Phase))


def make_plan(defaults: Mapping[str, Any], recipe: Mapping[str, Any], method: str) -> Plan:
    """The plan of a method: the preset's defaults, overridden by its recipe, phase by phase.

    Args:
        defaults: the `train` section of the params; keys that are no phase settings are left out.
        recipe: the method's section of `recipes`: phase settings for all phases, and optionally `phases` (a list of
            settings, one per phase) and `warm_start`, which is about the runs of a preset: `resolute.params.jobs`
            says which weights a run starts from.

    Raises:
        ResoluteError: the recipe has an unknown key.
    """
    for settings in (recipe, *recipe.get("phases", [])):
        for key in settings:
            if key not in (*PHASE_KEYS, "phases", "warm_start"):
                raise ResoluteError(f"recipes.{method}: unknown key '{key}': {nearest(key, PHASE_KEYS)}")
    shared = {key: value for key, value in {**defaults, **recipe}.items() if key in PHASE_KEYS}
    phases = tuple(_phase({**shared, **settings}) for settings in recipe.get("phases", [{}]))
    return Plan(phases)


def is_whole(recipe: Mapping[str, Any]) -> bool:
    """Whether a recipe is a plan without any preset's defaults: it says how long, and on how much."""
    needed = {item.name for item in fields(Phase) if item.default is MISSING}
    return all(needed <= {*recipe, *phase} for phase in recipe.get("phases", [{}]))


def _phase(settings: Mapping[str, Any]) -> Phase:
    fixed: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}
    return Phase(**fixed)
