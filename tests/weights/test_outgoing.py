"""Our weights under their authors' names: what comes out is what went in, tensor by tensor and name by name."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tests.weights.conftest import PUBLISHED
from typer.testing import CliRunner

from resolute import methods, registry
from resolute.cli import app
from resolute.core import layout
from resolute.core.errors import ResoluteError, UsageError
from resolute.fetch import fetch_weights, key_maps, mirrored
from resolute.methods import weights
from resolute.registry import WeightFile
from resolute.weights import checkpoints, export, given, names, networks, outgoing
from resolute.weights.identify import identify

QUICK = ("arm_fsrcnn", "bsrn", "mobilesr_team20", "pcsr_fsrcnn", "rfesr_team36", "rlfn_team04", "smfanet")
PUBLISHED_FILES = [
    (method, tag, span)
    for method in registry.names()
    for tag, published in registry.entry(method).published.items()
    for span in published.files
]
# Of each key map one: tensors of the others go the same ways.
OF_EVERY_MAP = {
    str(registry.entry(file[0]).published[file[1]].keys): file for file in reversed(PUBLISHED_FILES)
}.values()


def round_trip(method: str, tag: str, span: layout.Span, folder: Path) -> None:
    """Out and in again, against the published file itself."""
    published = registry.entry(method).published[tag]
    original = mirrored(published.files[span].url)
    if original is None or not original.is_file():
        pytest.skip("not in the mirror")
    ours = weights.read_state(fetch_weights(method, tag, span.high))
    file = folder / "out.pth"
    export(registry.find_run(method, span.high, f"published-{tag}"), file)
    theirs, written = (weights.read_checkpoint(path, published.inside) for path in (original, file))
    assert list(written) == list(theirs)
    assert all(written[name].shape == one.shape for name, one in theirs.items())
    again = weights.read_state(layout.weights(registry.weights_of(given(file, method, span.high))))
    assert again.keys() == ours.keys()
    assert all(torch.equal(again[name], one.to(again[name].dtype)) for name, one in ours.items())


@pytest.mark.parametrize("method", QUICK)
def test_out_and_in_again(method: str, mirror: Path, project: Path) -> None:
    (tag, published), *_ = registry.entry(method).published.items()
    round_trip(method, tag, max(published.files), project)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "tag", "span"),
    [file if file in OF_EVERY_MAP else pytest.param(*file, marks=pytest.mark.attack) for file in PUBLISHED_FILES],
)
def test_every_published_file_goes_out_and_in_again(
    method: str, tag: str, span: layout.Span, mirror: Path, project: Path
) -> None:
    round_trip(method, tag, span, project)


@pytest.mark.slow
def test_every_published_file_is_found_among_all_networks(mirror: Path, project: Path) -> None:
    known = networks.networks()
    for method, tag, span in PUBLISHED_FILES:
        original = mirrored(registry.entry(method).published[tag].files[span].url)
        if original and original.is_file():
            found = identify(checkpoints.read(original), original, known)
            assert (method, span) in {(name, one.network.span) for one in found for name in one.network.methods}


def trained(method: str, scale: float = 4) -> layout.Run:
    """Weights as if they had been trained here."""
    torch.manual_seed(0)
    run = layout.Run(method, scale, "quick-seed0")
    state = methods.build(method, scale).state_dict()
    weights.save_weights(
        layout.weights(registry.weights_of(run)),
        {name: one + 0.001 * torch.randn(one.shape) for name, one in state.items()},
        {},
    )
    return run


@pytest.fixture
def at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """RLFN's published file without a mirror."""

    def fetch(_: WeightFile, target: Path) -> None:
        target.write_bytes(PUBLISHED.read_bytes())

    monkeypatch.setattr(outgoing, "fetch_original", fetch)


def test_what_was_trained_here_stands_under_the_authors_names(project: Path, at_hand: None) -> None:
    run = trained("rlfn_team04")
    assert "rlfn_team04's published file" in export(run, project / "w.pth")
    written = torch.load(project / "w.pth", weights_only=True)
    assert written.keys() == torch.load(PUBLISHED, weights_only=True).keys()
    ours = weights.read_state(layout.weights(registry.weights_of(run)))
    assert torch.equal(written["B4.esa.conv_f.bias"], ours["body.3.attention.shortcut.bias"])
    export(run, project / "w.safetensors")
    assert all(torch.equal(one, written[name]) for name, one in load_file(project / "w.safetensors").items())


def test_what_the_authors_form_cannot_hold_is_refused(project: Path, mirror: Path) -> None:
    with pytest.raises(ResoluteError, match=r"arm_fsrcnn has no place for '(centres|psnr)', and here it is not theirs"):
        export(trained("arm_fsrcnn"), project / "w.pth")
    run = trained("rfesr_team36")
    path = layout.weights(registry.weights_of(run))
    state = weights.read_state(path)
    published = registry.entry("rfesr_team36").published["ntire2022"]
    original = weights.read_checkpoint(mirrored(published.files[layout.Span.at(4)].url) or path)
    folded = {name.removesuffix("_v") for name in original if name.endswith("_v")}
    kernel = next(ours for their, ours in key_maps.our_names(key_maps.fold_weight_norm(original), published).items()
                  if their in folded)  # fmt: skip
    weights.save_weights(path, {**state, kernel: state[kernel] * 0}, {})
    with pytest.raises(ResoluteError, match=r"the weight normalisation of the authors of rfesr_team36 cannot hold"):
        export(run, project / "w.pth")
    assert not (project / "w.pth").exists()


def test_a_method_whose_authors_names_nobody_knows_is_refused(project: Path) -> None:
    with pytest.raises(
        ResoluteError, match=r"nothing says what the authors of rlfn_tiny call its tensors.*quick-seed0"
    ):
        export(trained("rlfn_tiny"), project / "w.pth")


def test_a_file_is_called_like_a_checkpoint(project: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot write .*w\.png: call it \.pth"):
        export(trained("rlfn_tiny"), project / "w.png")


@pytest.mark.parametrize("method", ["safmn", "seemore_t", "rcan_hes"])
def test_without_a_published_file_every_tensor_has_one_name_of_the_authors(method: str) -> None:
    naming = names.authors(method)
    assert naming
    shapes = networks.network(method, 4).shapes
    theirs = naming.theirs(shapes)
    assert len(set(theirs.values())) == len(shapes)
    assert naming.ours(theirs.values(), shapes) == {their: our for our, their in theirs.items()}


def test_the_command_writes_and_says_whose_names(project: Path, at_hand: None) -> None:
    trained("rlfn_team04")
    file = project / "w.pth"
    done = CliRunner().invoke(app, ["export", "rlfn_team04", "--out", str(file), "--weights", "quick-seed0"])
    assert done.output.startswith(f"{file}\n")
    assert "names_of         rlfn_team04's published file (ntire2022)" in done.output
    assert key_maps.rename(weights.read_checkpoint(file), registry.entry("rlfn_team04").published["ntire2022"])
