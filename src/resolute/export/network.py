"""What is exported of a method: one convention of values for all networks."""

from pathlib import Path

from torch import Tensor, nn

from resolute import methods
from resolute.core.errors import ResoluteError
from resolute.methods.weights import load_weights
from resolute.models.blocks.preparable import prepare_modules
from resolute.registry import Entry


class UnitRange(nn.Module):
    """A network whose images are 0..1, whatever the range that it works in."""

    def __init__(self, network: nn.Module, data_range: float) -> None:
        super().__init__()
        self.network, self.data_range = network, data_range

    def forward(self, lr: Tensor) -> Tensor:
        return self.network(lr * self.data_range) / self.data_range


def check_static(entry: Entry, scale: float) -> None:
    """Refuse a method that is no single network, or has not a scale."""
    entry.check_scale(scale)
    if not entry.trainable:
        raise ResoluteError(f"{entry.name} has no network: there is nothing to export")
    if choices := entry.experts or entry.settings:
        raise ResoluteError(
            f"{entry.name} chooses what to run ({choices[0]} to {choices[-1]}) by what it sees in an image, and an "
            "exported graph runs the same for every image: export a network without such a choice"
        )


def exportable(entry: Entry, scale: float, weights: Path | None) -> nn.Module:
    """The released network of a method, from LR to SR images (N x 3 x h x w, 0..1, SR not clamped).

    Args:
        weights: a safetensors file; none for fresh ones.

    Raises:
        ResoluteError: as `check_static`; or the weights are not the network's.
    """
    check_static(entry, scale)
    network = methods.build(entry.name, scale)
    if weights is not None:
        load_weights(network, weights)
    network = prepare_modules(network)
    # As a whole: the exporter leaves all parts in the mode that it found the whole in.
    return (network if entry.data_range == 1 else UnitRange(network, entry.data_range)).eval()
