"""Printed multiply-adds that are those of the same network counted otherwise, rebuilt."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute import methods
from resolute.metrics.counters import count, count_macs
from resolute.models import smfanet
from resolute.models.blocks.pooling import max_pool_cells

PUBLISHED = Path(__file__).parents[2] / "data/published"
# The LR image of an output of 1280x720 pixels, or just below.
LR_SIZES = {2: (640, 360), 3: (426, 240), 4: (320, 180)}


def errata(paper: str) -> Iterator[tuple[str, str, str, str]]:
    """Table, method, claim and finding of a paper's MACs and FLOPs that are known to be others than printed."""
    with (PUBLISHED / paper / "errata.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["kind"] == "error" and row["column"] in ("macs", "macs_lkdn", "flops"):
                yield row["table"], row["row"], row["claim"], row["finding"]


def resized_first(self: smfanet.SMFA, x: Tensor) -> Tensor:
    """`SMFA._mask` with its convolution at full size, after the resizing."""
    height, width = x.shape[-2:]
    maxima = self.pooled(max_pool_cells(x, smfanet.POOLING))
    variance = torch.var(x, dim=(-2, -1), keepdim=True)
    coarse = maxima * self.pooled_factor + variance * self.variance_factor
    return functional.gelu(self.modulation(functional.interpolate(coarse, size=(height, width))))


def bias_additions(network: nn.Module, height: int, width: int) -> int:
    """Output elements of all convolutions that have a bias."""
    found: list[int] = []

    def note(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        found.append(output.numel())

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and layer.bias is not None:
            layer.register_forward_hook(note)
    with torch.no_grad():
        network(torch.empty(1, 3, height, width, device="meta"))
    return sum(found)


@pytest.mark.parametrize(
    ("table", "method", "claim", "finding"), [row for row in errata("lightweight") if row[1].startswith("smfanet")]
)
def test_smfanet_is_printed_with_the_convolution_of_its_mask_at_full_size(
    table: str, method: str, claim: str, finding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scale = int(table.removeprefix("compared_x"))
    width, height = LR_SIZES[scale]
    released = count(lambda: methods.build(method, scale), height, width)
    assert f"{released.macs / 1e9:.0f}" == finding
    assert f"{released.flops_fvcore / 1e9:.0f}" != claim
    monkeypatch.setattr(smfanet.SMFA, "_mask", resized_first)
    assert f"{count(lambda: methods.build(method, scale), height, width).flops_fvcore / 1e9:.0f}" == claim


def test_smfanet_is_the_same_function_either_way(monkeypatch: pytest.MonkeyPatch) -> None:
    network, x = smfanet.SMFA(8, weighed=True), torch.rand(1, 8, 20, 28)
    nn.init.ones_(network.variance_factor)
    with torch.no_grad():
        released = network(x)
        monkeypatch.setattr(smfanet.SMFA, "_mask", resized_first)
        # A convolution of another size may add in another order: a few units in the last place, on some processors.
        torch.testing.assert_close(network(x), released, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("paper", "method", "size"), [("lightweight", "bsrn", (320, 180)), ("ntire2022", "bsrn_team18", (256, 256))]
)
def test_bsrn_is_printed_with_an_addition_for_each_bias(paper: str, method: str, size: tuple[int, int]) -> None:
    (claim,) = [claim for _, row, claim, _ in errata(paper) if row == method]
    width, height = size
    macs = count_macs(lambda: methods.build(method, 4), height, width)
    with torch.device("meta"):
        network = methods.build(method, 4).eval()
    digits = len(claim.partition(".")[2])
    assert f"{(macs + bias_additions(network, height, width)) / 1e9:.{digits}f}" == claim
    assert f"{macs / 1e9:.{digits}f}" != claim
