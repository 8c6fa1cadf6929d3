"""ESRNet, SPAN with a convolution beside its trunk that hardly counts.

NTIRE 2025 Efficient SR challenge (arXiv 2504.10686), id 38, team Rochester; Amazingren/NTIRE2025_ESR,
models/team38_ESRNet.py. Data range 0..1. Peculiar: that convolution is added times 0.00001, for the sake of a stable
training; the released one is as it was initialised. It is kept, as counters see it. Any input size works.
"""

from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.span_training import span_convolution
from resolute.models.span import SPAN

SHARE = 0.00001


class SteadiedTrunk(nn.Module):
    """A convolution, and a small share of another one of the same features."""

    def __init__(self, conv: nn.Module, beside: nn.Module) -> None:
        super().__init__()
        self.conv = conv
        self.beside = beside

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x) + SHARE * self.beside(x)


@register_model
class ESRNet(SPAN):
    """SPAN with another trunk; the arguments are SPAN's."""

    def __init__(self, scale: float = 4, width: int = 28, blocks: int = 6, conv: str = "plain") -> None:
        super().__init__(scale, width, blocks, conv=conv)
        self.trunk = SteadiedTrunk(self.trunk, span_convolution(conv)(width, width))
