"""The packages of the extra `export`, which nothing else needs."""

from importlib import import_module

from resolute.core.errors import ResoluteError

_NEEDED = ("onnx", "onnxruntime")


def check() -> None:
    """Refuse to go on without them."""
    for name in _NEEDED:
        try:
            import_module(name)
        except ImportError:
            raise ResoluteError(
                f"{name} is not installed: run `pip install -c requirements.lock -e '.[export]'`"
            ) from None
