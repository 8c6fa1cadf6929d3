"""MDAN of team ncepu_explorers.

NTIRE 2022 challenge report, section 4.30 and Table 1, row ncepu_explorers. Data range 0..255. Peculiar: pairs of light
convolutions of two dilations read each other's results; softmax attention over the channels and over all pixels of the
image; the mean that is subtracted is three times that of images in 0..1, which seems a slip, and is kept as it was
released. Trained with weight normalisation. Any input size works.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3, depthwise, leaky_relu
from resolute.models.blocks.normalisation import DIV2K_MEAN, MeanShift
from resolute.models.blocks.post_upsampling import PostUpsampling, enlarge
from resolute.models.blocks.reparameterised import weight_normalised
from resolute.models.blocks.residual import Residual

MEAN = [3 * value for value in DIV2K_MEAN]


def light_conv(inputs: int, outputs: int, dilation: int = 1) -> nn.Sequential:
    """A 1x1 convolution in three groups, a depthwise 3x3 one, a 1x1 one; nothing between them."""
    return nn.Sequential(conv1(inputs, inputs, groups=3), depthwise(inputs, dilation=dilation), conv1(inputs, outputs))


class Interaction(nn.Module):
    """Three times two light convolutions, one of them dilated, of the concatenation of what both gave before."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.near = nn.ModuleList(light_conv(width, width // 2) for _ in range(3))
        self.far = nn.ModuleList(light_conv(width, width // 2, dilation) for _ in range(3))
        self.fuse = conv1(width, width)
        self.activation = leaky_relu(0.2)

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for near, far in zip(self.near, self.far, strict=True):
            y = self.activation(torch.cat([near(y), far(y)], dim=1))
        return self.fuse(y) + x


class SoftmaxAttention(nn.Module):
    """Features weighted by softmax over the channels and by softmax over the pixels, times a learned number."""

    def __init__(self, width: int, weight: float) -> None:
        super().__init__()
        self.pointwise = conv1(width, width // 2)
        self.light = light_conv(width, width // 2)
        self.value = conv1(width, width)
        self.score = light_conv(width, width)
        self.merge = conv1(width, width)
        self.weight = nn.Parameter(torch.tensor([weight]))

    def forward(self, x: Tensor) -> Tensor:
        mixed = torch.cat([self.pointwise(x), self.light(x)], dim=1)
        score = self.score(mixed)
        over_pixels = score.flatten(2).softmax(2).view_as(score)
        return self.weight * self.merge(self.value(mixed) * (score.softmax(1) + over_pixels))


@register_model
class MDAN(PostUpsampling):
    """Blocks of interaction units in a chain, each with an attention beside it; what they attend to is fused.

    Args:
        scale: the enlargement, an integer.
        width: channels between head and tail; a multiple of 3.
        dilations: of the units of every block.
        weights: one per block: what its attention's weight starts from.
        weight_norm: the form that is trained.
    """

    def __init__(
        self,
        scale: float = 4,
        width: int = 48,
        dilations: Sequence[int] = (1, 1, 2, 2, 3, 3),
        weights: Sequence[float] = (0.3, 0.3, 0.4),
        weight_norm: bool = False,
    ) -> None:
        super().__init__(
            width,
            (Residual(*(Interaction(width, dilation) for dilation in dilations)) for _ in weights),
            scale,
            head=nn.Sequential(conv3(3, width), leaky_relu(0.2)),
            trunk=conv1(len(weights) * width, width),
        )
        self.subtract_mean = MeanShift([-value for value in MEAN])
        self.add_mean = MeanShift(MEAN)
        self.attentions = nn.ModuleList(SoftmaxAttention(width, weight) for weight in weights)
        if weight_norm:
            weight_normalised(self)

    def deep_features(self, shallow: Tensor) -> Tensor:
        attended, x = [], shallow
        for block, attention in zip(self.body, self.attentions, strict=True):
            x = block(x)
            attended.append(attention(x))
        return torch.cat(attended, dim=1)

    def forward(self, lr: Tensor) -> Tensor:
        shifted = self.subtract_mean(lr)
        return self.add_mean(super().forward(shifted) + enlarge(shifted, self.scale, "bicubic"))
