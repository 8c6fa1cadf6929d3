"""Weights from untrusted files: each fault is one clear line, and nothing is half loaded."""

import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tests.durability import is_durable_before, recorded
from torch import nn

from resolute import methods, registry
from resolute.cli.ensure import ensure_weights
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.provenance import file_sha256
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
    run = registry.find_run("rlfn_team04", 4.0, "published")
    assert (run.weights, layout.weights(registry.weights_of(run))) == ("published-ntire2022", published)
    trained = folder / "trained/rlfn_tiny/x4/quick-seed3.safetensors"
    run = registry.find_run("rlfn_tiny", 4.0, "quick-seed3")
    assert (run.weights, layout.weights(registry.weights_of(run))) == ("quick-seed3", trained)
    with pytest.raises(ResoluteError, match="no published weights 'ntire2002': did you mean 'ntire2022'"):
        registry.find_run("rlfn_team04", 4.0, "published-ntire2002")
    with pytest.raises(ResoluteError, match="rlfn_tiny has no published weights"):
        registry.find_run("rlfn_tiny", 4.0, "published")
    with pytest.raises(ResoluteError, match="none of published"):
        registry.find_run("rlfn_tiny", 4.0, "best.pth")


def test_fetched_weights_are_checked_against_the_network(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint of the right name but of another network is refused, and nothing of it stays."""
    file = registry.entry("rlfn_team04").published["ntire2022"].files[layout.Span.at(4)]
    copy = tmp_path / "mirror" / file.url.removeprefix("https://")
    copy.parent.mkdir(parents=True)
    torch.save(state(), copy)
    monkeypatch.setenv("RESOLUTE_MIRROR", str(tmp_path / "mirror"))
    with pytest.raises(ResoluteError, match=r"(truncated|wrong checksum)"):
        fetch_weights("rlfn_team04")
    assert [path for path in (project / "data").rglob("*") if path.is_file()] == []


def test_fetching_converts_once(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = registry.entry("rlfn_team04").published["ntire2022"].files[layout.Span.at(4)]
    copy = tmp_path / "mirror" / file.url.removeprefix("https://")
    copy.parent.mkdir(parents=True)
    copy.write_bytes((Path(__file__).parents[1] / "data/weights/team04_rlfn.pth").read_bytes())
    monkeypatch.setenv("RESOLUTE_MIRROR", str(tmp_path / "mirror"))
    path = fetch_weights("rlfn_team04")
    assert weights.read_provenance(path)["sha256"] == file.checksum.digits
    assert [found.name for found in path.parent.iterdir()] == ["x4.safetensors"]


@pytest.mark.parametrize(
    "stem",
    [
        "quick-seed0",
        "published-ntire2022",
        "published",
        "my-seedling",
        "imdn-seed",
        "imdn-seed1-final",
        "a@b",
        "résumé 写真",
    ],
)
def test_a_given_file_is_never_called_like_a_run(stem: str, project: Path) -> None:
    path = project / f"{stem}.safetensors"
    save_file(methods.build("rlfn_team04", 4).state_dict(), path)
    run = registry.find_run("rlfn_team04", 4.0, str(path))
    found = registry.weights_of(run)
    assert (run.weights, layout.weights(found)) == (f"{stem}@{file_sha256(path)[:8]}", path)
    assert (found.is_given, found.is_published, found.seed) == (True, False, None)
    assert ensure_weights("rlfn_team04", 4.0, str(path)) == run  # nothing to fetch


def test_weights_for_several_scales_are_one_file(project: Path) -> None:
    for scale in (2, 3, 4):
        run = registry.find_run("carn_m", scale, "published")
        path = layout.weights(registry.weights_of(run))
        assert path == project / "data/weights/published/carn_m/paper/x2-4.safetensors"


@pytest.mark.parametrize(("text", "span"), [("x4", (4, 4)), ("x1-4", (1, 4)), ("x1.5-3.7", (1.5, 3.7))])
def test_a_span_has_one_name(text: str, span: tuple[float, float]) -> None:
    assert layout.Span.parse(text) == layout.Span(*span)
    assert str(layout.Span(*span)) == text


def test_a_seed_is_that_of_a_run() -> None:
    names = {"quick-seed12": 12, "published-seed1": 1, "quick-seed": None, "quick-seed1-final": None, "q-seed٣": None}
    assert {name: layout.Weights("rlfn_tiny", layout.Span.at(4.0), name).seed for name in names} == names


@pytest.mark.parametrize(
    "asked", ["absent.safetensors", ".safetensors", "folder.safetensors", f"{'n' * 300}.safetensors"]
)
def test_a_given_file_that_is_none_is_one_clear_line(asked: str, project: Path) -> None:
    (project / "folder.safetensors").mkdir()
    with pytest.raises(ResoluteError, match=r"safetensors .*: give the path of a safetensors file"):
        registry.find_run("rlfn_tiny", 4.0, asked)


def changed(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


def test_one_flipped_bit_in_a_file_of_ours_is_refused(project: Path) -> None:
    """Of tensors and of facts alike, and with the command that makes the file again."""
    path = layout.weights(layout.Weights("rlfn_tiny", layout.Span.at(4.0), "quick-seed0"))
    for position in (-1, -40, -300):
        weights.save_weights(path, state(), {"training_data": "embedded"})
        changed(path, position)
        command = r"remove it, and `snakemake --cores all -- data/weights/trained/rlfn_tiny/x4/quick-seed0.safetensors`"
        with pytest.raises(ResoluteError, match=f"was changed after it was made.*: {command}"):
            weights.read_state(path)
    weights.save_weights(path, state(), {"training_data": "embedded"})
    changed(path, path.read_bytes().index(b"embedded"))
    with pytest.raises(ResoluteError, match="was changed after it was made"):
        weights.read_state(path)


def test_a_file_from_elsewhere_has_no_checksum_and_is_taken(project: Path) -> None:
    save_file(state(), project / "w.safetensors")
    changed(project / "w.safetensors", -1)
    assert weights.read_state(project / "w.safetensors").keys() == state().keys()


@pytest.mark.parametrize(
    "text",
    ["[]", "5", "null", "{", "[" * 100_000, '{"departures": 5}', '{"departures": [1]}', '{"training_data": {}}',
     '{"checksum": 7}', '"é'],
)  # fmt: skip
def test_provenance_of_any_content_counts_as_none(text: str, project: Path) -> None:
    save_file(state(), project / "w.safetensors", {"provenance": text})
    assert weights.read_provenance(project / "w.safetensors") == {}
    assert weights.read_state(project / "w.safetensors").keys() == state().keys()


@pytest.mark.parametrize(
    "dtype", [torch.int64, torch.int8, torch.bool, torch.complex64, torch.float8_e4m3fn, torch.float8_e5m2]
)
def test_a_tensor_of_another_kind_of_number_is_named(dtype: torch.dtype, project: Path) -> None:
    save_file({**state(), "bias": torch.ones(4).to(dtype)}, project / "w.safetensors")
    with pytest.raises(ResoluteError, match=rf"w.safetensors: tensor 'bias' is of {dtype}, the network needs torch.f"):
        weights.load_weights(nn.Conv2d(3, 4, 3), project / "w.safetensors")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_floats_of_other_lengths_are_taken(dtype: torch.dtype, project: Path) -> None:
    save_file({name: tensor.to(dtype) for name, tensor in state().items()}, project / "w.safetensors")
    network = nn.Conv2d(3, 4, 3)
    weights.load_weights(network, project / "w.safetensors")
    assert torch.equal(network.weight, state()["weight"].to(dtype).float())


def test_a_number_that_is_too_large_for_the_network_is_not_finite() -> None:
    refused({**state(), "bias": torch.full((4,), 1e300, dtype=torch.float64)}, "tensor 'bias' is not finite")


def test_a_file_that_is_replaced_while_it_is_read_is_said(project: Path) -> None:
    path = project / "w.safetensors"
    save_file(state(), path)
    with weights.unchanged(path) as sha256:
        assert sha256 == file_sha256(path)
    with pytest.raises(ResoluteError, match=r"w\.safetensors was replaced while it was read"), weights.unchanged(path):
        changed(path, -1)


WIDE = torch.ones(1).expand(10**12)
ODD: dict[str, object] = {
    "a tensor alone": torch.ones(3),
    "a list": [torch.ones(3)],
    "nothing": None,
    "a name that is a number": {1: torch.ones(3)},
    "a name that is none": {None: torch.ones(3)},
    "a nested state": {"params": {"weight": torch.ones(3)}},
    "a tensor without numbers": {"weight": torch.ones(3, device="meta")},
    "a sparse tensor": {"weight": torch.eye(3).to_sparse()},
    "terabytes": {"conv.weight_v": WIDE, "conv.weight_g": WIDE},
    "a bytearray": {"weight": torch.ones(3), "x": bytearray(10)},
}


@pytest.mark.parametrize("inside", ["", "params"])
@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("content", ODD)
def test_a_checkpoint_of_any_content_is_one_clear_line(content: str, legacy: bool, inside: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.pth"
    torch.save(ODD[content], path, _use_new_zipfile_serialization=not legacy)
    if inside and content == "a nested state":
        assert weights.read_checkpoint(path, inside).keys() == {"weight"}
        return
    with pytest.raises(ResoluteError, match=r"odd\.pth"):
        weights.read_checkpoint(path, inside)


def test_a_state_may_lie_under_keys_within_keys(tmp_path: Path) -> None:
    path = tmp_path / "deep.pth"
    torch.save({"model": {"name": "net", "sd": {"weight": torch.ones(3)}}}, path)
    assert weights.read_checkpoint(path, "model/sd")["weight"].tolist() == [1, 1, 1]
    for inside in ("model/ema", "model/name/sd", "sd"):
        with pytest.raises(ResoluteError, match=rf"deep\.pth has no '{inside}' in it"):
            weights.read_checkpoint(path, inside)


def test_a_checkpoint_that_unpacks_to_more_than_it_is_is_refused(tmp_path: Path) -> None:
    whole, packed = tmp_path / "whole.pth", tmp_path / "packed.pth"
    torch.save({"weight": torch.zeros(10**6)}, whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    assert weights.read_checkpoint(whole)["weight"].shape == (10**6,)
    with pytest.raises(ResoluteError, match=r"packed\.pth is damaged .*it claims 40\d{5} bytes"):
        weights.read_checkpoint(packed)


def test_a_pipe_in_place_of_weights_is_not_waited_for(project: Path) -> None:
    os.mkfifo(project / "w.safetensors")
    os.mkfifo(project / "w.pth")
    for read, name in ((weights.read_state, "w.safetensors"), (weights.read_checkpoint, "w.pth")):
        with pytest.raises(ResoluteError, match="Is a pipe, not a file"):
            read(project / name)


@pytest.mark.parametrize("gain", [torch.ones(3), torch.ones(4, dtype=torch.int64), torch.ones(())])
def test_weight_normalisation_that_does_not_fit_is_named(gain: torch.Tensor) -> None:
    with pytest.raises(ResoluteError, match=r"'c\.weight_v' and 'c\.weight_g' do not fit"):
        key_maps.fold_weight_norm({"c.weight_v": torch.ones(4, 3), "c.weight_g": gain})


def test_what_was_downloaded_goes_when_its_weights_are_on_the_disk(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = registry.entry("rlfn_team04").published["ntire2022"].files[layout.Span.at(4)]
    copy = tmp_path / "mirror" / file.url.removeprefix("https://")
    copy.parent.mkdir(parents=True)
    copy.write_bytes((Path(__file__).parents[1] / "data/weights/team04_rlfn.pth").read_bytes())
    monkeypatch.setenv("RESOLUTE_MIRROR", str(tmp_path / "mirror"))
    calls = recorded(monkeypatch)
    path = fetch_weights("rlfn_team04")
    assert is_durable_before(calls, path, path.with_name("x4.published.pth"))
