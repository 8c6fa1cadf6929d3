"""What is trained: a module that draws its batches, scores them, and keeps its own state.

The training loop knows devices, phases, the moving average, checkpoints and the log; what a batch holds and how many
terms a loss has is the learner's. `Learner` as it stands trains a network on pairs of LR and HR patches, which is all
that most methods need; a kind of method overrides what it does otherwise.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from torch import Tensor, nn

from resolute.core.choices import Choice
from resolute.core.errors import ResoluteError
from resolute.methods.losses import FITTED, LOSSES
from resolute.methods.pairs import draw_pairs
from resolute.methods.plan import Phase, Plan
from resolute.methods.samplers import SAMPLERS

UNPLANNED = Plan(())


class FittedLosses(nn.ModuleList):
    """The losses of a plan that learn or are fitted to the data: phases of the same choice share one."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.phases: list[Phase] = []  # the first of every choice
        for phase in plan.phases:
            if phase.loss.name in FITTED and phase.loss not in self.choices:
                self.phases.append(phase)
                self.append(LOSSES.function(phase.loss)())

    @property
    def choices(self) -> list[Choice]:
        return [phase.loss for phase in self.phases]

    def fit(self, pack: Any, scale: float, generator: np.random.Generator) -> None:
        """Fit each to the training set, and to the size of its phase's HR patches."""
        losses: Iterable[Any] = self
        for phase, loss in zip(self.phases, losses, strict=True):
            loss.fit(pack, round(phase.lr_patch_size * scale), generator)

    def of(self, phase: Phase) -> Callable[[Tensor, Tensor], Tensor]:
        """What a phase scores with, whether it has a state or not."""
        if phase.loss.name not in FITTED:
            return LOSSES.function(phase.loss)
        if phase.loss not in self.choices:
            raise ResoluteError(
                f"this kind of method has no place for what loss {phase.loss.name} learns: choose another"
            )
        loss: Any = self[self.choices.index(phase.loss)]
        return loss


class Learner(nn.Module):
    """A network, how it is scored, and whatever else is learned beside it.

    It draws from a `Pack` at one scale, from an `HRPack` at a span of scales. Parameters and buffers of a learner are
    in the checkpoint; those of `network` are averaged and published, folded.

    Args:
        network: in the form that is trained.
        scale: HR side over LR side.
        data_range: the span of the network's input and output.
        plan: what it is trained by; losses that are fitted or learn are made of it.

    Attributes:
        losses: one for every choice of the plan's that has a state.
        skips: a step may leave parameters without a gradient, which several devices must know.
    """

    skips = False

    def __init__(self, network: nn.Module, scale: float, data_range: float, plan: Plan = UNPLANNED) -> None:
        super().__init__()
        self.network, self.scale, self.data_range = network, scale, data_range
        self.losses = FittedLosses(plan)

    def check(self, pack: Any, plan: Plan) -> None:
        """Refuse a plan that does not fit the training data, before the phase that does not comes.

        Raises:
            ResoluteError: naming the setting to change.
        """
        least = min(min(image.height, image.width) for image in pack.lr_images)
        for phase in plan.phases:
            if phase.lr_patch_size > least:
                raise ResoluteError(
                    f"lr_patch_size {phase.lr_patch_size} does not fit the smallest training image: "
                    f"its LR side is {least}"
                )
            SAMPLERS.function(phase.sampler)(np.random.default_rng(0), pack.columns, 1)

    def fit(self, pack: Any, generator: np.random.Generator) -> None:
        """Read off the data, before the first step, what is kept in buffers."""
        self.losses.fit(pack, self.scale, generator)

    def draw(self, pack: Any, phase: Phase, generator: np.random.Generator, mine: slice) -> Any:
        """This process's share of the batch of a step: a function of the generator, which is the step's own.

        Args:
            mine: which patches of the batch this process takes.

        Returns:
            Anything with a method `to(device)`.
        """
        return draw_pairs(pack, self.scale, phase, generator, mine)

    def forward(self, batch: Any, phase: Phase) -> dict[str, Tensor]:
        """The terms of the loss, scalars in units of the data range: their sum is optimised, each is in the log."""
        lr, hr = batch.as_images(self.data_range)
        # In units of the data range, so that the loss means the same for every network.
        sr = self.network(lr).float() / self.data_range
        return {phase.loss.name: self.losses.of(phase)(sr, hr / self.data_range)}

    def trained(self, phase: Phase) -> Iterator[nn.Parameter]:
        """The parameters that a phase changes: those whose names begin with one of `phase.trains`, or all."""
        found = [
            parameter
            for name, parameter in self.named_parameters()
            if not phase.trains or name.startswith(phase.trains)
        ]
        if not found:
            raise ResoluteError(f"no parameter's name begins with one of trains, {', '.join(phase.trains)}: mend it")
        return iter(found)

    def conclude(self, pack: Any) -> None:
        """Read off the data, after the last step, what inference looks up, into buffers of the network."""
