"""Networks of somebody's own: found without being run, built, tried, and refused in one line."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from resolute import methods, registry
from resolute.core.errors import ResoluteError
from resolute.methods.weights import save_weights
from resolute.metrics.counters import count
from resolute.models import own as models_own
from resolute.sources.imports import _imports, _path, closure
from resolute.sources.make import _with_data, sources
from resolute.weights import networks

NETWORK = """
import sys
from torch import nn
from .parts.tail import Tail
sys.own_network_was_run = True

class Mine(nn.Module):
    def __init__(self, scale, width=4):
        super().__init__()
        assert isinstance(scale, int)
        self.body = nn.Sequential(nn.Conv2d(3, width, 3, padding=1), Tail(width, scale))

    def forward(self, x):
        return self.body(x)
"""
TAIL = """
from torch import nn

class Tail(nn.Sequential):
    def __init__(self, width, scale):
        super().__init__(nn.Conv2d(width, 3 * scale**2, 1), nn.PixelShuffle(scale))
"""
ENTRY = "file: mine_net.py\nclass: Mine\nscales: [2, 4]\n"
WEIGHTS = 3 * 8 * 9 + 8 + 8 * 48 + 48


def forget() -> None:
    """What a new process would not know."""
    for cached in (registry.names, registry.entry, closure, _path, _imports, _with_data):
        cached.cache_clear()
    for name in [one for one in sys.modules if one.startswith("resolute_own")]:
        del sys.modules[name]


@pytest.fixture
def folder(project: Path) -> Iterator[Path]:
    folder = project / "data/own/methods"
    (folder / "parts").mkdir(parents=True)
    (folder / "mine_net.py").write_text(NETWORK)
    (folder / "parts/tail.py").write_text(TAIL)
    (folder / "mine.yaml").write_text(f"{ENTRY}arguments: {{width: 8}}\n")
    forget()
    yield folder
    shutil.rmtree(folder)
    forget()


def test_a_network_is_known_and_its_files_are_followed_without_running_it(folder: Path) -> None:
    sys.__dict__.pop("own_network_was_run", None)
    entry = registry.entry("mine")
    assert (entry.title, entry.family, entry.scales, entry.kind) == ("mine", "own", (2.0, 4.0), "network")
    mine = {folder / "mine_net.py", folder / "parts/tail.py"}
    for stage in ("train", "evaluate", "profile"):
        assert {file for file in sources(stage, "mine") if file.is_relative_to(folder)} == {*mine, folder / "mine.yaml"}
        assert not {file for file in sources(stage, "rlfn_tiny") if file.is_relative_to(folder)}
    assert folder / "mine.yaml" in sources("report")
    assert not mine & sources("report")
    assert not hasattr(sys, "own_network_was_run")


def test_a_network_is_built_counted_and_run_like_others(folder: Path, project: Path) -> None:
    counted = count(lambda: methods.build("mine", 4), 32, 32).as_dict()
    assert counted["params"] == WEIGHTS
    assert counted["macs"] == 32 * 32 * (WEIGHTS - 8 - 48)
    state = torch.random.get_rng_state()
    network = methods.build_for_training("mine", 4)
    torch.random.set_rng_state(state)
    again = methods.build("mine", 4)
    assert network.training
    assert all(torch.equal(one, other) for one, other in zip(network.parameters(), again.parameters(), strict=True))
    save_weights(project / "w.safetensors", network.state_dict(), {})
    lr = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)
    sr = methods.upscaler("mine", 4, project / "w.safetensors", "cpu")(lr).sr
    with torch.no_grad():
        due = network(torch.from_numpy(lr / np.float32(255)).permute(2, 0, 1)[None])[0].permute(1, 2, 0) * 255
    np.testing.assert_allclose(sr, due.numpy(), atol=1e-3)
    assert networks._shapes(registry.entry("mine"), 4).keys() == network.state_dict().keys()


def test_a_network_of_the_registry_in_a_training_of_ones_own(folder: Path) -> None:
    (folder / "rlfn_mine.yaml").write_text("like: rlfn_tiny\ntitle: RLFN, mine\nrecipe: {learning_rate: 0.1}\n")
    forget()
    entry = registry.entry("rlfn_mine")
    assert (entry.title, entry.model) == ("RLFN, mine", registry.entry("rlfn_tiny").model)
    assert not entry.is_own


FAULTS = {
    "a syntax error": (
        "mine_net.py",
        "class Mine(nn.Module)",
        "class Mine(nn.Module",
        r"mine_net.py, line 7: .*mend it",
    ),
    "an import that is not there": (
        *("mine_net.py", "from .parts.tail", "from tail"),
        r"mine_net.py imports tail, which is not there: .* write `from \.tail import",
    ),
    "an error when it is run": ("mine_net.py", "import sys", "1 / 0", "cannot be imported .ZeroDivisionError"),
    "no such class": (
        "mine.yaml",
        "class: Mine",
        "class: Mien",
        "no class 'Mien' of torch.nn.Module: did you mean 'Mine'",
    ),
    "an argument too many": ("mine.yaml", "width: 8", "depth: 8", "Mine cannot be built with scale, depth .TypeError"),
    "another size": (
        *("parts/tail.py", "nn.PixelShuffle(scale)", "nn.PixelShuffle(1)"),
        r"at x4 and makes \(1, 48, 48, 64\) of it instead of \(1, 3, 192, 256\): mend its forward",
    ),
    "no tensor": ("mine_net.py", "return self.body(x)", "return [x]", "and makes list of it instead of"),
    "a forward that fails": (
        "mine_net.py",
        "self.body(x)",
        "self.head(x)",
        "and fails .AttributeError.*mend its forward",
    ),
    "a side that is too small": (
        *("mine_net.py", "self.body(x)", "self.body(nn.functional.pad(x, [2] * 4, 'reflect'))[..., 8:-8, 8:-8]"),
        r"takes an LR image of \(1, 3, 1, 17\) at x4 and fails .RuntimeError.*or its minimum_side",
    ),
    "no file": ("mine.yaml", "mine_net.py", "other.py", "there is no file data/own/methods/other.py"),
    "no class named": ("mine.yaml", "class: Mine\n", "", "data/own/methods/mine.yaml: .*class"),
    "an unknown key": (
        "mine.yaml",
        "file:",
        "tile_save: true\nfile:",
        "unknown key 'tile_save': did you mean 'tile_safe'",
    ),
    "a file elsewhere": ("mine.yaml", "mine_net.py", "../mine_net.py", "data/own/methods/mine.yaml: file"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_and_stays_with_its_method(fault: str, folder: Path) -> None:
    name, old, new, said = FAULTS[fault]
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))
    forget()
    with pytest.raises(ResoluteError, match=said):
        methods.build("mine", 4)
    assert "rlfn_tiny" in registry.names()
    if name != "mine.yaml":  # planning needs no sound code
        assert folder / "mine_net.py" in sources("train", "mine")


def test_a_name_that_the_registry_has_is_refused(folder: Path) -> None:
    (folder / "mine.yaml").rename(folder / "rlfn_tiny.yaml")
    forget()
    with pytest.raises(ResoluteError, match=r"data/own/methods/rlfn_tiny.yaml: the registry has a 'rlfn_tiny' already"):
        registry.entry("edsr")


def test_trying_a_network_draws_no_random_numbers_and_moves_no_statistics() -> None:
    network = torch.nn.Sequential(torch.nn.BatchNorm2d(3), torch.nn.Dropout(), torch.nn.Upsample(scale_factor=2))
    before = torch.random.get_rng_state()
    models_own.check_size(network, "mine", 2, 1)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert network[0].num_batches_tracked == 0
    assert network.training
