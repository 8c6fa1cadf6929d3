"""ARM's edge score against the official code, and what it sees of an image."""

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from resolute.images.edges import edge_score, grey, laplacian

GOLDEN = np.load(Path(__file__).parents[1] / "data/golden/arm_edge_and_choice.npz")


def test_maps_and_scores_are_those_of_the_official_code() -> None:
    patches = GOLDEN["patches"]
    assert np.array_equal(laplacian(grey(patches)), GOLDEN["edge_map"])
    assert np.array_equal(edge_score(patches), GOLDEN["edge_score"])
    for patch, score in zip(patches, GOLDEN["edge_score"], strict=True):
        assert edge_score(patch) == score


def test_grey_weights_are_of_fifteen_bits_and_rounded_half_up() -> None:
    assert grey(np.full((1, 3), 255, np.uint8)) == 255
    # 9798 / 2^15 * 255 = 76.25, 19235 / 2^15 * 255 = 149.69, 3735 / 2^15 * 255 = 29.07
    assert grey(255 * np.eye(3, dtype=np.uint8)).tolist() == [76, 150, 29]


@pytest.mark.parametrize("shape", [(2, 2), (2, 7), (31, 17)])
def test_an_image_of_any_size_is_mirrored_about_its_outermost_pixels(shape: tuple[int, int]) -> None:
    levels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    kernel = np.array([[2, 0, 2], [0, -8, 0], [2, 0, 2]])
    expected = np.abs(ndimage.correlate(levels.astype(int), kernel, mode="mirror")).clip(max=255)
    assert np.array_equal(laplacian(levels), expected)


def test_an_edge_saturates_and_a_checkerboard_is_not_seen() -> None:
    step = np.zeros((8, 8), np.uint8)
    step[:, 4:] = 200
    assert laplacian(step)[4].tolist() == [0, 0, 0, 255, 255, 0, 0, 0]
    board = (np.indices((8, 8)).sum(axis=0) % 2 * 200).astype(np.uint8)
    assert not laplacian(board).any()
