"""The first of three steps of a network's verdict: it computes what the official code does."""

from pathlib import Path

import torch

from resolute import methods, registry
from resolute.evaluate.official import output_error
from resolute.fetch import key_maps
from resolute.methods import weights
from resolute.methods.upscaled import Upscaled

CHECKPOINT = Path(__file__).parents[1] / "data/weights/team04_rlfn.pth"


def error_with(state: dict[str, torch.Tensor], folder: Path) -> float | None:
    weights.save_weights(folder / "w.safetensors", state, {})
    return output_error("rlfn_team04", 4, methods.upscaler("rlfn_team04", 4, folder / "w.safetensors", "cpu"))


def test_published_weights_give_the_official_output_and_disturbed_ones_do_not(tmp_path: Path) -> None:
    published = registry.entry("rlfn_team04").published["ntire2022"]
    state = key_maps.rename(weights.read_checkpoint(CHECKPOINT), published)
    error = error_with(state, tmp_path)
    assert error is not None
    assert error < 10
    name = next(iter(state))
    disturbed = error_with({**state, name: state[name] * 1.001}, tmp_path)
    assert disturbed is not None
    assert disturbed > 10


def test_without_an_official_output_there_is_no_error_to_tell() -> None:
    assert output_error("hnct_team12", 4, Upscaled) is None
