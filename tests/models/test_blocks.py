"""Blocks against what they are made to equal."""

import pytest
import torch
from torch import nn

from resolute.models.blocks.covering import from_covering_windows, to_covering_windows
from resolute.models.blocks.normalisation import ChannelNorm, MeanShift
from resolute.models.blocks.windows import WindowAttention, from_windows, relative_positions, shift_mask, to_windows


def test_windows_come_back_as_they_were() -> None:
    x_BHWC = torch.randn(2, 12, 8, 3)
    windows = to_windows(x_BHWC, 4)
    assert torch.equal(windows[7].view(4, 4, 3), x_BHWC[1, :4, 4:]), "the second image's second window of the first row"
    assert torch.equal(from_windows(windows, 4, 12, 8), x_BHWC)


def test_relative_positions_tell_every_offset_apart() -> None:
    size = 3
    found = relative_positions(size)
    for query in range(size**2):
        for key in range(size**2):
            dy, dx = query // size - key // size, query % size - key % size
            assert found[query, key] == (dy + size - 1) * (2 * size - 1) + dx + size - 1


def test_a_shifted_window_sees_only_neighbours() -> None:
    """Tokens attend to each other exactly where the roll has not wrapped one of them around."""
    height, width, size, shift = 12, 8, 4, 2
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    rolled = torch.stack([y, x], dim=-1).roll((-shift, -shift), (0, 1))[None]
    place_MT2 = to_windows(rolled, size)
    distance = (place_MT2[:, :, None] - place_MT2[:, None, :]).abs().amax(-1)
    mask = shift_mask(height, width, size, shift, torch.zeros(1))
    assert torch.equal(mask == 0, distance < size)
    assert mask.min() == -100


def test_window_attention_is_torchs_attention() -> None:
    torch.manual_seed(0)
    ours = WindowAttention(8, heads=2, size=2, position_bias=False)
    theirs = nn.MultiheadAttention(8, 2, batch_first=True)
    theirs.load_state_dict(
        {
            "in_proj_weight": ours.qkv.weight,
            "in_proj_bias": ours.qkv.bias,
            "out_proj.weight": ours.project.weight,
            "out_proj.bias": ours.project.bias,
        }
    )
    x_MTC = torch.randn(6, 4, 8)
    mask_LTT = torch.randn(3, 4, 4)
    mask = mask_LTT.repeat(2, 1, 1).repeat_interleave(2, dim=0)
    expected = theirs(x_MTC, x_MTC, x_MTC, attn_mask=mask)[0]
    assert torch.allclose(ours(x_MTC, mask_LTT), expected, atol=1e-6)


def test_position_biases_are_added_per_head() -> None:
    attention = WindowAttention(2, heads=2, size=2)
    assert attention.position_bias is not None
    with torch.no_grad():
        # Head 0 looks at the right neighbour alone, wherever there is one.
        attention.position_bias[:, 0] = torch.where(torch.arange(9) == 1 * 3 + 0, 1000.0, 0.0)
        attention.qkv.weight.zero_()
        attention.qkv.weight[4:] = torch.eye(2)
        attention.qkv.bias.zero_()
        attention.project.weight.copy_(torch.eye(2))
        attention.project.bias.zero_()
    x_MTC = torch.randn(1, 4, 2)
    attended = attention(x_MTC)
    assert torch.allclose(attended[0, [0, 2], 0], x_MTC[0, [1, 3], 0])


def test_channel_norm_works_on_every_pixel() -> None:
    x = torch.randn(2, 5, 3, 4) * 3 + 1
    y = ChannelNorm(5)(x)
    assert torch.allclose(y.mean(1), torch.zeros(2, 3, 4), atol=1e-6)
    assert torch.allclose(y.std(1, unbiased=False), torch.ones(2, 3, 4), atol=1e-4)


def test_a_mean_shift_adds_its_colour() -> None:
    x = torch.rand(1, 3, 2, 2)
    colour = torch.tensor([0.1, -0.2, 0.3])
    assert torch.allclose(MeanShift((0.1, -0.2, 0.3))(x), x + colour[:, None, None])


def corners(side: int, size: int) -> tuple[list[int], int]:
    """Where windows start along an axis, and how long they are; the last one ends where the axis does."""
    window = min(side, size)
    count = (side - 1) // window + 1
    step = window if count == 1 else -(-(side - window) // (count - 1))
    return [*range(0, side - window, step), side - window], window


@pytest.mark.parametrize(("height", "width"), [(5, 9), (11, 7), (23, 15)])
def test_covering_windows_are_those_of_a_loop_averaged_where_they_overlap(height: int, width: int) -> None:
    x = torch.randn(2, 3, height, width, dtype=torch.float64)
    (rows, tall), (columns, wide) = corners(height, 7), corners(width, 7)
    total, times = torch.zeros_like(x), torch.zeros_like(x)
    for place in ((..., slice(i, i + tall), slice(j, j + wide)) for i in rows for j in columns):
        total[place] += x[place] * x[place].amax((2, 3), keepdim=True)
        times[place] += 1
    windows = to_covering_windows(x, 7)
    found = from_covering_windows(windows * windows.amax(-1, keepdim=True), 7, x)
    assert (found - total / times).abs().max() < 1e-12
