"""Our weights as their authors' code has them: under its names, in a file that it, or any tool that knows it, loads."""

import io
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from resolute import methods, registry
from resolute.core import atomic, layout
from resolute.core.errors import ResoluteError, UsageError
from resolute.fetch import fetch_original, key_maps
from resolute.methods import weights
from resolute.methods.weights import StateDict
from resolute.weights.checkpoints import SUFFIXES
from resolute.weights.names import Naming, authors, published


def export(run: layout.Run, target: Path) -> str:
    """Write the weights of a run under the names that the authors of the method have for them.

    Where the authors have published a file, ours is like it in every other respect: the same keys around the tensors,
    the same weight normalisation, and the tensors that only their code reads. A `.safetensors` file has no keys around.

    Returns:
        Whose names these are.

    Raises:
        ResoluteError: nothing says what the authors call the tensors, or their form of the network cannot hold these.
    """
    if target.suffix not in (*SUFFIXES, ".safetensors"):
        raise UsageError(f"cannot write {target}: call it {', '.join(SUFFIXES[:-1])} or .safetensors")
    wanted = registry.weights_of(run)
    path = layout.weights(wanted)
    atomic.check(target)
    state = weights.read_state(path)
    weights.load_state(methods.build(run.method, run.scale), state, layout.relative(path))
    naming = _naming(wanted)
    if naming.published:
        theirs = _like_published(state, naming.published, wanted)
        inside = naming.published.inside
    else:
        names = naming.theirs(state)
        theirs, inside = {names[name]: tensor for name, tensor in state.items()}, ""
        if len(theirs) < len(state):
            raise ResoluteError(f"{run.method}: two tensors have one name of its authors': mend {run.method}'s names")
    atomic.write(target, save(theirs) if target.suffix == ".safetensors" else _saved(theirs, inside))
    return naming.whose


def _naming(wanted: layout.Weights) -> Naming:
    """The names of the published file that the weights are of, of the method's first, or those in its authors' code."""
    entry = registry.entry(wanted.method)
    for method in filter(None, (wanted.method, entry.like)):
        known = published(method)
        if own := known.get(wanted.name.removeprefix("published-")) or next(iter(known.values()), None):
            return own
    if in_code := authors(wanted.method):
        return in_code
    raise ResoluteError(
        f"nothing says what the authors of {wanted.method} call its tensors, for none of its files is published: "
        f"{layout.relative(layout.weights(wanted))} has them under our names"
    )


def _like_published(state: Mapping[str, Tensor], published: registry.Published, wanted: layout.Weights) -> StateDict:
    """The tensors of a published file, with our numbers in the place of its own."""
    original = _original(published, wanted.span)
    names = key_maps.our_names(key_maps.fold_weight_norm(original), published)
    method = wanted.method
    for name, tensor in key_maps.beside(published).items():
        if not torch.equal(tensor.to(state[name].dtype), state[name]):
            raise ResoluteError(f"the authors' file of {method} has no place for '{name}', and here it is not theirs")
    if lacking := [name for name in state if name not in {*names.values(), *published.tensors}]:
        raise ResoluteError(f"the authors' file of {method} has no place for '{lacking[0]}'")
    theirs = {name: _ours(name, tensor, state, names) for name, tensor in original.items()}
    if any(not torch.equal(tensor, state[name]) for name, tensor in _back(theirs, published).items()):
        raise ResoluteError(f"the weight normalisation of the authors of {method} cannot hold these weights")
    return theirs


def _original(published: registry.Published, span: layout.Span) -> StateDict:
    file = published.files.get(span) or next(iter(published.files.values()))
    with TemporaryDirectory() as folder:
        path = Path(folder) / Path(file.url).name
        fetch_original(file, path)
        return weights.read_checkpoint(path, published.inside)


def _ours(name: str, original: Tensor, state: Mapping[str, Tensor], names: Mapping[str, str]) -> Tensor:
    """What stands in the place of one tensor of theirs: itself, where only their code reads it.

    A kernel is its own direction, of its own length.
    """
    for part in ("_g", "_v"):
        if (layer := name.removesuffix(part)) != name and layer.endswith("weight") and layer in names:
            kernel = state[names[layer]]
            return kernel if part == "_v" else kernel.flatten(1).norm(dim=1).reshape(original.shape)
    return state[names[name]] if name in names else original


def _back(theirs: StateDict, published: registry.Published) -> StateDict:
    found = key_maps.rename(theirs, published)
    return {name: tensor for name, tensor in found.items() if name not in published.tensors}


def _saved(state: StateDict, inside: str) -> bytes:
    content: Any = {name: tensor.clone() for name, tensor in state.items()}
    for key in reversed(inside.split("/") if inside else []):
        content = {key: content}
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()
