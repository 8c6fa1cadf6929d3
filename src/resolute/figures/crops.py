"""What a comparison shows of an image: the same crop of every method, and where each is wrong."""

import base64
import io
from collections.abc import Sequence
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from scipy.ndimage import uniform_filter

from resolute.images.colour import luma

SIDE = 128  # of a crop that is chosen here, in HR pixels
LARGEST_ERROR = 48  # levels of luma at the end of the colour scale
ERROR_COLOURS = "magma"


class Crop(NamedTuple):
    """A window in HR pixels."""

    left: int
    top: int
    width: int
    height: int

    def of(self, image: np.ndarray) -> np.ndarray:
        return image[self.top : self.top + self.height, self.left : self.left + self.width]


def choose_crop(images: Sequence[np.ndarray]) -> Crop:
    """The window in which the images differ most: by the mean standard deviation of their luma.

    Args:
        images: what the methods make of one image, all H x W x 3, uint8.
    """
    height, width = images[0].shape[:2]
    tall, wide = min(SIDE, height), min(SIDE, width)
    spread = np.std([luma(image) for image in images], axis=0)
    mean = uniform_filter(spread, (tall, wide), mode="constant")
    # Centres of windows that lie inside; the filter's window of an even size begins half a side before its centre.
    inside = mean[tall // 2 : height - (tall - 1) // 2, wide // 2 : width - (wide - 1) // 2]
    top, left = np.unravel_index(int(inside.argmax()), inside.shape)
    return Crop(int(left), int(top), wide, tall)


def enlarged(lr: np.ndarray, scale: float) -> np.ndarray:
    """An LR image as large as its SR images, each pixel a square: what stands in the place of an original."""
    height, width = (round(side * scale) for side in lr.shape[:2])
    return np.asarray(Image.fromarray(lr).resize((width, height), Image.Resampling.NEAREST))


def error_map(sr: np.ndarray, hr: np.ndarray) -> np.ndarray:
    """The absolute error of the luma in colours, 0 to `LARGEST_ERROR` levels; H x W x 3, uint8."""
    error = np.abs(luma(sr) - luma(hr)) / LARGEST_ERROR
    colours = plt.get_cmap(ERROR_COLOURS, 32)(np.clip(error, 0, 1))
    return np.asarray(np.rint(colours[..., :3] * 255), np.uint8)


def data_uri(image: np.ndarray, exact: bool = True) -> str:
    """An image for use inside a page, in the smaller of PNG and WebP; without `exact`, WebP with losses."""
    encodings: list[tuple[str, dict[str, Any]]] = [("webp", {"quality": 80, "method": 6})]
    if exact:
        encodings = [("png", {"optimize": True}), ("webp", {"lossless": True, "method": 6})]
    found = [(form, _encoded(image, form, options)) for form, options in encodings]
    form, data = min(found, key=lambda one: len(one[1]))
    return f"data:image/{form};base64,{base64.b64encode(data).decode()}"


def _encoded(image: np.ndarray, form: str, options: dict[str, Any]) -> bytes:
    content = io.BytesIO()
    Image.fromarray(image).save(content, form, **options)
    return content.getvalue()
