"""How the tensors of a published checkpoint are named here: an entry's own pairs, and the maps that several share.

A map is a file `registry/key_maps/<name>.yaml` of (pattern, replacement) pairs. Most entries of NTIRE 2022 derive from
RFDN's code and kept its parameter names; a network in several sizes has one map for all.
"""

import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from resolute import registry
from resolute.core.errors import ResoluteError, nearest
from resolute.core.schema import read_yaml, validate
from resolute.methods.weights import FLOATS, StateDict

Pair = tuple[str, str]


def rename(state: Mapping[str, Tensor], published: registry.Published) -> StateDict:
    """A published state dict under our parameter names, without the tensors that the network never reads.

    Weight-normalised kernels are folded first. Tensors that the registry holds beside the file come with the rest, in
    float64.
    """
    folded = fold_weight_norm(state)
    named = {ours: folded[theirs] for theirs, ours in our_names(folded, published).items()}
    return {**beside(published), **named}


def our_names(names: Iterable[str], published: registry.Published) -> dict[str, str]:
    """What the tensors of a published file are called here, by their names there, without those that the network never
    reads.

    The pairs are applied in order. In a replacement `{1}` stands for the first group of the pattern and `{1-1}` for
    that number less one.
    """
    pairs, taken, found = _pairs(published), set(published.tensors), dict[str, str]()
    for name in names:
        if any(re.search(pattern, name) for pattern in published.unused):
            continue
        ours = translated(name, pairs)
        if ours in taken:
            raise ResoluteError(f"two published tensors map to '{ours}': the key map of the registry is wrong")
        taken.add(ours)
        found[name] = ours
    return found


def beside(published: registry.Published) -> StateDict:
    """The tensors that belong to published weights, but are not in their file."""
    return {name: _tensor(name, numbers) for name, numbers in published.tensors.items()}


def translated(name: str, pairs: Iterable[Pair]) -> str:
    """A tensor's name after all pairs, in order."""
    for pattern, replacement in pairs:
        name = re.sub(pattern, partial(_fill, replacement), name)
    return name


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
            gains = state[f"{layer}_g"]
            if not tensor.dim() or {tensor.dtype, gains.dtype}.difference(FLOATS) or gains.numel() != len(tensor):
                raise ResoluteError(f"'{name}' and '{layer}_g' do not fit: the weight normalisation is broken")
            shape = (-1, *[1] * (tensor.dim() - 1))
            folded[layer] = tensor * (gains.reshape(shape) / tensor.flatten(1).norm(dim=1).view(shape))
        elif not name.endswith(".weight_g"):
            folded[name] = tensor
    return folded


def _tensor(name: str, numbers: Any) -> Tensor:
    try:
        return torch.tensor(numbers, dtype=torch.float64)
    except (TypeError, ValueError):
        raise ResoluteError(f"'{name}' in the registry is no tensor: give rows of equal length") from None


def _fill(replacement: str, match: re.Match[str]) -> str:
    def value(token: re.Match[str]) -> str:
        try:
            group = match.group(int(token[1]))
            return str(int(group) + int(token[2])) if token[2] else group
        except (IndexError, ValueError, TypeError):  # no such group, no number, or no part of what matched
            where = f"{token[0]} of '{replacement}' is nothing in '{match[0]}'"
            raise ResoluteError(f"a key map of the registry does not fit: {where}: mend that pair") from None

    return re.sub(r"\{(\d)([+-]\d+)?\}", value, replacement)


def _pairs(published: registry.Published) -> list[Pair]:
    return [pair for item in published.keys for pair in ([item] if isinstance(item, tuple) else _shared(item))]


def _shared(name: str) -> list[Pair]:
    path = registry.key_map(name)
    if not path.is_file():
        known = [file.stem for file in path.parent.glob("*.yaml")]
        raise ResoluteError(f"unknown key map '{name}' in the registry: {nearest(name, known)}")
    return read_pairs(path)


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a file, checked."""
    pairs = read_yaml(path)
    validate(pairs, registry.FOLDER / "key_map.schema.json", f"the key map {path.name}")
    return [(pattern, replacement) for pattern, replacement in pairs]
