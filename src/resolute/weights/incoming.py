"""Weights from elsewhere, made ours: converted once to safetensors under our names, with a record of their origin."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from resolute import methods, registry
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.layout import Run, Weights
from resolute.core.locks import making
from resolute.methods import weights
from resolute.methods.weights import FLOATS, StateDict
from resolute.weights import checkpoints
from resolute.weights.identify import Match, choose, identify
from resolute.weights.networks import Network, network, networks, spans

_NAME = r"(?!seed[0-9]+$)[a-z0-9_]{1,64}"


@dataclass(frozen=True)
class Adopted:
    """A checkpoint that is one of ours now: which it is, and what is known of it (the facts that its file carries)."""

    weights: Weights
    facts: dict[str, Any]


def adopt(file: Path, method: str = "", scale: float | None = None, name: str = "") -> Adopted:
    """Write `data/weights/own/<method>/<span>/<name>.safetensors` from a checkpoint of somebody else's.

    Args:
        file: a safetensors file or a PyTorch checkpoint.
        method: whose network it is for; found by its tensors where it is empty.
        scale: one of those that it is for; found likewise.
        name: what the weights are called from now on, `own-<name>`; from the file's name where it is empty.

    Raises:
        ResoluteError: the file is broken, fits no network or several, or other weights have that name.
    """
    name = _checked(name) if name else _name_of(file)
    checkpoint = checkpoints.read(file)
    with weights.unchanged(file) as sha256:
        found = identify(checkpoint, file, _candidates(method, scale))
        chosen, match = choose(found, file)
    wanted = Weights(chosen, match.network.span, f"own-{name}")
    target = layout.weights(wanted)
    with making(target):
        if target.is_file() and (before := weights.read_provenance(target)).get("sha256") != sha256:
            of = before.get("url", "another file")
            raise ResoluteError(f"{layout.relative(target)} is of {of}: give another --name, or remove it")
        return Adopted(wanted, _write(target, match, chosen, file, sha256, checkpoint.hyper_parameters))


def given(file: Path, method: str, scale: float) -> Run:
    """The run of a method with the weights in a checkpoint, converted where that is not done yet.

    A safetensors file under our own names is taken as it is.

    Raises:
        ResoluteError: as `adopt` does.
    """
    wanted = network(method, scale)
    checkpoint = checkpoints.read(file)
    with weights.unchanged(file) as sha256:
        match = identify(checkpoint, file, [wanted])[0]
    run = Run(method, scale, f"{file.stem}@{sha256[:8]}", file)
    if file.suffix == ".safetensors" and all(theirs == ours for theirs, ours in match.names.items()):
        return run
    target = layout.converted_weights(registry.weights_of(run), sha256)
    with making(target):
        if not target.is_file():
            _write(target, match, method, file, sha256, checkpoint.hyper_parameters)
    return Run(method, scale, run.weights, target)


def _candidates(method: str, scale: float | None) -> Sequence[Network]:
    if not method:
        found = [one for one in networks() if scale is None or _serves(one, scale)]
        if not found:
            raise ResoluteError(f"no network has x{scale:g}: give another --scale")
        return found
    scales = [scale] if scale is not None else spans(registry.entry(method)).values()
    return [network(method, one) for one in scales]


def _serves(one: Network, scale: float) -> bool:
    return any(
        registry.entry(name).serves(scale) and registry.entry(name).span(scale) == one.span for name in one.methods
    )


def _write(
    target: Path, match: Match, method: str, file: Path, sha256: str, asked: Mapping[str, Any]
) -> dict[str, Any]:
    state, scale = match.state, match.network.scale
    weights.load_state(methods.build(method, scale), state, f"{file.name} as {method}")
    facts = {
        "url": file.name,
        "known_by": f"sha256 {sha256}",
        "sha256": sha256,
        "names": match.naming.whose,
        "inside": match.part.inside,
        "prefix": match.part.prefix,
        "left_out": match.part.others,
        "types": sorted({str(tensor.dtype).removeprefix("torch.") for tensor in state.values()}),
        "hyper_parameters": dict(asked),
        "tensors": {ours: theirs for theirs, ours in match.names.items()},
    }
    weights.save_weights(target, _in_float32(state), facts)
    return facts


def _in_float32(state: StateDict) -> StateDict:
    return {name: tensor.to(torch.float32) if tensor.dtype in FLOATS else tensor for name, tensor in state.items()}


def _checked(name: str) -> str:
    if not re.fullmatch(_NAME, name):
        raise ResoluteError(f"'{name}' names no weights: write up to 64 of a-z, 0-9 and _, and no seed<n>")
    return name


def _name_of(file: Path) -> str:
    stem = unicodedata.normalize("NFKD", file.stem).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", stem).strip("_")[:64]
    if not re.fullmatch(_NAME, name):
        raise ResoluteError(f"{file.name} gives no name for its weights: give one with --name")
    return name
