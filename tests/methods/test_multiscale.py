"""One network for several scales: what it is trained on, and what its training changes."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from resolute import methods, registry
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.fetch import fetch_dataset
from resolute.images.imresize import crop_to_multiple, imresize
from resolute.images.pack import HRPack, PackedImage, open_hr
from resolute.methods import weights
from resolute.methods.plan import make_plan
from resolute.patches import pack_hr
from resolute.train import train

SPAN = layout.Span(2, 4)
PLAN = make_plan({"iterations": 16, "batch_size": 2, "lr_patch_size": 16, "learning_rate": 1e-3}, {}, "carn_m")


def pack(*sides: int) -> HRPack:
    """Random images, as high as they are wide."""
    pixels = np.random.default_rng(0).integers(0, 256, sum(side * side * 3 for side in sides), dtype=np.uint8)
    images: list[PackedImage] = []
    for side in sides:
        images.append(PackedImage(str(side), "", side, side, images[-1].end if images else 0))
    return HRPack(pixels, images)


def turns(crop: np.ndarray) -> Iterator[np.ndarray]:
    """A crop in all eight ways to turn it."""
    for turned in (crop, crop.transpose(1, 0, 2)):
        yield from (turned, turned[::-1], turned[:, ::-1], turned[::-1, ::-1])


def places(image: np.ndarray, crop: np.ndarray, step: int) -> Iterator[tuple[int, int]]:
    """The rows and columns, multiples of a step, at which a crop lies in an image."""
    height, width = (extent - side + 1 for extent, side in zip(image.shape[:2], crop.shape[:2], strict=True))
    corners = (image[:height:step, :width:step] == crop[0, 0]).all(2).nonzero()
    for row, column in step * np.transpose(corners):
        if np.array_equal(image[row : row + len(crop), column : column + len(crop)], crop):
            yield int(row), int(column)


def test_pairs_are_those_of_the_whole_image_reduced() -> None:
    learner = methods.training(registry.entry("carn_m")).learner(registry.entry("carn_m"), SPAN, PLAN)
    packed, drawn = pack(131, 120), set()
    reduced = {
        (number, scale): imresize(crop_to_multiple(packed.hr(number), scale), 1 / scale)
        for number in range(2)
        for scale in (2, 3, 4)
    }
    for step in range(20):
        batch = learner.draw(packed, PLAN.phases[0], np.random.default_rng([0, step]), slice(None))
        scale = batch.hr.shape[1] // batch.lr.shape[1]
        drawn.add(scale)
        for lr, hr in zip(batch.lr.numpy(), batch.hr.numpy(), strict=True):
            found = [
                (number, row // scale, column // scale, turned)
                for turned, crop in zip(turns(lr), turns(hr), strict=True)
                for number in range(2)
                for row, column in places(packed.hr(number), crop, scale)
            ]
            ((number, y, x, turned),) = found
            np.testing.assert_array_equal(reduced[number, scale][y : y + 16, x : x + 16], turned)
    assert drawn == {2, 3, 4}


def test_one_training_makes_one_file_for_every_scale(checkout: Path) -> None:
    fetch_dataset("embedded", [4.0], ["train"])
    pack_hr("embedded", ["train"])
    assert len(open_hr("embedded").hr_images) > 1
    wanted = layout.Weights("carn_m", SPAN, "own-seed0")
    settings = {"devices": 1, "precision": "32-true", "threads": 1}
    state = weights.read_state(train(wanted, 0, PLAN, "embedded", settings, 100))
    torch.manual_seed(0)
    fresh = methods.build_for_training("carn_m", 4).state_dict()
    changed = {name.split(".")[1] for name in fresh if not torch.equal(fresh[name], state[name]) and "enlarge" in name}
    assert changed == {"2", "3", "4"}
    for scale in (2, 3, 4):
        weights.load_weights(methods.build("carn_m", scale), layout.weights(wanted))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"lr_patch_size": 28}, "lr_patch_size 28 does not fit the smallest training image at x4: its HR side is 120"),
        ({"sampler": "hes"}, "sampler hes needs patches of one scale: choose uniform"),
    ],
)
def test_a_plan_that_does_not_fit_is_one_line(settings: dict[str, object], said: str) -> None:
    entry = registry.entry("carn_m")
    plan = make_plan({"iterations": 6, "batch_size": 2, "lr_patch_size": 16}, settings, "carn_m")
    learner = methods.training(entry).learner(entry, SPAN, plan)
    with pytest.raises(ResoluteError, match=said):
        learner.check(pack(131, 120), plan)
