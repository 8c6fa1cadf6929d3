"""EDSR, RDN and SwinIR: encoders of arbitrary-scale SR with the upsamplers that they were made with."""

import pytest
import torch

from resolute import methods, registry
from resolute.metrics.counters import count
from resolute.models import create_model

# Parameters, of EDSR and RDN as their encoders' official counts, (EDSR without fixed mean shifts, which printed counts
# leave out), the upsampler's convolutions and the last one add up to; for RDN at x4 22.27 M are printed.
PARAMS = {
    ("edsr_baseline", 2): 1_220_416 + (9 * 64 + 1) * 256 + (9 * 64 + 1) * 3,
    ("edsr_baseline", 3): 1_220_416 + (9 * 64 + 1) * 576 + (9 * 64 + 1) * 3,
    ("edsr_baseline", 4): 1_220_416 + 2 * (9 * 64 + 1) * 256 + (9 * 64 + 1) * 3,
    ("edsr_baseline_mmagic", 4): 1_517_571,
    ("edsr", 2): 40_729_603,
    ("edsr", 3): 43_680_003,
    ("edsr", 4): 43_089_923,
    ("rdn", 2): 21_973_952 + (9 * 64 + 1) * 256 + (9 * 64 + 1) * 3,
    ("rdn", 4): 21_973_952 + 2 * (9 * 64 + 1) * 256 + (9 * 64 + 1) * 3,
    ("swinir", 4): 11_603_044 + 2 * (9 * 64 + 1) * 256 + (9 * 64 + 1) * 3,
}

# SwinIR-light as SRFormer prints it (Table 5): thousands of parameters, and GMACs for an output of 1280x720. SwinIR's
# own paper prints 878, 886 and 897: less the 24 tables of position biases.
LIGHT = {2: (910, 878, 244, 360, 640), 3: (918, 886, 111, 240, 426), 4: (930, 897, 63.6, 180, 320)}
BIASES = 24 * 15 * 15 * 6
# What it counts besides: five operations for each of the 60 channels of 50 norms at every pixel.
NORMS = 5 * 60 * 50


@pytest.mark.parametrize(("name", "scale"), PARAMS)
def test_parameters_are_those_of_the_official_networks(name: str, scale: int) -> None:
    with torch.device("meta"):
        assert sum(tensor.numel() for tensor in methods.build(name, scale).parameters()) == PARAMS[name, scale]


@pytest.mark.parametrize("scale", LIGHT)
def test_swinir_light_costs_what_is_printed(scale: int) -> None:
    params, without_biases, gmacs, height, width = LIGHT[scale]
    found = count(lambda: methods.build("swinir_light", scale), height, width)
    filled = (height + -height % 8) * (width + -width % 8)
    assert round(found.params / 1e3) == params
    assert round((found.params - BIASES) / 1e3) == without_biases
    assert round((found.macs + NORMS * filled) / 1e9, 0 if scale < 4 else 1) == gmacs


def test_edsr_is_one_network_on_either_range_of_colours() -> None:
    """Its layers are linear but for ReLU, so that on colours 255 times as large biases are 255 times as large."""
    torch.manual_seed(0)
    small, large = (create_model("edsr", 2, width=8, blocks=2, residual_scale=0.5, data_range=r) for r in (1, 255))
    scaled = {key: tensor * (255 if key.endswith("bias") else 1) for key, tensor in small.state_dict().items()}
    large.load_state_dict(scaled)
    lr = torch.rand(1, 3, 7, 9)
    with torch.inference_mode():
        assert (large(255 * lr) / 255 - small(lr)).abs().max() < 1e-6


def test_a_block_of_edsr_adds_its_share_of_what_it_computes() -> None:
    encoder = create_model("edsr", 2, width=8, blocks=1, residual_scale=0.1).get_submodule("encoder")
    (block,) = encoder.get_submodule("body").children()
    *layers, _ = block.children()
    x = torch.rand(1, 8, 5, 6)
    with torch.inference_mode():
        assert torch.allclose(block(x), x + 0.1 * torch.nn.Sequential(*layers)(x))


@pytest.mark.parametrize("arguments", [{"width": 0}, {"width": 16}], ids=["light", "classical"])
def test_swinir_cuts_off_what_it_fills_up(arguments: dict[str, int]) -> None:
    torch.manual_seed(0)
    network = create_model("swinir", 3, inner=12, depths=(2,), heads=(2,), **arguments).eval()
    lr = torch.rand(1, 3, 13, 22)
    filled = torch.nn.functional.pad(lr, (0, 2, 0, 3), mode="reflect")
    with torch.inference_mode():
        assert torch.equal(network(lr), network(filled)[:, :, :39, :66])


def test_mmagics_liif_is_centred_otherwise_than_the_papers() -> None:
    own, papers = (methods.build(name, 2) for name in ("liif_edsr_mmagic", "liif_edsr"))
    lr = torch.rand(1, 3, 4, 5)
    mean = torch.tensor([0.4488, 0.4371, 0.4040])[:, None, None]
    assert torch.equal(own.centred(lr), lr - mean)  # type: ignore[operator]
    assert torch.equal(papers.centred(lr), (lr - 0.5) / 0.5)  # type: ignore[operator]
    assert registry.entry("liif_rdn").published["mmagic"] and registry.entry("liif_rdn").arguments["encoder"] == "rdn"
