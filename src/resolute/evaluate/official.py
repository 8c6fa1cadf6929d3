"""What the official code of a network gives for one small image: the first thing to ask of published weights."""

import math
from pathlib import Path

import numpy as np

from resolute.methods.upscaled import Upscaler

FOLDER = Path(__file__).parent / "official"


def output_error(method: str, scale: float, upscale: Upscaler) -> float | None:
    """The greatest difference from the official output, in millionths of the data range.

    A file `official/<method>_x<scale>.npz` holds an LR image (`input`, h x w x 3, uint8 or float32 in 0..255), what the
    official code makes of it with its published weights, at the method's default setting (`output`, 3 x H x W, float32,
    in 0..`data_range`; of some networks every third row and column alone), and `data_range`.

    Returns:
        None where no official output is kept.
    """
    path = FOLDER / f"{method}_x{scale:g}.npz"
    if not path.is_file():
        return None
    with np.load(path) as official:
        lr, expected, data_range = official["input"], official["output"], float(official["data_range"])
    sr = upscale(lr).sr.transpose(2, 0, 1)
    step = math.ceil(sr.shape[-1] / expected.shape[-1])
    return float(np.abs(sr[:, ::step, ::step] / 255 - expected / data_range).max()) * 1e6
