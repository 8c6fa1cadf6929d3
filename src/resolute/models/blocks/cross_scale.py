"""Attention across scales: every pixel looks for what is like it in the image at half its size.

Paper: Mei et al., CSNLN, CVPR 2020. N: images, C: channels, h and w: sides of the map.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models.blocks.convolution import conv1
from resolute.models.blocks.queries import unfolded
from resolute.models.blocks.swin import pad_to_multiple

SHARPNESS = 10.0  # of the softmax
LEAST_NORM = 1e-4
ROWS = 4096  # pixels at a time that look over the whole map: bounds what is in memory


class CrossScaleAttention(nn.Module):
    """Puts together, at twice the size, what lies where the map at half the size is like it; then shrinks that back.

    Maps N x C x h x w to the same shape; its cost grows with the square of the area.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.match = nn.Sequential(conv1(width, width // 2), nn.PReLU())
        self.match_half = nn.Sequential(conv1(width, width // 2), nn.PReLU())
        self.assemble = nn.Sequential(conv1(width, width), nn.PReLU())
        self.shrink = nn.Conv2d(width, width, 3, stride=2, padding=1)

    def forward(self, map_NCHW: Tensor) -> Tensor:
        even = pad_to_multiple(map_NCHW, 2, reflect=True)
        batch, (height, width) = len(even), (even.shape[2], even.shape[3])
        query = unfolded(self.match(even), 3).unflatten(0, (batch, -1))
        key = unfolded(self.match_half(functional.avg_pool2d(even, 2)), 3).unflatten(0, (batch, -1))
        key = key / key.norm(dim=2, keepdim=True).clamp(min=LEAST_NORM)
        # A key's 3x3 pixels at half the size are 6x6 here.
        value = functional.unfold(self.assemble(even), 6, padding=2, stride=2).transpose(1, 2)
        some = (SHARPNESS * query_rows @ key.transpose(1, 2) for query_rows in query.split(ROWS, dim=1))
        found = torch.cat([logits.softmax(dim=2) @ value for logits in some], dim=1)
        twice = functional.fold(found.transpose(1, 2), (2 * height, 2 * width), 6, padding=2, stride=2)
        return (self.shrink(twice) / 6)[:, :, : map_NCHW.shape[2], : map_NCHW.shape[3]]
