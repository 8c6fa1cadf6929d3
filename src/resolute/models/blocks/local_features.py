"""The residual local feature block (Kong et al., RLFN, CVPR Workshops 2022), of any layers."""

from collections.abc import Iterable

from torch import Tensor, nn

from resolute.models.blocks.convolution import leaky_relu


class RLFB(nn.Module):
    """Three activated layers with a skip over all of them, a pointwise layer, an attention.

    Args:
        layers: the three, from N x width x H x W to the same shape.
        fuse: the pointwise layer on the sum.
        attention: comes last; neither changes the shape.
        activation: after each of the three layers; it is shared, so it must be without parameters.
    """

    def __init__(
        self, layers: Iterable[nn.Module], fuse: nn.Module, attention: nn.Module, activation: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.conv1, self.conv2, self.conv3 = layers
        self.fuse = fuse
        self.attention = attention
        self.activation = activation or leaky_relu()

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for layer in (self.conv1, self.conv2, self.conv3):
            y = self.activation(layer(y))
        return self.attention(self.fuse(y + x))
