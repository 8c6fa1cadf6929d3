"""Weights on disk: safetensors under our own parameter names, from trusted or untrusted sources alike."""

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from resolute.core import atomic, layout
from resolute.core.errors import ResoluteError

StateDict = dict[str, Tensor]


def save_weights(path: Path, state: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Write weights with their provenance, whole or not at all; equal weights and facts give equal bytes."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    # One metadata key only: the order of several is not fixed in the file.
    atomic.write(path, save(tensors, {"provenance": json.dumps(facts, sort_keys=True)}))


def read_provenance(path: Path) -> dict[str, Any]:
    """What `save_weights` recorded; empty for a file from elsewhere."""
    with safe_open(path, framework="pt") as file:
        text = (file.metadata() or {}).get("provenance", "{}")
    try:
        facts = json.loads(text)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def read_state(path: Path) -> StateDict:
    """The tensors of a safetensors file; an absent or broken file is one clear error."""
    if not path.is_file():
        raise ResoluteError(f"weights {layout.relative(path)} do not exist: fetch or train them first")
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ResoluteError(
            f"weights {layout.relative(path)} are broken ({error}): remove them and make them again"
        ) from None


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
            raise ResoluteError(f"{where}: tensor '{name}' is not part of this network")
        if tensor.shape != expected[name].shape:
            found, wanted = tuple(tensor.shape), tuple(expected[name].shape)
            raise ResoluteError(f"{where}: tensor '{name}' has shape {found}, the network needs {wanted}")
        if not bool(torch.isfinite(tensor).all()):
            raise ResoluteError(f"{where}: tensor '{name}' is not finite: the file was damaged, make or fetch it again")
    if state and not any(bool(tensor.any()) for tensor in state.values()):
        raise ResoluteError(f"{where}: every tensor is zero: the file was damaged, make or fetch it again")
    network.load_state_dict(dict(state))


def read_checkpoint(path: Path, inside: str = "") -> StateDict:
    """The state dict of a PyTorch checkpoint, without ever running code from it.

    Args:
        inside: key of the checkpoint under which the state dict lies, where it is wrapped.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = str(error).splitlines()[0]
        raise ResoluteError(f"{path.name} holds more than tensors and is not opened: {reason}") from None
    except (RuntimeError, EOFError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else "it ends early"
        raise ResoluteError(f"{path.name} is no PyTorch checkpoint: {reason}") from None
    if inside:
        if inside not in content:
            raise ResoluteError(f"{path.name} has no '{inside}' in it")
        content = content[inside]
    wrong = (
        [name for name, value in content.items() if not isinstance(value, Tensor)]
        if isinstance(content, dict)
        else ["it"]
    )
    if wrong:
        raise ResoluteError(f"{path.name} is no state dict: {wrong[0]} is not a tensor")
    return content
