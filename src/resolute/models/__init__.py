"""The networks: one file each, composed from the shared blocks in `resolute.models.blocks`.

A network maps LR images (N x 3 x h x w, float, in 0..data_range) to SR images (N x 3 x sh x sw) of the
same range, neither clamped nor rounded. Its class carries `@register_model` and is known by the name of
its file; widths and depths are constructor arguments, which the method registry fills in.

Networks of arbitrary scale are made of parts, of which each is a file too: an encoder of `resolute.models.encoders`
(N x 3 x h x w to N x width x h x w) and a decoder of `resolute.models.decoders`.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, TypeVar

from torch import nn

from resolute.core.errors import ResoluteError
from resolute.core.own import NETWORKS, PACKAGE

Part = str | Mapping[str, Mapping[str, Any]]
"""A part by its name, or by its name with its arguments: `edsr`, `{edsr: {blocks: 2}}`."""

_MODELS: dict[str, type[nn.Module]] = {}

Network = TypeVar("Network", bound=type[nn.Module])


def register_model(network: Network) -> Network:
    """Make a network, an encoder or a decoder known under its file's name."""
    if network.__module__ in _MODELS:
        raise ValueError(f"{network.__module__} registers two networks: one file, one network")
    _MODELS[network.__module__] = network
    return network


def create_model(name: str, scale: float, **arguments: Any) -> nn.Module:
    """The network of the file `resolute/models/<name>.py` for a scale, freshly initialised; or one of somebody's own,
    as `resolute.models.own` says.

    Raises:
        ResoluteError: no such file, or the arguments are not the network's.
    """
    if name.partition(".")[0] == PACKAGE:
        network: nn.Module = import_module(NETWORKS).create_own(name, scale, arguments)
        return network
    return _create(name, {"scale": scale, **arguments})


def create_part(part: str, chosen: Part, **arguments: Any) -> nn.Module:
    """An encoder or a decoder with its arguments, freshly initialised; raises as `create_model` does.

    Args:
        part: `encoder` or `decoder`.
        chosen: its name, or its name with some of its arguments.
        arguments: others of its arguments.
    """
    return _create(
        f"{part}s.{part_name(chosen)}", {**({} if isinstance(chosen, str) else _only(chosen)[1]), **arguments}
    )


def part_name(chosen: Part) -> str:
    """The name of a part, with or without arguments."""
    return chosen if isinstance(chosen, str) else _only(chosen)[0]


def _only(chosen: Mapping[str, Mapping[str, Any]]) -> tuple[str, Mapping[str, Any]]:
    if len(chosen) != 1:
        raise ResoluteError(f"a part of a network is one name with its arguments, not {dict(chosen)}")
    return next(iter(chosen.items()))


def _create(name: str, arguments: Mapping[str, Any]) -> nn.Module:
    module, place = f"resolute.models.{name}", f"src/resolute/models/{name.replace('.', '/')}.py"
    try:
        import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise ResoluteError(f"there is no network '{name}': {place} is missing") from None
    if module not in _MODELS:
        raise ResoluteError(f"{place} registers no network: put @register_model on its class")
    try:
        return _MODELS[module](**arguments)
    except (MemoryError, ResoluteError):
        raise
    except Exception as error:  # values of any kind, as deep in the network as they get
        raise ResoluteError(f"the arguments of '{name}' do not fit its network: {error}") from error
