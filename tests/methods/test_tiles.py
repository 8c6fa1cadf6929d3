"""Which methods give in tiles what they give on the whole image: `tile_safe` of the registry, for every one of them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from resolute import methods, registry
from resolute.images.tiling import tiled_bands
from resolute.methods import weights

# LR pixels that a tile shows beyond what is kept of it: what `tile_safe` promises to be enough.
SIGHT = 50

# Where the second tile starts: strides and windows of the first one do not fall together with its own.
START = 37

# Of the output's range. Methods that are safe give at most 4e-8 (other sizes may add up in another order), the others
# 2e-5 at least.
TOLERANCE = 1e-6


def change(name: str, folder: Path) -> float:
    """The greatest change that two tiles make, side by side or one above the other, of the output's range."""
    entry = registry.entry(name)
    scale = next(iter(entry.scales), 2.0)  # bicubic has every scale
    upscaler = methods.upscaler(name, scale, _lively(entry, scale, folder), "cpu")

    def upscale(lr: np.ndarray) -> np.ndarray:
        return upscaler(lr).sr

    tile, side = START + 2 * SIGHT, max(16, entry.minimum_side)
    changes = []
    for shape in ((side, START + tile, 3), (START + tile, side, 3)):
        lr = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        whole, tiled = upscale(lr), np.concatenate(list(tiled_bands(upscale, lr, int(scale), tile, overlap=2 * SIGHT)))
        changes.append(float(np.abs(tiled.astype(np.float64) - whole).max() / np.ptp(whole)))
    return max(changes)


def _lively(entry: registry.Entry, scale: float, folder: Path) -> Path | None:
    """Fresh weights, doubled: as they are, they make most attention so faint that rounding would hide it."""
    if not entry.trainable:
        return None
    torch.manual_seed(0)
    network = methods.build(entry.name, scale)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.requires_grad and parameter.dim() > 1:
                parameter.mul_(2)
    path = folder / "lively.safetensors"
    weights.save_weights(path, network.state_dict(), {})
    return path


@pytest.mark.parametrize("name", [name for name in registry.names() if not registry.entry(name).like])
def test_the_registry_says_what_is_the_same_in_tiles(name: str, tmp_path: Path) -> None:
    same = change(name, tmp_path) < TOLERANCE
    assert registry.entry(name).tile_safe is same, f"tile_safe of {name} must be {same}"
