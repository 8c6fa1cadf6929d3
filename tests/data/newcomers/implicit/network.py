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
        self.decoder = nn.Sequential(nn.Linear(width + 3, width), nn.ReLU(), nn.Linear(width, 3))

    def forward(self, lr: Tensor) -> Tensor:
        height, width = (round(side * self.scale) for side in lr.shape[2:])
        rows = (torch.arange(height, device=lr.device) + 0.5) / height
        columns = (torch.arange(width, device=lr.device) + 0.5) / width
        place = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1).expand(len(lr), -1, -1, -1)
        size = torch.full((len(lr), 1), 1 / self.scale, device=lr.device)
        return self.query(lr, place.reshape(len(lr), -1, 2), size).reshape(-1, height, width, 3).permute(0, 3, 1, 2)

    def query(self, lr: Tensor, place: Tensor, size: Tensor) -> Tensor:
        """The pixels (N x Q x 3) at places (N x Q x 2, rows and columns, 0..1), each `size` (N x 1) LR pixels large."""
        features = self.encoder(lr)
        sides = torch.tensor(lr.shape[2:], device=lr.device)
        spot = (place * sides).clamp(max=(sides - 0.01).to(place.dtype))
        row, column = spot.long().unbind(-1)
        found = features.flatten(2).gather(2, (row * lr.shape[3] + column)[:, None].expand(-1, features.shape[1], -1))
        described = [found.transpose(1, 2), spot - spot.floor() - 0.5, size[:, None].expand(-1, place.shape[1], 1)]
        return self.decoder(torch.cat(described, dim=2))
