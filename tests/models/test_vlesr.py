"""VLESR, for which there is nothing but the challenge report: its structure must cost what Table 1 prints."""

import csv
from pathlib import Path

import pytest
import torch

from resolute.models.vlesr import FGFB, PIGC
from resolute.profile import profile

TABLE1 = Path(__file__).parents[2] / "data/published/ntire2022/table1.csv"

# 403.96 M are counted where 404.16 M are printed: about three of 6,167 channels are somewhere else.
ACTIVATIONS_TOLERANCE = 6e-4


def test_the_printed_costs() -> None:
    with TABLE1.open(newline="") as file:
        printed = {row["metric"]: row["value"] for row in csv.DictReader(file) if row["method"] == "vlesr"}
    found = profile("vlesr", 4, (256, 256), timed=False)
    assert f"{found['params'] / 1e6:.3f}" == printed["params"]
    assert f"{found['flops_ntire2022'] / 1e9:.2f}" == printed["flops"]
    assert str(found["n_conv"]) == printed["n_conv"]
    assert found["activations"] / 1e6 == pytest.approx(float(printed["activations"]), rel=ACTIVATIONS_TOLERANCE)


def test_a_group_reads_itself_and_all_before_it() -> None:
    torch.manual_seed(0)
    layer = PIGC(8, groups=4)
    x = torch.rand(1, 8, 1, 1)
    changed = x.clone()
    changed[:, 4:6] += 1
    with torch.inference_mode():
        same = torch.isclose(layer(x), layer(changed)).flatten().tolist()
    assert same == [True] * 4 + [False] * 4


def test_the_inner_and_the_outer_outputs_are_paired() -> None:
    fusion = FGFB(1, torch.nn.Identity())
    pairs = []
    for name in ("inner", "outer"):
        getattr(fusion, name).register_forward_pre_hook(lambda _, args: pairs.append(args[0].flatten().tolist()))
    with torch.inference_mode():
        fusion(torch.arange(4.0).view(1, 4, 1, 1))
    assert pairs == [[1, 2], [0, 3]]
