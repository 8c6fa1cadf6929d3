"""One file at a time: resumed, verified, whole or not at all, with one clear line where it cannot be had."""

import gzip
import hashlib
import os
import re
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resolute.core.checksums import Checksum
from resolute.core.errors import ResoluteError
from resolute.fetch import transfer
from resolute.fetch.transfer import ATTEMPTS, download, mirror, mirrored

pytestmark = pytest.mark.usefixtures("project")

CONTENT = bytes(range(256)) * 40
SHA256 = Checksum("sha256", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "file.bin"


def leftovers(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir())


def test_download(server: Any, target: Path) -> None:
    server.files["file.bin"] = CONTENT
    counted: list[int] = []
    assert download(server.url("file.bin"), SHA256, len(CONTENT), target, counted.append) == target
    assert target.read_bytes() == CONTENT
    assert sum(counted) == len(CONTENT)
    assert leftovers(target) == ["file.bin"]


def test_a_right_file_is_kept_and_a_wrong_one_replaced(server: Any, target: Path) -> None:
    server.files["file.bin"] = CONTENT
    target.parent.mkdir()
    target.write_bytes(CONTENT)
    download(server.url("file.bin"), SHA256, len(CONTENT), target)
    assert server.requests == []
    target.write_bytes(CONTENT[:-1] + b"!")
    download(server.url("file.bin"), SHA256, len(CONTENT), target)
    assert target.read_bytes() == CONTENT


def test_a_broken_connection_is_resumed_within_one_call(server: Any, target: Path) -> None:
    server.files["file.bin"] = CONTENT
    server.breaks, server.break_after = 2, 3000
    counted: list[int] = []
    download(server.url("file.bin"), SHA256, len(CONTENT), target, counted.append)
    assert target.read_bytes() == CONTENT
    assert server.sent == sum(counted) == len(CONTENT), "bytes were asked for twice"
    assert [asked for _, asked in server.requests] == ["", "bytes=3000-", "bytes=6000-"]


def test_the_next_call_resumes_what_this_one_gave_up(server: Any, target: Path) -> None:
    server.files["file.bin"] = CONTENT
    server.breaks, server.break_after = ATTEMPTS, 1000
    message = rf"gave {ATTEMPTS * 1000} of {len(CONTENT)} bytes .* run the command again to resume$"
    with pytest.raises(ResoluteError, match=message):
        download(server.url("file.bin"), SHA256, len(CONTENT), target)
    assert not target.exists()
    sent = server.sent
    download(server.url("file.bin"), SHA256, len(CONTENT), target)
    assert target.read_bytes() == CONTENT
    assert server.sent - sent == len(CONTENT) - ATTEMPTS * 1000


def test_a_server_that_cannot_resume_is_asked_for_all_of_it(server: Any, target: Path) -> None:
    server.files["file.bin"], server.can_resume = CONTENT, False
    target.parent.mkdir()
    target.with_name("file.bin.part").write_bytes(CONTENT[:5000])
    counted: list[int] = []
    download(server.url("file.bin"), SHA256, len(CONTENT), target, counted.append)
    assert target.read_bytes() == CONTENT
    assert sum(counted) == len(CONTENT)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(min_size=1, max_size=200), had=st.integers(0, 210), known=st.booleans())
def test_any_true_beginning_is_completed(server: Any, content: bytes, had: int, known: bool) -> None:
    server.files["file.bin"] = content
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "file.bin"
        target.with_name("file.bin.part").write_bytes((content + bytes(10))[:had])
        sha256 = Checksum("sha256", hashlib.sha256(content).hexdigest())
        checksum, size = (sha256, len(content)) if known else (None, 0)
        download(server.url("file.bin"), checksum, size, target)
        assert target.read_bytes() == content
        assert leftovers(target) == ["file.bin"]


def test_busy_servers_are_asked_again(server: Any, target: Path) -> None:
    server.files["file.bin"], server.busy = CONTENT, 2
    download(server.url("file.bin"), SHA256, len(CONTENT), target)
    assert target.read_bytes() == CONTENT
    assert len(server.requests) == 3


def test_servers_that_stay_busy_are_left_alone(server: Any, target: Path) -> None:
    server.busy = 1000
    with pytest.raises(ResoluteError, match=r"file.bin: the server answers 503 .*RESOLUTE_MIRROR$"):
        download(server.url("file.bin"), SHA256, len(CONTENT), target)
    assert len(server.requests) == 1 + ATTEMPTS


def test_wrong_checksum(server: Any, target: Path) -> None:
    wrong = CONTENT[:-1] + b"!"
    server.files["file.bin"] = wrong
    found = hashlib.sha256(wrong).hexdigest()
    message = f"file.bin has the wrong checksum, expected {SHA256}, found {found}: "
    with pytest.raises(ResoluteError, match=re.escape(message)):
        download(server.url("file.bin"), SHA256, len(CONTENT), target)
    assert leftovers(target) == []


def test_a_false_beginning_is_not_kept(server: Any, target: Path) -> None:
    server.files["file.bin"] = CONTENT
    target.parent.mkdir()
    target.with_name("file.bin.part").write_bytes(b"of another file")
    with pytest.raises(ResoluteError, match=r"wrong checksum, .*: nothing of it was kept, run the command again"):
        download(server.url("file.bin"), SHA256, len(CONTENT), target)
    assert leftovers(target) == []
    download(server.url("file.bin"), SHA256, len(CONTENT), target)
    assert target.read_bytes() == CONTENT


def test_truncated_at_the_server(server: Any, target: Path) -> None:
    server.files["file.bin"] = CONTENT[:1234]
    with pytest.raises(ResoluteError, match=rf"gave 1234 of {len(CONTENT)} bytes .*: it is truncated"):
        download(server.url("file.bin"), SHA256, len(CONTENT), target)
    assert not target.exists()


def test_absent_from_the_server(server: Any, target: Path) -> None:
    with pytest.raises(ResoluteError, match=r"nothing.bin: the server answers 404 Not Found: try later"):
        download(server.url("nothing.bin"), SHA256, len(CONTENT), target)
    assert leftovers(target) == []


def test_no_network(target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = "http://127.0.0.1:9/set/file.bin"  # the discard port, where nothing listens
    with pytest.raises(ResoluteError, match=r"the server does not answer \(ConnectionError\): mend .*RESOLUTE_MIRROR"):
        download(closed, SHA256, len(CONTENT), target)
    monkeypatch.setenv("RESOLUTE_MIRROR", str(tmp_path))
    there = tmp_path / "127.0.0.1/set/file.bin"
    with pytest.raises(ResoluteError, match=rf"does not answer .* the mirror, which has no {there}$"):
        download(closed, SHA256, len(CONTENT), target)
    assert leftovers(target) == []


@pytest.mark.parametrize("spelling", ["{}", "file://{}", "~/mir ror", "file://~/mir%20ror"])
def test_the_mirror_comes_first(
    spelling: str, server: Any, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "mir ror/127.0.0.1/set/a file.bin"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(CONTENT)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RESOLUTE_MIRROR", spelling.format(tmp_path / "mir ror"))
    assert mirrored(server.url("set/a%20file.bin")) == copy
    download(server.url("set/a%20file.bin"), SHA256, len(CONTENT), target)
    assert target.read_bytes() == CONTENT
    assert server.requests == []
    target.write_bytes(b"changed in place")
    assert copy.read_bytes() == CONTENT, "the mirror's file is shared with the project"


def test_a_damaged_mirror(target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESOLUTE_MIRROR", str(tmp_path))
    copy = tmp_path / "host/file.bin"
    copy.parent.mkdir()
    copy.write_bytes(CONTENT[:100])
    with pytest.raises(ResoluteError, match=rf"the mirror's {copy} is truncated, 100 of {len(CONTENT)} bytes: replace"):
        download("https://host/file.bin", SHA256, len(CONTENT), target)
    copy.write_bytes(CONTENT + b"!")
    with pytest.raises(ResoluteError, match=rf"the mirror's {copy} has the wrong checksum"):
        download("https://host/file.bin", SHA256, len(CONTENT), target)
    assert leftovers(target) == []
    assert copy.is_file()
    monkeypatch.setenv("RESOLUTE_MIRROR", str(tmp_path / "nowhere"))
    with pytest.raises(ResoluteError, match="nowhere, which is no folder"):
        download("https://host/file.bin", SHA256, len(CONTENT), target)


def test_several_files_at_once(server: Any, tmp_path: Path) -> None:
    contents = {f"{number}.bin": bytes([number]) * 50_000 for number in range(16)}
    server.files.update(contents)
    server.breaks, server.break_after = 3, 10_000  # which one file alone may meet, and still come

    def one(name: str) -> None:
        sha256 = Checksum("sha256", hashlib.sha256(contents[name]).hexdigest())
        download(server.url(name), sha256, len(contents[name]), tmp_path / name)

    threads = [threading.Thread(target=one, args=(name,)) for name in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((tmp_path / name).read_bytes() == content for name, content in contents.items())


def answer(status: str, *headers: str, body: bytes = b"") -> bytes:
    return b"\r\n".join([f"HTTP/1.1 {status}".encode(), *(line.encode("latin-1") for line in headers), b"", body])


LENGTH = f"Content-Length: {len(CONTENT)}"
LIES = {
    "nothing": b"",
    "no HTTP": b"\x00\xff garbage\r\n\r\n",
    "no content": answer("204 No Content"),
    "an unknown status": answer("999 Odd"),
    "an escape sequence for a reason": answer("404 \x1b[31mgone", "Content-Length: 0"),
    "416 unasked": answer("416 Range Not Satisfiable", "Content-Range: bytes */0", "Content-Length: 0"),
    "not modified": answer("304 Not Modified"),
    "a redirect to nowhere": answer("302 Found", "Content-Length: 0"),
    "a redirect to no address": answer("302 Found", "Location: http://[::bad/", "Content-Length: 0"),
    "a redirect to a file": answer("302 Found", "Location: file:///etc/passwd", "Content-Length: 0"),
    "a redirect in bytes": answer("302 Found", "Location: http://\xff\xfe/\x80", "Content-Length: 0"),
    "a redirect to an endless name": answer("302 Found", f"Location: http://{'a' * 500}/", "Content-Length: 0"),
    "a redirect to itself": answer("302 Found", "Location: <address>/file.bin", "Content-Length: 0"),
    "no number for a length": answer("200 OK", "Content-Length: many", body=CONTENT[:100]),
    "two lengths": answer("200 OK", "Content-Length: 5, 6", body=b"12345"),
    "a negative length": answer("200 OK", "Content-Length: -5", body=b"12345"),
    "a length beyond the body": answer("200 OK", LENGTH, body=CONTENT[:100]),
    "chunks of garbage": answer("200 OK", "Transfer-Encoding: chunked", body=b"zz\r\ngarbage\r\n"),
    "a part that nobody asked for": answer(
        "206 Partial", "Content-Range: bytes 7-9/10", "Content-Length: 3", body=b"abc"
    ),
    "a range beyond all numbers": answer("206 Partial", f"Content-Range: bytes {'9' * 5000}-/*", LENGTH, body=b"a"),
    "packed without being asked to": answer("200 OK", "Content-Encoding: gzip", body=gzip.compress(CONTENT)),
    "packed by no known packer": answer("200 OK", "Content-Encoding: gzip", LENGTH, body=CONTENT[::-1]),
    "a web page": answer("200 OK", "Content-Type: text/html; charset=utf-8", body=b"<html>log in</html>"),
    "a web page without a type": answer("200 OK", "Content-Length: 19", body=b"<html>log in</html>"),
}


@pytest.mark.parametrize("lie", LIES)
def test_whatever_a_server_says_is_one_line_and_nothing_wrong_stays(
    lie: str, liar: Any, server: Any, target: Path
) -> None:
    liar.answer = LIES[lie]
    with pytest.raises(ResoluteError) as error:
        download(f"{liar.address}/file.bin", SHA256, len(CONTENT), target)
    assert "\n" not in str(error.value)
    assert "\x1b" not in str(error.value)
    assert not target.exists()
    server.files["file.bin"] = CONTENT
    download(server.url("file.bin"), SHA256, len(CONTENT), target)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("headers", "size"), [((), len(CONTENT)), (("Content-Length: 9999999999",), len(CONTENT)), ((), 0)]
)
def test_an_endless_answer_is_not_taken(
    headers: tuple[str, ...], size: int, liar: Any, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    liar.answer, liar.endless = answer("200 OK", *headers, body=CONTENT), bytes(1 << 16)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 2 << 20}))
    counted: list[int] = []
    message = (
        rf"wrong checksum, as it has \d+ bytes instead of {size}:" if size else r"gives \d+ bytes and more, 1048576"
    )
    with pytest.raises(ResoluteError, match=message):
        download(f"{liar.address}/file.bin", SHA256 if size else None, size, target, counted.append)
    assert sum(counted) <= (size or 1 << 20) + transfer.CHUNK_BYTES
    assert leftovers(target) == []


def test_an_endless_redirect_is_not_read(liar: Any, target: Path) -> None:
    liar.answer, liar.endless = answer("302 Found", "Location: <address>/file.bin"), bytes(1 << 16)
    with pytest.raises(ResoluteError, match="more than 10 redirects"):
        download(f"{liar.address}/file.bin", SHA256, len(CONTENT), target)
    assert liar.asked == transfer.REDIRECTS


def test_who_resets_every_connection_is_given_up_in_words(
    liar: Any, target: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ResoluteError, match=r"the server does not answer \(ConnectionError\)"):
        download(f"{liar.address}/file.bin", SHA256, len(CONTENT), target)
    assert liar.asked == 1 + ATTEMPTS
    assert caplog.text.count("file.bin: the server does not answer (ConnectionError); asked again in") == ATTEMPTS


def test_the_waiting_has_an_end(liar: Any, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    liar.answer = answer("503 Busy", "Retry-After: 100000", "Content-Length: 0")
    with pytest.raises(ResoluteError, match="answers 503 Service Unavailable and asks to come back in 100000 s"):
        download(f"{liar.address}/file.bin", SHA256, len(CONTENT), target)
    assert liar.asked == 1
    liar.answer = answer("429 Busy", "Retry-After: 50", "Content-Length: 0")
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda pause: now.__setitem__(0, now[0] + pause))
    with pytest.raises(ResoluteError, match="answers 429 Too Many Requests"):
        download(f"{liar.address}/file.bin", SHA256, len(CONTENT), target)
    assert now[0] <= transfer.PATIENCE_S


def test_a_whole_answer_that_is_too_short_is_no_beginning(server: Any, target: Path) -> None:
    """A login page, say: the next call must not go on behind it."""
    server.files["file.bin"] = b"log in first" * 5
    with pytest.raises(ResoluteError, match=rf"gave 60 of {len(CONTENT)} bytes"):
        download(server.url("file.bin"), SHA256, len(CONTENT), target)
    assert leftovers(target) == []


def test_a_mirror_file_of_the_wrong_size_is_not_read(
    target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESOLUTE_MIRROR", str(tmp_path))
    copy = tmp_path / "host/file.bin"
    copy.parent.mkdir()
    copy.touch()
    os.truncate(copy, 3 << 40)  # a hole: reading it would take hours
    with pytest.raises(ResoluteError, match=rf"wrong checksum, as it has {3 << 40} bytes instead of {len(CONTENT)}"):
        download("https://host/file.bin", SHA256, len(CONTENT), target)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 2 << 40}))
    with pytest.raises(ResoluteError, match=rf"has {3 << 40} bytes, {2 << 40} are free: make room"):
        download("https://host/file.bin", None, 0, target)
    assert leftovers(target) == []


@pytest.mark.parametrize("kind", ["pipe", "folder", "dangling link", "device"])
def test_only_regular_files_are_read_and_written(
    kind: str, server: Any, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(path: Path) -> None:
        path.parent.mkdir(exist_ok=True)
        match kind:
            case "pipe":
                os.mkfifo(path)
            case "folder":
                path.mkdir()
            case "dangling link":
                path.symlink_to("nowhere")
            case _:
                path.symlink_to("/dev/zero")

    server.files["file.bin"] = CONTENT
    make(target.with_name("file.bin.part"))
    with pytest.raises(ResoluteError, match=r"file.bin.part is no regular file, and downloads go there: remove it"):
        download(server.url("file.bin"), SHA256, len(CONTENT), target)
    target = tmp_path / "another/file.bin"
    monkeypatch.setenv("RESOLUTE_MIRROR", str(tmp_path))
    make(tmp_path / "127.0.0.1/file.bin")
    with pytest.raises(ResoluteError, match=r"the mirror's .*file.bin is no regular file: replace it"):
        download(server.url("file.bin"), SHA256, len(CONTENT), target)


@pytest.mark.parametrize(
    "value", ["~nosuch/x", "a" * 300, "a/" * 3000, "file:///a%00b", "\udcff", "/dev/null", "http://host"]
)
def test_odd_mirrors(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESOLUTE_MIRROR", value)
    with pytest.raises(ResoluteError, match=r"^RESOLUTE_MIRROR names .*, which is no folder: mend it or unset it$"):
        mirror()
