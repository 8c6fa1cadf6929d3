"""A project root for figures: measurements, a patch index and a photograph."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from resolute import measurements

Write = Callable[..., Path]


@pytest.fixture
def write(project: Path) -> Write:
    """Writes the rows of a method: its PSNR with some weights on a data set, and its MACs where given."""
    files = iter(range(1000))

    def write(method: str, psnr: float, weights: str, macs: float = 0, dataset: str = "embedded") -> Path:
        path = project / f"reports/measurements/{next(files)}.parquet"
        described: dict[str, Any] = {"source": "measured", "method": method, "scale": 4.0}
        quality = {
            "weights": weights,
            "dataset": dataset,
            "protocol": "y_basicsr",
            "metric": "psnr",
            "image": "a",
        }
        rows = [{**described, **quality, "value": psnr, "unit": "dB"}]
        if macs:
            cost = {"metric": "macs", "protocol": "macs", "lr_size": "256x256", "value": macs}
            rows.append({**described, **cost})
        measurements.write(path, rows)
        return path

    return write


@pytest.fixture
def patches(project: Path) -> Path:
    """An index of 48 patches of 8 x 8 LR pixels, in four categories of equally many."""
    corners = [(row, column) for row in range(0, 24, 4) for column in range(0, 32, 4)]
    index = pd.DataFrame(corners, columns=["row", "column"]).assign(image="photo", split="train", size=8)
    index["difficulty"] = np.linspace(0, 100, len(index)) ** 1.5
    index["category"] = np.arange(len(index)) * 4 // len(index) + 1
    index["edge"], index["informative"] = np.linspace(0, 9, len(index)) ** 2, np.linspace(90, 10, len(index))
    path = project / "index.parquet"
    index.to_parquet(path)
    return path


@pytest.fixture
def photograph(project: Path) -> Path:
    """The HR photograph of the index: 112 x 144 pixels at x4."""
    path = project / "photo.png"
    pixels = np.random.default_rng(0).integers(0, 256, (112, 144, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path
