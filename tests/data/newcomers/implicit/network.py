"""A decoder of coordinates over a convolution: one network for every scale."""

import torch
from torch import Tensor, nn

from resolute.models import register_model
from resolute.models.blocks.convolution import conv3


@register_model
class Implicit(nn.Module):
    """Reads a pixel of the SR image off the features of the nearest LR pixel, where it lies in it, and how large it is.

    Args:
        scale: of the images that `forward` makes; no weight depends on it.
        width: channels of the features and of the decoder.
    """

    def __init__(self, scale: float = 4, width: int = 16) -> None:
        super().__init__()
        self.scale = scale
        self.encoder = conv3(3, width)
        self.decoder = nn.Sequential(nn.Linear(width + 4, width), nn.ReLU(), nn.Linear(width, 3))

    def forward(self, lr: Tensor) -> Tensor:
        height, width = (round(side * self.scale) for side in lr.shape[2:])
        rows, columns = ((2 * torch.arange(side, device=lr.device) + 1) / side - 1 for side in (height, width))
        coord = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1).reshape(1, -1, 2)
        cell = torch.tensor([[2 / height, 2 / width]], device=lr.device)
        rgb = self.query(lr, coord.expand(len(lr), -1, -1), cell.expand(len(lr), -1))
        return rgb.reshape(-1, height, width, 3).permute(0, 3, 1, 2)

    def query(self, lr: Tensor, coord: Tensor, cell: Tensor) -> Tensor:
        """The pixels (N x Q x 3) at coordinates (N x Q x 2, vertical first) whose sides are `cell` (N x 2): of the LR
        image from -1 to 1.
        """
        features, sides = self.encoder(lr), torch.tensor(lr.shape[2:], device=lr.device)
        spot = ((coord + 1) / 2 * sides).clamp(max=(sides - 0.01).to(coord.dtype))
        row, column = spot.long().unbind(-1)
        found = features.flatten(2).gather(2, (row * lr.shape[3] + column)[:, None].expand(-1, features.shape[1], -1))
        size = (cell * sides)[:, None].expand_as(spot)
        return self.decoder(torch.cat([found.transpose(1, 2), spot - spot.floor() - 0.5, size], dim=2))
