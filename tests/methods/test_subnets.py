"""The subnets of WBSR: what they cost, their order, and that each can be cut out."""

import csv
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
import torch

from resolute import methods, registry
from resolute.core.errors import ResoluteError
from resolute.methods.subnets import Subnet, subnets

COSTS = Path(__file__).parents[1] / "data/tables/wbsr_subnet_costs.csv"
WIDTHS = (36, 52, 64)
DEPTHS = {"srresnet": (4, 8, 16), "rcan": (5, 10, 20)}

# At x4, the order of GFLOPs in the table.
ASCENDING = {
    "srresnet": "w36d4 w36d8 w36d16 w52d4 w52d8 w64d4 w52d16 w64d8 w64d16",
    "rcan": "w36d5 w36d10 w52d5 w64d5 w36d20 w52d10 w64d10 w52d20 w64d20",
}


@cache
def nine(method: str, scale: int) -> dict[str, Subnet]:
    return {subnet.name: subnet for subnet in subnets(registry.entry(method), scale, WIDTHS, DEPTHS[method])}


def rows() -> dict[tuple[str, int, int], list[dict[str, str]]]:
    """The table of costs, by method, scale and side of the LR patch."""
    found: dict[tuple[str, int, int], list[dict[str, str]]] = {}
    with COSTS.open(newline="") as file:
        for row in csv.DictReader(file):
            key = row["backbone"].lower(), int(row["scale"]), int(row["lr_patch"])
            found.setdefault(key, []).append(row)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "scale", "side"),
    # Nine networks of RCAN take five seconds; those of SRResNet have every scale and side.
    [pytest.param(*row, marks=pytest.mark.attack) if row[:2] == ("rcan", 2) else row for row in rows()],
)
def test_parameters_and_flops_are_those_of_the_table(method: str, scale: int, side: int) -> None:
    table = rows()[method, scale, side]
    assert len(table) == 9
    flops = {name: 2 * subnet.macs(side, side) for name, subnet in nine(method, scale).items()}
    assert list(flops) == sorted(flops, key=lambda name: flops[name])
    for row in table:
        name = f"w{row['width']}d{row['depth']}"
        params = sum(parameter.numel() for parameter in nine(method, scale)[name].form.parameters())
        assert params == int(row["params"]), name
        assert round(flops[name] / 1e9, 4) == float(row["gflops"]), name
        assert round(100 * flops[name] / max(flops.values()), 2) == float(row["percent"]), name


@pytest.mark.parametrize("method", DEPTHS)
def test_the_cheapest_comes_first(method: str) -> None:
    assert " ".join(nine(method, 4)) == ASCENDING[method]


def test_the_order_is_the_scales_own() -> None:
    at_x4, at_x2 = (list(nine("srresnet", scale)) for scale in (4, 2))
    assert at_x4.index("w36d16") < at_x4.index("w52d4")
    assert at_x2.index("w36d16") > at_x2.index("w52d4")


@pytest.mark.parametrize(
    ("method", "names"),
    [("srresnet", ("w36d4", "w52d8", "w52d16", "w64d4", "w64d16")), ("rcan", ("w36d5", "w52d10", "w64d5"))],
)
def test_what_is_cut_out_gives_the_same_bits(method: str, names: tuple[str, ...]) -> None:
    entry = registry.entry(method)
    torch.manual_seed(0)
    network, lr = methods.build(method, 4).eval(), torch.rand(1, 3, 8, 11) * entry.data_range
    with torch.inference_mode():
        results = {name: nine(method, 4)[name].run(network, lr) for name in names}
        for name, sr in results.items():
            assert torch.equal(nine(method, 4)[name].cut(network).eval()(lr), sr), name
    assert not any(torch.equal(one, other) for one, other in combinations(results.values(), 2))


def test_without_depths_there_are_widths_alone() -> None:
    found = subnets(registry.entry("srresnet"), 4, WIDTHS)
    # ARM's costs of its SRResNet supernet, in FLOPs (chenbong/ARM-Net).
    assert {subnet.name: 2 * subnet.macs(32, 32) for subnet in found} == {
        "w36": 1_658_216_448,
        "w52": 3_438_010_368,
        "w64": 5_193_990_144,
    }


def test_a_subnet_larger_than_the_network_is_one_line() -> None:
    with pytest.raises(
        ResoluteError, match=r"a subnet needs 80x3x3x3 of .+, but its network has one of 64x3x3x3: give"
    ):
        subnets(registry.entry("srresnet"), 4, (36, 80), (4, 8))
