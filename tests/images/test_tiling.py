"""Tiled results against whole-image results, for operators whose receptive field is known."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import uniform_filter

from resolute.core.errors import ResoluteError
from resolute.images.imresize import imresize
from resolute.images.tiling import tiled_bands

RELAXED = settings(deadline=None, max_examples=60)  # the machine may be busy
SIDES = st.integers(1, 60)


def tiled_whole(
    upscale: Callable[[np.ndarray], np.ndarray], lr: np.ndarray, scale: float, tile: int, overlap: int
) -> np.ndarray:
    return np.concatenate(list(tiled_bands(upscale, lr, scale, tile, overlap)))


def box_network(radius: int, scale: int) -> Callable[[np.ndarray], np.ndarray]:
    """Nearest-neighbour upscaling of a box sum that reaches `radius` LR pixels; whole numbers, so exact."""

    def upscale(lr: np.ndarray) -> np.ndarray:
        padded = np.pad(lr.astype(np.int64), ((radius, radius), (radius, radius), (0, 0)))
        height, width = lr.shape[:2]
        reach = range(2 * radius + 1)
        summed = sum(padded[i : i + height, j : j + width] for i in reach for j in reach)
        return np.kron(summed, np.ones((scale, scale, 1), np.int64))

    return upscale


def photograph(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * 100 + width).integers(0, 256, (height, width, 3), np.uint8)


@RELAXED
@given(SIDES, SIDES, st.integers(1, 4), st.integers(6, 40), st.data())
def test_equals_the_whole_image_where_the_overlap_covers_the_receptive_field(
    height: int, width: int, scale: int, tile: int, data: st.DataObject
) -> None:
    overlap = data.draw(st.integers(0, tile - 1))
    upscale, lr = box_network(overlap // 2, scale), photograph(height, width)
    np.testing.assert_array_equal(tiled_whole(upscale, lr, scale, tile, overlap), upscale(lr))


@pytest.mark.parametrize("shape", [(40, 57), (97, 33)])
def test_bicubic_in_tiles_is_bicubic(shape: tuple[int, int]) -> None:
    """Cubic interpolation reaches two pixels, so an overlap of four is enough."""
    lr = photograph(*shape)
    tiled = tiled_whole(lambda tile: imresize(tile, 4), lr, 4, tile=16, overlap=4)
    np.testing.assert_array_equal(tiled, imresize(lr, 4))


def test_too_small_an_overlap_shows_only_at_the_cuts() -> None:
    """The interior of a tile is right whatever the overlap."""
    radius, scale = 3, 2
    upscale, lr = box_network(radius, scale), photograph(20, 20)
    tiled = tiled_whole(upscale, lr, scale, tile=10, overlap=0)
    wrong = (tiled != upscale(lr)).any(axis=(1, 2))
    assert set(np.flatnonzero(wrong)) == set(range(40))  # rows meet the cut between the columns as well
    interior = (tiled != upscale(lr)).any(axis=2)[:14, :14]
    assert not interior.any()


@RELAXED
@given(SIDES, SIDES, st.integers(6, 40), st.data())
def test_tiles_have_exactly_the_asked_size(height: int, width: int, tile: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, tile - 1))
    shapes = set()

    def upscale(lr: np.ndarray) -> np.ndarray:
        shapes.add(lr.shape)
        return lr

    lr = photograph(height, width)
    np.testing.assert_array_equal(tiled_whole(upscale, lr, 1, tile, overlap), lr)
    assert shapes == {(min(tile, height), min(tile, width), 3)}


def test_every_pixel_is_made_from_its_surroundings() -> None:
    """A float operator with unequal weights, against the whole image by another library."""
    lr = photograph(50, 70).astype(np.float64)

    def blur(tile: np.ndarray) -> np.ndarray:
        return uniform_filter(tile, (5, 5, 1), mode="reflect")

    np.testing.assert_allclose(tiled_whole(blur, lr, 1, tile=24, overlap=4), blur(lr), rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("scale", "tile", "overlap", "message"),
    [
        (2, 8, 8, "cannot overlap by 8"),
        (2, 8, -1, "cannot overlap by -1"),
        (2, 0, 0, "tiles of 0 pixels"),
        (2.5, 8, 2, "whole scale, not x2.5"),
        (0, 8, 2, "whole scale, not x0"),
    ],
)
def test_refuses(scale: int, tile: int, overlap: int, message: str) -> None:
    with pytest.raises(ResoluteError, match=message):
        tiled_whole(lambda lr: lr, photograph(9, 9), scale, tile, overlap)


def test_refuses_an_empty_image() -> None:
    with pytest.raises(ResoluteError, match="nothing to upscale"):
        tiled_whole(lambda lr: lr, photograph(0, 9), 2, 8, 2)
