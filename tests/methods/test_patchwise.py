"""Images cut into patches, and put together again."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from resolute import methods, registry
from resolute.core.layout import Span
from resolute.fetch import key_maps
from resolute.images.files import read_image, to_rgb
from resolute.methods import patchwise, routing, weights
from resolute.methods.patchwise import Expert, PatchGrid, PatchUpscaler, in_batches
from resolute.metrics.protocols import PROTOCOLS


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * 1000 + width).integers(0, 256, (height, width, 3), dtype=np.uint8)


def twice(lr: Tensor) -> Tensor:
    return lr.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)


def darker(lr: Tensor) -> Tensor:
    return twice(lr) * 0.307


def upscaler(route: object, data_range: float = 1) -> PatchUpscaler:
    experts = (Expert("dark", darker, 3), Expert("same", twice, 10))
    return PatchUpscaler(experts, route, 2, 8, 6, data_range, "cpu")  # type: ignore[arg-type]


def everything_to(number: int) -> object:
    return lambda patches: np.full(len(patches), number)


def by_turns(patches: np.ndarray) -> np.ndarray:
    return np.arange(len(patches)) % 2


def test_patches_lie_on_a_grid_and_flush_with_the_end() -> None:
    """A side of 21 holds patches at 0, 6 and 12, which cover 20 pixels; the border's lies at 13."""
    image = picture(21, 14)
    grid = PatchGrid(21, 14, 8, 6)
    patches = grid.cut(image)
    corners = [(top, left) for top in (0, 6, 12, 13) for left in (0, 6)]
    assert len(grid) == len(patches) == 8
    assert all(
        (patch == image[top : top + 8, left : left + 8]).all()
        for patch, (top, left) in zip(patches, corners, strict=True)
    )
    assert grid.is_border.tolist() == [False] * 6 + [True] * 2
    assert len(PatchGrid(21, 14, 8, 6, border=False)) == 6


@given(st.integers(8, 40), st.integers(8, 40), st.integers(1, 8))
def test_an_image_is_what_its_patches_are(height: int, width: int, stride: int) -> None:
    image = picture(height, width)
    grid = PatchGrid(height, width, 8, stride)
    canvas = grid.canvas(1, "cpu")
    canvas.add(np.arange(len(grid)), torch.from_numpy(grid.cut(image)).permute(0, 3, 1, 2).float())
    assert canvas.image() == pytest.approx(image)


def test_overlaps_are_means_and_the_border_changes_none_of_what_the_grid_covers() -> None:
    grid = PatchGrid(15, 14, 8, 6)
    assert grid.is_border.tolist() == [False] * 4 + [True] * 2
    canvas = grid.canvas(2, "cpu")
    values = torch.tensor([0.0, 10, 20, 30, 70, 90])
    canvas.add(np.array([5, 1, 0, 4, 3, 2]), values[[5, 1, 0, 4, 3, 2]][:, None, None, None].expand(6, 3, 16, 16))
    image = canvas.image()
    assert image.shape == (30, 28, 3)
    assert image[:, :, 0][[0, 0, 0, 13, 13, 27, 28, 29], [0, 13, 27, 0, 13, 13, 0, 13]].tolist() == [
        *(0, 5, 10, 10, 15, 25),
        *(70, 80),
    ]


def test_a_pixel_belongs_to_the_patch_whose_middle_is_nearest_and_the_border_to_its_own() -> None:
    """Patches at 0 and 6 share the pixels 6 and 7, one for each; that at 7 begins where the grid ends, at 14."""
    along = PatchGrid(8, 15, 8, 6).nearest()
    assert along.tolist() == [[0] * 7 + [1] * 7 + [2]] * 8
    assert (PatchGrid(15, 8, 8, 6).nearest() == along.T).all()
    numbers = PatchGrid(15, 15, 8, 6).nearest()
    assert (numbers == along[0][:15, None] * 3 + along[0]).all()


def test_the_routes_are_the_choices_where_they_were_made() -> None:
    found = upscaler(by_turns)(picture(15, 14))
    assert found.routes is not None
    assert found.routes.dtype == np.uint8
    assert found.routes.tolist() == [[0] * 7 + [1] * 7] * 15
    assert found.costs == {"dark": 3 * 6, "same": 10 * 6}


def test_the_covered_area_is_that_of_the_protocol() -> None:
    cover = np.zeros((300, 248, 3))
    grid = PatchGrid(75, 62, 32, 28, border=False)
    canvas = grid.canvas(4, "cpu")
    canvas.add(np.arange(len(grid)), torch.ones(len(grid), 3, 128, 128))
    height, width = canvas.image().shape[:2]
    cover[:height, :width] = 255
    compared, _ = PROTOCOLS["classsr"].compared(cover, np.zeros((300, 248, 3), np.uint8), 4)
    assert (height, width) == (60 * 4, 60 * 4)
    assert compared.shape == (height - 8, width - 8, 3)
    assert (compared == 255).all()


@pytest.mark.parametrize("data_range", [1, 255])
def test_every_patch_takes_its_own_expert(data_range: float) -> None:
    lr = picture(15, 14)
    found = upscaler(by_turns, data_range)(lr)
    dark, same = np.rint(lr.astype(np.float32) * 0.307), lr.astype(np.float32)
    assert found.sr[:12, :12] == pytest.approx(dark.repeat(2, 0).repeat(2, 1)[:12, :12])
    assert found.sr[:12, 16:] == pytest.approx(same.repeat(2, 0).repeat(2, 1)[:12, 16:])
    assert found.sr[:12, 12:16] == pytest.approx(((dark + same) / 2).repeat(2, 0).repeat(2, 1)[:12, 12:16])
    assert found.chosen == {"patches": {"dark": 2, "same": 2}, "border": {"dark": 1, "same": 1}}
    assert (found.macs, found.full_macs) == (3 * 3 + 3 * 10, 60)


def test_patches_of_whole_values_are_rounded_and_others_are_not() -> None:
    lr = picture(9, 9)
    dark = upscaler(everything_to(0))
    whole, exact = dark(lr).sr, dark(lr.astype(np.float32) - 20).sr
    assert (whole[:16, :16] == np.rint(whole[:16, :16])).all()
    expected = ((lr.astype(np.float32) - 20) * 0.307).repeat(2, 0).repeat(2, 1)
    assert exact == pytest.approx(expected, abs=1e-4)
    assert exact.min() < 0


def test_batches_are_bounded_and_hold_the_patches_of_one_expert(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patchwise, "BATCH_PIXELS", 5 * 8 * 8)
    seen: Counter[int] = Counter()

    def network(lr: Tensor) -> Tensor:
        seen[len(lr)] += 1
        return twice(lr)

    patches = PatchGrid(32, 26, 8, 6).cut(picture(32, 26))
    parts = [sr for _, sr in in_batches(network, patches, 255, "cpu")]
    assert seen == {5: 4}
    assert torch.equal(torch.cat(parts)[:, :, ::2, ::2], torch.from_numpy(patches).permute(0, 3, 1, 2).float())
    one = PatchUpscaler((Expert("a", network, 1), Expert("b", network, 2)), by_turns, 2, 8, 6, 1, "cpu")
    seen.clear()
    one(picture(32, 26))
    assert seen == {5: 4}


SET14 = "raw.githubusercontent.com/jbhuang0604/SelfExSR/8f6dd8c1d20cb7e8792a7177b4f6fd677633f598/data/Set14/image_SRF_4"


def steepness(upscale: object, folder: Path, stride: int) -> np.ndarray:
    """How much steeper SR is than its original between LR pixels, by their place in the period of the patches (stride).

    The mean of |difference of neighbours in SR| - |that in HR| over rows and columns. Neighbours within one LR pixel do
    not count: there SR is otherwise smooth than between LR pixels, where all borders of patches are.
    """
    found: dict[int, list[float]] = {}
    for name in ("img_003", "img_005", "img_012"):
        lr, hr = (to_rgb(read_image(folder / f"{name}_SRF_4_{side}.png")) for side in ("LR", "HR"))
        sr = upscale(lr).sr  # type: ignore[operator]
        for axis in (0, 1):
            steps = [np.abs(np.diff(one.astype(float), axis=axis)) for one in (sr, hr)]
            lines = (steps[0] - steps[1]).mean(axis=(1 - axis, 2))[3::4]
            for place, line in enumerate(lines[: (lr.shape[axis] - 32) // stride * stride]):
                found.setdefault(place % stride, []).append(line)
    return np.array([np.mean(found[place]) for place in sorted(found)])


@pytest.mark.slow
def test_overlaps_leave_no_border_steeper_than_its_original(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ARM-CARN at its default setting, beside the same patches without overlap, which do leave seams.

    Measured in levels of 255: inside patches SR is 5.6 less steep than its original (from place to place 0.5 more or
    less), at their borders 4.8 with overlap, and without overlap it is 0.9 steeper. So what is left of a seam is 0.8
    of 6.6, halved by the mean and spread over two lines; none is steeper than what the image has there by itself.
    """
    facts = registry.entry("arm_carn").published["paper"]
    file = mirror / facts.files[Span.at(4)].url.removeprefix("https://")
    path = tmp_path / "arm_carn.safetensors"
    weights.save_weights(path, key_maps.rename(weights.read_checkpoint(file), facts), {})
    excess = {}
    for stride, borders in ((28, [3, 27]), (32, [31])):  # patches begin after place stride - 1, and end 4 further on
        monkeypatch.setattr(routing, "STRIDE", stride)
        found = steepness(methods.upscaler("arm_carn", 4, path, "cpu"), mirror / SET14, stride)
        inside = np.delete(found, borders)
        excess[stride] = found[borders].mean() - inside.mean()
        # No border is steeper than its original, where overlaps soften it; without, it is.
        assert (found[borders].max() < 0) == (stride == 28)
    assert excess[32] > 5
    assert excess[28] < 0.2 * excess[32]
