"""Every network against the official one in function and in cost, and what all networks have in common."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.models.conftest import NOT_DETERMINISTIC, Recorder

from resolute import methods, registry
from resolute.core.errors import ResoluteError
from resolute.core.layout import Span
from resolute.evaluate.official import FOLDER
from resolute.fetch import key_maps
from resolute.methods import weights
from resolute.models import create_model
from resolute.models.blocks.reparameterised import fold

DATA = Path(__file__).parents[1] / "data"

# Of the data range. The official networks' own float32 rounding is below 2e-6 on photographs. Noise takes some far out
# of their range and rounds them more: their files tell how much (`rounding`), and two may differ by twice that.
GOLDEN_TOLERANCE = 1e-5

# Of the output's range: kernels of branches add up in another order than their outputs would.
FOLD_TOLERANCE = 1e-5

# Tensors of a checkpoint that are no parameters.
BUFFERS = re.compile(
    r"(running_mean|running_var|num_batches_tracked|attn_mask|relative_position_index|sample_indices|center_indices)$"
)

NETWORKS = [name for name in registry.names() if registry.entry(name).model and not registry.entry(name).like]
# Methods and scales whose official output is kept: the files are named <method>_x<scale>.
OFFICIAL = [(path.stem[:-3], float(path.stem[-1])) for path in sorted(FOLDER.glob("*_x?.npz"))]


def a_scale(name: str) -> float:
    """The largest scale of a method, or one of all."""
    return (registry.entry(name).scales or (2,))[-1]


FOLDING = [name for name in NETWORKS if registry.entry(name).training]


def golden_error(name: str, scale: float, checkpoint: Path) -> float:
    """The greatest difference from the official output, as a share of what may be."""
    entry, golden = registry.entry(name), np.load(FOLDER / f"{name}_x{scale:g}.npz")
    assert golden["data_range"] == entry.data_range
    published = entry.published[entry.tag()]
    network = methods.build(name, scale).eval()
    weights.load_state(network, key_maps.rename(weights.read_checkpoint(checkpoint, published.inside), published), name)
    lr = torch.from_numpy(golden["input"].astype(np.float32)).permute(2, 0, 1)[None] * (entry.data_range / 255)
    with torch.inference_mode():
        sr = network(lr)[0].numpy()
    # Some files keep every third row and column alone.
    step = math.ceil(sr.shape[-1] / golden["output"].shape[-1])
    tolerance = max(GOLDEN_TOLERANCE, 2 * float(golden.get("rounding", 0)))
    return float(np.abs(sr[:, ::step, ::step] - golden["output"]).max()) / entry.data_range / tolerance


def checkpoint_of(name: str, scale: float, mirror: Path) -> Path:
    entry = registry.entry(name)
    return mirror / entry.published[entry.tag()].files[entry.span(scale)].url.removeprefix("https://")


@pytest.mark.parametrize("challenge", ["ntire2022", "ntire2024", "ntire2025", "ntire2026"])
def test_no_network_of_a_challenge_lacks_its_official_output(challenge: str) -> None:
    released = {name: registry.entry(name).published.get(challenge) for name in NETWORKS}
    files = {name: facts.files[Span.at(4)].checksum for name, facts in released.items() if facts}
    assert set(files.values()) == {files[name] for name, _ in OFFICIAL if name in files}


@pytest.mark.parametrize(("name", "scale"), OFFICIAL)
def test_published_weights_give_the_official_output(name: str, scale: float, mirror: Path) -> None:
    assert golden_error(name, scale, checkpoint_of(name, scale, mirror)) < 1


def test_rlfn_gives_the_official_output_on_every_machine() -> None:
    assert golden_error("rlfn_team04", 4.0, DATA / "weights/team04_rlfn.pth") < 1


@pytest.mark.parametrize(("name", "scale"), OFFICIAL)
def test_the_released_parameters_are_ours_and_those_on_record(name: str, scale: float, mirror: Path) -> None:
    entry = registry.entry(name)
    released = weights.read_checkpoint(checkpoint_of(name, scale, mirror), entry.published[entry.tag()].inside)
    elements = sum(tensor.numel() for key, tensor in released.items() if not BUFFERS.search(key))
    ours = sum(parameter.numel() for parameter in methods.build(name, scale).parameters())
    assert elements == ours + entry.released_extra_params


@pytest.mark.parametrize("name", FOLDING)
def test_the_training_form_folds_into_the_released_one(name: str) -> None:
    torch.manual_seed(0)
    scale = a_scale(name)
    training = methods.build_for_training(name, scale).eval()
    # Fresh biases and scales of some branches are close to zero and would hide what happens to them.
    for parameter in training.parameters():
        if parameter.requires_grad and parameter.dim() == 1:
            torch.nn.init.normal_(parameter, std=0.3)
    folded = fold(training)
    weights.load_state(methods.build(name, scale), folded.state_dict(), name)
    lr = torch.rand(1, 3, 24, 31) * registry.entry(name).data_range
    with torch.inference_mode():
        expected = training(lr)
        error = (folded(lr) - expected).abs().max() / expected.abs().max()
    assert error < FOLD_TOLERANCE


@pytest.mark.parametrize("name", NETWORKS)
def test_sizes_gradients_and_state(name: str) -> None:
    entry = registry.entry(name)
    scale = a_scale(name)
    network = methods.build_for_training(name, scale)
    side = max(entry.minimum_side, 15)
    lr = torch.rand(2, 3, side, side + 2) * entry.data_range
    sr = network(lr)
    assert sr.shape == (2, 3, int(side * scale), int((side + 2) * scale))
    sr.mean().backward()
    trained = {key: parameter for key, parameter in network.named_parameters() if parameter.requires_grad}
    # A network for several scales has parts for each of them, one that routes for each class or pixel.
    without = [key for key, parameter in trained.items() if parameter.grad is None]
    assert without == [] or methods.training(entry).SKIPS or entry.kind in ("classsr", "pcsr", "moeisr")
    again = methods.build_for_training(name, scale)
    weights.load_state(again, network.state_dict(), name)
    with torch.inference_mode():
        assert torch.equal(again.eval()(lr), network.eval()(lr))


@pytest.mark.parametrize("name", NETWORKS)
def test_training_needs_nothing_that_cuda_refuses_to_repeat(name: str, deterministic: None) -> None:
    with torch.device("meta"), Recorder() as recorder:
        network = methods.build_for_training(name, (registry.entry(name).scales or (2,))[0])
        network(torch.zeros(2, 3, 48, 48)).sum().backward()
    assert not recorder.names & NOT_DETERMINISTIC


def test_what_cuda_refuses_to_repeat_is_noticed(deterministic: None) -> None:
    layers = torch.nn.ReflectionPad2d(1), torch.nn.AdaptiveMaxPool2d(3), torch.nn.AdaptiveAvgPool2d(3)
    with torch.device("meta"), Recorder() as recorder:
        x = torch.zeros(1, 3, 8, 8, requires_grad=True)
        sum(layer(x).sum() for layer in layers).backward()
    names = {"reflection_pad2d_backward", "adaptive_max_pool2d_backward", "_adaptive_avg_pool2d_backward"}
    assert recorder.names & NOT_DETERMINISTIC == names


# Kinds that cut patches: an image has to hold one, whatever the network takes.
CUTTING = {"arm", "classsr", "wbsr"}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_registered_minimum_is_the_smallest_size_that_works(name: str) -> None:
    least = registry.entry(name).minimum_side
    network = methods.build(name, a_scale(name)).eval()
    with torch.inference_mode():
        network(torch.zeros(1, 3, least, least))
        if least > 1 and registry.entry(name).kind not in CUTTING:
            with pytest.raises(RuntimeError):
                network(torch.zeros(1, 3, least - 1, least))


# Of each kind and minimum one network.
LEAST = {(registry.entry(name).kind, registry.entry(name).minimum_side): name for name in NETWORKS}


@pytest.mark.parametrize("name", sorted(name for (_, least), name in LEAST.items() if least > 1))
def test_an_image_below_the_minimum_is_one_clear_line(name: str) -> None:
    entry = registry.entry(name)
    upscale = methods.upscaler(name, a_scale(name), None, "cpu")
    with pytest.raises(ResoluteError, match=f"needs sides of at least {entry.minimum_side}"):
        upscale(np.zeros((entry.minimum_side - 1, 64, 3), np.uint8))


def test_unknown_networks_and_arguments() -> None:
    with pytest.raises(ResoluteError, match="there is no network 'nonet'"):
        create_model("nonet", 4)
    with pytest.raises(ResoluteError, match="arguments of 'rlfn' do not fit"):
        create_model("rlfn", 4, wdith=3)
    with pytest.raises(ResoluteError, match="no convolution of kind 'reconv': did you mean 'reconv3'"):
        create_model("rfdn", 4, conv="reconv")
