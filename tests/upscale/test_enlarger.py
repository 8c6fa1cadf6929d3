"""Pictures larger than a tile: what is cut, what is taken whole, and what does not fit into memory."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from resolute import methods, registry
from resolute.core import memory
from resolute.core.errors import ResoluteError
from resolute.images.decode import Photo
from resolute.images.photo import read_photo, write_photo
from resolute.methods import weights
from resolute.upscale import Enlarger, by_scale
from resolute.upscale.enlarger import TILE


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


def upscale(
    source: Path,
    target: Path,
    method: str = "bicubic",
    weights: str = "published",
    scale: float = 2,
    tile: int | None = None,
    overlap: int = 32,
) -> None:
    entry = registry.entry(method)
    enlarger = Enlarger(entry, lambda own: registry.find_run(method, own, weights), "", tile, overlap)
    enlarger.upscale(source, target, by_scale(scale, entry))


def upscaled(picture: Path, method: str, tile: int | None) -> np.ndarray:
    upscale(picture, Path("out.png"), method, str(lively(method)), tile=tile, overlap=64)
    return np.asarray(Image.open("out.png")).astype(int)


@pytest.mark.slow
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
    monkeypatch.setattr(methods, "upscaler", lambda *_: lambda _: torch.empty(10**15).numpy())
    with pytest.raises(ResoluteError, match=f"no memory for {tile or TILE + 44}x16 pixels at once"):
        upscaled(picture, "pan", tile)
    assert not Path("out.png").exists()


def refused(
    picture: Path, target: str, words: str, scale: float = 2, tile: int | None = None, overlap: int = 32
) -> None:
    """`upscale` ends in one line, and all files of the project are as they were."""
    before = {path: path.read_bytes() for path in Path().iterdir() if path.is_file()}
    with pytest.raises(ResoluteError, match=words) as error:
        upscale(picture, Path(target), scale=scale, tile=tile, overlap=overlap)
    assert "\n" not in str(error.value)
    assert {path: path.read_bytes() for path in Path().iterdir() if path.is_file()} == before


@pytest.mark.parametrize("scale", [math.nan, math.inf, -math.inf, 0, -1, 1, 1e9, 64.5])
def test_a_scale_that_the_method_does_not_have(scale: float, picture: Path) -> None:
    refused(picture, "out.png", "bicubic has no x.*: it is made for all above x1, up to x64", scale)


def test_tiles_that_cannot_be(picture: Path) -> None:
    for tile, overlap in ((1, 1), (8, 8), (8, 10**20), (100, -1)):
        refused(picture, "out.png", f"tiles of {tile} pixels cannot overlap by {overlap}", tile=tile, overlap=overlap)
    # The picture is one tile.
    upscale(picture, Path("out.png"), tile=10**20, overlap=10**20)


def test_targets_that_cannot_be(picture: Path) -> None:
    Path("folder.png").mkdir()
    Path("same.png").symlink_to(picture.name)
    os.mkfifo("pipe.png")
    refused(picture, picture.name, "it is the picture itself, give another name")
    refused(picture, "same.png", "it is the picture itself, give another name")
    for name in ("folder.png", "pipe.png"):
        refused(picture, name, f"{name}: it is a folder, a pipe or a device")
    refused(picture, "none/out.png", "none does not exist")
    refused(picture, "strip.png/out.png", r"strip\.png does not exist")
    refused(picture, f"{'n' * 300}.png", "shorten it")
    refused(picture, "", "the name must end in one of")


def test_a_link_stays_a_link(picture: Path) -> None:
    Path("link.png").symlink_to("behind.png")
    upscale(picture, Path("link.png"))
    assert Path("link.png").is_symlink()
    assert Image.open("behind.png").size == (2 * (TILE + 44), 32)


def test_a_result_that_the_format_or_the_memory_cannot_hold_is_said_before_the_work(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(methods, "upscaler", lambda *_: None)  # no work
    Image.new("L", (17_000, 4)).save("wide.png")
    refused(Path("wide.png"), "out.jpg", "68000 x 16 pixels, and .jpg files end at 65,500 a side, name it .png", 4)
    Image.new("L", (4000, 100)).save("wide.png")
    monkeypatch.setattr(memory, "available", lambda: 4e6)
    refused(Path("wide.png"), "out.jpg", "a result of 16000 x 400 pixels takes 0.0 GB", 4)
    refused(Path("wide.png"), "out.png", "bicubic on 4000x100 pixels at once takes 0.2 GB", 4, tile=0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("grey", [True, False])
def test_tiles_keep_depth_and_colour(dtype: type[np.uint8] | type[np.uint16], grey: bool, project: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (16, TILE + 44, 3)).astype(dtype)
    photo = Photo(pixels[:, :, 0].copy() if grey else pixels)
    write_photo(Path("in.png"), photo, [photo.pixels], photo.size)
    results = []
    for tile in (0, None):
        upscale(Path("in.png"), Path("out.png"), tile=tile)
        results.append(read_photo(Path("out.png")).colour)
    assert results[0].dtype == dtype and results[0].ndim == 3 - grey
    np.testing.assert_array_equal(results[0], results[1])


@pytest.mark.slow
def test_standard_output_that_cannot_be_written_is_one_line(picture: Path) -> None:
    command = [sys.executable, "-c", "from resolute.cli import main; main()"]
    command += ["upscale", "strip.png", "out.png", "--method", "bicubic", "--scale", "2"]
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert run.returncode == 1
    assert run.stderr.startswith("resolute: No space left on device") and run.stderr.count("\n") == 1
