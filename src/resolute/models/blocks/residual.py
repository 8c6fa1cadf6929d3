"""The skip of a residual block."""

from torch import Tensor, nn


class Residual(nn.Sequential):
    """Layers in a row, whose output is added to their input."""

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)
