"""The networks that spandrel knows, by its own code: it loads what we write, we read what it has, to equal pixels."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from tests.weights.test_outgoing import trained
from torch import Tensor

from resolute import methods, registry
from resolute.core import layout
from resolute.methods import weights
from resolute.registry import WeightFile
from resolute.weights import export, given, outgoing

TOLERANCE = 1e-5  # of the output's range


def _without_torchvision() -> None:
    """Two of spandrel's networks, none of ours, use torchvision, whose builds fit one build of torch each."""
    functional = ModuleType("torchvision.transforms.functional")
    for name in ("InterpolationMode", "rotate", "normalize"):
        setattr(functional, name, None)
    for module in (ModuleType("torchvision"), ModuleType("torchvision.transforms"), functional):
        sys.modules.setdefault(module.__name__, module)


if importlib.util.find_spec("torchvision") is None:
    _without_torchvision()
spandrel = pytest.importorskip("spandrel")


def outputs(method: str, scale: float, run: layout.Run, theirs: torch.nn.Module) -> tuple[Tensor, Tensor]:
    """Of both networks for one image in 0..1."""
    torch.manual_seed(1)
    lr, span = torch.rand(1, 3, 24, 32), registry.entry(method).data_range
    network = methods.build(method, scale).eval()
    weights.load_weights(network, layout.weights(registry.weights_of(run)))
    with torch.inference_mode():
        return network(lr * span) / span, theirs.eval()(lr.clone())


def assert_equal(ours: Tensor, theirs: Tensor) -> None:
    assert (ours - theirs).abs().max() <= TOLERANCE * (theirs.max() - theirs.min())


@pytest.mark.parametrize(
    ("name", "id_"), [("safmn", "SAFMN"), ("seemore_t", "SeemoRe"), ("seemore_l", "SeemoRe"), ("rcan", "RCAN")]
)
def test_what_we_write_loads_and_gives_the_same_pixels(name: str, id_: str, project: Path) -> None:
    run = trained(name)
    export(run, project / "w.pth")
    loaded = spandrel.ModelLoader().load_from_file(project / "w.pth")
    assert (loaded.architecture.id, loaded.scale) == (id_, 4)
    assert_equal(*outputs(name, 4, run, loaded.model))


def test_swinir_goes_both_ways(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file holds what the network never reads, too: masks and positions."""
    torch.manual_seed(0)
    theirs = importlib.import_module("spandrel.architectures.SwinIR").SwinIR(
        upscale=2, img_size=64, window_size=8, depths=[6] * 4, embed_dim=60, num_heads=[6] * 4, mlp_ratio=2,
        upsampler="pixelshuffledirect",
    )  # fmt: skip
    file = project / "theirs.pth"
    torch.save({"params": theirs.state_dict()}, file)
    assert_equal(*outputs("swinir_light", 2, given(file, "swinir_light", 2), theirs))

    def fetch(_: WeightFile, target: Path) -> None:
        target.write_bytes(file.read_bytes())

    monkeypatch.setattr(outgoing, "fetch_original", fetch)
    run = trained("swinir_light", 2)
    export(run, project / "w.pth")
    loaded = spandrel.ModelLoader().load_from_file(project / "w.pth")
    assert (loaded.architecture.id, loaded.scale) == ("SwinIR", 2)
    assert_equal(*outputs("swinir_light", 2, run, loaded.model))
