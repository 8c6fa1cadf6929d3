"""RFDN, winner of the AIM 2020 efficient SR challenge.

Paper: Liu et al., "Residual Feature Distillation Network for Lightweight Image Super-Resolution", ECCV
Workshops 2020. NTIRE 2022 Table 1, row "RFDN AIM2020 Winner". Data range 0..255. Peculiar: the released
network ignores its distillation-rate argument and keeps half of the channels. LR sides of at least 15 (ESA).
"""

import torch
from torch import Tensor

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, leaky_relu
from resolute.models.blocks.distillation import RFDB
from resolute.models.blocks.frame import LRFrame


@register_model
class RFDN(LRFrame):
    """Residual feature distillation blocks whose outputs are all fused before the trunk convolution."""

    def __init__(
        self,
        scale: float = 4,
        width: int = 50,
        kept: int = 25,
        blocks: int = 4,
        esa_width: int = 12,
        image_skip: bool = False,
    ) -> None:
        super().__init__(width, (RFDB(width, kept, esa_width) for _ in range(blocks)), scale, image_skip)
        self.fuse = conv1(blocks * width, width)
        self.activation = leaky_relu()

    def deep_features(self, shallow: Tensor) -> Tensor:
        outputs, x = [], shallow
        for block in self.body:
            x = block(x)
            outputs.append(x)
        return self.activation(self.fuse(torch.cat(outputs, dim=1)))
