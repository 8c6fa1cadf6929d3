"""Training on single pixels: what is drawn is LIIF's plan, and a kill leaves no trace, Gumbel noise and all."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import Tensor

from resolute import methods, registry
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.fetch import fetch_dataset
from resolute.images.pack import HRPack, open_hr
from resolute.methods.arbitrary_scale.training import PixelLearner
from resolute.methods.moeisr.training import MoEISRLearner
from resolute.methods.pixels import Pixels, check_pixels, draw_pixels
from resolute.methods.plan import Phase, Plan, make_plan
from resolute.patches import pack_hr
from resolute.train import train

SETTINGS = {"devices": 1, "precision": "32-true", "threads": 1}
SPAN = layout.Span(1.0, 4.0)
SIDE = 12


def plan(iterations: int = 4, **settings: Any) -> Plan:
    shared = {"batch_size": 3, "lr_patch_size": SIDE, "learning_rate": 1e-3}
    return make_plan({"iterations": iterations, **shared, **settings}, {}, "liif_tiny")


@pytest.fixture
def pack(checkout: Path) -> HRPack:
    """The embedded photographs, for training at any scale."""
    fetch_dataset("embedded", [4.0], ["train"])
    pack_hr("embedded", ["train"])
    return open_hr("embedded")


def drawn(pack: HRPack, seed: int = 0) -> Pixels:
    return draw_pixels(pack, SPAN, plan().phases[0], np.random.default_rng(seed), slice(None))


@pytest.mark.slow
def test_pixels_are_those_of_a_turned_crop_that_pillow_has_reduced(pack: HRPack) -> None:
    batch, found = drawn(pack), 0
    for lr, coord, cell, rgb in zip(*vars(batch).values(), strict=True):
        side = round(2 / float(cell[0]))
        place = ((coord + 1) * side / 2 - 0.5).round().long()
        assert len(place.unique(dim=0)) == SIDE**2, "no pixel twice"
        # What was drawn is found again in the photographs, by its pixels, in one of the eight turns.
        for number in range(len(pack.hr_images)):
            for turned in turns(pack.hr(number)):
                corner = located(turned, place.numpy(), rgb.numpy(), side)
                if corner is not None:
                    top, left = corner
                    crop = np.ascontiguousarray(turned[top : top + side, left : left + side])
                    reduced = np.array(Image.fromarray(crop).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
                    assert np.array_equal(lr.permute(1, 2, 0).numpy(), reduced)
                    found += 1
                    break
    assert found == 3


def turns(image: np.ndarray) -> list[np.ndarray]:
    flipped = [image[::a, ::b] for a in (1, -1) for b in (1, -1)]
    return [*flipped, *(one.transpose(1, 0, 2) for one in flipped)]


def located(image: np.ndarray, place: np.ndarray, rgb: np.ndarray, side: int) -> tuple[int, int] | None:
    """Where a crop of this side lies whose pixels these are; every pixel leaves fewer corners."""
    height, width = (extent - side + 1 for extent in image.shape[:2])
    possible = np.ones((height, width), bool)
    for (row, column), colour in zip(place, rgb, strict=True):
        possible &= (image[row : row + height, column : column + width] == colour).all(axis=2)
        if not possible.any():
            return None
    return tuple(np.argwhere(possible)[0])


def test_scales_are_spread_over_the_span(pack: HRPack) -> None:
    sides = [round(2 / float(cell)) for seed in range(40) for cell in drawn(pack, seed).cell[:, 0]]
    scales = np.array(sides) / SIDE
    assert 1 <= scales.min() < 1.2
    assert 3.8 < scales.max() <= 4
    assert np.histogram(scales, 3, (1, 4))[0] == pytest.approx([40, 40, 40], abs=15)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"lr_patch_size": 200}, "lr_patch_size 200 at x4 does not fit the smallest training image"),
        ({"sampler": "hes"}, "sampler hes chooses among patches at one scale: choose uniform"),
        ({"loss": "l1_fft"}, "loss l1_fft is of whole patches: choose one of l1, l2, charbonnier"),
    ],
)
def test_a_plan_that_does_not_fit_is_one_line(pack: HRPack, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ResoluteError, match=said):
        check_pixels(pack, SPAN, plan(**settings))


def trained(name: str, iterations: int) -> Path:
    return train(layout.Weights(name, SPAN, "a-seed0"), 0, plan(iterations), "embedded", SETTINGS, 3)


class StoppedError(Exception):
    """In the place of a kill."""


@pytest.mark.parametrize(
    ("name", "learner"),
    [("liif_tiny", PixelLearner), ("moeisr_tiny", MoEISRLearner), ("moeisr_tiny_st", MoEISRLearner)],
)
def test_a_killed_training_goes_on_as_if_it_had_not_been(name: str, learner: type[PixelLearner], pack: HRPack) -> None:
    run = layout.Weights(name, SPAN, "a-seed0")
    expected = trained(name, 8).read_bytes()
    log = layout.training_log(run).read_bytes()
    layout.weights(run).unlink()
    steps, score = [0], learner.forward

    def stop(self: PixelLearner, batch: Pixels, phase: Phase) -> dict[str, Tensor]:
        steps[0] += 1
        if steps[0] == 5:
            raise StoppedError
        return score(self, batch, phase)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learner, "forward", stop)
        with pytest.raises(StoppedError):
            trained(name, 8)
    assert trained(name, 8).read_bytes() == expected
    assert layout.training_log(run).read_bytes() == log


@pytest.mark.slow
def test_one_set_of_weights_serves_every_scale_and_says_what_moeisr_is_balanced_by(pack: HRPack) -> None:
    path = trained("moeisr_tiny", 4)
    assert path.parent.name == "x1-4"
    for scale in (1.5, 3.7, 6):
        upscaled = methods.upscaler("moeisr_tiny", scale, path, "cpu")(np.zeros((10, 12, 3), np.uint8))
        assert upscaled.sr.shape == (round(10 * scale), round(12 * scale), 3)
    log = pd.read_csv(layout.training_log(layout.Weights("moeisr_tiny", SPAN, "a-seed0")))
    assert log["loss"].to_numpy() == pytest.approx(log[["l1", "balance"]].sum(axis=1).to_numpy())
    assert (log["balance"] >= 0).all()


def test_weights_of_another_decoder_are_one_line(pack: HRPack) -> None:
    path = trained("liif_tiny", 2)
    with pytest.raises(ResoluteError, match="decoder"):
        methods.upscaler("liif_tiny_shallow", 4, path, "cpu")


def test_straight_through_differs_from_soft_mixing_in_the_forward_pass_alone() -> None:
    pixels = Pixels(
        torch.randint(256, (2, 3, SIDE, SIDE), dtype=torch.uint8),
        torch.rand(2, 9, 2) * 2 - 1,
        torch.full((2, 2), 2 / 30),
        torch.randint(256, (2, 9, 3), dtype=torch.uint8),
    )
    terms = {}
    for name in ("moeisr_tiny", "moeisr_tiny_st", "moeisr_tiny_nobalance"):
        torch.manual_seed(0)
        made = methods.training(registry.entry(name)).learner(registry.entry(name), SPAN, plan())
        torch.manual_seed(1)
        terms[name] = made(pixels, plan().phases[0])
    assert terms["moeisr_tiny"]["balance"] == terms["moeisr_tiny_st"]["balance"]
    assert terms["moeisr_tiny"]["l1"] != terms["moeisr_tiny_st"]["l1"]
    assert terms["moeisr_tiny"]["l1"] == terms["moeisr_tiny_nobalance"]["l1"]
    assert "balance" not in terms["moeisr_tiny_nobalance"]
