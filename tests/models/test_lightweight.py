"""The networks that SeemoRe is compared with: the official function when small, the official cost when full.

Official outputs with published weights, where there are any, are in `test_networks.py`.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from resolute import methods, registry
from resolute.fetch import key_maps
from resolute.methods import weights
from resolute.metrics.counters import Counts, count
from resolute.models import create_model

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "tests/data/golden/small"
TABLES = ROOT / "data/published/seemore"
COMPARED = ("carn_m", "imdn", "pan", "shufflemixer", "safmn")

# Of the output's range; the official networks' own float32 rounding is below 1e-6 of it.
GOLDEN_TOLERANCE = 1e-5

# The official parameter names of networks without published weights, thus without a key map in the registry.
SAFMN_KEYS = (
    (r"^to_feat\.", "head."),
    (r"^to_img\.0\.", "tail.conv."),
    (r"^feats\.(\d)\.norm(\d)\.", "body.{1}.{2-1}.0."),
    (r"^feats\.(\d)\.safm\.mfr\.", "body.{1}.0.1.levels."),
    (r"^feats\.(\d)\.safm\.aggr\.", "body.{1}.0.1.fuse."),
    (r"^feats\.(\d)\.ccm\.ccm\.(\d)\.", "body.{1}.1.{2+1}."),
)
SHUFFLEMIXER_KEYS = (
    (r"^to_feat\.", "head."),
    (r"^upsapling\.", "enlarge."),
    (r"^blocks\.(\d)\.conv\.", "body.{1}.1."),
    (r"^blocks\.(\d)\.net\.", "body.{1}.0."),
    (r"\.norm1\.body\.", ".0.0."),
    (r"\.mlp1\.fc\.", ".0.1.layers."),
    (r"\.spatial\.", ".1."),
    (r"\.norm2\.body\.", ".2.0."),
    (r"\.mlp2\.fc\.", ".2.1.layers."),
)


@dataclass(frozen=True)
class Small:
    """A small network with random weights, known by the name of its files."""

    model: str
    scale: float
    arguments: dict[str, Any] = field(default_factory=dict)

    def keys(self) -> tuple[tuple[str, str] | str, ...]:
        own = {"safmn": SAFMN_KEYS, "shufflemixer": SHUFFLEMIXER_KEYS}
        return own.get(self.model) or next(iter(registry.entry(self.model).published.values())).keys


NETWORKS = {
    "safmn_x2": Small("safmn", 2, {"width": 12, "blocks": 2}),
    "safmn_x3": Small("safmn", 3, {"width": 12, "blocks": 2}),
    "safmn_x4": Small("safmn", 4, {"width": 12, "blocks": 2}),
    "shufflemixer_x2": Small("shufflemixer", 2, {"width": 16, "blocks": 1, "kernel": 7}),
    "shufflemixer_x3": Small("shufflemixer", 3, {"width": 16, "blocks": 1, "kernel": 5}),
    "shufflemixer_x4": Small("shufflemixer", 4, {"width": 16, "blocks": 1, "kernel": 3}),
    "vapsr_x2": Small("vapsr", 2, {"width": 16, "blocks": 2, "attention_width": 24}),
    "vapsr_x3": Small("vapsr", 3, {"width": 16, "blocks": 2, "attention_width": 24}),
    "vapsr_x4": Small("vapsr", 4, {"width": 16, "blocks": 2, "attention_width": 24}),
    "vapsr_x4_groups2": Small("vapsr", 4, {"width": 16, "blocks": 1, "attention_width": 16, "trunk_groups": 2}),
    "smfanet_x4": Small("smfanet", 4, {"width": 12, "blocks": 2}),
}

# Parameters of the official networks, and GMACs of their convolutions for an output of 1280 x 720 pixels.
OFFICIAL = {
    ("pan", 2): (261_403, None),
    ("pan", 3): (261_403, None),
    ("pan", 4): (272_419, None),
    ("carn_m", 2): (414_811, None),
    ("safmn", 2): (227_820, 51.48),
    ("safmn", 3): (232_695, 23.34),
    ("safmn", 4): (239_520, 13.54),
    ("shufflemixer", 2): (393_939, 90.85),
    ("shufflemixer", 3): (414_739, 43.29),
    ("shufflemixer", 4): (410_579, 27.68),
    ("vapsr", 2): (329_236, None),
    ("vapsr", 3): (336_811, None),
    ("vapsr", 4): (342_220, 19.52),
    ("vapsr_s", 4): (154_956, None),
    ("smfanet", 2): (185_628, 38.79),
    ("smfanet", 3): (190_503, 17.71),
    ("smfanet", 4): (197_328, 10.37),
    ("smfanet_plus", 2): (480_300, 101.14),
    ("smfanet_plus", 3): (486_795, 45.55),
    ("smfanet_plus", 4): (495_888, 26.18),
}

# The last digit above.
GMACS_TOLERANCE = 0.01

# Thousands of parameters that papers print, beside those of SeemoRe's Table 1: RLFN, Table 1; BSRN in LKDN's table.
PRINTED = {("rlfn", 2): 527, ("rlfn", 4): 543, ("bsrn", 4): 352}

# Of SeemoRe's Table 1: CARN-M has 412 K parameters in its own paper and in the row of x2, 415 K in the other rows;
# ShuffleMixer has 43 G at x3 in SAFMN's table.
PRINTED_OTHERWISE = {("carn_m", 2, "params"), ("shufflemixer", 3, "macs")}


def printed() -> Iterator[tuple[str, int, str, float]]:
    """Method, scale, metric and value (K or G) of SeemoRe's Table 1 and of other papers."""
    for scale in (2, 3, 4):
        with (TABLES / f"table1_x{scale}.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                known = row["method"] in COMPARED and row["metric"] in ("params", "macs")
                if known and (row["method"], scale, row["metric"]) not in PRINTED_OTHERWISE:
                    yield row["method"], scale, row["metric"], float(row["value"])
    for (method, scale), value in PRINTED.items():
        yield method, scale, "params", value


def cost(method: str, scale: int) -> Counts:
    return count(lambda: methods.build(method, scale), 720 // scale, 1280 // scale)


@pytest.mark.parametrize("name", NETWORKS)
def test_random_weights_give_the_official_output(name: str) -> None:
    """Also of 23 x 19 pixels, where pooling windows overlap and cannot be enlarged evenly."""
    small, golden = NETWORKS[name], np.load(SMALL / f"{name}.npz")
    network = create_model(small.model, small.scale, **small.arguments).eval()
    keys = registry.Published(source="", licence="", keys=small.keys())
    weights.load_state(network, key_maps.rename(weights.read_checkpoint(SMALL / f"{name}.pt"), keys), name)
    for part in [key.removeprefix("input") for key in golden if key.startswith("input")]:
        lr = torch.from_numpy(golden[f"input{part}"].astype(np.float32)).permute(2, 0, 1)[None] / 255
        with torch.inference_mode():
            sr = network(lr)[0].numpy()
        expected = golden[f"output{part}"]
        assert np.abs(sr - expected).max() < GOLDEN_TOLERANCE * np.ptp(expected)


@pytest.mark.parametrize(("method", "scale"), OFFICIAL)
def test_the_cost_is_that_of_the_official_network(method: str, scale: int) -> None:
    params, gmacs = OFFICIAL[method, scale]
    found = cost(method, scale)
    assert found.params == params
    if gmacs is not None:
        assert found.macs / 1e9 == pytest.approx(gmacs, abs=GMACS_TOLERANCE)


def test_the_tiny_shufflemixer_has_the_parameters_of_the_official_one() -> None:
    for scale, params in ((2, 108_435), (3, 113_715), (4, 112_659)):
        tiny = create_model("shufflemixer", scale, width=32, kernel=3)
        assert sum(parameter.numel() for parameter in tiny.parameters()) == params


@pytest.mark.parametrize(("method", "scale", "metric", "value"), list(printed()))
def test_the_cost_is_the_printed_one(method: str, scale: int, metric: str, value: float) -> None:
    """Papers round up or down, and count more or less than convolutions: whole thousands and whole billions."""
    found = cost(method, scale)
    measured = found.params / 1e3 if metric == "params" else found.macs / 1e9
    assert abs(measured - value) < 1


def test_one_carn_m_serves_every_scale() -> None:
    """Its weights at one scale are those at any other."""
    networks = {scale: create_model("carn_m", scale) for scale in (2, 3, 4)}
    for scale, network in networks.items():
        weights.load_state(network, networks[4].state_dict(), "carn_m")
        assert network(torch.zeros(1, 3, 5, 7)).shape == (1, 3, 5 * scale, 7 * scale)
