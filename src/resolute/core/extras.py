"""Packages that come with an extra of this one, and that nothing but what the extra is for needs."""

from importlib.util import find_spec

from resolute.core.errors import ResoluteError

_EXPORT = ("onnx", "onnxruntime")


def check_export(asked: str = "") -> None:
    """Refuse to go on without the packages of the extra `export`; none of them is imported for that.

    Args:
        asked: what asks for them, as the message begins.
    """
    for name in _EXPORT:
        if find_spec(name) is None:
            wrong = f"{asked}{name} is not installed"
            raise ResoluteError(f"{wrong}: run `pip install -c requirements.lock -e '.[export]'`")
