"""Checkpoints of any content: a training resumes from what it has written itself, or starts anew and says so."""

import errno
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from resolute.core import layout
from resolute.train import checkpoint

STATE = {"step": 5, "network": {"weight": torch.arange(6.0)}, "log": {"rows": [[1, 0.5]]}}


def saved(path: Path) -> bytes:
    checkpoint.save(path, STATE, "mine")
    return path.read_bytes()


def outcome(path: Path) -> dict[str, Any] | None:
    checkpoint.set_aside_damaged(path)
    return checkpoint.load(path, "mine")


def test_what_was_saved_comes_back(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = project / "work/run.pt"
    assert outcome(path) is None
    saved(path)
    found = outcome(path)
    assert found is not None
    assert (found["step"], found["log"]) == (STATE["step"], STATE["log"])
    assert torch.equal(found["network"]["weight"], torch.arange(6.0))
    assert torch.load(path, weights_only=True)["identity"] == "mine"
    assert capsys.readouterr().err == ""
    assert checkpoint.load(path, "another") is None
    assert "work/run.pt is of other settings, data or code" in capsys.readouterr().err


def test_any_flipped_bit_is_noticed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = project / "run.pt"
    whole = saved(path)
    for position in range(0, len(whole), 97):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        assert outcome(path) is None
        aside = path.with_name("run.pt.damaged")
        assert len(aside.read_bytes()) == len(whole)
        assert "run.pt is damaged" in capsys.readouterr().err
        aside.unlink()


def foreign(path: Path) -> None:
    torch.save({"state_dict": {"weight": torch.ones(3)}}, path)


CONTENTS: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "short": lambda path: path.write_bytes(b"x" * 31),
    "truncated": lambda path: path.write_bytes(saved(path)[:-100]),
    "longer": lambda path: path.write_bytes(saved(path) + b"\n"),
    "of another program": foreign,
    "of a version without checksums": lambda path: torch.save({"identity": "mine", "step": 5}, path),
    "a pickle": lambda path: path.write_bytes(pickle.dumps({"identity": "mine"})),
    "a folder": lambda path: (path / "inner").mkdir(parents=True),
}


@pytest.mark.parametrize("content", CONTENTS)
def test_any_other_content_is_set_aside_and_said(
    content: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project / "run.pt"
    for number in ("", "1"):
        CONTENTS[content](path)
        assert outcome(path) is None
        assert not path.exists()
        assert path.with_name(f"run.pt.damaged{number}").exists()  # one that is there already stays
        error = capsys.readouterr().err
        assert len(error.splitlines()) == 1
        assert f"kept as run.pt.damaged{number}, and training starts anew" in error


def test_a_full_disk_leaves_the_checkpoint_before(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = layout.checkpoint(layout.Weights("rlfn_tiny", layout.Span.at(4.0), "quick-seed0"))
    whole = saved(path)

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left on device"):
        checkpoint.save(path, {**STATE, "step": 9}, "mine")
    assert path.read_bytes() == whole
    assert [found.name for found in path.parent.iterdir()] == [path.name]
