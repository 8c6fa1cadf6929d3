"""ARM's edge score and its choice of a subnet, against OpenCV's maps and the official look-up."""

from pathlib import Path

import numpy as np
import pytest

from resolute.images.edges import edge_score
from resolute.methods.arm.choice import choose, predicted_psnr

GOLDEN = np.load(Path(__file__).parents[1] / "data/golden/arm_edge_and_choice.npz")
CENTRES = np.stack([GOLDEN["table_score_bicubic"], *[GOLDEN["table_score_others"]] * 3])


def test_edge_scores_are_opencvs() -> None:
    assert edge_score(GOLDEN["patches"]).tolist() == GOLDEN["edge_score"].tolist()
    assert edge_score(GOLDEN["patches"][3]) == GOLDEN["edge_score"][3]


def test_the_kernel_does_not_see_a_checkerboard_and_saturates() -> None:
    board = np.indices((8, 8)).sum(axis=0) % 2 * np.uint8(255)
    dot = np.zeros((8, 8, 3), np.uint8)
    dot[3, 3] = 255
    assert edge_score(board[..., None].repeat(3, axis=2)) == 0
    # The dot and its four diagonal neighbours are all at full range.
    assert edge_score(dot) == 5 * 255 / 64


def test_the_promised_psnr_is_that_of_the_nearest_centre() -> None:
    found = predicted_psnr(GOLDEN["scores"], CENTRES, GOLDEN["table_psnr"])
    assert (found == GOLDEN["pred_psnr"]).all()
    shared = predicted_psnr(np.array([1.0, 1.1]), np.array([0.0, 2.0]), np.array([[30.0, 20], [31, 22]]))
    assert shared.tolist() == [[30, 31], [20, 22]]


def test_choices_are_the_official_ones() -> None:
    for eta, expected in zip(GOLDEN["k_eta"], GOLDEN["choice"], strict=True):
        assert choose(GOLDEN["pred_psnr"], GOLDEN["cost"], eta).tolist() == expected.tolist()
    assert choose(GOLDEN["pred_psnr"], GOLDEN["cost"], np.inf).tolist() == GOLDEN["choice_best"].tolist()


@pytest.mark.parametrize(("eta", "expected"), [(0.0, 0), (0.5, 0), (0.51, 1), (np.inf, 1)])
def test_a_decibel_is_worth_eta_times_the_costliest_subnet(eta: float, expected: int) -> None:
    """One decibel more for half of the cost: at 0.5 a tie, which the cheaper one takes."""
    assert choose(np.array([[30.0, 31, 31]]), np.array([0.0, 50, 100]), eta).tolist() == [expected]
