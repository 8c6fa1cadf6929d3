"""`resolute export`: files that other programs read, from the command line on."""

import hashlib
import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from resolute import methods, registry
from resolute.cli import main
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.export import check
from resolute.export.graph import checked_graph
from resolute.export.network import exportable
from resolute.export.parity import TOLERANCE
from resolute.export.photographs import crop
from resolute.methods.weights import save_weights

STATIC = [
    name for name in registry.names() if registry.entry(name).kind in ("network", "multiscale", "arbitrary_scale")
]
# What they need: Fourier transforms; patches put together; the number of pixels, which a trace takes for a constant.
REFUSED = {"nlffc_team02": "fft_rfft", "lkfn_2024": "fft_rfft", "ciaosr": "col2im", "srno": "of the range off"}
# Their families: ESA; distillation; windows that shift, and a shuffle; cells that overlap; data range 255; coordinates.
FEW = ("rfdn_tiny", "imdn_tiny", "imdtn_team09", "smfanet", "srresnet_tiny", "rfdn_team35", "liif_tiny")


@pytest.fixture
def resolute(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command in this process: its exit status, what it prints, and what it says went wrong."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["resolute", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err.strip()

    return run


@pytest.fixture
def weights(project: Path) -> Path:
    """Fresh weights of a tiny network."""
    torch.manual_seed(0)
    save_weights(project / "mine.safetensors", methods.build("rfdn_tiny", 4).state_dict(), {})
    return project / "mine.safetensors"


def run_by_onnxruntime(file: Path, lr_HWC: np.ndarray) -> np.ndarray:
    """As a stranger would, who knows the file's metadata alone: 0..255 to 0..255."""
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    images = (lr_HWC.astype(np.float32) / 255).transpose(2, 0, 1)[None]
    (sr,) = session.run(None, {session.get_inputs()[0].name: images})
    return sr[0].transpose(1, 2, 0) * 255


@pytest.mark.parametrize("name", ["rlfn_team04", "esan_team34"])
def test_published_weights_give_in_onnxruntime_what_upscale_gives(
    mirror: Path, project: Path, resolute: Any, name: str
) -> None:
    status, said, _ = resolute("export", name, "--out", "sub/net.onnx", "--json")
    assert status == 0
    weights = layout.weights(registry.weights_of(registry.find_run(name, 4, "published")))
    lr = (crop(53, 70)[0].permute(1, 2, 0).numpy() * 255).round()
    wanted = methods.upscaler(name, 4, weights, "cpu")(lr).sr
    assert np.abs(run_by_onnxruntime(Path("sub/net.onnx"), lr) - wanted).max() < 255 * TOLERANCE
    facts = {fact.key: fact.value for fact in onnx.load("sub/net.onnx").metadata_props}
    assert facts["weights_sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert (facts["method"], facts["weights"], facts["scale"]) == (name, "published-ntire2022", "4")
    assert float(facts["parity_error"]) < TOLERANCE
    assert float(facts["parity_psnr_db"]) > 80
    assert set(json.loads(said)) == {"file", *facts}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "most"), [("rlfn_team04", 1.0), pytest.param("imdn_baseline", 0.2, marks=pytest.mark.attack)]
)
def test_less_precision_costs_what_it_says(mirror: Path, project: Path, resolute: Any, name: str, most: float) -> None:
    size, loss = {}, {}
    for precision in ("fp32", "fp16", "int8"):
        status, said, wrong = resolute("export", name, "--precision", precision, "--out", "net.onnx", "--json")
        assert status == 0, wrong
        size[precision], loss[precision] = Path("net.onnx").stat().st_size, json.loads(said).get("psnr_loss_db")
        facts = {fact.key: fact.value for fact in onnx.load("net.onnx").metadata_props}
        assert facts["precision"] == precision
        if precision != "fp32":
            assert float(facts["psnr_loss_db"]) == pytest.approx(loss[precision], abs=1e-6)
    assert loss["fp32"] is None
    assert abs(loss["fp16"]) < 0.01
    assert 0.02 < loss["int8"] < most
    assert size["int8"] < size["fp16"] < 0.6 * size["fp32"]


def test_a_network_that_less_precision_breaks_is_refused(mirror: Path, project: Path, resolute: Any) -> None:
    status, _, said = resolute("export", "fmen_team03", "--precision", "fp16", "--out", "net.onnx")
    assert status == 1
    assert said.startswith("resolute: fmen_team03 in fp16 loses 23.")
    assert not list(Path().rglob("*.onnx*"))


def test_the_same_weights_give_the_same_bytes_and_the_metadata_say_how_to_use_them(
    weights: Path, resolute: Any
) -> None:
    for file in ("a.onnx", "b.onnx"):
        assert resolute("export", "rfdn_tiny", "--weights", weights, "--out", file)[0] == 0
    assert Path("a.onnx").read_bytes() == Path("b.onnx").read_bytes()
    model = onnx.load("a.onnx")
    onnx.checker.check_model(model)
    facts = {fact.key: fact.value for fact in model.metadata_props}
    assert facts["input"] == "float32, 1 x 3 x height x width, RGB, 0..1"
    assert facts["weights"].startswith("mine@")
    assert facts["opset"] == str(model.opset_import[0].version)
    (dims,) = ([dim.dim_value or dim.dim_param for dim in one.type.tensor_type.shape.dim] for one in model.graph.input)
    assert dims == [1, 3, "height", "width"]


@pytest.mark.parametrize("name", FEW)
def test_a_family_is_exported_for_all_sizes(name: str) -> None:
    _check(name)


def test_a_network_of_another_range_is_exported_in_inference_mode_too() -> None:
    assert not any(part.training for part in exportable(registry.entry("rfdn_team35"), 4, None).modules())


@pytest.mark.attack
@pytest.mark.parametrize("name", [name for name in STATIC if name not in FEW])
def test_every_network_is_exported_for_all_sizes(name: str) -> None:
    reasons = [reason for known, reason in REFUSED.items() if name.startswith(known)]
    with pytest.raises(ResoluteError, match=reasons[0]) if reasons else nullcontext():
        _check(name)


def _check(name: str) -> None:
    entry = registry.entry(name)
    torch.manual_seed(0)
    _, parity = checked_graph(entry, entry.scales[-1] if entry.scales else 3.7, None)
    assert parity.error < TOLERANCE / 10


def test_what_is_no_static_network_is_refused_with_the_reason() -> None:
    for name in set(registry.names()) - set(STATIC):
        with pytest.raises(ResoluteError, match="has no network" if name == "bicubic" else "chooses what to run"):
            check(name, 4)
    for name in STATIC:
        check(name, registry.entry(name).scales[0] if registry.entry(name).scales else 3.7)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["rfdn_tiny", "--format", "tflite"], 2, "'tflite' is not one of 'onnx'"),
        (["rfdn_tiny", "--precision", "int4"], 2, "'int4' is not one of"),
        (["rfdn_tinny"], 1, "did you mean 'rfdn_tiny'"),
        (["rlfn_team04", "--scale", "3"], 1, "has no x3: it is made for x4"),
        (["rfdn_tiny"], 1, "no published weights"),
        (["seemore_t"], 1, "chooses what to run (rank2 to rank8)"),
        (["imdn_tiny", "--weights", "mine.safetensors"], 1, "does not hold weights of imdn_tiny at x4"),
        (["rfdn_tiny", "--weights", "mine.safetensors", "--out", "taken/x.onnx"], 1, "File exists: taken"),
        (["rfdn_tiny", "--weights", "mine.safetensors", "--out", "."], 1, "Is a directory"),
        (["rfdn_tiny", "--format", "onnx", "--out", "x.pth"], 2, "x.pth is not called like a file of --format onnx"),
        (["rfdn_tiny", "--precision", "int8", "--out", "x.pth"], 2, "--precision int8 is for ONNX files"),
    ],
)
def test_mistakes_are_one_line_and_leave_no_file(
    weights: Path, resolute: Any, arguments: list[str], status: int, message: str
) -> None:
    Path("taken").write_text("a file")
    ended, printed, said = resolute("export", *arguments)
    assert (ended, printed) == (status, "")
    assert message in said
    assert len(said.splitlines()) == 1
    assert not list(Path().rglob("*.onnx*"))


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_without_its_packages_the_command_says_what_to_install(
    checkout: Path, resolute: Any, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    for command in (["export", "rfdn_tiny"], ["profile", "rfdn_tiny", "--onnxruntime"]):
        status, _, said = resolute(*command)
        assert (status, said) == (
            1,
            f"resolute: {package} is not installed: run `pip install -c requirements.lock -e '.[export]'`",
        )
