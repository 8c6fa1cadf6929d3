"""Weights on disk: safetensors under our own parameter names, from trusted or untrusted sources alike."""

import hashlib
import io
import json
import pickle
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from resolute.core import atomic, layout
from resolute.core.errors import ResoluteError
from resolute.core.provenance import file_sha256
from resolute.core.reading import brief, check_regular, reading, remade_by

StateDict = dict[str, Tensor]

_CHECKSUM = "checksum"
# What is loaded as a network's own numbers; nothing else is turned into them without a word.
FLOATS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)


def save_weights(path: Path, state: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Write weights with their provenance, whole or not at all; equal weights and facts give equal bytes.

    A checksum of both goes with them: `read_state` holds the file to it.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    described = {**facts, _CHECKSUM: _checksum(tensors, facts)}
    # One metadata key only: the order of several is not fixed in the file.
    atomic.write(path, save(tensors, {"provenance": json.dumps(described, sort_keys=True)}))


def read_provenance(path: Path) -> dict[str, Any]:
    """What `save_weights` recorded; empty for a file from elsewhere."""
    return {name: fact for name, fact in _recorded(path).items() if name != _CHECKSUM}


def read_state(path: Path) -> StateDict:
    """The tensors of a safetensors file.

    Raises:
        ResoluteError: the file is absent, broken, or one of ours that was changed after it was made.
    """
    with _reading(path):
        state = load_file(path)
    checksum = _recorded(path).get(_CHECKSUM, "")
    if checksum and checksum != _checksum(state, read_provenance(path)):
        raise ResoluteError(
            f"{layout.relative(path)} was changed after it was made, its checksum is wrong: {_repair(path)}"
        )
    return state


@contextmanager
def unchanged(path: Path) -> Iterator[str]:
    """Yields the sha256 of a weights file; that it is of what the block read is certain when the block ends well."""
    with _reading(path):
        sha256 = file_sha256(path)
    yield sha256
    with _reading(path):
        if file_sha256(path) != sha256:
            raise ResoluteError(f"{layout.relative(path)} was replaced while it was read: run this again")


def load_weights(network: nn.Module, path: Path) -> None:
    """Load a file into a network; every tensor must be there, none left over, all of the right shape."""
    load_state(network, read_state(path), layout.relative(path))


def load_state(network: nn.Module, state: Mapping[str, Tensor], where: str) -> None:
    """Load a state dict strictly; the first missing, extra or misshapen tensor is named.

    Raises:
        ResoluteError: the tensors are not the network's, not finite, or all of them zero.
    """
    expected = network.state_dict()
    for name in expected:
        if name not in state:
            raise ResoluteError(f"{where}: tensor '{name}' is missing: these are not the weights of this network")
    for name, tensor in state.items():
        if name not in expected:
            raise ResoluteError(f"{where}: tensor '{_shown(name)}' is not part of this network")
        if tensor.shape != expected[name].shape:
            found, wanted = tuple(tensor.shape), tuple(expected[name].shape)
            raise ResoluteError(f"{where}: tensor '{name}' has shape {found}, the network needs {wanted}")
        dtype = expected[name].dtype
        if tensor.dtype != dtype and not (tensor.dtype in FLOATS and dtype.is_floating_point):
            raise ResoluteError(f"{where}: tensor '{name}' is of {tensor.dtype}, the network needs {dtype}")
        if not bool(torch.isfinite(tensor.to(dtype)).all()):
            raise ResoluteError(f"{where}: tensor '{name}' is not finite: the file was damaged, make or fetch it again")
    if state and not any(bool(tensor.any()) for tensor in state.values()):
        raise ResoluteError(f"{where}: every tensor is zero: the file was damaged, make or fetch it again")
    network.load_state_dict(dict(state))


def read_checkpoint(path: Path, inside: str = "") -> StateDict:
    """The state dict of a PyTorch checkpoint, without ever running code from it.

    Args:
        inside: key of the checkpoint under which the state dict lies, where it is wrapped; keys within keys are parted
            by strokes (`model/sd`).

    Raises:
        ResoluteError: the file is absent or broken, holds anything else, or claims more bytes than it has.
    """
    content = open_checkpoint(path)
    for key in inside.split("/") if inside else ():
        if not isinstance(content, dict) or key not in content:
            raise ResoluteError(f"{path.name} has no '{inside}' in it")
        content = content[key]
    return check_state(content, path)


def open_checkpoint(path: Path) -> Any:
    """All that a PyTorch checkpoint holds, whatever it is, without ever running code from it; raises as
    `read_checkpoint` does.
    """
    with reading(path, "give a PyTorch checkpoint"), warnings.catch_warnings(action="ignore"):
        check_regular(path)
        # From memory, where no string can claim to be longer than the file.
        data = io.BytesIO(path.read_bytes())
        _check_claims(data)
        try:
            content = torch.load(data, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as error:
            reason = brief(error).partition(". ")[0]
            raise ResoluteError(f"{path.name} holds more than tensors and is not opened: {reason}") from None
    return content


def check_state(content: Any, path: Path) -> StateDict:
    """What a checkpoint holds, where it is a state dict, and no larger than its file; else raises."""
    if not isinstance(content, dict):
        raise ResoluteError(f"{path.name} is no state dict: it has no names")
    for name, value in content.items():
        if not isinstance(name, str) or not _is_plain(value):
            raise ResoluteError(f"{path.name} is no state dict: {_shown(name)} is not a tensor of numbers")
    storages = {value.untyped_storage().data_ptr(): value.untyped_storage().nbytes() for value in content.values()}
    if sum(storages.values()) > path.stat().st_size:
        raise ResoluteError(f"{path.name} is no state dict: it claims more numbers than it has")
    return content


def _checksum(state: Mapping[str, Tensor], facts: Mapping[str, Any]) -> str:
    """A sha256 over names, types, shapes and numbers, and over the facts."""
    sha = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name in sorted(state):
        tensor = state[name]
        sha.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode(errors="backslashreplace"))
        sha.update(tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return sha.hexdigest()


def _recorded(path: Path) -> dict[str, Any]:
    """The provenance with its checksum; what is none of ours counts as none."""
    with _reading(path), safe_open(path, framework="pt") as file:
        text = (file.metadata() or {}).get("provenance", "{}")
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    is_ours = isinstance(facts, dict) and isinstance(facts.get(_CHECKSUM, ""), str)
    if not is_ours or not isinstance(facts.get("training_data", ""), str):
        return {}
    departures = facts.get("departures", [])
    return facts if isinstance(departures, list) and all(isinstance(part, str) for part in departures) else {}


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    with reading(path, _repair(path)):
        if not path.exists():
            raise ResoluteError(f"weights {layout.relative(path)} do not exist: fetch or train them first")
        check_regular(path)
        yield


def _repair(path: Path) -> str:
    """What mends a weights file: the workflow makes its own again."""
    folder = Path(layout.relative(path.absolute())).parts[:3]
    if folder == ("data", "weights", "own"):
        return "remove it, and import its checkpoint again"
    return remade_by(path.absolute()) if folder[:2] == ("data", "weights") else "give another file"


def _check_claims(data: io.BytesIO) -> None:
    """Refuse a checkpoint that would take more memory than it has bytes: parts that are compressed or lie over each
    other, and the one type beside tensors that `torch.load` makes of any size.
    """
    if zipfile.is_zipfile(data):
        with zipfile.ZipFile(data) as parts:
            claimed = sum(part.file_size for part in parts.infolist())
        if claimed > len(data.getbuffer()):
            raise ValueError(f"it claims {claimed} bytes")
    if b"\nbytearray\n" in data.getvalue():
        raise ValueError("it has a bytearray")
    data.seek(0)


def _is_plain(value: object) -> bool:
    """Whether this is a tensor on the CPU, each of whose numbers lies in memory of its own."""
    if not isinstance(value, Tensor) or type(value) not in (Tensor, nn.Parameter) or value.is_nested:
        return False
    if value.device.type != "cpu" or value.layout is not torch.strided or value.is_quantized:
        return False
    return value.numel() * value.element_size() <= value.untyped_storage().nbytes()


def _shown(name: object) -> str:
    """A tensor's name as it can stand in a message."""
    text = str(name) if isinstance(name, str) else type(name).__name__
    return text if len(text) <= 100 else f"{text[:100]}..."
