"""The skip of a residual block, and what may stand at the end of one."""

from torch import Tensor, nn


class Residual(nn.Sequential):
    """Layers in a row, whose output is added to their input."""

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


class Scaled(nn.Module):
    """Multiplies by a constant: EDSR's residual scaling (Lim et al., CVPR Workshops 2017, section 3.3)."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor
