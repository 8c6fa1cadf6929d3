"""Pictures larger than a tile: what is cut, what is taken whole, and what does not fit into memory."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from resolute import methods
from resolute.cli.upscaling import TILE, upscale_file
from resolute.core.errors import ResoluteError
from resolute.methods import network, weights


@pytest.fixture
def picture(project: Path) -> Path:
    """A strip that is wider than a tile."""
    pixels = np.random.default_rng(0).integers(0, 256, (16, TILE + 44, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(project / "strip.png")
    return project / "strip.png"


def lively(method: str) -> Path:
    """Fresh weights, large enough to make every attention count."""
    torch.manual_seed(0)
    state = {name: 2 * tensor for name, tensor in methods.build(method, 2).state_dict().items()}
    weights.save_weights(Path("mine.safetensors"), state, {})
    return Path("mine.safetensors")


def upscaled(picture: Path, method: str, tile: int | None) -> np.ndarray:
    upscale_file(picture, Path("out.png"), method, 2, str(lively(method)), tile, overlap=64)
    return np.asarray(Image.open("out.png")).astype(int)


def test_only_what_is_the_same_in_tiles_is_cut_into_tiles(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for method, safe in (("pan", True), ("rfdn_tiny", False), ("seemore_t", False)):
        whole = upscaled(picture, method, 0)
        assert whole.shape == (32, 2 * (TILE + 44), 3)
        # Another size, another order of sums: at most a rounding to the neighbouring level.
        assert np.abs(upscaled(picture, method, None) - whole).max() <= (1 if safe else 0)
        assert capsys.readouterr().err == ""
        assert bool(np.abs(upscaled(picture, method, 150) - whole).max() <= 1) is safe
        warned = f"in tiles {method} gives another result than on the whole image" in capsys.readouterr().err
        assert warned is not safe


@pytest.mark.parametrize("tile", [0, 100])
def test_what_does_not_fit_into_memory_is_one_clear_line(
    tile: int, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network.Method, "upscaler", lambda *_: lambda _: torch.empty(10**15).numpy())
    with pytest.raises(ResoluteError, match=f"no memory for {tile or TILE + 44}x16 pixels at once"):
        upscaled(picture, "pan", tile)
    assert not Path("out.png").exists()
