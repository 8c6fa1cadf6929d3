"""How well patches of each difficulty are upscaled: by HES categories of a test set's own patches (WBSR, Fig. 5)."""

from typing import Any

import numpy as np

from resolute.images.colour import luma
from resolute.images.files import to_rgb
from resolute.images.gradients import gradient_score

PATCH = 32  # LR pixels, beside each other
CATEGORIES = 10
LEVELS = 255


class Categories:
    """Difficulty and error of all patches of a test set, image by image.

    Args:
        scale: HR side over LR side; at one that is not whole no patch has a place in the HR image, and none is counted.
    """

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self.scores: list[np.ndarray] = []
        self.errors: list[np.ndarray] = []

    def add(self, lr: np.ndarray, sr: np.ndarray, hr: np.ndarray) -> None:
        """Count the patches of an image, from its upper left corner on; what is left over is in none.

        Args:
            lr: h x w or h x w x 3, uint8.
            sr: H x W x 3 in 0..255, rounded here; hr: H x W or H x W x 3, uint8.
        """
        if self.scale != int(self.scale) or min(lr.shape[:2]) < PATCH:
            return
        side = PATCH * int(self.scale)
        self.scores.append(gradient_score(_blocks(to_rgb(lr), PATCH)))
        error = luma(np.rint(sr.clip(0, LEVELS)).astype(np.uint8)) - luma(to_rgb(hr))
        self.errors.append(np.square(_blocks(error, side)).mean(axis=(1, 2)))

    def rows(self) -> list[dict[str, Any]]:
        """Of the data set, from category 1, the easiest, on: `patches_category<k>`, how many there are, and
        `psnr_category<k>`, the PSNR of the mean squared error of luma over all their pixels. Nothing where there are
        fewer patches than categories.
        """
        scores, errors = (np.concatenate([np.empty(0), *parts]) for parts in (self.scores, self.errors))
        if len(scores) < CATEGORIES:
            return []
        of = np.argsort(np.argsort(scores, kind="stable")) * CATEGORIES // len(scores)
        counts = np.bincount(of)
        with np.errstate(divide="ignore"):
            psnr = 10 * np.log10(LEVELS**2 * counts / np.bincount(of, errors))
        psnr[np.isinf(psnr)] = np.nan  # as every infinite PSNR is in the long form
        return [
            row
            for number, (count, value) in enumerate(zip(counts, psnr, strict=True), start=1)
            for row in (
                {"metric": f"patches_category{number}", "value": float(count)},
                {"metric": f"psnr_category{number}", "value": float(value), "unit": "dB"},
            )
        ]


def _blocks(image: np.ndarray, side: int) -> np.ndarray:
    """Squares beside each other: N x side x side x channels, if there are any."""
    down, across = image.shape[0] // side, image.shape[1] // side
    blocks = image[: down * side, : across * side].reshape(down, side, across, side, *image.shape[2:])
    return blocks.swapaxes(1, 2).reshape(-1, side, side, *image.shape[2:])
