"""One file at a time: resumed, verified, whole or not at all, with one clear line where it cannot be had."""

import hashlib
import re
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resolute.core.errors import ResoluteError
from resolute.fetch.transfer import ATTEMPTS, download, mirrored

pytestmark = pytest.mark.usefixtures("project")

CONTENT = bytes(range(256)) * 40
SHA256 = hashlib.sha256(CONTENT).hexdigest()


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
        sha256, size = (hashlib.sha256(content).hexdigest(), len(content)) if known else ("", 0)
        download(server.url("file.bin"), sha256, size, target)
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
    message = f"file.bin has the wrong checksum, expected sha256 {SHA256}, found {found}: "
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
    server.breaks, server.break_after = 8, 10_000

    def one(name: str) -> None:
        sha256 = hashlib.sha256(contents[name]).hexdigest()
        download(server.url(name), sha256, len(contents[name]), tmp_path / name)

    threads = [threading.Thread(target=one, args=(name,)) for name in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((tmp_path / name).read_bytes() == content for name, content in contents.items())
