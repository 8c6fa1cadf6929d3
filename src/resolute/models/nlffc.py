"""NLFFC, "Non-Local Fourier Convolution for Efficient Image Super Resolution".

NTIRE 2022 Table 1, row Virtual_Reality Team; the challenge report has no section on it. Data range 0..255. Peculiar:
all work is done on the bicubically enlarged image, in a local and a global half of the channels; softmaxes over all
pixels and Fourier transforms along the height, so tiles change the result; the output is never negative. Any input
size works.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv1, conv3, leaky_relu
from resolute.models.blocks.post_upsampling import enlarge
from resolute.models.blocks.residual import Residual

SLOPE = 0.2


def over_pixels(x: Tensor) -> Tensor:
    """Softmax of every map over all of its pixels."""
    return x.flatten(2).softmax(dim=2).view_as(x)


class NonLocalGate(nn.Module):
    """The features times a map per channel that sums to one over the image."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.focus = conv1(channels, 1)
        self.transform = nn.Sequential(
            conv1(channels, channels),
            leaky_relu(SLOPE),
            conv3(channels, channels),
            leaky_relu(SLOPE),
            conv3(channels, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        focused = x * over_pixels(torch.relu(self.focus(x)))
        return x * over_pixels(self.transform(focused))


class SpectralTransform(nn.Module):
    """A 1x1 convolution on the Fourier coefficients along the height (Chi et al., FFC, NeurIPS 2020).

    Real and imaginary part of a channel are channels side by side.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = nn.Sequential(conv1(2 * channels, 2 * channels), leaky_relu(SLOPE))

    def forward(self, x: Tensor) -> Tensor:
        # Half precision has Fourier transforms of few lengths, bfloat16 has none.
        spectrum = torch.view_as_real(torch.fft.rfft(x.float(), dim=2, norm="ortho"))
        mixed = self.mix(spectrum.permute(0, 1, 4, 2, 3).flatten(1, 2)).float()
        mixed = mixed.unflatten(1, (-1, 2)).permute(0, 1, 3, 4, 2).contiguous()
        return torch.fft.irfft(torch.view_as_complex(mixed), n=x.shape[2], dim=2, norm="ortho")


class FourierUnit(nn.Module):
    """Local features from both halves by convolutions, global ones by the non-local gate and the spectrum."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        half = width // 2
        self.local_to_local = nn.Sequential(conv3(half, half), leaky_relu(SLOPE))
        self.global_to_local = nn.Sequential(conv3(half, half), leaky_relu(SLOPE))
        self.local_to_global = nn.Sequential(NonLocalGate(half), conv1(half, half))
        self.global_to_global = SpectralTransform(half)
        self.project = conv1(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        near, far = x.chunk(2, dim=1)
        local = self.local_to_local(near) + self.global_to_local(far)
        return self.project(torch.cat([local, self.local_to_global(near) + self.global_to_global(far)], dim=1))


@register_model
class NLFFC(nn.Sequential):
    """Fourier units on the enlarged image: `plain` ones in a row, then groups with a skip, then one that ends."""

    # Softmaxes and Fourier transforms read every channel by itself.
    inference_layout = torch.contiguous_format

    def __init__(self, scale: float = 4, width: int = 64, plain: int = 2, groups: Sequence[int] = (2, 4)) -> None:
        def units(number: int) -> list[FourierUnit]:
            return [FourierUnit(width, width) for _ in range(number)]

        super().__init__()
        self.scale = scale
        self.add_module("head", conv1(3, width))
        self.add_module("body", nn.Sequential(*units(plain), *(Residual(*units(size)) for size in groups)))
        self.add_module("tail", nn.Sequential(FourierUnit(width, 3), nn.ReLU()))

    def forward(self, lr: Tensor) -> Tensor:
        return super().forward(enlarge(lr, self.scale, "bicubic"))
