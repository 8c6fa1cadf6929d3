"""Weights and checkpoints of any content: tensors or one line, in bounded memory and time."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save
from tests.fuzz.mutations import attack, wanted
from torch import nn

from resolute import registry
from resolute.fetch import key_maps
from resolute.methods import weights
from resolute.train import checkpoint

PUBLISHED = registry.Published("somewhere", "MIT", keys=((r"^B(\d+)\.", "body.{1-1}."),), unused=(r"^dead\.",))


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 3, 1))


def torch_saved(content: object, legacy: bool = False) -> bytes:
    stream = io.BytesIO()
    torch.save(content, stream, _use_new_zipfile_serialization=not legacy)
    return stream.getvalue()


def read_safetensors(path: Path) -> None:
    weights.load_weights(network(), path)
    weights.read_provenance(path)


def read_published(path: Path) -> None:
    key_maps.rename(weights.read_checkpoint(path, "params"), PUBLISHED)
    weights.load_state(network(), weights.read_checkpoint(path, "params_ema"), path.name)


def read_training(path: Path) -> None:
    checkpoint.set_aside_damaged(path)
    checkpoint.load(path, "mine")
    for aside in path.parent.glob("*.damaged*"):
        aside.unlink()


READERS: dict[str, Callable[[Path], None]] = {
    "safetensors": read_safetensors,
    "pth": read_published,
    "pt": read_training,
}


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """Small files of every kind, by their endings."""
    state = dict(network().state_dict())
    normalised = {"B1.weight_g": torch.ones(4, 1, 1, 1), "B1.weight_v": torch.ones(4, 3, 3, 3), "dead.x": torch.ones(1)}
    wrapped = {"params_ema": state, "params": normalised}
    ours = tmp_path_factory.mktemp("seeds") / "ours"
    with pytest.MonkeyPatch.context() as monkeypatch:
        (ours.parent / "params.yaml").touch()
        monkeypatch.chdir(ours.parent)
        weights.save_weights(ours, state, {"seed": 0, "training_data": "embedded", "departures": ["settings"]})
        with_checksum = ours.read_bytes()
        checkpoint.save(ours, {"step": 5, "network": state, "losses": [torch.ones(())]}, "mine")
    return {
        "safetensors": {"ours": with_checksum, "plain": save(state)},
        "pth": {"zip": torch_saved(wrapped), "legacy": torch_saved(wrapped, legacy=True)},
        "pt": {"ours": ours.read_bytes(), "plain": torch_saved(state)},
    }


def fuzz(ending: str, count: int, seeds: dict[str, bytes], folder: Path) -> None:
    path = folder / f"file.{ending}"

    def read(data: bytes) -> None:
        torch.set_num_threads(1)
        path.write_bytes(data)
        READERS[ending](path)

    outcomes = attack(read, seeds, count)
    assert not outcomes.unclean, outcomes
    assert outcomes.counts.total() == count


@pytest.mark.parametrize("ending", READERS)
def test_mutated_files_end_in_tensors_or_one_line(
    ending: str, seeds: dict[str, dict[str, bytes]], project: Path
) -> None:
    fuzz(ending, wanted(100), seeds[ending], project)


@pytest.mark.attack
@pytest.mark.parametrize("ending", READERS)
def test_ten_thousand_mutated_files_end_in_tensors_or_one_line(
    ending: str, seeds: dict[str, dict[str, bytes]], project: Path
) -> None:
    fuzz(ending, wanted(3_400), seeds[ending], project)


def test_the_seeds_themselves_are_read(seeds: dict[str, dict[str, bytes]], project: Path) -> None:
    for ending, files in seeds.items():
        for content in files.values():
            path = project / f"file.{ending}"
            path.write_bytes(content)
            READERS[ending](path)
