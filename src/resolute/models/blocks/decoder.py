"""What the decoders of arbitrary-scale SR have in common."""

from abc import ABC, abstractmethod
from typing import Protocol, TypeVar

from torch import Tensor, nn

from resolute.models.blocks.queries import Queries

Head = TypeVar("Head", bound=nn.Module)


class Read(Protocol):
    """Reads colours at queries: M x 3, centred, without the skip."""

    def __call__(self, queries: Queries, head: int = 0) -> Tensor: ...


class Decoder(nn.Module, ABC):
    """Reads colours off maps of LR size, at any coordinates.

    Attributes:
        heads: what is different for every pixel; several of them are experts, of which a router chooses.
        skip: whether its result is what the bilinearly enlarged LR image lacks.
        mixes: whether the queries of a call act on each other, so that a grid must not be cut.
        longest: the scale beyond which a pixel's size is that of a pixel at this scale: a decoder that reads the size
            has seen no smaller one in training.
    """

    heads: nn.ModuleList
    skip = False
    mixes = False
    longest = float("inf")

    @property
    def widest(self) -> int:
        """Outputs of its widest linear layer."""
        return max((layer.out_features for layer in self.modules() if isinstance(layer, nn.Linear)), default=64)

    def pick(self, head: int, kind: type[Head]) -> Head:
        """One of the heads, which are all of one kind."""
        picked = self.heads[head]
        assert isinstance(picked, kind)
        return picked

    @abstractmethod
    def reader(self, features: Tensor, cell_N2: Tensor) -> Read:
        """What reads colours off the features of a batch (N x C x h x w); what queries share is done here, once.

        Args:
            cell_N2: as of `Queries`.
        """

    def reference(self, features: Tensor, cell_N2: Tensor) -> Read:
        """The same as the authors' code does it, of which published costs are counted."""
        return self.reader(features, cell_N2)
