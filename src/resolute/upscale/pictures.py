"""Many pictures: which become which files, what is done already, and what a person sees meanwhile."""

import glob
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeElapsedColumn, TimeRemainingColumn

from resolute.core.errors import ResoluteError
from resolute.core.provenance import file_sha256
from resolute.images.encode import FORMATS
from resolute.upscale.enlarger import Advance, Enlarger
from resolute.upscale.goals import SetGoal

# What is taken of a folder, by suffix. A file that is named is taken whatever it is called.
PICTURES = (*FORMATS, ".bmp")
JOURNAL = ".resolute-upscale.jsonl"


def upscale_picture(enlarger: Enlarger, source: Path, target: Path, set_goal: SetGoal) -> None:
    """Enlarge one picture; on a terminal a bar shows how far it is."""
    with _progress(1) as advance:
        enlarger.upscale(source, target, set_goal, advance(source.name))


def upscale_pictures(
    enlarger: Enlarger, sources: Sequence[str], folder: Path, suffix: str, set_goal: SetGoal, goal: str
) -> tuple[list[Path], int]:
    """Enlarge pictures into a folder; what an interrupted call has made there is not made again.

    A picture that fails is told in a line, and the others go on.

    Args:
        sources: files, folders with all that is below them, and patterns such as `photos/*.jpg`.
        suffix: of the results; that of each picture where empty, or `.png` where none can be written like it.
        goal: how large pictures become, in words that tell one goal from another.

    Returns:
        The files that are there now, and how many pictures failed.

    Raises:
        ResoluteError: there are no pictures, two would become one file, or a file is in the way that was not made here.
    """
    pairs = _pairs(sources, folder, suffix)
    journal = _Journal(folder)
    way = {
        "method": enlarger.entry.name,
        "setting": enlarger.setting,
        "goal": goal,
        "tile": enlarger.tile,
        "overlap": enlarger.overlap,
    }
    for target in pairs:
        journal.check(target)
    done, failed = [], 0
    with _progress(len(pairs)) as advance:
        for target, source in pairs.items():
            tell = advance(source.name)
            try:
                facts = {**way, "source": file_sha256(source)}
                if not journal.has(target, facts, enlarger.checksum):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    scale = enlarger.upscale(source, target, set_goal, tell).scale
                    journal.note(target, {**facts, "scale": scale, "weights": enlarger.checksum(scale)})
                done.append(target)
            except (ResoluteError, OSError) as error:
                failed += 1
                print(f"resolute: {source}: {error}", file=sys.stderr)
    return done, failed


def _pairs(sources: Sequence[str], folder: Path, suffix: str) -> dict[Path, Path]:
    """From the file that is made to the picture that it is made of."""
    if folder.exists() and not folder.is_dir():
        raise ResoluteError(f"{folder} is a file: give a folder for several pictures")
    pairs: dict[Path, Path] = {}
    for name in sources:
        for source, below in _found(name, folder):
            own = source.suffix.lower()
            target = folder / below.with_suffix(suffix or (own if own in FORMATS else ".png"))
            if target in pairs and pairs[target] != source:
                raise ResoluteError(f"{pairs[target]} and {source} would both become {target}: give one of them alone")
            pairs[target] = source
    if not pairs:
        raise ResoluteError(f"no pictures in {', '.join(sources)}: known are {', '.join(PICTURES)}")
    return pairs


def _found(name: str, folder: Path) -> Iterator[tuple[Path, Path]]:
    """The pictures that a word of the command line names, each with its place below the folder of results."""
    path = Path(name)
    if path.is_dir():
        for source in sorted(path.rglob("*")):
            if source.suffix.lower() in PICTURES and source.is_file() and not source.is_relative_to(folder):
                yield source, source.relative_to(path)
    elif path.is_file():
        yield path, Path(path.name)
    elif not glob.has_magic(name):
        raise ResoluteError(f"there is no picture and no folder {path}: give others")
    else:
        for source in map(Path, sorted(glob.glob(name, recursive=True))):  # noqa: PTH207 (patterns may be absolute)
            if source.is_file() and not source.is_relative_to(folder):
                yield source, Path(source.name)


class _Journal:
    """What was made in a folder, of what and how: one line of JSON for every file, the last one counts."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / JOURNAL
        self.known: dict[str, Mapping[str, Any]] = {}
        if self.file.is_file():
            for line in self.file.read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    fact = json.loads(line)
                    self.known[fact["file"]] = fact
                except (ValueError, TypeError, KeyError):
                    continue  # cut short by a kill: that picture is made again

    def check(self, target: Path) -> None:
        """Refuse a file that was not made here, or was changed since: nobody's file is written over."""
        if target.exists() and self._known(target).get("sha256") != file_sha256(target):
            raise ResoluteError(f"{target} is there and is not what this command made: move it, or give another folder")

    def has(self, target: Path, facts: Mapping[str, Any], checksum: Callable[[float], str]) -> bool:
        """Whether a file is there that was made in this way, by the weights that now have a checksum at its scale."""
        known = self._known(target)
        is_alike = target.exists() and all(known.get(key) == value for key, value in facts.items())
        return is_alike and known["weights"] == checksum(known["scale"])

    def note(self, target: Path, facts: Mapping[str, Any]) -> None:
        """Put on record that a file was made."""
        name = os.path.relpath(target, self.folder)
        line = json.dumps({"file": name, "sha256": file_sha256(target), **facts})
        with self.file.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def _known(self, target: Path) -> Mapping[str, Any]:
        return self.known.get(os.path.relpath(target, self.folder), {})


@contextmanager
def _progress(pictures: int) -> Iterator[Callable[[str], Advance]]:
    """A bar over all pictures, on a terminal only; yields what is told the next one's name and gives what it tells."""
    console = Console(stderr=True)
    columns = ("{task.description}", BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=pictures)
        begun = 0

        def begin(name: str) -> Advance:
            nonlocal begun
            bar.update(task, completed=begun, description=name)
            begun += 1
            return lambda share: bar.advance(task, share)

        yield begin
