"""Somebody else's checkpoints: found by their tensors, whatever they are wrapped in, or refused with one line."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tests.weights.conftest import PUBLISHED
from torch import Tensor, nn
from typer.testing import CliRunner

from resolute import methods, registry
from resolute.cli import app
from resolute.cli.ensure import ensure_weights
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.provenance import file_sha256
from resolute.methods import weights
from resolute.weights import adopt, given

State = dict[str, Tensor]
METHOD = "rlfn_team04"

WRAPPED: dict[str, Callable[[State], object]] = {
    "as it is": lambda state: state,
    "BasicSR": lambda state: {"params": {name: one * 0 + 1 for name, one in state.items()}, "params_ema": state},
    "Lightning": lambda state: {
        "epoch": 3,
        "state_dict": {**{f"model.{name}": one for name, one in state.items()}, "loss.vgg.weight": torch.ones(3)},
        "hyper_parameters": {"scale": 4, "data_range": 255.0, "layers": [1, 2]},
        "optimizer_states": [{"state": {0: {"exp_avg": torch.ones(3)}}}],
    },
    "parallel and compiled": lambda state: {
        "model_state_dict": {f"module._orig_mod.{name}": one for name, one in state.items()},
        "optimizer": {"state": {0: {"exp_avg": torch.ones(3)}}, "param_groups": [{"lr": 0.1}]},
    },
    "GAN": lambda state: {"generator": state, "discriminator": {"conv.weight": torch.ones(3, 3)}, "step": 5},
    "a key that nobody knows": lambda state: {"stage2": {"mine": state}},
}


def pixels(run: layout.Run) -> np.ndarray:
    lr = np.random.default_rng(0).integers(0, 256, (24, 20, 3), dtype=np.uint8)
    return methods.upscaler(run.method, run.scale, layout.weights(registry.weights_of(run)), "cpu")(lr).sr


@pytest.fixture
def expected(project: Path) -> np.ndarray:
    return pixels(given(PUBLISHED, METHOD, 4))


@pytest.mark.parametrize("wrapping", WRAPPED)
def test_whatever_tensors_are_wrapped_in_the_pixels_are_the_same(
    wrapping: str, state: State, expected: np.ndarray, few: None, tmp_path: Path
) -> None:
    file = tmp_path / "Mine v2.ckpt"
    torch.save(WRAPPED[wrapping](state), file)
    found = adopt(file)
    assert str(found.weights) == f"{METHOD}/x4/own-mine_v2"
    assert np.array_equal(pixels(registry.find_run(METHOD, 4, "own-mine_v2")), expected)
    assert np.array_equal(pixels(ensure_weights(METHOD, 4, str(file))), expected)


def test_what_is_fetched_and_what_is_imported_are_the_same_numbers(project: Path) -> None:
    state = weights.read_state(layout.weights(adopt(PUBLISHED, METHOD).weights))
    assert state.keys() == methods.build(METHOD, 4).state_dict().keys()
    original = torch.load(PUBLISHED, weights_only=True)
    assert torch.equal(state["body.0.attention.reduce.weight"], original["B1.esa.conv1.weight"])


def test_an_imported_file_says_where_it_is_from(state: State, project: Path, tmp_path: Path) -> None:
    file = tmp_path / "light.ckpt"
    torch.save(WRAPPED["Lightning"](state), file)
    path = layout.weights(adopt(file, METHOD).weights)
    facts = weights.read_provenance(path)
    assert (facts["url"], facts["sha256"]) == ("light.ckpt", file_sha256(file))
    assert (facts["inside"], facts["prefix"], facts["left_out"]) == ("state_dict", "model.", 1)
    assert facts["hyper_parameters"] == {"scale": 4, "data_range": 255.0}
    assert facts["tensors"]["head.weight"] == "fea_conv.weight"
    changed = path.read_bytes()
    path.write_bytes(changed[:-1] + bytes([changed[-1] ^ 1]))
    with pytest.raises(ResoluteError, match=r"was changed after it was made.*: remove it, and import its checkpoint"):
        weights.read_state(path)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floats_become_float32(dtype: torch.dtype, state: State, project: Path, tmp_path: Path) -> None:
    file = tmp_path / "w.safetensors"
    save_file({name: one.to(dtype) for name, one in state.items()}, file)
    ours = weights.read_state(layout.weights(adopt(file, METHOD).weights))
    assert {one.dtype for one in ours.values()} == {torch.float32}
    assert torch.equal(ours["head.weight"], state["fea_conv.weight"].to(dtype).float())


def test_a_safetensors_file_under_our_names_is_taken_as_it_is(project: Path, tmp_path: Path) -> None:
    file = tmp_path / "ours.safetensors"
    save_file(weights.read_state(layout.weights(adopt(PUBLISHED, METHOD).weights)), file)
    assert ensure_weights(METHOD, 4, str(file)).file == file
    assert adopt(file, METHOD, name="again").facts["names"] == "this project"
    save_file(torch.load(PUBLISHED, weights_only=True), file)
    converted = ensure_weights(METHOD, 4, str(file))
    assert converted.file == layout.converted_weights(registry.weights_of(converted), file_sha256(file))
    assert converted.weights == f"ours@{file_sha256(file)[:8]}"


def test_methods_that_no_tensor_tells_apart_are_named(few: None, project: Path, tmp_path: Path) -> None:
    file = tmp_path / "w.pth"
    torch.save(methods.build("rfdn_baseline", 4).state_dict(), file)
    with pytest.raises(ResoluteError, match=r"w\.pth fits 2 methods.*: rfdn_baseline, v1_team06: choose one with --me"):
        adopt(file)
    assert adopt(file, "v1_team06").weights.method == "v1_team06"


def test_scales_that_no_tensor_tells_apart_are_named(few: None, project: Path, tmp_path: Path) -> None:
    file = tmp_path / "w.pth"
    torch.save(methods.build("pan", 3).state_dict(), file)
    with pytest.raises(
        ResoluteError, match=r"w\.pth fits pan at x2 and x3, whose tensors have the same shapes: .*--sca"
    ):
        adopt(file)
    assert adopt(file, scale=3).weights.span == layout.Span.at(3)


def test_a_network_in_another_training_is_the_network(few: None, project: Path, tmp_path: Path) -> None:
    file = tmp_path / "w.pth"
    torch.save(methods.build("srresnet", 2).state_dict(), file)
    assert str(adopt(file).weights) == "srresnet/x2/own-w"
    assert str(adopt(file, "srresnet_hes").weights) == "srresnet_hes/x2/own-w"


def test_one_set_of_weights_for_several_scales_is_imported_once(few: None, project: Path, tmp_path: Path) -> None:
    file = tmp_path / "w.pth"
    torch.save(methods.build("carn_m", 3).state_dict(), file)
    assert str(adopt(file).weights) == "carn_m/x2-4/own-w"
    assert {registry.weights_of(registry.find_run("carn_m", scale, "own-w")) for scale in (2, 3, 4)} == {
        adopt(file).weights
    }


def damaged(state: State, what: str) -> State:
    """RLFN's tensors with something wrong."""
    first = "fea_conv.weight"
    match what:
        case "missing":
            return {name: one for name, one in state.items() if name != first}
        case "more":
            return {**state, "classifier.weight": torch.ones(3)}
        case "misshapen":
            return {**state, first: torch.ones(46, 3, 5, 5)}
        case "not finite":
            return {**state, first: state[first] * torch.nan}
        case _:
            return {f"layer{i}.weight": one for i, one in enumerate(state.values())}


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("missing", "'head.weight' is missing"),
        ("more", "'classifier.weight' is not part of it"),
        ("misshapen", "'head.weight' is 46x3x5x5 and not 46x3x3x3"),
        ("not finite", "tensor 'head.weight' is not finite"),
        ("other names", "'head.weight' is missing .and 77 more., 'layer0.weight' is not part of it"),
    ],
)
@pytest.mark.parametrize("method", ["", METHOD])
def test_what_does_not_fit_is_named_and_nothing_is_written(
    what: str, line: str, method: str, state: State, few: None, project: Path, tmp_path: Path
) -> None:
    file = tmp_path / "w.pth"
    torch.save(damaged(state, what), file)
    with pytest.raises(ResoluteError, match=rf"^w\.pth .*{METHOD}.*{line}"):
        adopt(file, method)
    assert not list(project.rglob("*.safetensors"))


def test_the_weights_of_another_network_are_refused(project: Path) -> None:
    """As in Xiangtaokong/ClassSR#16: a file of the right kind, for another network."""
    with pytest.raises(ResoluteError, match=r"does not hold weights of classsr_tiny at x4: .* is missing"):
        adopt(PUBLISHED, "classsr_tiny")
    with pytest.raises(ResoluteError, match=r"does not hold weights of rlfn_tiny at x4: .* is 46x3x3x3 and not"):
        ensure_weights("rlfn_tiny", 4, str(PUBLISHED))


def test_a_file_that_needs_code_is_not_opened(project: Path, tmp_path: Path) -> None:
    for name, content in (("module", nn.Conv2d(3, 4, 3)), ("arguments", {"net": {}, "args": argparse.Namespace(a=1)})):
        torch.save(content, tmp_path / f"{name}.pth")
        with pytest.raises(ResoluteError, match=rf"{name}\.pth holds more than tensors .*: write its tensors alone"):
            adopt(tmp_path / f"{name}.pth", METHOD)


@pytest.mark.parametrize("content", [{}, {"epoch": 3}, [1], {"optimizer": {"state": {0: {"m": torch.ones(3)}}}}])
def test_a_file_without_tensors_is_refused(content: object, project: Path, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(ResoluteError, match=r"w\.pt holds no tensors with names"):
        adopt(tmp_path / "w.pt", METHOD)


def test_a_file_that_repeats_itself_is_read_once(project: Path, tmp_path: Path) -> None:
    content: dict[str, object] = {}
    for depth in range(3):
        content = {f"{depth}_{i}": content for i in range(3000)}
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(ResoluteError, match=r"w\.pt holds no tensors with names"):
        adopt(tmp_path / "w.pt", METHOD)


def test_names_of_imported_weights(state: State, project: Path, tmp_path: Path) -> None:
    adopt(PUBLISHED, METHOD, name="mine")
    adopt(PUBLISHED, METHOD, name="mine")  # the same file again
    file = tmp_path / "写真.pth"
    torch.save({**state, "fea_conv.bias": state["fea_conv.bias"] + 1}, file)
    with pytest.raises(ResoluteError, match=r"mine\.safetensors is of team04_rlfn\.pth: give another --name"):
        adopt(file, METHOD, name="mine")
    with pytest.raises(ResoluteError, match="gives no name for its weights: give one with --name"):
        adopt(file, METHOD)
    for name in ("seed3", "a-b", "A", "../x", "a" * 65):
        with pytest.raises(ResoluteError, match="names no weights"):
            adopt(file, METHOD, name=name)
    with pytest.raises(ResoluteError, match=r"rlfn_team04 has no weights 'own-mien' at x4: did you mean 'own-mine'"):
        registry.find_run(METHOD, 4, "own-mien")
    with pytest.raises(ResoluteError, match="`resolute import FILE --method rlfn_tiny` brings some"):
        registry.find_run("rlfn_tiny", 4, "own-mine")
    assert layout.Weights(METHOD, layout.Span.at(4), "own-seed3").seed == 3  # of a preset called so


def test_the_command_says_what_was_found_and_what_was_not(few: None, project: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.pt"
    torch.save({"net": {f"module.{k}": v.half() for k, v in torch.load(PUBLISHED, weights_only=True).items()}}, file)
    shown = CliRunner().invoke(app, ["import", str(file)]).output
    assert "weights    own-mine" in shown
    assert "tensors    78, named as in rlfn_team04's published file (ntire2022), under 'net', after 'module.'" in shown
    assert "into float32 from float16" in shown
    assert "assumed    data_range 255, width 46" in shown
    facts = json.loads(CliRunner().invoke(app, ["import", str(file), "--json"]).output)
    assert (facts["method"], facts["tensors"], facts["assumed"]["data_range"]) == (METHOD, 78, 255)
