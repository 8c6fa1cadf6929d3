"""Images in one small file that numpy and the standard library read: what `pack` writes and a run reads."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_SHAPES = "shapes.json"


def save(path: Path, images: Mapping[str, NDArray[np.uint8]]) -> None:
    """Write images, each H x W x 3, uint8, by name; nothing of them is lost."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as file:
        file.writestr(_SHAPES, json.dumps({name: image.shape[:2] for name, image in images.items()}))
        for name, image in images.items():
            file.writestr(name, _differences(image).tobytes())


def load(path: Path) -> dict[str, NDArray[np.uint8]]:
    """What `save` wrote, in its order."""
    with zipfile.ZipFile(path) as file:
        shapes = json.loads(file.read(_SHAPES))
        return {
            name: _sums(np.frombuffer(file.read(name), np.uint8).reshape(3, *shape)) for name, shape in shapes.items()
        }


def _differences(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """3 x H x W: green, and red and blue less green, each pixel less what its neighbours above and to the left say."""
    red, green, blue = np.moveaxis(image, 2, 0)
    planes = np.stack([green, red - green, blue - green])
    zero = np.uint8(0)  # all of this is modulo 256
    return np.diff(np.diff(planes, axis=1, prepend=zero), axis=2, prepend=zero)


def _sums(differences: NDArray[np.uint8]) -> NDArray[np.uint8]:
    green, red, blue = differences.cumsum(axis=2, dtype=np.uint8).cumsum(axis=1, dtype=np.uint8)
    return np.stack([red + green, green, blue + green], axis=2)
