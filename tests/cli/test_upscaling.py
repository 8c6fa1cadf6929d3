"""Pictures larger than a tile, and networks that must not be cut into tiles."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from resolute.cli.upscaling import upscale_file
from resolute.methods import load, weights


@pytest.mark.parametrize(("method", "cut"), [("rlfn_tiny", True), ("seemore_t", False)])
def test_only_what_is_the_same_in_tiles_is_cut_into_tiles(
    method: str, cut: bool, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    path = project / "mine.safetensors"
    weights.save_weights(path, load(method).build(2).state_dict(), {})
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(project / "small.png")
    for name, tile in (("whole", 0), ("tiled", 24)):
        upscale_file(project / "small.png", project / f"{name}.png", method, 2, str(path), tile, overlap=4)
    whole, tiled = (np.asarray(Image.open(project / f"{name}.png")) for name in ("whole", "tiled"))
    assert whole.shape == tiled.shape == (80, 100, 3)
    warned = f"{method} looks at the whole image, so it is not cut into tiles" in capsys.readouterr().err
    assert warned is not cut
    if not cut:
        assert np.array_equal(whole, tiled)
