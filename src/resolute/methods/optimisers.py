"""Optimisers by name, over the parameters that a phase trains."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from resolute.core.choices import Choices

if TYPE_CHECKING:
    from torch.nn import Parameter
    from torch.optim import Optimizer

Decay = Annotated[float, {"exclusiveMinimum": 0, "exclusiveMaximum": 1}]
NotNegative = Annotated[float, {"minimum": 0, "maximum": 10**9}]


def adam(
    parameters: "Iterable[Parameter]", learning_rate: float, *, beta2: Decay = 0.999, weight_decay: NotNegative = 0.0
) -> "Optimizer":
    """Adam (Kingma and Ba, ICLR 2015) with beta1 = 0.9; `beta2` is the decay of the mean of squared gradients."""
    from torch.optim import Adam

    return Adam(parameters, lr=learning_rate, betas=(0.9, beta2), weight_decay=weight_decay, fused=True)


def adamw(
    parameters: "Iterable[Parameter]", learning_rate: float, *, beta2: Decay = 0.999, weight_decay: NotNegative = 0.0
) -> "Optimizer":
    """Adam with the weight decay apart from the gradient (Loshchilov and Hutter, ICLR 2019)."""
    from torch.optim import AdamW

    return AdamW(parameters, lr=learning_rate, betas=(0.9, beta2), weight_decay=weight_decay, fused=True)


OPTIMISERS = Choices("optimiser", {"adam": adam, "adamw": adamw})
