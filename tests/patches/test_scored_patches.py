"""Patches scored by a trained network: each by itself, in the order of the index, refused where they are of another."""

import io
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from typer.testing import CliRunner

from resolute import methods, registry
from resolute.cli import app
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.degrade import degrade
from resolute.fetch import fetch_dataset
from resolute.images.pack import open_pack
from resolute.methods import weights
from resolute.metrics.psnr import psnr
from resolute.patches import make_patches, pack_hr, scores
from resolute.patches.scores import score_patches

SCORER = layout.Weights("srresnet_tiny", layout.Span.at(4.0), "quick-seed3")
REPAIR = r"run `resolute patches embedded --scale 4 --scored-by srresnet_tiny --seed 3`$"


def put_weights(seed: int = 0) -> None:
    torch.manual_seed(seed)
    weights.save_weights(layout.weights(SCORER), methods.build(SCORER.method, 4).state_dict(), {})


@pytest.fixture
def packed(checkout: Path) -> Path:
    """The embedded photographs, ready to be scored at x4."""
    fetch_dataset("embedded", [4.0], ["train"])
    degrade("embedded", 4.0)
    pack_hr("embedded", ["train"])
    return make_patches("embedded", 4.0, lr_size=24, lr_stride=24, categories=4)


@pytest.fixture
def scored(packed: Path) -> Path:
    """The scores of the embedded photographs by a fresh network."""
    put_weights()
    return score_patches("embedded", SCORER, threads=1)


def test_each_patch_is_scored_by_itself_row_by_row_of_the_index(scored: Path) -> None:
    pack = open_pack("embedded", 4.0, SCORER)
    found = pack.columns["psnr"]
    assert len(found) == len(pack.columns["image"])
    upscale = methods.upscaler(SCORER.method, 4, layout.weights(SCORER), "cpu")
    for row in (0, 1, len(found) // 2, len(found) - 1):
        image, y, x = (int(pack.columns[name][row]) for name in ("image", "row", "column"))
        lr = pack.lr(image)[y : y + 24, x : x + 24]
        hr = pack.hr(image)[4 * y : 4 * y + 96, 4 * x : 4 * x + 96]
        sr = np.rint(upscale(lr).sr.clip(0, 255))
        assert found[row] == pytest.approx(psnr(sr[4:-4, 4:-4], hr[4:-4, 4:-4]), abs=1e-3)
    assert "psnr" not in open_pack("embedded", 4.0).columns


def test_scores_are_the_same_bytes_every_time_and_who_waited_takes_them(
    scored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, made = scored.read_bytes(), scored.stat().st_ino
    score_patches("embedded", SCORER, threads=1)
    assert scored.read_bytes() == content
    made = scored.stat().st_ino
    monkeypatch.setattr(scores, "making", lambda _: nullcontext(True))
    score_patches("embedded", SCORER, threads=1)
    assert scored.stat().st_ino == made
    put_weights(seed=1)
    score_patches("embedded", SCORER, threads=1)
    assert scored.read_bytes() != content


def without_a_row(content: bytes) -> bytes:
    table = pq.read_table(io.BytesIO(content))
    written = io.BytesIO()
    pq.write_table(table.slice(1), written)
    return written.getvalue()


def of_no_origin(content: bytes) -> bytes:
    written = io.BytesIO()
    pq.write_table(pq.read_table(io.BytesIO(content)).replace_schema_metadata(None), written)
    return written.getvalue()


def no_number(content: bytes) -> bytes:
    table = pq.read_table(io.BytesIO(content))
    psnr = table["psnr"].to_numpy().copy()
    psnr[5] = np.nan
    written = io.BytesIO()
    pq.write_table(table.set_column(0, "psnr", [psnr]), written)
    return written.getvalue()


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut short": lambda content: content[: len(content) // 2],
    "a byte changed": lambda content: content[:200] + bytes([content[200] ^ 1]) + content[201:],
    "a row too few": without_a_row,
    "no number": no_number,
    "of nothing known": of_no_origin,
}


def test_damaged_scores_and_those_of_others_are_one_line(scored: Path) -> None:
    content = scored.read_bytes()
    place = f"^{layout.relative(scored)} "
    for name, damage in DAMAGES.items():
        scored.write_bytes(damage(content))
        with pytest.raises(ResoluteError, match=rf"{place}(is damaged|cannot be read) [^\n]*{REPAIR}"):
            open_pack("embedded", 4.0, SCORER)
            pytest.fail(name)
    scored.unlink()
    with pytest.raises(ResoluteError, match=rf"{place}is not there: {REPAIR}"):
        open_pack("embedded", 4.0, SCORER)
    scored.write_bytes(content)
    put_weights(seed=1)
    with pytest.raises(ResoluteError, match=rf"{place}is not of the weights that lie there now: {REPAIR}"):
        open_pack("embedded", 4.0, SCORER)
    layout.weights(SCORER).unlink()  # a machine that only trains need not have them
    assert "psnr" in open_pack("embedded", 4.0, SCORER).columns
    make_patches("embedded", 4.0, lr_size=24, lr_stride=16, categories=4)
    with pytest.raises(ResoluteError, match=rf"{place}is not of the patches that lie there now: {REPAIR}"):
        open_pack("embedded", 4.0, SCORER)


def test_patches_that_cannot_be_scored_are_one_line(packed: Path) -> None:
    with pytest.raises(ResoluteError, match=r"quick-seed3.safetensors do not exist: fetch or train them first$"):
        score_patches("embedded", SCORER, threads=1)
    supernet = layout.Weights("wbsr_tiny", SCORER.span, SCORER.name)
    weights.save_weights(layout.weights(supernet), methods.build("wbsr_tiny", 4).state_dict(), {})
    assert registry.entry("wbsr_tiny").minimum_side == 32
    with pytest.raises(ResoluteError, match=r"patches of 24 LR pixels cannot be scored: wbsr_tiny needs sides of at l"):
        score_patches("embedded", supernet, threads=1)
    done = CliRunner().invoke(app, ["patches", "embedded", "--hr", "--scored-by", "srresnet_tiny"])
    assert done.exit_code == 1
    assert done.stderr.splitlines() == ["resolute: give --hr or --scored-by: they are jobs of their own"]
