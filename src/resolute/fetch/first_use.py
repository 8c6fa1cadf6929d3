"""What a file turned out to be when it was first fetched, where the registry has no whole sha256 of it.

The record is `data/reference/downloads.csv`, which git keeps: later fetches are held to it.
"""

import logging
from pathlib import Path

from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.locks import making
from resolute.core.provenance import file_sha256
from resolute.core.reading import reading
from resolute.datasets.store import read_table, write_table


class OtherFileError(ResoluteError):
    """A file that is not the one of the first fetch: not worth keeping."""


def check_first_use(url: str, file: Path) -> None:
    """Hold a file without a sha256 in the registry to the record of its first fetch, if there is one.

    Raises:
        OtherFileError: the file differs from the one on record.
    """
    record = _record()
    known = _known().get(url)
    if known and known != _facts(url, file):
        difference = f"expected sha256 {known['sha256']}, found {file_sha256(file)}"
        repair = f"fetch it again, or delete its line in {layout.relative(record)} if this one is right"
        raise OtherFileError(f"{url} is not the file of the first fetch, {difference}: {repair}")


def record_first_use(url: str, file: Path, known_by: str = "no checksum") -> None:
    """Write down the checksum of a file that held all that it should, unless it is on record already.

    Args:
        known_by: what the registry knows the file by, for the message.
    """
    record = _record()
    with making(record):
        rows = _known()
        if url in rows or not file.is_file():
            return
        rows[url] = _facts(url, file)
        write_table(record, tuple(rows[url]), [rows[key] for key in sorted(rows)])
    logging.getLogger(__name__).warning(
        "%s: %s is on record, so its sha256 %s was written to %s; later fetches must match",
        url,
        known_by,
        rows[url]["sha256"],
        layout.relative(record),
    )


def _facts(url: str, file: Path) -> dict[str, str]:
    return {"url": url, "sha256": file_sha256(file), "bytes": str(file.stat().st_size)}


def _known() -> dict[str, dict[str, str]]:
    record = _record()
    with reading(record, "restore it from git, or remove it"):
        return {row["url"]: {name: row[name] for name in ("url", "sha256", "bytes")} for row in read_table(record)}


def _record() -> Path:
    return layout.project_root() / "data/reference/downloads.csv"
