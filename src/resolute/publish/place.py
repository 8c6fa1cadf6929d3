"""Which folder may be replaced by a site: an empty one, or one that holds a site and nothing else."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from resolute.core.errors import ResoluteError

PACKAGE = "datapackage.json"
NAME = "resolute-results"  # of the data package, by which a site is known
_PART = re.compile(
    r"index\.html|(dataset|network)-[a-z0-9_.-]+\.html|image-[a-z0-9_.-]+\.[a-z]+|(style|tables)\.(css|js)"
    r"|results\.(csv|parquet)|datapackage\.json"
)


def check_place(folder: Path) -> None:
    """Refuse a folder that holds what is no part of a site, before anything is made.

    Raises:
        ResoluteError: it does, or it is no folder; or so is one of the two beside it that a site is written through.
    """
    beside = [folder.with_name(f"{folder.name}.{end}") for end in ("part", "old")]
    for one in (folder, *beside):
        if one.exists() and not one.is_dir():
            raise ResoluteError(f"{one} is a file: name a folder for the site")
        for foreign in _foreign(one, is_marked=one not in beside):
            holds = f"{one} holds {foreign}, which is no part of a site"
            raise ResoluteError(f"{holds}: name a new or empty folder, or one that `resolute publish` has written")


def _foreign(folder: Path, is_marked: bool) -> Iterator[str]:
    """Names that no site has; in a folder that lacks the data package of one, where it should have it, all names."""
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if is_marked and not _is_site(folder):
        yield from names
    yield from (name for name in names if not (_PART.fullmatch(name) and (folder / name).is_file()))


def _is_site(folder: Path) -> bool:
    with suppress(OSError, ValueError, AttributeError):
        return bool(json.loads((folder / PACKAGE).read_text(encoding="utf-8")).get("name") == NAME)
    return False
