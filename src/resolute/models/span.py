"""SPAN, "Swift Parameter-free Attention Network for Efficient Super-Resolution", and what was made of it.

Paper: Wan et al., CVPR Workshops 2024, arXiv 2311.12770; NTIRE 2024 Table 1, row XiaomiMM, is the default. Data range
0..1. Peculiar: the mean colour is taken off, but not put back; the fusion reads the head's output, the trunk's, the
first block's and the first activated convolution of the last block. Any input size works.
"""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1
from resolute.models.blocks.normalisation import div2k_mean
from resolute.models.blocks.post_upsampling import PixelShuffleTail
from resolute.models.blocks.span import SPAB
from resolute.models.blocks.span_training import span_convolution


@register_model
class SPAN(nn.Module):
    """A chain of parameter-free attention blocks, of which four feature maps are fused.

    Args:
        scale: the enlargement, an integer.
        width: channels of the head, the blocks and the trunk.
        blocks: how many blocks.
        fused_width: channels between fusion and tail; `width` unless given.
        conv: kind of the 3x3 convolutions but the tail's.
    """

    mean: Tensor

    def __init__(
        self,
        scale: float = 4,
        width: int = 28,
        blocks: int = 6,
        fused_width: int | None = None,
        conv: str = "plain",
    ) -> None:
        super().__init__()
        make = span_convolution(conv)
        self.register_buffer("mean", div2k_mean(), persistent=False)
        self.head = make(3, width)
        self.body = nn.ModuleList(SPAB(width, conv=make) for _ in range(blocks))
        self.trunk = make(width, width)
        self.fuse = conv1(4 * width, fused_width or width)
        self.tail = PixelShuffleTail(fused_width or width, scale)

    def forward(self, lr: Tensor) -> Tensor:
        # The blocks' features are in 0..255, whatever the image is in.
        shallow = self.head((lr - self.mean) * 255)
        outputs, x, first = [], shallow, shallow
        for block in self.body:
            assert isinstance(block, SPAB)
            x, first = block.with_first(x)
            outputs.append(x)
        return self.tail(self.fuse(torch.cat([shallow, self.trunk(x), outputs[0], first], dim=1)))
