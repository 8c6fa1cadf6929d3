"""One file from the mirror or the network: verified, whole or not at all, resumed where it broke off.

Plain requests, because pooch cannot resume: urllib3 repeats what a busy server refuses (429, 5xx), the loop
here asks for the missing bytes of what broke off.
"""

import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from resolute.core.errors import ResoluteError
from resolute.core.provenance import file_sha256

ATTEMPTS = 4
PAUSE_S = 0.5  # grows with every attempt
TIMEOUT_S = (10, 60)  # to connect, and between two chunks
CHUNK_BYTES = 1 << 18

_sessions = threading.local()  # requests does not promise that threads may share a session

Advance = Callable[[int], object]


def _ignore(_: int) -> None:
    pass


def mirror() -> Path | None:
    """The folder named by `RESOLUTE_MIRROR` (a path or file URL), laid out as host/path; None where unset."""
    value = os.environ.get("RESOLUTE_MIRROR", "")
    if not value:
        return None
    if value.startswith("file://"):
        value = unquote(value.removeprefix("file://"))
    folder = Path(value).expanduser()
    if not folder.is_dir():
        raise ResoluteError(f"RESOLUTE_MIRROR names {folder}, which is no folder: mend it or unset it")
    return folder


def mirrored(url: str) -> Path | None:
    """The mirror's file for a URL, whether it exists or not; None without a mirror."""
    folder, parts = mirror(), urlsplit(url)
    return folder and folder / f"{parts.hostname}{unquote(parts.path)}"


def download(url: str, sha256: str, size: int, target: Path, advance: Advance = _ignore) -> Path:
    """Bring the file at a URL to `target`, from the mirror if it is there, else from the network.

    A target that is already right is kept. What broke off stays beside the target as `<name>.part` and is
    resumed by the next call.

    Args:
        url: where the file lies.
        sha256: its checksum as 64 hex digits; empty where none is on record.
        size: its size in bytes; 0 where none is on record.
        target: where to put it.
        advance: told the number of bytes as they arrive, for a progress bar.

    Returns:
        `target`.

    Raises:
        ResoluteError: the file is nowhere to be had, is cut short, or is not the one on record.
    """
    if target.is_file() and (not sha256 or file_sha256(target) == sha256):
        advance(target.stat().st_size)
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    copy = mirrored(url)
    if copy is not None and copy.is_file():
        shutil.copyfile(copy, part)
        advance(part.stat().st_size)
        verify(part, sha256, size, f"the mirror's {copy}", "replace it, or remove it from the mirror")
    else:
        _stream(url, size, part, advance)
        verify(part, sha256, size, url, "nothing of it was kept, run the command again")
    return part.replace(target)


def verify(file: Path, sha256: str, size: int, name: str, repair: str) -> None:
    """Delete a file that is not the one on record, and say so; `name` and `repair` are for the message."""
    found_size, found = file.stat().st_size, file_sha256(file) if sha256 else ""
    if found == sha256:
        return
    file.unlink()
    if found_size < size:
        raise ResoluteError(f"{name} is truncated, {found_size} of {size} bytes: {repair}")
    raise ResoluteError(f"{name} has the wrong checksum, expected sha256 {sha256}, found {found}: {repair}")


def _stream(url: str, size: int, part: Path, advance: Advance) -> None:
    """Download into `part`, going on where an earlier call or attempt broke off; `size` is 0 if unknown."""
    if size and part.is_file() and part.stat().st_size > size:
        part.unlink()
    done = part.stat().st_size if part.is_file() else 0
    advance(done)
    for attempt in range(ATTEMPTS):
        if size and done == size:
            return
        time.sleep(attempt * PAUSE_S)
        done, is_whole = _request(url, part, done, advance)
        if is_whole and done >= size:
            return
    of = f" of {size}" if size else ""
    got = f"gave {done}{of} bytes in {ATTEMPTS} attempts"
    raise ResoluteError(f"{url} {got}: it is truncated, or run the command again to resume")


def _request(url: str, part: Path, done: int, advance: Advance) -> tuple[int, bool]:
    """Ask once for the bytes from `done` on: the bytes in `part` now, and whether the answer came whole."""
    with _get(url, done) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            if response.headers.get("Content-Range") == f"bytes */{done}":
                return done, True
            part.unlink()  # longer than the server's file
            advance(-done)
            return 0, False
        if not response.ok:
            answer = f"{response.status_code} {response.reason}"
            raise ResoluteError(f"{url}: the server answers {answer}: try later, or {_way_out(url)}")
        if done and response.status_code != requests.codes.partial_content:  # all of it comes again
            advance(-done)
            done = 0
        with part.open("ab" if done else "wb") as file:
            try:
                while chunk := response.raw.read1(CHUNK_BYTES):  # what is there, so that no byte is lost
                    file.write(chunk)
                    advance(len(chunk))
                    done += len(chunk)
            except HTTPError:
                return done, False
    return done, True


def _get(url: str, start: int) -> requests.Response:
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={start}-"} if start else {})}
    try:
        return _session().get(url, headers=headers, stream=True, timeout=TIMEOUT_S)
    except requests.RequestException as error:
        reason = f"the server does not answer ({type(error).__name__})"
        raise ResoluteError(f"{url}: {reason}: mend the connection, or {_way_out(url)}") from None


def _way_out(url: str) -> str:
    copy = mirrored(url)
    if copy is None:
        return "name a folder that has the file as host/path in RESOLUTE_MIRROR"
    return f"put the file into the mirror, which has no {copy}"


def _session() -> requests.Session:
    if not hasattr(_sessions, "session"):
        busy = Retry(
            total=ATTEMPTS,
            connect=1,
            backoff_factor=PAUSE_S,
            status_forcelist=(429, 500, 502, 503, 504),
            raise_on_status=False,
        )
        session = requests.Session()
        session.mount("https://", HTTPAdapter(max_retries=busy))
        session.mount("http://", HTTPAdapter(max_retries=busy))
        _sessions.session = session
    return _sessions.session
