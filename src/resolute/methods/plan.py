"""How a method trains: a plan of phases, each with its sampler, loss, optimiser and schedule."""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Annotated, Any, get_type_hints

from resolute.core.choices import Choice, Schema, schema_of
from resolute.core.errors import ResoluteError, nearest
from resolute.methods.losses import FITTED, LOSSES
from resolute.methods.optimisers import OPTIMISERS
from resolute.methods.samplers import SAMPLERS
from resolute.methods.schedules import SCHEDULES

Count = Annotated[int, {"minimum": 1, "maximum": 10**9}]
CHOICES = {"sampler": SAMPLERS, "loss": LOSSES, "optimiser": OPTIMISERS, "schedule": SCHEDULES}
_UNIFORM, _L1, _ADAM = SAMPLERS.parse("uniform"), LOSSES.parse("l1"), OPTIMISERS.parse("adam")
_COSINE = SCHEDULES.parse("cosine")


@dataclass(frozen=True)
class Phase:
    """A stretch of training with fixed settings.

    Attributes:
        iterations: optimisation steps.
        batch_size: LR patches per step, over all devices together.
        lr_patch_size: side of an LR patch in pixels; the HR patch is `scale` times as large.
        sampler: how patches are drawn, a choice of `SAMPLERS`.
        loss: a choice of `LOSSES`.
        optimiser: a choice of `OPTIMISERS`.
        schedule: of the learning rate after the warm-up, a choice of `SCHEDULES`.
        learning_rate: at the start (after the warm-up).
        warmup: steps over which the learning rate grows linearly from zero.
        ema: decay of the exponential moving average of the weights; 0 keeps none.
        gradient_clip: largest norm of the gradient; 0 does not clip.
        trains: prefixes of the names of the learner's parameters that change; empty: all of them.
    """

    iterations: Count
    batch_size: Count
    lr_patch_size: Annotated[int, {"minimum": 8, "maximum": 65535}]
    sampler: Choice = _UNIFORM
    loss: Choice = _L1
    optimiser: Choice = _ADAM
    schedule: Choice = _COSINE
    learning_rate: Annotated[float, {"exclusiveMinimum": 0, "maximum": 10**9}] = 1e-3
    warmup: Annotated[int, {"minimum": 0, "maximum": 10**9}] = 0
    ema: Annotated[float, {"minimum": 0, "exclusiveMaximum": 1}] = 0.0
    gradient_clip: Annotated[float, {"minimum": 0, "maximum": 10**9}] = 0.0
    trains: tuple[str, ...] = ()

    def learning_rate_at(self, step: int) -> float:
        """The learning rate of a step of this phase, counted from 0."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        schedule = SCHEDULES.function(self.schedule)
        return float(schedule(self.learning_rate, step, self.iterations, self.warmup))


def phase_schema() -> Schema:
    """The JSON schema of a phase's settings, as params and recipes may give them: of the signatures alone."""
    hints = get_type_hints(Phase, include_extras=True)
    properties = {name: CHOICES[name].schema() if name in CHOICES else schema_of(hint) for name, hint in hints.items()}
    return {"type": "object", "additionalProperties": False, "properties": properties}


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

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules that its choices name, as `Entry.modules` are those of a network."""
        return tuple(FITTED[phase.loss.name] for phase in self.phases if phase.loss.name in FITTED)

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
            settings, one per phase), and `warm_start`, `data` and `scored_by`, which are about the runs of a preset:
            `resolute.params.jobs` says which weights a run starts from, on which data set it trains, and by which
            weights its patches are scored.

    Raises:
        ResoluteError: the recipe has an unknown key.
    """
    for settings in (recipe, *recipe.get("phases", [])):
        for key in settings:
            if key not in (*PHASE_KEYS, "phases", "warm_start", "data", "scored_by"):
                raise ResoluteError(f"recipes.{method}: unknown key '{key}': {nearest(key, PHASE_KEYS)}")
    shared = {key: value for key, value in {**defaults, **recipe}.items() if key in PHASE_KEYS}
    phases = tuple(_phase({**shared, **settings}) for settings in recipe.get("phases", [{}]))
    return Plan(phases)


def is_whole(recipe: Mapping[str, Any]) -> bool:
    """Whether a recipe is a plan without any preset's defaults: it says how long, and on how much."""
    needed = {item.name for item in fields(Phase) if item.default is MISSING}
    return all(needed <= {*recipe, *phase} for phase in recipe.get("phases", [{}]))


def _phase(settings: Mapping[str, Any]) -> Phase:
    fixed: dict[str, Any] = {}
    for key, value in settings.items():
        if key in CHOICES:
            fixed[key] = CHOICES[key].parse(value)
        else:
            fixed[key] = tuple(value) if isinstance(value, list) else value
    return Phase(**fixed)
