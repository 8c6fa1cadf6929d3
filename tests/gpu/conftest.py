"""Training pixels that need no package beside torch's own, so that these tests run on any machine with a GPU."""

from pathlib import Path

import pytest
from benchmarks.gpu.pixels import install_training_set
from benchmarks.gpu.place import Setup, enter_project

from resolute.train import loop


@pytest.fixture
def pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, the working directory, in which `train` reads pixels made up as the set `bsds500`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(loop, "open_pack", loop.open_pack)  # put back after the test
    setup = Setup(tmp_path, tmp_path, smoke=True, seconds=0)
    enter_project(setup.project)
    install_training_set(setup)
    return setup.project
