"""Why NLFFC's PSNR is not exactly that of the official code: that runs it on tiles, which change its result.

Its Fourier units see the whole of what they are given. The challenge's script (test_demo.py of ofsoundof/NTIRE2022_ESR)
gives it squares of 256 LR pixels, or of the image's short side, that share 32, and averages where they overlap.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from resolute import datasets, measurements, methods
from resolute.cli.ensure import ensure_images, ensure_weights
from resolute.core.layout import Span, Weights, weights
from resolute.images.files import read_image
from resolute.methods.weights import load_weights
from resolute.metrics.protocols import measure

PUBLISHED = Path(__file__).parents[2] / "data/published/ntire2022/official_code.csv"
TILE, OVERLAP, SCALE = 256, 32, 4
# The published value has four decimals.
PSNR_TOLERANCE = 0.0005


def in_tiles(network: nn.Module, lr_BCHW: Tensor) -> Tensor:
    *_, height, width = lr_BCHW.shape
    tile = min(TILE, height, width)
    total, times = torch.zeros(2, 1, 3, SCALE * height, SCALE * width)
    for top, left in ((y, x) for y in starts(height, tile) for x in starts(width, tile)):
        place = (..., slice(SCALE * top, SCALE * (top + tile)), slice(SCALE * left, SCALE * (left + tile)))
        total[place] += network(lr_BCHW[..., top : top + tile, left : left + tile])
        times[place] += 1
    return total / times


def starts(side: int, tile: int) -> list[int]:
    return [*range(0, side - tile, tile - OVERLAP), side - tile]


def to_image(sr_BCHW: Tensor) -> NDArray[np.uint8]:
    return sr_BCHW[0].clamp(0, 255).round().permute(1, 2, 0).numpy().astype(np.uint8)


@pytest.mark.attack
@pytest.mark.usefixtures("checkout")
def test_in_tiles_nlffc_has_the_psnr_of_the_official_code(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESOLUTE_MIRROR", str(mirror))
    ensure_weights("nlffc_team02", SCALE, "published")
    ensure_images("set5", SCALE)
    network = methods.build("nlffc_team02", SCALE).eval()
    load_weights(network, weights(Weights("nlffc_team02", Span.at(SCALE), "published-ntire2022")))
    found: dict[str, list[float]] = {"tiles": [], "whole": []}
    pairs = zip(datasets.lr_images("set5", "test", SCALE), datasets.images("set5", "test", SCALE), strict=True)
    for lr_image, hr_image in pairs:
        lr_BCHW = torch.from_numpy(read_image(lr_image.path)).permute(2, 0, 1)[None].float()
        hr = read_image(hr_image.path)
        with torch.inference_mode():
            whole = network(lr_BCHW)
            # A square is one tile.
            tiles = whole if lr_BCHW.shape[2] == lr_BCHW.shape[3] else in_tiles(network, lr_BCHW)
        for name, sr in (("tiles", tiles), ("whole", whole)):
            found[name].append(measure(to_image(sr), hr, SCALE, "ntire2022")["psnr"])
    rows = measurements.read(PUBLISHED).query("method == 'nlffc_team02' and dataset == 'set5'")
    (published,) = rows.loc[rows["protocol"] == "ntire2022", "value"]
    print(f"\nSet5, RGB: in tiles {np.mean(found['tiles']):.4f} dB, whole {np.mean(found['whole']):.4f} dB")
    assert np.mean(found["tiles"]) == pytest.approx(published, abs=PSNR_TOLERANCE)
    assert abs(np.mean(found["whole"]) - published) > 4 * PSNR_TOLERANCE
