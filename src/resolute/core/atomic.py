"""Files that are there whole or not at all."""

from pathlib import Path


def write(path: Path, content: str | bytes) -> None:
    """Write a file (text as UTF-8) under a temporary name beside it, then rename; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content.encode() if isinstance(content, str) else content)
    part.replace(path)
