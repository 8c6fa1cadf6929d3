"""Networks of somebody's own: classes in files of `data/own/methods/`, which run when these are built, never before."""

import sys
from collections.abc import Mapping
from importlib import import_module, invalidate_caches
from types import ModuleType
from typing import Any

import torch
from torch import nn

from resolute.core import layout, own
from resolute.core.errors import ResoluteError, nearest
from resolute.core.reading import brief

SIDE = 48  # pixels of the LR image that is tried first: a multiple of most windows and strides


def create_own(name: str, scale: float, arguments: Mapping[str, Any]) -> nn.Module:
    """A network of somebody's own for a scale, freshly initialised.

    Args:
        name: `resolute_own.<file>:<class>`, as `Entry.model` has it.
        scale: an int for the class where it is whole.
        arguments: the others of its constructor.

    Raises:
        ResoluteError: a file that cannot be imported, that has no such class, or whose class cannot be built.
    """
    module, _, wanted = name.partition(":")
    place = layout.relative(own.folder("methods") / f"{module.partition('.')[2]}.py")
    found = _imported(module, place)
    classes = {key: one for key, one in vars(found).items() if isinstance(one, type) and issubclass(one, nn.Module)}
    if wanted not in classes:
        raise ResoluteError(f"{place} has no class '{wanted}' of torch.nn.Module: {nearest(wanted, classes)}")
    try:
        return classes[wanted](scale=int(scale) if scale == int(scale) else scale, **arguments)
    except (MemoryError, ResoluteError):
        raise
    except Exception as error:
        given = ", ".join(("scale", *arguments))
        raise ResoluteError(f"{place}: {wanted} cannot be built with {given} ({brief(error)}): mend it") from error


def check_size(network: nn.Module, name: str, scale: float, least_side: int) -> None:
    """See that a network makes SR images of the right size; it draws no random numbers.

    Args:
        name: of the method, for the message.
        least_side: LR pixels that the network says that it needs: such an image is tried, and a larger one.

    Raises:
        ResoluteError: it takes no LR image (1 x 3 x h x w), or makes no SR image of it (1 x 3 x sh x sw).
    """
    for height in (max(SIDE, least_side), least_side):
        _try(network, name, scale, (height, height + 16))


def _try(network: nn.Module, name: str, scale: float, size: tuple[int, int]) -> None:
    lr_BCHW = torch.zeros(1, 3, *size)
    due = (1, 3, *(round(side * scale) for side in size))
    says = f"{name} takes an LR image of {tuple(lr_BCHW.shape)} at x{scale:g}"
    was_training = network.training
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=()):
            sr_BCHW = network.eval()(lr_BCHW.to(next(network.parameters(), lr_BCHW).device))
    except (MemoryError, ResoluteError):
        raise
    except Exception as error:
        raise ResoluteError(f"{says} and fails ({brief(error)}): mend its forward, or its minimum_side") from error
    network.train(was_training)
    if not isinstance(sr_BCHW, torch.Tensor) or tuple(sr_BCHW.shape) != due:
        made = tuple(sr_BCHW.shape) if isinstance(sr_BCHW, torch.Tensor) else type(sr_BCHW).__name__
        raise ResoluteError(f"{says} and makes {made} of it instead of {due}: mend its forward")


def _imported(module: str, place: str) -> ModuleType:
    _make_package()
    try:
        return import_module(module)
    except (MemoryError, ResoluteError):
        raise
    except SyntaxError as error:
        raise ResoluteError(f"{error.filename or place}, line {error.lineno}: {error.msg}: mend it") from error
    except ModuleNotFoundError as error:
        hint = f"install {error.name}, or, if it lies beside that file, write `from .{error.name} import ...`"
        raise ResoluteError(f"{place} imports {error.name}, which is not there: {hint}") from error
    except Exception as error:  # whatever the file does
        raise ResoluteError(f"{place} cannot be imported ({brief(error)}): mend it") from error


def _make_package() -> None:
    """Let the files of this project's folder be imported as modules of one package, so that they find each other."""
    path = [str(own.folder("methods"))]
    package = sys.modules.get(own.PACKAGE)
    if package and package.__path__ == path:
        return
    for name in [one for one in sys.modules if one.partition(".")[0] == own.PACKAGE]:
        del sys.modules[name]
    package = ModuleType(own.PACKAGE)
    package.__path__ = path
    sys.modules[own.PACKAGE] = package
    invalidate_caches()
