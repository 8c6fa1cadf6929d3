"""ARM with its published weights, against the official networks, choices and measurements; and its training."""

import csv
from collections import Counter
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from resolute import methods, registry
from resolute.core.errors import ResoluteError
from resolute.core.layout import Span
from resolute.fetch import key_maps
from resolute.images.files import read_image, to_rgb
from resolute.methods import weights
from resolute.methods.arm.inference import router, upscaler
from resolute.methods.arm.supernet import ARM, costs, subnet
from resolute.methods.patchwise import PatchGrid
from resolute.metrics.counters import count_macs
from resolute.metrics.protocols import PROTOCOLS
from resolute.metrics.psnr import psnr
from resolute.models import create_model
from resolute.models.blocks.slicing import corners

DATA = Path(__file__).parents[1] / "data"
SELFEXSR = "raw.githubusercontent.com/jbhuang0604/SelfExSR/8f6dd8c1d20cb7e8792a7177b4f6fd677633f598/data"
FOLDERS = {"set5": "Set5", "set14": "Set14", "b100": "BSD100"}
METHODS = ("arm_carn", "arm_fsrcnn")

# The official networks' own rounding of float32 is 1.1e-6 of values up to 1.6, and 1.9e-5 of values up to 7.
TOLERANCE = {"arm_carn": 1e-5, "arm_fsrcnn": 1e-4}
# dB. Another order of additions moves some pixel in a thousand by one level; 3e-5 is the most seen.
PSNR_TOLERANCE = 1e-4

# FLOPs of a patch that the official logs print, and multiply-adds by hand where these are others: the transposed
# convolution reads every LR pixel 81 times.
FLOPS = {
    "arm_carn": [0, 380_215_296, 771_563_520, 1_154_875_392],
    "arm_fsrcnn": [0, 141_262_852, 304_570_372, 467_877_892],
}
FSRCNN_MACS = [1024 * (75 * w + 2 * 12 * w + 4 * 9 * 144 + 243 * w) for w in (16, 36, 56)]


def rows(table: str) -> list[dict[str, str]]:
    with (DATA / "tables" / table).open() as file:
        return list(csv.DictReader(file))


def tables(name: str) -> ARM:
    """A supernet with the published tables, and fresh weights."""
    network: Any = methods.build(name, 4)
    for tensor, numbers in registry.entry(name).published["paper"].tensors.items():
        getattr(network, tensor).copy_(torch.tensor(numbers, dtype=torch.float64))
    return network


@pytest.fixture(scope="module")
def published(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The published weights under our names, tables and all."""
    found = {}
    for name in METHODS:
        facts = registry.entry(name).published["paper"]
        file = mirror / facts.files[Span.at(4)].url.removeprefix("https://")
        found[name] = tmp_path_factory.mktemp("arm") / f"{name}.safetensors"
        weights.save_weights(found[name], key_maps.rename(weights.read_checkpoint(file), facts), {})
    return found


@pytest.mark.parametrize("name", METHODS)
def test_subnets_are_the_official_ones(name: str, published: dict[str, Path]) -> None:
    entry, golden = registry.entry(name), np.load(DATA / "golden/arm_subnets.npz")
    network: Any = methods.build(name, 4)
    weights.load_weights(network, published[name])
    lr = torch.from_numpy(np.random.default_rng(20270).random((4, 3, 32, 32), dtype=np.float32)[:2])
    for number, expert in enumerate(entry.experts):
        with torch.inference_mode():
            sr = subnet(entry, 4, number, network)(lr)[:, :, ::5, ::5].numpy()
        expected = golden["bicubic" if number == 0 else f"{entry.model}_{expert}"]
        assert np.abs(sr - expected).max() < TOLERANCE[name], expert


def test_bicubic_is_torchs_on_every_machine() -> None:
    lr = torch.from_numpy(np.random.default_rng(20270).random((4, 3, 32, 32), dtype=np.float32)[:2])
    sr = methods.cheapest("arm_carn", 4)(lr)[:, :, ::5, ::5].numpy()
    assert sr == pytest.approx(np.load(DATA / "golden/arm_subnets.npz")["bicubic"], abs=1e-6)


@pytest.mark.parametrize("name", METHODS)
def test_costs_are_the_official_ones(name: str) -> None:
    assert costs(registry.entry(name), 4).tolist() == FLOPS[name]


def test_multiply_adds_are_counted_as_they_are() -> None:
    """The authors leave the two fixed shifts out, and take a transposed convolution for 16 times what it is."""
    shifts = 9 * (32**2 + 128**2)
    carn = [count_macs(partial(create_model, "carn", 4, width=width), 32, 32) for width in (36, 52, 64)]
    assert [2 * (macs - shifts) for macs in carn] == FLOPS["arm_carn"][1:]
    fsrcnn = [count_macs(partial(create_model, "fsrcnn", 4, width=width), 32, 32) for width in (16, 36, 56)]
    assert fsrcnn == FSRCNN_MACS
    assert count_macs(lambda: methods.cheapest("arm_carn", 4), 32, 32) == 0


@pytest.mark.slow
@pytest.mark.parametrize("dataset", FOLDERS)
def test_every_choice_is_the_official_one(dataset: str, mirror: Path) -> None:
    files = sorted((mirror / SELFEXSR / FOLDERS[dataset] / "image_SRF_4").glob("*_LR.png"))
    images = [to_rgb(read_image(file)) for file in files]
    grids = [PatchGrid(image.shape[0], image.shape[1], 32, 28, border=False) for image in images]
    patches = np.concatenate([grid.cut(image) for grid, image in zip(grids, images, strict=True)])
    for row in (row for row in rows("arm_choices.csv") if row["dataset"] == dataset):
        entry = registry.entry(row["method"])
        chosen = router(entry, 4, tables(entry.name), row["setting"])(patches)
        assert np.bincount(chosen, minlength=4).tolist() == [int(times) for times in row["patches"].split()], row
        assert costs(entry, 4)[chosen].mean() == pytest.approx(float(row["flops"]), abs=0.06)


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_set5_is_as_measured_with_the_official_networks(name: str, published: dict[str, Path], mirror: Path) -> None:
    """Image by image, fixed subnets and one choice: who takes which subnet, and the PSNR."""
    entry, folder = registry.entry(name), mirror / SELFEXSR / "Set5/image_SRF_4"
    measured = [row for row in rows("arm_set5.csv") if row["method"] == name]
    for setting, images in groupby(measured, key=lambda row: row["setting"]):
        upscale = upscaler(entry, 4, published[name], "cpu", setting)
        for row in images:
            lr, hr = (read_image(folder / f"{row['image']}_SRF_4_{side}.png") for side in ("LR", "HR"))
            found = upscale(to_rgb(lr))
            shares = dict(zip(entry.experts, map(int, row["patches"].split()), strict=True))
            assert Counter(found.chosen["patches"]) == Counter(shares), row
            assert found.sr.shape == hr.shape
            compared = psnr(*PROTOCOLS["classsr"].compared(found.sr, hr, 4))
            assert compared == pytest.approx(float(row["psnr"]), abs=PSNR_TOLERANCE), row


def test_multiply_adds_are_those_of_the_patches() -> None:
    lr = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    found = upscaler(registry.entry("arm_fsrcnn"), 4, None, "cpu", "width16")(lr)
    assert found.chosen == {"patches": {"width16": 2}, "border": {"width16": 2}}
    assert (found.macs, found.full_macs) == (4 * FSRCNN_MACS[0], 4 * FSRCNN_MACS[-1])
    # The papers' FLOPs are those of the grid's patches alone, by the authors' count.
    assert found.paper_flops == 2 * FLOPS["arm_fsrcnn"][1]


def test_a_narrower_network_has_the_leading_part_of_every_tensor() -> None:
    full, narrow = (create_model("carn", 4, width=width) for width in (64, 36))
    state = corners(full, narrow)
    assert {key: tensor.shape for key, tensor in state.items()} == {
        key: tensor.shape for key, tensor in narrow.state_dict().items()
    }
    grouped = "body.blocks.1.blocks.0.body.0.weight"
    assert torch.equal(state[grouped], full.state_dict()[grouped][:36, :9])
    assert torch.equal(state["body.fuse.2.0.weight"], full.state_dict()["body.fuse.2.0.weight"][:36, :144])
    assert torch.equal(state["enlarge.0.bias"], full.state_dict()["enlarge.0.bias"][:144])


@pytest.mark.parametrize("setting", ["eta", "eta-1", "etanan", "width37", "fast"])
def test_a_setting_that_means_nothing_is_one_line(setting: str) -> None:
    with pytest.raises(ResoluteError, match=f"arm_carn has no setting '{setting}'"):
        upscaler(registry.entry("arm_carn"), 4, None, "cpu", setting)


def test_an_image_smaller_than_a_patch_is_one_line() -> None:
    upscale = methods.upscaler("arm_fsrcnn", 4, None, "cpu")
    with pytest.raises(ResoluteError, match="the image is 40x31, but arm_fsrcnn needs sides of at least 32 pixels"):
        upscale(np.zeros((31, 40, 3), np.uint8))


def test_weights_of_another_network_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    weights.save_weights(path, methods.build("arm_fsrcnn", 4).state_dict(), {})
    with pytest.raises(ResoluteError, match=r"other\.safetensors: tensor .* these are not the weights of this network"):
        methods.upscaler("arm_carn", 4, path, "cpu")
