"""Images put into `data/raw/<data set>/`, beside whatever else a user keeps there.

What the program has put there is on record in `work/placed/`: nothing else is ever overwritten or removed. The record
is written before the folder is touched, so that it holds after a crash too.
"""

import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from resolute.core import atomic, layout, records
from resolute.core.errors import ResoluteError
from resolute.datasets import HRImage
from resolute.datasets.store import read_table, write_table


def put_in_place(name: str, arrived: Sequence[tuple[Path, HRImage]]) -> None:
    """Move the images of a data set to their places, and remove what an earlier fetch put there beyond them.

    What is there already with the right content stays untouched, whoever put it there. While something changes,
    the data set has no manifest.

    Args:
        arrived: where each image lies now, and the image with its place.

    Raises:
        ResoluteError: something else is in the way.
    """
    placed = _placed(name)
    moves = [(source, image) for source, image in arrived if not _is_there(image, placed)]
    wanted, coming = {image.path for _, image in arrived}, {image.path for _, image in moves}
    stale = [path for path in placed - wanted if records.is_as_written(path)]
    if moves or stale:
        _note(name, placed | coming)
        layout.raw_manifest(name).unlink(missing_ok=True)  # who looks in meanwhile finds nothing, no mixture
    for source, image in moves:
        atomic.move(source, image.path, image.sha256)
    for path in stale:
        path.unlink()
        with suppress(OSError):  # other files are in it
            path.parent.rmdir()
    _note(name, {path for path in placed | coming if os.path.lexists(path)})
    for source, image in arrived:
        records.remember(image.path, image.sha256)
        if source != image.path:
            source.unlink(missing_ok=True)


def _is_there(image: HRImage, placed: Collection[Path]) -> bool:
    """Whether the right file is in an image's place; what is in the way and not of our making is refused."""
    path = image.path
    if path.is_file() and records.known_sha256(path) == image.sha256:
        return True
    folders = path.parents[: len(path.relative_to(layout.project_root() / "data/raw").parts) - 1]
    in_the_way = [folder for folder in folders if os.path.lexists(folder) and not folder.is_dir()]
    if os.path.lexists(path) and (path not in placed or path.is_dir()):
        in_the_way.append(path)
    if in_the_way:
        where = layout.relative(in_the_way[0])
        raise ResoluteError(f"{where} is in the way, and this program did not put it there: move it elsewhere")
    return False


def _placed(name: str) -> set[Path]:
    """What the program has put there; for a data set that it has no record of, what the manifest lists."""
    record, folder = _record(name), layout.raw_images(name)
    try:
        rows = read_table(record if record.is_file() else layout.raw_manifest(name))
    except ResoluteError:
        return set()
    files = (Path(row.get("file") or "..") for row in rows)
    return {folder / file for file in files if not file.is_absolute() and ".." not in file.parts}


def _note(name: str, paths: Collection[Path]) -> None:
    folder = layout.raw_images(name)
    write_table(_record(name), ("file",), [{"file": path.relative_to(folder).as_posix()} for path in sorted(paths)])


def _record(name: str) -> Path:
    return layout.project_root() / "work/placed" / f"{name}.csv"
