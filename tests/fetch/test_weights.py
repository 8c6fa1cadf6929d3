"""Two that want the same published weights at once."""

import threading
from pathlib import Path

import pytest

from resolute.core import layout, locks
from resolute.fetch import fetch_weights


def test_the_second_takes_what_the_first_has_made(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no mirror here, so that the second could make nothing itself."""
    monkeypatch.setenv("RESOLUTE_MIRROR", str(project))
    target = layout.weights(layout.Run("rlfn_team04", 4.0, "published-ntire2022"))
    waits = threading.Event()
    monkeypatch.setattr(locks, "_maker", lambda _: waits.set())
    results: list[Path] = []
    second = threading.Thread(target=lambda: results.append(fetch_weights("rlfn_team04")))
    with locks.making(target):
        second.start()
        assert waits.wait(60)
        target.parent.mkdir(parents=True)
        target.write_bytes(b"made by the first")
    second.join()
    assert results == [target]
    assert target.read_bytes() == b"made by the first"
    assert [path.name for path in target.parent.iterdir()] == [target.name]
