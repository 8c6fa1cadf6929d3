"""Checkpoints: a training's whole state, written atomically, resumed only by the same training."""

import pickle
import sys
from pathlib import Path
from typing import Any

import torch

from resolute.core import atomic, layout


def save(path: Path, state: dict[str, Any], identity: str) -> None:
    """Write a checkpoint so that a kill at any moment leaves the old one or the new one.

    Args:
        identity: a digest of all that the training is a function of; `load` wants the same.
    """
    with atomic.writing(path) as part:
        torch.save({"identity": identity, **state}, part)


def load(path: Path, identity: str) -> dict[str, Any] | None:
    """The state to resume from; none where there is no checkpoint, or one of another training."""
    if not path.is_file():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError):
        print(f"resolute: {layout.relative(path)} cannot be read: training starts anew", file=sys.stderr)
        return None
    if state.pop("identity") != identity:
        print(
            f"resolute: {layout.relative(path)} is of other settings, data or code: training starts anew",
            file=sys.stderr,
        )
        return None
    return state
