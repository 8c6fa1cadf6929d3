"""One file from the mirror or the network: verified, whole or not at all, resumed where it broke off.

Plain requests, because pooch cannot resume. Nothing that a server says is believed: what it sends is bounded, its
redirects are followed here (requests would read their bodies whole), and the waiting has an end.
"""

import logging
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from http.client import responses
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import requests

from resolute.core import layout
from resolute.core.checksums import Checksum
from resolute.core.errors import ResoluteError
from resolute.core.reading import brief

ATTEMPTS = 4
REDIRECTS = 10
BUSY = (429, 500, 502, 503, 504)
PAUSE_S = 0.5  # grows with every attempt
LONGEST_PAUSE_S = 60  # that a server may ask for
PATIENCE_S = 180  # without a new byte
TIMEOUT_S = (10, 60)  # to connect, and between two chunks
SLOWEST = 100  # bytes per second, over a minute
CHUNK_BYTES = 1 << 18
UNKNOWN_SHARE = 0.5  # of the free disk, for a file of unknown size: what is in it needs room too

_sessions = threading.local()  # requests does not promise that threads may share a session

Advance = Callable[[int], object]


class _Session(requests.Session):
    """Follows no redirect, because requests reads the body of each one whole, even where it is not to follow it."""

    def get_redirect_target(self, _: requests.Response) -> None:
        return None


def _ignore(_: int) -> None:
    pass


def mirror() -> Path | None:
    """The folder named by `RESOLUTE_MIRROR` (a path or file URL), laid out as host/path; None where unset."""
    value = os.environ.get("RESOLUTE_MIRROR", "")
    if not value:
        return None
    folder = Path(unquote(value.removeprefix("file://")) if value.startswith("file://") else value)
    try:
        folder = folder.expanduser()
        is_folder = folder.is_dir()
    except (OSError, RuntimeError):  # a name too long, a user who is not there
        is_folder = False
    if not is_folder:
        raise ResoluteError(f"RESOLUTE_MIRROR names {folder}, which is no folder: mend it or unset it")
    return folder


def mirrored(url: str) -> Path | None:
    """The mirror's file for a URL, whether it exists or not; None without a mirror."""
    folder, parts = mirror(), urlsplit(url)
    return folder and folder / f"{parts.hostname}{unquote(parts.path)}"


def download(url: str, checksum: Checksum | None, size: int, target: Path, advance: Advance = _ignore) -> Path:
    """Bring the file at a URL to `target`, from the mirror if it is there, else from the network.

    A target that is already right is kept. What broke off stays beside the target as `<name>.part` and is
    resumed by the next call.

    Args:
        url: where the file lies.
        checksum: what it is known by; None where nothing is on record.
        size: its size in bytes; 0 where none is on record.
        target: where to put it.
        advance: told the number of bytes as they arrive, for a progress bar.

    Returns:
        `target`.

    Raises:
        ResoluteError: the file is nowhere to be had, is cut short, or is not the one on record; or something else
            is in its place.
    """
    if target.is_file() and (checksum is None or checksum.fits(target)):
        advance(target.stat().st_size)
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    if os.path.lexists(part) and (part.is_symlink() or not part.is_file()):
        raise ResoluteError(f"{layout.relative(part)} is no regular file, and downloads go there: remove it")
    copy = mirrored(url)
    if copy is not None and os.path.lexists(copy):
        _copy(copy, checksum, size, part)
        advance(part.stat().st_size)
    else:
        _stream(url, size, part, advance)
        verify(part, checksum, size, url, "nothing of it was kept, run the command again")
    return part.replace(target)


def verify(file: Path, checksum: Checksum | None, size: int, name: str, repair: str) -> None:
    """Delete a file that is not the one on record, and say so; `name` and `repair` are for the message."""
    if checksum is None or (found := checksum.found(file)) == checksum.digits:
        return
    found_size = file.stat().st_size
    file.unlink()
    _check_size(found_size, size, name, repair)
    raise ResoluteError(f"{name} has the wrong checksum, expected {checksum}, found {found}: {repair}")


def _check_size(found: int, size: int, name: str, repair: str) -> None:
    if size and found < size:
        raise ResoluteError(f"{name} is truncated, {found} of {size} bytes: {repair}")
    if size and found > size:
        raise ResoluteError(f"{name} has the wrong checksum, as it has {found} bytes instead of {size}: {repair}")


def _copy(copy: Path, checksum: Checksum | None, size: int, part: Path) -> None:
    """Take a file from the mirror; one that cannot be right is not even read."""
    name, repair = f"the mirror's {copy}", "replace it, or remove it from the mirror"
    if not copy.is_file():
        raise ResoluteError(f"{name} is no regular file: {repair}")
    found, free = copy.stat().st_size, shutil.disk_usage(part.parent).free
    _check_size(found, size, name, repair)
    if found > free:
        raise ResoluteError(f"{name} has {found} bytes, {free} are free: make room")
    shutil.copyfile(copy, part)
    verify(part, checksum, size, name, repair)


def _stream(url: str, size: int, part: Path, advance: Advance) -> None:
    """Download into `part`, going on where an earlier call or attempt broke off; `size` is 0 if unknown."""
    if size and part.is_file() and part.stat().st_size > size:
        part.unlink()
    done = part.stat().st_size if part.is_file() else 0
    most = size or done + int(UNKNOWN_SHARE * shutil.disk_usage(part.parent).free)
    advance(done)
    is_whole = False
    for attempt in range(ATTEMPTS):
        if size and done == size:
            return
        if attempt:
            _wait(url, f"the answer broke off after {done} bytes", attempt * PAUSE_S)
        done, is_whole = _request(url, size, most, part, done, advance)
        if is_whole and done >= size:
            return
    if is_whole:  # it says that this is all: no beginning of the right file
        part.unlink(missing_ok=True)
    of = f" of {size}" if size else ""
    got = f"gave {done}{of} bytes in {ATTEMPTS} attempts"
    raise ResoluteError(f"{url} {got}: it is truncated, or run the command again to resume")


def _request(url: str, size: int, most: int, part: Path, done: int, advance: Advance) -> tuple[int, bool]:
    """Ask once for the bytes from `done` on: the bytes in `part` now, and whether the answer came whole."""
    with _answer(url, done) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable and done:
            if response.headers.get("Content-Range") == f"bytes */{done}":
                return done, True
            return _drop(part, done, advance), False  # longer than the server's file
        _check_kind(url, response)
        start = _start(response, done)
        if start != done:  # all of it comes again, or some other part that nobody asked for
            done = _drop(part, done, advance)
            if start:
                return done, False
        announced = response.raw.length_remaining
        if announced is not None and done + announced > most:
            _refuse_long(url, part, done + announced, size, most)
        with part.open("ab" if done else "wb") as file:
            for chunk in _chunks(response):
                if not chunk:
                    return done, False
                file.write(chunk)
                advance(len(chunk))
                done += len(chunk)
                if done > most:
                    _refuse_long(url, part, done, size, most)
    return done, True


def _drop(part: Path, done: int, advance: Advance) -> int:
    """Give up what has come so far; the bytes that are left."""
    part.unlink(missing_ok=True)
    advance(-done)
    return 0


def _start(response: requests.Response, asked: int) -> int:
    """Where in the file an answer begins; `asked` is where it should."""
    if response.status_code != requests.codes.partial_content:
        return 0
    said = re.match(r"bytes (\d{1,18})-", response.headers.get("Content-Range", ""))
    return int(said[1]) if said else asked


def _check_kind(url: str, response: requests.Response) -> None:
    if response.status_code not in (requests.codes.ok, requests.codes.partial_content):
        raise ResoluteError(f"{url}: the server answers {_status(response)}: try later, or {_way_out(url)}")
    if response.headers.get("Content-Type", "").lower().startswith("text/html"):
        what = "the server answers with a web page instead of the file"
        raise ResoluteError(f"{url}: {what}: log in to the network if it asks for that, or {_way_out(url)}")


def _refuse_long(url: str, part: Path, found: int, size: int, most: int) -> None:
    part.unlink(missing_ok=True)
    _check_size(found, size, url, "nothing of it was kept, run the command again")
    raise ResoluteError(f"{url} gives {found} bytes and more, {most} fit here with what is in them: make room")


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """What arrives, as it arrives, so that no byte is lost; an empty piece where the answer breaks off."""
    since, arrived = time.monotonic(), 0
    while True:
        try:
            chunk = response.raw.read1(CHUNK_BYTES)
        except Exception:  # urllib3, http.client and ssl raise what they like about what a server sends
            yield b""
            return
        if not chunk:
            return
        yield chunk
        arrived += len(chunk)
        if time.monotonic() - since > TIMEOUT_S[1]:
            if arrived < SLOWEST * TIMEOUT_S[1]:
                yield b""
                return
            since, arrived = time.monotonic(), 0


def _answer(url: str, start: int) -> requests.Response:
    """The answer to a request for the bytes from `start` on; who is busy or does not answer is asked again."""
    begun = time.monotonic()
    for attempt in range(1 + ATTEMPTS):
        pause = PAUSE_S * 2**attempt
        cause: Exception | None = None
        try:
            response = _get(url, start)
        except Exception as error:  # as in `_chunks`; also proxies and certificates that are not there
            plain = isinstance(error, requests.ConnectionError | requests.Timeout)
            cause = None if plain else error
            what = f"the server does not answer ({type(error).__name__ if plain else brief(error)})"
            repair, again = "mend the connection", plain
        else:
            if response.status_code not in BUSY:
                return response
            response.close()
            asked = re.fullmatch(r"\d{1,9}", response.headers.get("Retry-After", ""))
            pause = max(pause, int(asked[0]) if asked else 0)
            again = pause <= LONGEST_PAUSE_S
            what = f"the server answers {_status(response)}"
            if not again:
                what += f" and asks to come back in {pause:.0f} s"
            repair = "try later"
        late = time.monotonic() - begun + pause > PATIENCE_S
        if not again or late or attempt == ATTEMPTS:
            raise ResoluteError(f"{url}: {what}: {repair}, or {_way_out(url)}") from cause
        _wait(url, what, pause)
    raise AssertionError("the last attempt returns or raises")


def _wait(url: str, what: str, pause: float) -> None:
    logging.getLogger(__name__).warning("resolute: %s: %s; asked again in %.1f s", url, what, pause)
    time.sleep(pause)


def _get(url: str, start: int) -> requests.Response:
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={start}-"} if start else {})}
    for _ in range(REDIRECTS):
        response = _session().get(url, headers=headers, stream=True, timeout=TIMEOUT_S)
        place = requests.Session.get_redirect_target(_session(), response)
        if place is None:
            return response
        response.close()
        url = urljoin(url, place)
    raise requests.TooManyRedirects(f"more than {REDIRECTS} redirects")


def _status(response: requests.Response) -> str:
    return f"{response.status_code} {responses.get(response.status_code, '')}".strip()


def _way_out(url: str) -> str:
    copy = mirrored(url)
    if copy is None:
        return "name a folder that has the file as host/path in RESOLUTE_MIRROR"
    return f"put the file into the mirror, which has no {copy}"


def _session() -> requests.Session:
    if not hasattr(_sessions, "session"):
        _sessions.session = _Session()
    return _sessions.session
