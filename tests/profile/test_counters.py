"""Costs: against the challenge's table, and against counts done by hand."""

import csv
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from resolute import registry
from resolute.core.errors import ResoluteError
from resolute.metrics.counters import count
from resolute.metrics.multiplications import MultiplyAdds
from resolute.profile import as_rows, profile, rows_for_output, timing_of
from resolute.profile.timing import latency_ms

ROOT = Path(__file__).parents[2]

# The challenge's counter, run on its 42 released networks (tests/data/README.md says where it comes from).
with (ROOT / "tests/data/tables/ntire2022_counts.csv").open(newline="") as file:
    OFFICIAL = {row["method"]: row for row in csv.DictReader(file) if row["method"] in registry.names()}
# The same of later challenges and FLOPs by fvcore, in millions and 10^9 (a file each).
LATER = {
    row["method"]: row
    for path in sorted((ROOT / "tests/data/tables").glob("ntire202[3-9]_counts.csv"))
    for row in csv.DictReader(path.read_text().splitlines())
    if row["method"] in registry.names()
}
# fvcore passes over 128 of FMDN's convolutions, which name their padding by a word. HAESR cuts tokens for its linear
# layers into axes that are not on record, of which the counter of 2022 reads the wrong ones.
COUNTED_OTHERWISE = {"fmdn_2025": -836_482_944}
CUT_OTHERWISE = {"haesr_2026": "18.2700"}
# Multiply-adds of the networks of 2022, each once, whatever the challenge's counter makes of them.
with (ROOT / "tests/data/tables/ntire2022_macs.csv").open(newline="") as file:
    OFFICIAL_MACS = {row["method"]: int(row["macs"]) for row in csv.DictReader(file)}
# What three of the released networks compute for nothing at 256x256 pixels, and ours do not (`notes` of the registry).
SPARED = {
    # Two attentions pad to 320x320: 36 more areas of 64 tokens, with 192 numbers in query, key and value.
    "imdeception_team19": 2 * 36 * 2 * 64 * 64 * 192,
    # In four blocks, 12 channels are unshuffled by a convolution: 2x2 ones and zeros for each of 48 outputs.
    "rfdn_team35": 4 * (128 * 128) * 48 * 2 * 2,
    # 32 channels of a layer attention over one layer: the product with itself, and that with a softmax of 1.
    "rlcsr_team42": 2 * 32 * 256 * 256,
}
# NTIRE 2022 challenge report (arXiv 2205.05675), Table 1: params [M], FLOPs [G], activations [M], #conv.
with (ROOT / "data/published/ntire2022/table1.csv").open(newline="") as file:
    PRINTED = {(row["method"], row["metric"]): row["value"] for row in csv.DictReader(file)}
# Counted by another counter than the one released (data/published/ntire2022/errata.csv).
PRINTED_OTHERWISE = {("bsrn_team18", "flops")}


@cache
def counted(method: str) -> dict[str, Any]:
    """The counts of the challenge's setting."""
    return profile(method, 4, (256, 256), timed=False)


@pytest.mark.parametrize("method", OFFICIAL)
def test_the_official_counters_integers_and_table_1_at_its_printed_digits(method: str) -> None:
    found = counted(method)
    counts = {
        "params": found["params_ntire2022"],
        "flops": found["flops_ntire2022"],
        "activations": found["activations"],
        "n_conv": found["n_conv"],
    }
    assert counts == {metric: int(OFFICIAL[method][metric]) for metric in counts}
    printed = {
        "params": f"{counts['params'] / 1e6:.3f}",
        "flops": f"{counts['flops'] / 1e9:.2f}",
        "activations": f"{counts['activations'] / 1e6:.2f}",
        "n_conv": str(counts["n_conv"]),
    }
    for metric in printed.keys() - {metric for name, metric in PRINTED_OTHERWISE if name == method}:
        assert printed[metric] == PRINTED[method, metric], metric


@pytest.mark.parametrize("method", LATER)
def test_the_counts_of_later_challenges_at_the_digits_on_record(method: str) -> None:
    found = counted(method)
    counts = {
        "params": str(found["params_ntire2022"]),
        "flops_ntire2022_g": f"{found['flops_ntire2022'] / 1e9:.4f}",
        "flops_fvcore_g": f"{(found['flops_fvcore'] + COUNTED_OTHERWISE.get(method, 0)) / 1e9:.4f}",
        "activations_m": f"{found['activations'] / 1e6:.4f}",
        "n_conv": str(found["n_conv"]),
    }
    expected = {column: LATER[method][column] for column in counts}
    assert counts == {**expected, "flops_ntire2022_g": CUT_OTHERWISE.get(method, expected["flops_ntire2022_g"])}


@pytest.mark.parametrize("method", OFFICIAL_MACS)
def test_the_multiply_adds_of_the_official_networks(method: str) -> None:
    assert counted(method)["macs"] == OFFICIAL_MACS[method] - SPARED.get(method, 0)


class Repeated(nn.Module):
    """Operations that come again: with equal shapes, with numbers of other types, with values that the passes need."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.norm = nn.LayerNorm(8)

    def forward(self, x: Tensor) -> Tensor:
        whole = torch.ones(2, dtype=torch.int64, device=x.device)
        assert [(whole * number).dtype for number in (1, 1.0)] == [torch.int64, torch.float32]
        for _ in range(2):
            for times in torch.arange(1, 4, device="cpu").tolist():
                for _ in range(times):
                    x = self.norm(self.conv(x)).transpose(2, 3).relu_()
            greatest, _ = x.max(dim=1, keepdim=True)
            x = x + greatest @ x
        return x


def test_operations_that_come_again_are_what_they_were_and_count_again() -> None:
    network, x = Repeated(), torch.rand(1, 3, 8, 8)
    multiply_adds = MultiplyAdds()
    with torch.no_grad(), multiply_adds:
        seen = network(x)
    assert torch.equal(seen, network(x))
    on_meta, reference = MultiplyAdds(), FlopCounterMode(display=False)
    for counter in (on_meta, reference):
        with torch.no_grad(), counter:
            network.to("meta")(x.to("meta"))
    assert on_meta.times == multiply_adds.times
    assert {name: 2 * times for name, times in on_meta.times.items() if times} == reference.get_flop_counts()["Global"]
    convolutions, products = 12 * 8 * 8 * 9 * 3 * 3, 2 * 3 * 8 * 8 * 8
    assert on_meta.times.total() == convolutions + products


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
    assert counts.macs_convolutions == grouped + functional_conv + transposed
    assert counts.macs_linear == high * wide * 4 * 6
    assert counts.macs_products == attention
    assert counts.macs == counts.macs_convolutions + counts.macs_linear + counts.macs_products
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
    assert timing_of(found) == {"device": found["device"], "threads": 1, "precision": "float32"}
    assert found["peak_memory_bytes"] is None or found["peak_memory_bytes"] >= 0


@pytest.mark.parametrize(
    ("passes", "expected"),
    [
        ([9.0, 8.0, 3.0, 2.0, 4.0], 2.0),  # two that do not count, three that do
        ([4_000.0, 3_000.0, 3_500.0], 3_500.0),
        ([6_000.0, 5_000.0], 5_000.0),
        ([12_000.0], 12_000.0),
    ],
)
def test_long_passes_are_not_repeated(passes: list[float], expected: float, monkeypatch: pytest.MonkeyPatch) -> None:
    left = iter(passes)
    monkeypatch.setattr("resolute.profile.timing.call_ms", lambda *_: next(left))
    assert latency_ms(nn.Identity(), torch.zeros(1), runs=3) == expected
    assert next(left, None) is None


def test_the_first_call_is_told_apart_from_the_latency_that_leaves_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class SlowAtFirst(nn.Module):
        calls = 0

        def forward(self, lr: Tensor) -> Tensor:
            time.sleep(0.2 if self.calls == 0 else 0)
            self.calls += 1
            return lr

    monkeypatch.setattr("resolute.profile.make.prepare", lambda *_: SlowAtFirst())
    found = profile("rlfn_tiny", 4, (32, 24), timed=True, runs=2, threads=1)
    assert found["first_call_ms"] >= 200 > found["latency_ms"]
    (row,) = [row for row in as_rows(found) if row["metric"] == "first_call"]
    assert (row["value"], row["unit"], row["device"]) == (found["first_call_ms"], "ms", found["device"])


def test_an_output_size_is_counted_at_its_lr_size() -> None:
    rows = rows_for_output("rlfn_tiny", 3, (1280, 720))
    assert {row["lr_size"] for row in rows} == {"426x240"}
    # Neither times nor what has no size: parameters and the number of convolutions.
    assert {row["metric"] for row in rows} == {"macs", "macs_lowest", "flops", "activations"}
    (macs,) = [row["value"] for row in rows if row["metric"] == "macs"]
    assert macs == profile("rlfn_tiny", 3, (426, 240), timed=False)["macs"]


def test_an_output_size_that_is_too_small_for_the_network_is_left_out() -> None:
    assert rows_for_output("arm_carn", 4, (124, 128)) == []
    assert {row["lr_size"] for row in rows_for_output("arm_carn", 4, (128, 128))} == {"32x32"}


def test_bicubic_costs_no_multiply_adds() -> None:
    found = profile("bicubic", 4, (64, 64), timed=True)
    assert found["params"] == found["macs"] == 0
    assert found["latency_ms"] is None


def test_a_size_below_the_minimum_is_one_clear_line() -> None:
    with pytest.raises(ResoluteError, match="8x20 is too small: rlfn_team04 needs sides of at least 15"):
        profile("rlfn_team04", 4, (8, 20), timed=False)


@pytest.mark.parametrize("method", ["liif_tiny", "moeisr_tiny"])
def test_a_decoder_takes_what_the_encoder_leaves(method: str) -> None:
    """The encoder by hand: ten 3x3 convolutions of 32 channels, the first of which reads three, for every LR pixel."""
    found = profile(method, 3.7, (20, 12), timed=False)
    encoder = 20 * 12 * 9 * 32 * (3 + 9 * 32)
    assert found["macs_decoder"] == found["macs"] - encoder
    (row,) = [row for row in as_rows(found) if row["metric"] == "macs_decoder"]
    assert (row["protocol"], row["value"], row["lr_size"]) == ("macs", found["macs_decoder"], "20x12")


def test_a_network_without_an_encoder_has_no_decoder() -> None:
    assert counted("imdn_tiny")["macs_decoder"] is None
    assert not [row for row in as_rows(counted("imdn_tiny")) if row["metric"] == "macs_decoder"]
    assert profile("bicubic", 4, (8, 8), timed=False)["macs_decoder"] is None
