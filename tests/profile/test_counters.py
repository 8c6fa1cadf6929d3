"""Costs: against the challenge's table, and against counts done by hand."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.core.errors import ResoluteError
from resolute.profile import profile
from resolute.profile.counters import count

# NTIRE 2022 challenge report (arXiv 2205.05675), Table 1: params [M], FLOPs [G], activations [M], #conv.
TABLE_1 = {
    "imdn_baseline": ("0.894", "58.53", "154.14", 43),
    "rfdn_baseline": ("0.433", "27.10", "112.03", 64),
    "rlfn_team04": ("0.317", "19.70", "80.05", 39),
}
# The official counter's own integers (ofsoundof/NTIRE2022_ESR, commit e95ba4a, utils/model_summary.py).
OFFICIAL_COUNTER = {
    "imdn_baseline": (893936, 58531512320, 154140672),
    "rfdn_baseline": (433448, 27102622560, 112034240),
}


@pytest.mark.parametrize("method", TABLE_1)
def test_table_1_at_its_printed_digits(method: str) -> None:
    found = profile(method, 4, (256, 256), timed=False)
    printed = (
        f"{found['params'] / 1e6:.3f}",
        f"{found['flops_ntire2022'] / 1e9:.2f}",
        f"{found['activations'] / 1e6:.2f}",
        found["n_conv"],
    )
    assert printed == TABLE_1[method]


@pytest.mark.parametrize("method", OFFICIAL_COUNTER)
def test_the_official_counters_integers(method: str) -> None:
    found = profile(method, 4, (256, 256), timed=False)
    assert (found["params"], found["flops_ntire2022"], found["activations"]) == OFFICIAL_COUNTER[method]


class Warts(nn.Module):
    """One of everything that the challenge's counter sees, misses or gets wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.grouped = nn.Conv2d(4, 8, 3, padding=1, groups=2)
        self.transposed = nn.ConvTranspose2d(8, 4, 2, stride=2)
        self.norm = nn.BatchNorm2d(4)
        self.relu = nn.ReLU()
        self.gelu = nn.GELU()
        self.linear = nn.Linear(4, 6)
        self.never_called = nn.Conv2d(4, 4, 1)
        self.fixed = nn.Parameter(torch.ones(4, 3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = functional.conv2d(x, self.fixed)
        x = self.relu(self.norm(self.transposed(self.grouped(x))))
        tokens = self.gelu(self.linear(x.permute(0, 2, 3, 1)))
        return tokens @ tokens.transpose(-1, -2)


def test_counts_done_by_hand() -> None:
    height, width = 5, 7
    high, wide = 2 * height, 2 * width
    counts = count(Warts, height, width)
    grouped = height * width * 3 * 3 * (4 // 2) * 8
    functional_conv = height * width * 3 * 4
    transposed = height * width * 8 * 4 * 2 * 2
    # Each of the 10 rows is a product of (14 x 6) and (6 x 14).
    attention = high * wide * 6 * wide
    assert counts.macs == grouped + functional_conv + transposed + high * wide * 4 * 6 + attention
    assert counts.flops_2macs == 2 * counts.macs
    # The challenge: a grouped convolution by Cin x (Cout / groups), a transposed one at its output size,
    # batch norm twice, ReLU once, a linear layer by the wrong axes, nothing for functional calls.
    challenge = height * width * 9 * 4 * (8 // 2) + high * wide * 2 * 2 * 8 * 4 + 2 * high * wide * 4
    assert counts.flops_ntire2022 == challenge + high * wide * 4 + 1 * high * high
    assert counts.n_conv == 2
    assert counts.activations == height * width * 8 + high * wide * 4
    assert counts.params == sum(parameter.numel() for parameter in Warts().parameters())


def test_a_timed_profile_has_latency_memory_and_device() -> None:
    found = profile("rlfn_tiny", 4, (32, 24), timed=True, runs=1, threads=1)
    assert found["latency_ms"] > 0
    assert found["device"]
    assert found["peak_memory_bytes"] is None or found["peak_memory_bytes"] >= 0


def test_bicubic_costs_no_multiply_adds() -> None:
    found = profile("bicubic", 4, (64, 64), timed=True)
    assert found["params"] == found["macs"] == 0
    assert found["latency_ms"] is None


def test_a_size_below_the_minimum_is_one_clear_line() -> None:
    with pytest.raises(ResoluteError, match="8x20 is too small: rlfn_team04 needs sides of at least 15"):
        profile("rlfn_team04", 4, (8, 20), timed=False)
