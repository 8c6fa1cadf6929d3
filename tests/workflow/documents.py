"""The documents of the project, and what stands in their code blocks."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "config/README.md",
    *sorted(str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "docs").rglob("*.md")),
]
_BLOCK = re.compile(r'^( *)```(\w*)(?: title="(.+)")?\n(.*?)^ *```$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: commands where it has no language or is `sh`; a file where it has a title."""

    language: str
    title: str
    text: str

    def commands(self) -> Iterator[str]:
        """Its command lines, of which several may stand in one line, apart by `&&` or wide spaces."""
        if self.language in ("", "sh"):
            for line in self.text.splitlines():
                parts = re.split(r" && |\s{4,}", re.sub(r"(^|\s)#.*", "", line))
                yield from (part.removesuffix("&&").strip() for part in parts if part.strip())


def text(document: str) -> str:
    """A document's text."""
    return (REPOSITORY / document).read_text(encoding="utf-8")


def blocks(document: str) -> list[Block]:
    """Its code blocks, in order."""
    return [
        Block(found[2], found[3] or "", re.sub(f"^{found[1]}", "", found[4], flags=re.MULTILINE))
        for found in _BLOCK.finditer(text(document))
    ]


def commands(document: str) -> list[str]:
    """All command lines of its code blocks."""
    return [command for block in blocks(document) for command in block.commands()]


def mentioned(document: str) -> list[list[str]]:
    """The words of all commands of `resolute` in its prose, where arguments may be left out."""
    prose = _BLOCK.sub("", text(document))
    return [shlex.split(found) for found in re.findall(r"`(resolute [^`]+)`", prose)]
