"""Checkpoints: a training's whole state, written atomically, resumed only by the same training.

A checkpoint is what `torch.save` writes, which `torch.load` reads as ever, and behind it the sha256 of that.
"""

import hashlib
import io
import itertools
import sys
from pathlib import Path
from typing import Any

import torch

from resolute.core import atomic, layout
from resolute.core.reading import reading

_SUM_BYTES = hashlib.sha256().digest_size
REPAIR = "remove it, and the training starts anew"


def save(path: Path, state: dict[str, Any], identity: str) -> None:
    """Write a checkpoint so that a kill at any moment leaves the old one or the new one.

    Args:
        identity: a digest of all that the training is a function of; `load` wants the same.
    """
    # In memory first: what torch says of a full disk is no OSError.
    buffer = io.BytesIO()
    torch.save({"identity": identity, **state}, buffer)
    content = buffer.getvalue()
    atomic.write(path, content + hashlib.sha256(content).digest())


def set_aside_damaged(path: Path) -> None:
    """Rename what lies in a checkpoint's place and is not as `save` wrote it, so that the training starts anew."""
    if not path.exists() or _content(path) is not None:
        return
    names = (path.with_name(f"{path.name}.damaged{number or ''}") for number in itertools.count())
    aside = next(name for name in names if not name.exists())
    path.rename(aside)
    print(
        f"{layout.relative(path)} is damaged, or of other settings or another version: it is kept as {aside.name}, "
        "and training starts anew",
        file=sys.stderr,
    )


def load(path: Path, identity: str) -> dict[str, Any] | None:
    """The state to resume from; none where there is no whole checkpoint, or one of another training."""
    content = _content(path)
    if content is None:
        return None
    with reading(path, REPAIR):
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        found = state.pop("identity")
    if found != identity:
        print(
            f"resolute: {layout.relative(path)} is of other settings, data or code: training starts anew",
            file=sys.stderr,
        )
        return None
    return state


def _content(path: Path) -> bytes | None:
    """What `torch.save` wrote; none where that is not there or not whole."""
    if not path.is_file():
        return None
    with reading(path, REPAIR):
        data = path.read_bytes()
    content, checksum = data[:-_SUM_BYTES], data[-_SUM_BYTES:]
    return content if hashlib.sha256(content).digest() == checksum else None
