"""Weights from untrusted files: each fault is one clear line, and nothing is half loaded."""

import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from resolute import registry
from resolute.core.errors import ResoluteError
from resolute.fetch import fetch_weights, key_maps
from resolute.methods import weights


def state() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return dict(nn.Conv2d(3, 4, 3).state_dict())


def refused(content: dict[str, torch.Tensor], words: str) -> None:
    with pytest.raises(ResoluteError, match=words):
        weights.load_state(nn.Conv2d(3, 4, 3), content, "some.safetensors")


def test_a_missing_tensor_is_named() -> None:
    content = state()
    del content["bias"]
    refused(content, "some.safetensors: tensor 'bias' is missing")


def test_an_extra_tensor_is_named() -> None:
    refused({**state(), "bais": torch.ones(4)}, "tensor 'bais' is not part of this network")


def test_a_misshapen_tensor_is_named() -> None:
    refused({**state(), "bias": torch.ones(5)}, r"'bias' has shape \(5,\), the network needs \(4,\)")


def test_a_tensor_that_is_not_finite_is_named() -> None:
    refused({**state(), "bias": torch.full((4,), torch.nan)}, "tensor 'bias' is not finite")


def test_provenance_that_is_not_ours_counts_as_none(tmp_path: Path) -> None:
    save_file(state(), tmp_path / "w.safetensors", {"provenance": "by hand"})
    assert weights.read_provenance(tmp_path / "w.safetensors") == {}


def test_a_file_of_zeros_is_refused() -> None:
    refused({name: torch.zeros_like(tensor) for name, tensor in state().items()}, "every tensor is zero")


class Malicious:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("pickled-code-ran",)


def test_a_pickle_with_code_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "evil.pth"
    path.write_bytes(pickle.dumps(Malicious()))
    with pytest.raises(ResoluteError, match=r"evil\.pth"):
        weights.read_checkpoint(path)
    torch.save({"weight": Malicious()}, path)
    with pytest.raises(ResoluteError, match="holds more than tensors"):
        weights.read_checkpoint(path)
    assert not (tmp_path / "pickled-code-ran").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"\0" * 1000])
def test_a_broken_checkpoint_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.pth"
    path.write_bytes(content)
    with pytest.raises(ResoluteError, match=r"broken\.pth"):
        weights.read_checkpoint(path)


def test_a_broken_safetensors_file_is_one_clear_line(project: Path) -> None:
    path = project / "w.safetensors"
    weights.save_weights(path, state(), {"seed": 1})
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(ResoluteError, match=r"w\.safetensors is damaged .*: give another file"):
        weights.read_state(path)


def test_equal_weights_give_equal_bytes_and_keep_their_provenance(project: Path) -> None:
    first, second = project / "a.safetensors", project / "b.safetensors"
    facts = {"seed": 3, "plan": {"iterations": 5}, "device": "cpu"}
    weights.save_weights(first, state(), facts)
    weights.save_weights(second, state(), dict(reversed(facts.items())))
    assert first.read_bytes() == second.read_bytes()
    assert weights.read_provenance(first) == facts


def test_key_maps_fill_groups_and_shift_numbers() -> None:
    published = registry.Published(
        "somewhere", "MIT", keys=((r"^B(\d+)\.c(\d)_r\.", "body.{1-1}.conv{2}."),), unused=(r"^dead\.",)
    )
    renamed = key_maps.rename({"B10.c2_r.weight": torch.ones(1), "dead.weight": torch.ones(1)}, published)
    assert list(renamed) == ["body.9.conv2.weight"]


def test_weight_normalised_kernels_are_folded() -> None:
    torch.manual_seed(0)
    layer = nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3))
    lengths, directions = (layer.get_parameter(f"parametrizations.weight.original{index}") for index in (0, 1))
    state = {"c.weight_g": lengths.detach() * 2, "c.weight_v": directions.detach(), "c.bias": torch.ones(4)}
    folded = key_maps.fold_weight_norm(state)
    assert sorted(folded) == ["c.bias", "c.weight"]
    assert torch.allclose(folded["c.weight"], 2 * layer.weight)
    del state["c.weight_g"]
    with pytest.raises(ResoluteError, match=r"has no 'c\.weight_g' beside it"):
        key_maps.fold_weight_norm(state)


def test_names_of_weights(project: Path) -> None:
    folder = project / "data/weights"
    published = folder / "published/rlfn_team04/ntire2022/x4.safetensors"
    assert registry.find_weights("rlfn_team04", 4.0, "published") == ("published-ntire2022", published)
    trained = folder / "trained/rlfn_tiny/x4/quick-seed3.safetensors"
    assert registry.find_weights("rlfn_tiny", 4.0, "quick-seed3") == ("quick-seed3", trained)
    with pytest.raises(ResoluteError, match="no published weights 'ntire2002': did you mean 'ntire2022'"):
        registry.find_weights("rlfn_team04", 4.0, "published-ntire2002")
    with pytest.raises(ResoluteError, match="rlfn_tiny has no published weights"):
        registry.find_weights("rlfn_tiny", 4.0, "published")
    with pytest.raises(ResoluteError, match="none of published"):
        registry.find_weights("rlfn_tiny", 4.0, "best.pth")


def test_fetched_weights_are_checked_against_the_network(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint of the right name but of another network is refused, and nothing of it stays."""
    file = registry.entry("rlfn_team04").published["ntire2022"].files[4.0]
    copy = tmp_path / "mirror" / file.url.removeprefix("https://")
    copy.parent.mkdir(parents=True)
    torch.save(state(), copy)
    monkeypatch.setenv("RESOLUTE_MIRROR", str(tmp_path / "mirror"))
    with pytest.raises(ResoluteError, match=r"(truncated|wrong checksum)"):
        fetch_weights("rlfn_team04")
    assert [path for path in (project / "data").rglob("*") if path.is_file()] == []


def test_fetching_converts_once(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = registry.entry("rlfn_team04").published["ntire2022"].files[4.0]
    copy = tmp_path / "mirror" / file.url.removeprefix("https://")
    copy.parent.mkdir(parents=True)
    copy.write_bytes((Path(__file__).parents[1] / "data/weights/team04_rlfn.pth").read_bytes())
    monkeypatch.setenv("RESOLUTE_MIRROR", str(tmp_path / "mirror"))
    path = fetch_weights("rlfn_team04")
    assert weights.read_provenance(path)["sha256"] == file.sha256
    assert [found.name for found in path.parent.iterdir()] == ["x4.safetensors"]
