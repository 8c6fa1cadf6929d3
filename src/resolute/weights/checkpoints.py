"""Checkpoints as people have them: tensors wrapped in whatever their training kept beside them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor

from resolute.core.errors import ResoluteError
from resolute.core.reading import check_regular, reading
from resolute.fetch.key_maps import fold_weight_norm
from resolute.methods import weights
from resolute.methods.weights import StateDict

SUFFIXES = (".pth", ".pt", ".ckpt", ".pkl", ".bin", ".th")
"""What PyTorch's checkpoints are called; a safetensors file is `.safetensors`."""
# Under which keys a network lies, the one to be taken first: authors evaluate the moving average, where there is one.
WRAPPERS = (
    *("params_ema", "ema", "state_dict_ema", "model_ema", "params", "state_dict", "model_state_dict", "generator"),
    *("net_g", "netG", "model", "net", "network", "weights"),
)
# What a module that holds the network puts before its tensors' names.
PREFIXES = (
    *("module", "_orig_mod", "_forward_module", "params_ema", "params", "generator_ema", "ema_model", "model_ema"),
    *("generator", "net_g", "netG", "network", "net", "model"),
)
DEPTH = 3  # of keys within keys
_LONGEST = 200  # characters of a hyper-parameter


@dataclass(frozen=True)
class Part:
    """Tensors of a checkpoint that may be a network: those that lie `inside` it under a key (keys within keys parted by
    strokes) and whose names begin with a `prefix`, without it.
    """

    inside: str
    prefix: str
    state: Mapping[str, Tensor]
    others: int = 0
    """How many tensors beside have no such prefix."""

    @cached_property
    def folded(self) -> StateDict:
        """Its tensors, with the kernels that weight normalisation stands for."""
        return fold_weight_norm(self.state)


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds: its `parts`, the likeliest first, and the plain `hyper_parameters` that Lightning kept."""

    parts: tuple[Part, ...]
    hyper_parameters: Mapping[str, Any]


def read(path: Path) -> Checkpoint:
    """All tensors of a file that may be a network, safetensors or PyTorch's, without ever running code from it.

    Raises:
        ResoluteError: the file is absent or broken, holds more than tensors and plain values, or no tensors.
    """
    with reading(path, "give the path of a checkpoint"):
        check_regular(path)
    content = weights.read_state(path) if path.suffix == ".safetensors" else _opened(path)
    parts = [
        part for inside, found in _states(content, set()) for part in _parts(inside, weights.check_state(found, path))
    ]
    if not parts:
        raise ResoluteError(
            f"{path.name} holds no tensors with names: give a file that torch.save made of a state dict"
        )
    asked = content.get("hyper_parameters") if isinstance(content, dict) else None
    return Checkpoint(tuple(parts), _plain(asked) if isinstance(asked, dict) else {})


def _opened(path: Path) -> Any:
    try:
        return weights.open_checkpoint(path)
    except ResoluteError as error:
        if "more than tensors" not in str(error):
            raise
        mend = "no code of it is run: write its tensors alone, torch.save(network.state_dict(), FILE)"
        raise ResoluteError(f"{error}: {mend}") from None


def _states(content: Any, seen: set[int], inside: str = "", depth: int = 0) -> Iterator[tuple[str, StateDict]]:
    """The state dicts in nested dicts, by their keys; what lies beside the tensors of one is none of it.

    What lies at several places is `seen` once.
    """
    if not isinstance(content, dict) or id(content) in seen:
        return
    seen.add(id(content))
    if state := {key: value for key, value in content.items() if isinstance(key, str) and isinstance(value, Tensor)}:
        yield inside, state
    if depth == DEPTH:
        return
    keys = [key for key in WRAPPERS if key in content]
    keys += [key for key in content if isinstance(key, str) and key not in WRAPPERS]
    for key in keys:
        yield from _states(content[key], seen, f"{inside}/{key}" if inside else key, depth + 1)


def _parts(inside: str, state: StateDict) -> Iterator[Part]:
    """The tensors as they are, and again without each prefix that modules put before them."""
    part: Part | None = Part(inside, "", state)
    while part:
        yield part
        part = _unwrapped(part)


def _unwrapped(part: Part) -> Part | None:
    heads = {name.partition(".")[0] for name in part.state}
    for prefix in PREFIXES:
        if prefix in heads:
            begin = f"{prefix}."
            inner = {name.removeprefix(begin): one for name, one in part.state.items() if name.startswith(begin)}
            others = part.others + len(part.state) - len(inner)
            return Part(part.inside, part.prefix + begin, inner, others) if inner else None
    return None


def _plain(values: Mapping[Any, Any]) -> dict[str, Any]:
    """The values that are short and plain."""
    return {
        str(name): value
        for name, value in values.items()
        if isinstance(value, bool | int | float | str) and len(str(value)) <= _LONGEST
    }
