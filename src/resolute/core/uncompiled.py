"""Running torch without its compiler, which torch imports for a second even where nothing is compiled."""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_NAME = "torch._dynamo"


class _Asleep(ModuleType):
    """Answers what torch asks of its compiler to be left alone by it; wakes the compiler for anything else."""

    @staticmethod
    def disable(function: Callable[..., Any], *_: Any, **__: Any) -> Callable[..., Any]:
        return function

    def __getattr__(self, name: str) -> Any:
        sys.modules.pop(_NAME, None)
        return getattr(importlib.import_module(_NAME), name)


@contextmanager
def uncompiled() -> Iterator[None]:
    """Leave torch's compiler unimported, for code that compiles nothing.

    A dispatch mode and the references of some operators on the meta device are each told to be left alone by it, for
    which torch imports it whole: that is a third of the time of a process that counts one network.
    """
    asleep = _Asleep(_NAME)
    sys.modules.setdefault(_NAME, asleep)
    try:
        yield
    finally:
        if sys.modules.get(_NAME) is asleep:
            del sys.modules[_NAME]
