"""Every network against the official one, and what all networks have in common."""

from pathlib import Path

import numpy as np
import pytest
import torch

from resolute import methods, registry
from resolute.core.errors import ResoluteError
from resolute.methods import weights
from resolute.models import create_model

DATA = Path(__file__).parents[1] / "data"

# Of the output's range. The official networks' own float32 rounding is below 2e-6 on these inputs.
GOLDEN_TOLERANCE = 1e-5

GOLDEN = sorted(path.stem for path in (DATA / "golden").glob("*.npz"))
NETWORKS = [name for name in registry.names() if registry.entry(name).model]


def golden_error(name: str, checkpoint: Path) -> float:
    entry = registry.entry(name)
    published = entry.published["ntire2022"]
    network = methods.load(name).build(4).eval()
    state = weights.rename(weights.read_checkpoint(checkpoint, published.inside), published)
    weights.load_state(network, state, name)
    golden = np.load(DATA / "golden" / f"{name}.npz")
    data_range = float(golden["data_range"])
    assert data_range == entry.data_range
    lr = torch.from_numpy(golden["input"].astype(np.float32)).permute(2, 0, 1)[None] * (data_range / 255)
    with torch.inference_mode():
        sr = network(lr)[0].numpy()
    return float(np.abs(sr - golden["output"]).max()) / data_range


@pytest.mark.parametrize("name", GOLDEN)
def test_published_weights_give_the_official_output(name: str, mirror: Path) -> None:
    url = registry.entry(name).published["ntire2022"].files[4.0].url
    assert golden_error(name, mirror / url.removeprefix("https://")) < GOLDEN_TOLERANCE


def test_rlfn_gives_the_official_output_on_every_machine() -> None:
    assert golden_error("rlfn_team04", DATA / "weights/team04_rlfn.pth") < GOLDEN_TOLERANCE


@pytest.mark.parametrize("name", NETWORKS)
def test_sizes_gradients_and_state(name: str) -> None:
    entry = registry.entry(name)
    scale = entry.scales[-1]
    network = methods.load(name).build(scale)
    side = max(entry.minimum_side, 15)
    lr = torch.rand(2, 3, side, side + 2) * entry.data_range
    sr = network(lr)
    assert sr.shape == (2, 3, int(side * scale), int((side + 2) * scale))
    sr.mean().backward()
    without = [key for key, parameter in network.named_parameters() if parameter.grad is None]
    assert without == []
    again = methods.load(name).build(scale)
    weights.load_state(again, network.state_dict(), name)
    with torch.inference_mode():
        assert torch.equal(again.eval()(lr), network.eval()(lr))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_registered_minimum_is_the_smallest_size_that_works(name: str) -> None:
    least = registry.entry(name).minimum_side
    network = methods.load(name).build(registry.entry(name).scales[-1]).eval()
    with torch.inference_mode():
        network(torch.zeros(1, 3, least, least))
        if least > 1:
            with pytest.raises(RuntimeError):
                network(torch.zeros(1, 3, least - 1, least))


@pytest.mark.parametrize("name", NETWORKS)
def test_an_image_below_the_minimum_is_one_clear_line(name: str) -> None:
    entry = registry.entry(name)
    if entry.minimum_side == 1:
        pytest.skip("takes any size")
    upscale = methods.load(name).upscaler(entry.scales[-1], None, "cpu")
    with pytest.raises(ResoluteError, match=f"needs sides of at least {entry.minimum_side}"):
        upscale(np.zeros((entry.minimum_side - 1, 64, 3), np.uint8))


def test_unknown_networks_and_arguments() -> None:
    with pytest.raises(ResoluteError, match="there is no network 'nonet'"):
        create_model("nonet", 4)
    with pytest.raises(ResoluteError, match="arguments of 'rlfn' do not fit"):
        create_model("rlfn", 4, wdith=3)
