"""What keeps MoEISR's pixels from taking one expert alone; each term is zero where they are spread as they should be.

The paper has a term of this aim and its formula is not known. `probability` is the mean probability of each expert over
the pixels of a batch (J), `chosen` the share of pixels whose greatest one it is (J), `shares` what is aimed at (J).
"""

from collections.abc import Callable

from torch import Tensor


def squared(probability: Tensor, chosen: Tensor, shares: Tensor) -> Tensor:
    """The squared distance of the mean probabilities from the shares, times the number of experts."""
    return len(shares) * ((probability - shares) ** 2).sum()


def switch(probability: Tensor, chosen: Tensor, shares: Tensor) -> Tensor:
    """The Switch Transformer's (Fedus et al., JMLR 2022) less its minimum, each expert by what it should have."""
    return (chosen * probability / shares).sum() - 1


def absolute(probability: Tensor, chosen: Tensor, shares: Tensor) -> Tensor:
    """The absolute distance, as ClassSR has it (Kong et al., CVPR 2021), without its constant."""
    return (probability - shares).abs().sum()


BALANCES: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "squared": squared,
    "switch": switch,
    "absolute": absolute,
}
