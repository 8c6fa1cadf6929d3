"""FMEN, "Fast and Memory-Efficient Network Towards Efficient Image Super-Resolution", in its small version.

Paper: CVPR Workshops 2022, arXiv 2204.08397; NTIRE 2022 challenge report, section 4.2 and Table 1, row NJU_Jet. Data
range 0..255. Peculiar: nothing but 3x3 convolutions in a row once it is folded; the first attention block, narrower
and deeper than the others, follows a single convolution. In training every convolution of a residual block is a
bottleneck in a wider space with two skips, and the attention blocks have batch norm. Any input size works.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3
from resolute.models.blocks.normalisation import affine_of
from resolute.models.blocks.post_upsampling import PostUpsampling
from resolute.models.blocks.reparameterised import Branch, Foldable, Identity, Reparameterised, bias_of, compose


def activate(x: Tensor) -> Tensor:
    """Leaky ReLU, as a function as it was released: the challenge's counter, which sees layers alone, missed it."""
    return functional.leaky_relu(x, 0.1)


class WideResidual(Branch):
    """A 1x1 convolution to twice the channels, a 3x3 one with a skip there, a 1x1 one back.

    As in `ExpandThenConv`, the wide features are padded with the bias of the first convolution.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.expand = conv1(channels, 2 * channels)
        self.conv = conv3(2 * channels, 2 * channels)
        self.skip = Identity(2 * channels)
        self.reduce = conv1(2 * channels, channels)

    def forward(self) -> tuple[Tensor, Tensor]:
        kernel, bias = compose(self.expand, self.conv.weight + self.skip()[0], bias_of(self.conv))
        mix = self.reduce.weight[:, :, 0, 0]
        return torch.einsum("om,mixy->oixy", mix, kernel), bias_of(self.reduce) + mix @ bias


class NormalisedConv(Foldable):
    """Batch norm, a 3x3 convolution and, where asked for, batch norm again.

    The normalised map is padded with the value that the running statistics give for zero, so that the norm folds
    into a convolution that pads with zeros.
    """

    def __init__(self, inputs: int, outputs: int, norm_after: bool = False) -> None:
        super().__init__()
        self.before = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, outputs, 3)
        self.after = nn.BatchNorm2d(outputs) if norm_after else None

    def forward(self, x: Tensor) -> Tensor:
        normalised = self.before(x)
        border = affine_of(self.before)[1][:, None, None]
        y = self.conv(functional.pad(normalised - border, (1, 1, 1, 1)) + border)
        return y if self.after is None else self.after(y)

    @torch.no_grad()
    def fold(self) -> nn.Conv2d:
        factor, shift = affine_of(self.before)
        kernel = self.conv.weight * factor[:, None, None]
        bias = bias_of(self.conv) + self.conv.weight.sum((2, 3)) @ shift
        if self.after is not None:
            factor, shift = affine_of(self.after)
            kernel, bias = kernel * factor[:, None, None, None], bias * factor + shift
        convolution = conv3(self.conv.in_channels, self.conv.out_channels).to(kernel)
        convolution.load_state_dict({"weight": kernel, "bias": bias})
        return convolution


class ERB(nn.Module):
    """Enhanced residual block: two 3x3 convolutions; the skips are inside them, and gone when they are folded."""

    def __init__(self, channels: int, reparameterised: bool) -> None:
        super().__init__()
        self.conv1 = self._conv(channels, reparameterised)
        self.conv2 = self._conv(channels, reparameterised)

    @staticmethod
    def _conv(channels: int, reparameterised: bool) -> nn.Module:
        if reparameterised:
            return Reparameterised([WideResidual(channels), Identity(channels)])
        return conv3(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv2(activate(self.conv1(x)))


class HFAB(nn.Module):
    """High-frequency attention block: a mask per channel and pixel, from residual blocks on fewer channels.

    Args:
        width: channels of the input and output (N x width x H x W).
        inner_width: channels of the residual blocks.
        blocks: how many residual blocks; nothing is between them.
        reparameterised: the form that is trained.
    """

    def __init__(self, width: int, inner_width: int, blocks: int, reparameterised: bool) -> None:
        super().__init__()
        self.squeeze = NormalisedConv(width, inner_width) if reparameterised else conv3(width, inner_width)
        self.body = nn.Sequential(*(ERB(inner_width, reparameterised) for _ in range(blocks)))
        self.excite = NormalisedConv(inner_width, width, True) if reparameterised else conv3(inner_width, width)

    def forward(self, x: Tensor) -> Tensor:
        inner = activate(self.body(activate(self.squeeze(x))))
        return x * torch.sigmoid(self.excite(inner))


@register_model
class FMEN(PostUpsampling):
    """Pairs of a residual block and an attention block in a chain; `reparameterised` is the form that is trained."""

    def __init__(
        self,
        scale: float = 4,
        width: int = 50,
        pairs: int = 4,
        attention_width: int = 16,
        first_attention_width: int = 12,
        reparameterised: bool = False,
    ) -> None:
        first = nn.Sequential(conv3(width, width), HFAB(width, first_attention_width, 2, reparameterised))
        others = (
            nn.Sequential(ERB(width, reparameterised), HFAB(width, attention_width, 1, reparameterised))
            for _ in range(pairs)
        )
        super().__init__(width, (first, *others), scale)
