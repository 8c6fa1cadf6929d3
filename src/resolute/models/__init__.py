"""The networks: one file each, composed from the shared blocks in `resolute.models.blocks`.

A network maps LR images (N x 3 x h x w, float, in 0..data_range) to SR images (N x 3 x sh x sw) of the
same range, neither clamped nor rounded. Its class carries `@register_model` and is known by the name of
its file; widths and depths are constructor arguments, which the method registry fills in.
"""

from importlib import import_module
from typing import Any, TypeVar

from torch import nn

from resolute.core.errors import ResoluteError

_MODELS: dict[str, type[nn.Module]] = {}

Network = TypeVar("Network", bound=type[nn.Module])


def register_model(network: Network) -> Network:
    """Make a network known under its file's name."""
    name = network.__module__.rpartition(".")[2]
    if name in _MODELS:
        raise ValueError(f"{network.__module__} registers two networks: one file, one network")
    _MODELS[name] = network
    return network


def create_model(name: str, scale: float, **arguments: Any) -> nn.Module:
    """The network of the file `resolute/models/<name>.py` for a scale, freshly initialised.

    Raises:
        ResoluteError: no such file, or the arguments are not the network's.
    """
    module = f"resolute.models.{name}"
    try:
        import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise ResoluteError(f"there is no network '{name}': src/resolute/models/{name}.py is missing") from None
    if name not in _MODELS:
        raise ResoluteError(f"src/resolute/models/{name}.py registers no network: put @register_model on its class")
    try:
        return _MODELS[name](scale=scale, **arguments)
    except MemoryError:
        raise
    except Exception as error:  # values of any kind, as deep in the network as they get
        raise ResoluteError(f"the arguments of '{name}' do not fit its network: {error}") from error
