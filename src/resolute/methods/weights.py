"""Weights on disk: safetensors under our own parameter names, from trusted or untrusted sources alike."""

import json
import pickle
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from resolute import registry
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


def rename(state: Mapping[str, Tensor], published: registry.Published) -> StateDict:
    """A published state dict under our parameter names, without the tensors that the network never reads.

    Weight-normalised kernels are folded first. The registry's pairs are applied in order. In a replacement `{1}`
    stands for the first group of the pattern and `{1-1}` for that number less one.
    """
    renamed: StateDict = {}
    for name, tensor in fold_weight_norm(state).items():
        if any(re.search(pattern, name) for pattern in published.unused):
            continue
        ours = name
        for pattern, replacement in published.keys:
            ours = re.sub(pattern, partial(_fill, replacement), ours)
        if ours in renamed:
            raise ResoluteError(f"two published tensors map to '{ours}': the key map of the registry is wrong")
        renamed[ours] = tensor
    return renamed


def fold_weight_norm(state: Mapping[str, Tensor]) -> StateDict:
    """A state dict with every pair `weight_g`, `weight_v` (weight normalisation) as the kernel that they stand for.

    The kernel of an output channel is its direction v, of length g over all of its elements.
    """
    folded: StateDict = {}
    for name, tensor in state.items():
        if name.endswith(".weight_v"):
            layer = name.removesuffix("_v")
            if f"{layer}_g" not in state:
                raise ResoluteError(f"'{name}' has no '{layer}_g' beside it: the weight normalisation is incomplete")
            lengths = tensor.flatten(1).norm(dim=1).view(-1, *[1] * (tensor.dim() - 1))
            folded[layer] = tensor * (state[f"{layer}_g"] / lengths)
        elif not name.endswith(".weight_g"):
            folded[name] = tensor
    return folded


def _fill(replacement: str, match: re.Match[str]) -> str:
    def value(token: re.Match[str]) -> str:
        group = match.group(int(token[1]))
        return str(int(group) + int(token[2])) if token[2] else group

    return re.sub(r"\{(\d)([+-]\d+)?\}", value, replacement)
