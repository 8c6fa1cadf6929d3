"""What is fetched without a whole sha256 on record is held to what it was the first time."""

import hashlib
from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.fetch.first_use import check_first_use, record_first_use


def test_first_use_is_recorded_and_held_to(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    archive = project / "archive.tar"
    archive.write_bytes(b"first")
    sha256 = hashlib.sha256(b"first").hexdigest()
    check_first_use("https://host/archive.tar", archive)
    record_first_use("https://host/archive.tar", archive)
    record = project / "data/reference/downloads.csv"
    assert record.read_text() == f"url,sha256,bytes\nhttps://host/archive.tar,{sha256},5\n"
    assert f"no checksum is on record, so its sha256 {sha256} was written to" in caplog.text
    caplog.clear()
    check_first_use("https://host/archive.tar", archive)
    record_first_use("https://host/archive.tar", archive)
    assert caplog.text == ""
    archive.write_bytes(b"other")
    with pytest.raises(ResoluteError, match=f"not the file of the first fetch, expected sha256 {sha256}, found"):
        check_first_use("https://host/archive.tar", archive)
