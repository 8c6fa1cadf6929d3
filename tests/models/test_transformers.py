"""Attention inside windows and across channels: what no official output shows."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from resolute.models.blocks.restormer import RestormerBlock
from resolute.models.blocks.swin import StochasticDepth, attend_in_windows, pad_to_multiple
from resolute.models.blocks.windows import WindowAttention
from resolute.models.encoders.swinir import SwinIR
from resolute.models.hnct import SwinPair
from resolute.models.mobilesr import Transformer
from resolute.profile import profile

TABLE_1 = Path(__file__).parents[2] / "data/published/ntire2022/table1.csv"

# Relative. Of all whole widths, those registered come nearest to the printed FLOPs and activations.
UNKNOWN_WIDTHS = 0.0016

# Double precision: two orders of the same sums.
ROUNDING = 1e-12


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_the_isotropic_restormer_costs_what_the_report_says_as_nearly_as_can_be() -> None:
    with TABLE_1.open(newline="") as file:
        printed = {row["metric"]: row["value"] for row in csv.DictReader(file) if row["method"] == "restormer_iso"}
    found = profile("restormer_iso", 4, (256, 256), timed=False)
    assert f"{found['params'] / 1e6:.3f}" == printed["params"]
    assert str(found["n_conv"]) == printed["n_conv"]
    assert found["activations"] / 1e6 == pytest.approx(float(printed["activations"]), rel=UNKNOWN_WIDTHS)
    assert found["flops_ntire2022"] / 1e9 == pytest.approx(float(printed["flops"]), rel=UNKNOWN_WIDTHS)


def test_padding_grows_the_far_sides_alone_and_only_where_needed() -> None:
    x = torch.rand(1, 2, 5, 8)
    padded = pad_to_multiple(x, 4)
    assert padded.shape == (1, 2, 8, 8)
    assert torch.equal(padded[:, :, :5], x)
    assert not padded[:, :, 5:].any()
    assert torch.equal(pad_to_multiple(x, 4, reflect=True)[:, :, 5:], x[:, :, [3, 2, 1]])


def test_shifted_windows_away_from_the_border_are_those_of_the_cropped_map() -> None:
    size, shift = 4, 1
    attention = WindowAttention(6, heads=2, size=size)
    x_BHWC = torch.randn(2, 12, 16, 6)
    shifted = attend_in_windows(attention, x_BHWC, size, shift)
    rest = size - shift
    expected = attend_in_windows(attention, x_BHWC[:, shift:-rest, shift:-rest], size)
    assert torch.allclose(shifted[:, shift:-rest, shift:-rest], expected, atol=ROUNDING)
    # What the shift leaves at the corner sees itself alone.
    x_BHWC[:, shift:] += 1
    x_BHWC[:, :, shift:] += 1
    corner = attend_in_windows(attention, x_BHWC, size, shift)[:, :shift, :shift]
    assert torch.allclose(corner, shifted[:, :shift, :shift], atol=ROUNDING)


def test_layers_are_left_out_image_by_image_in_training_alone() -> None:
    added = torch.rand(4000, 2, 3) + 1
    thinned = StochasticDepth(0.25)
    whole = thinned(added).count_nonzero(dim=(1, 2))
    assert set(whole.tolist()) == {0, 6}
    assert (whole == 0).double().mean() == pytest.approx(0.25, abs=0.03)
    assert thinned(added).mean() == pytest.approx(1.5, abs=0.05)
    assert torch.equal(thinned.eval()(added), added)
    rates = [one.rate for one in SwinIR(0, 12, (2, 1), (2, 2)).modules() if isinstance(one, StochasticDepth)]
    assert rates == [0, 0.05, 0.1]


def test_mobilesr_attends_to_its_padding_as_to_zeros() -> None:
    """A single pixel among 63 zeros, whose logits and values are zero, keeps e^l / (e^l + 63) of its value."""
    heads, share = 2, 3
    block = Transformer(heads * share, heads, 8, expansion=2)
    nn.init.zeros_(block.get_parameter("perceptron.2.linear.weight"))
    nn.init.zeros_(block.get_parameter("perceptron.2.linear.bias"))
    pixel = torch.randn(1, heads * share, 1, 1)
    shortcut = pixel + block.position(pixel)
    query, key, value = block.attention.qkv(block.norm1(shortcut)[0, :, 0, 0]).view(3, heads, share)
    weight = ((query * key).sum(1) / share**0.5).exp()
    attended = value * (weight / (weight + 63))[:, None]
    expected = shortcut[0, :, 0, 0] + block.attention.project(attended.flatten())
    assert torch.allclose(block(pixel)[0, :, 0, 0], expected, atol=ROUNDING)


def test_the_shortcuts_of_hnct_carry_normed_features() -> None:
    pair = SwinPair(width=6, heads=2, size=4)
    for layer in pair.layers:
        for last in ("attention.project", "perceptron.2"):
            nn.init.zeros_(layer.get_parameter(f"{last}.weight"))
            nn.init.zeros_(layer.get_parameter(f"{last}.bias"))
    x = torch.randn(1, 6, 5, 7)
    assert torch.allclose(pair(x), pair.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2), atol=ROUNDING)


def test_separate_embeddings_are_the_fused_one() -> None:
    fused = RestormerBlock(8, heads=2, hidden=5, bias=True)
    separate = RestormerBlock(8, heads=2, hidden=5, bias=True, fused=False)
    state = separate.state_dict()
    for name, tensor in fused.state_dict().items():
        before, embedding, layer = name.partition(".embed.0.")
        if embedding:
            for index, part in enumerate(tensor.chunk(3 if before == "attention" else 2)):
                state[f"{before}.embed.{index}.{layer}"] = part
        else:
            state[name] = tensor
    separate.load_state_dict(state)
    x = torch.randn(2, 8, 6, 5)
    assert torch.allclose(separate(x), fused(x), atol=ROUNDING)


def test_transposed_attention_weighs_channels_by_their_correlation() -> None:
    """With q = k = v = x and a high temperature, every channel becomes the one that it correlates with most: itself."""
    attention = RestormerBlock(4, heads=2, hidden=4).attention
    with torch.no_grad():
        pointwise, filtering = (attention.get_parameter(f"embed.0.{layer}.weight") for layer in (0, 1))
        pointwise.copy_(torch.eye(4).repeat(3, 1)[:, :, None, None])
        filtering.zero_()[:, :, 1, 1] = 1
        attention.project.weight.copy_(torch.eye(4)[:, :, None, None])
        attention.temperature.fill_(1e4)
        x = torch.randn(1, 4, 6, 5) * torch.tensor([1.0, 9, 0.1, 3])[:, None, None]
        assert torch.allclose(attention(x), x, atol=ROUNDING)
