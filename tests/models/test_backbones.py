"""SRResNet and RCAN, whole and sliced: the official function when small, the official cost when full."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from resolute import methods, registry
from resolute.fetch import key_maps
from resolute.inference.prepare import prepare
from resolute.methods import weights
from resolute.metrics.counters import count
from resolute.models import create_model
from resolute.models.blocks import slicing
from resolute.models.blocks.post_upsampling import enlarge

SMALL = Path(__file__).parents[1] / "data/golden/small"
KEPT = 4  # every fourth row and column of an output is kept

# The official parameter names, in XPixelGroup/ClassSR and yulunzhang/RCAN.
KEYS = {
    "srresnet": (
        (r"^conv_first\.", "head.0."),
        (r"^recon_trunk\.(\d+)\.conv1\.", "body.{1}.0."),
        (r"^recon_trunk\.(\d+)\.conv2\.", "body.{1}.2."),
        (r"^upconv1\.", "upsampler.0."),
        (r"^upconv2\.", "upsampler.3."),
        (r"^HRconv\.", "tail.0."),
        (r"^conv_last\.", "tail.2."),
    ),
    "rcan": (
        (r"^sub_mean\.", "subtract."),
        (r"^add_mean\.", "add."),
        (r"^head\.0\.", "head."),
        (r"^body\.(\d+)\.body\.(\d+)\.body\.", "body.{1}.0.{2}."),
        (r"^body\.(\d+)\.body\.\d+\.(weight|bias)", "body.{1}.1.{2}"),
        (r"^body\.\d+\.(weight|bias)", "trunk.{1}"),
        (r"\.conv_du\.0\.", ".squeeze."),
        (r"\.conv_du\.2\.", ".excite."),
    ),
}
SIZE = {
    "srresnet": {"width": 16, "blocks": 2},
    "rcan": {"width": 16, "blocks": 2, "groups": 2, "reduction": 4},
}

# Absolute, in units of the data range of each: ten times what float32 leaves open in the official networks.
TOLERANCE = {"srresnet": 5e-6, "rcan": 2e-3}

# Parameters of the official networks in the sizes above.
SMALL_PARAMS = {
    ("srresnet", 2): 21_763,
    ("srresnet", 3): 33_363,
    ("srresnet", 4): 31_043,
    ("rcan", 2): 36_299,
    ("rcan", 3): 47_899,
    ("rcan", 4): 45_579,
}

# Parameters of the official networks; GFLOPs (twice the multiply-adds) of an HR patch of 128x128, as WBSR (Table 1) and
# ClassSR print them at x4. WBSR prints four times these at x2, which no network has.
FULL = {
    ("srresnet", 4): (1_517_571, 5.194),
    ("srresnet", 2): (1_369_859, 12.15),
    ("rcan", 4): (15_592_379, 32.60),
    ("rcan", 2): (15_444_667, 125.40),
}


@cache
def official(model: str, scale: int) -> tuple[nn.Module, dict[str, np.ndarray]]:
    """A small network with the official random weights, and the file with its official outputs."""
    golden = dict(np.load(SMALL / f"{model}_x{scale}.npz"))
    state = {key.removeprefix("state/"): torch.from_numpy(golden[key]) for key in golden if key.startswith("state/")}
    network = create_model(model, scale, **SIZE[model])
    keys = registry.Published(source="", licence="", keys=KEYS[model])
    weights.load_state(network, key_maps.rename(state, keys), model)
    return network.eval(), golden


def image(pixels: np.ndarray, data_range: float) -> Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1)[None] * (data_range / 255)


def error(sr: Tensor, expected: np.ndarray) -> float:
    return float(np.abs(sr[0, :, ::KEPT, ::KEPT].numpy() - expected).max())


@pytest.mark.parametrize(("model", "scale"), [("srresnet", 4), ("rcan", 2)])
def test_random_weights_give_the_official_output(model: str, scale: int) -> None:
    network, golden = official(model, scale)
    with torch.inference_mode():
        sr = network(image(golden["input"], registry.entry(model).data_range))
    assert error(sr, golden["output"]) < TOLERANCE[model]


@pytest.mark.parametrize("width", [9, 13])
def test_a_slice_of_srresnet_gives_the_output_of_arm(width: int) -> None:
    """Of the official supernet's code, which is chenbong/ARM-Net's, on the same weights."""
    network, golden = official("srresnet", 4)
    smaller = create_model("srresnet", 4, width=width, blocks=2)
    with torch.inference_mode():
        sr = slicing.run(network, smaller, image(golden["input"][:16, :12], 1))
    assert error(sr, golden[f"out_w{width}"]) < TOLERANCE["srresnet"]


def test_arms_width_of_none_is_torchs_bicubic() -> None:
    _, golden = official("srresnet", 4)
    sr = enlarge(image(golden["input"][:16, :12], 1), 4, "bicubic")
    assert error(sr, golden["out_w0_bicubic"]) < TOLERANCE["srresnet"]


@pytest.mark.parametrize(("model", "scale"), SMALL_PARAMS)
def test_the_parameters_are_those_of_the_official_networks(model: str, scale: int) -> None:
    network = create_model(model, scale, **SIZE[model])
    assert sum(parameter.numel() for parameter in network.parameters()) == SMALL_PARAMS[model, scale]


@pytest.mark.parametrize(("model", "scale"), FULL)
def test_the_cost_is_the_printed_one(model: str, scale: int) -> None:
    params, gflops = FULL[model, scale]
    found = count(lambda: methods.build(model, scale), 128 // scale, 128 // scale)
    assert found.params == params
    assert found.flops_2macs / 1e9 == pytest.approx(gflops, abs=0.005)


@pytest.mark.parametrize("model", SIZE)
def test_a_network_that_is_prepared_is_the_same_function(model: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (19, 26, 3), dtype=np.uint8)
    torch.manual_seed(0)
    network = create_model(model, 3, **SIZE[model]).eval()
    data_range = registry.entry(model).data_range
    with torch.inference_mode():
        expected = network(image(pixels, data_range))
        found = prepare(network, "cpu")(image(pixels, data_range).contiguous(memory_format=torch.channels_last))
    assert (found - expected).abs().max() < 1e-5 * data_range
