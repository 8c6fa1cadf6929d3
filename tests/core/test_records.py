"""What is on record of a file: its checksum, and whether a stage wrote it."""

import os
from pathlib import Path

import pytest

from resolute.core import atomic, records
from resolute.core.provenance import file_sha256


@pytest.fixture
def written(project: Path) -> Path:
    path = project / "reports/metrics.json"
    atomic.write(path, '{"psnr": 30.1}\n')
    return path


def test_what_a_stage_wrote_is_as_written(written: Path) -> None:
    assert records.is_as_written(written)
    assert records.written_sha256(written) == file_sha256(written)
    os.utime(written, (0, 0))
    assert records.is_as_written(written)


def test_an_edit_that_keeps_size_and_time_is_seen(written: Path) -> None:
    before = written.stat()
    written.write_text('{"psnr": 99.9}\n')
    os.utime(written, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert written.stat().st_size == before.st_size
    assert not records.is_as_written(written)
    assert records.written_sha256(written) != file_sha256(written)
    assert records.known_sha256(written) == file_sha256(written)


def test_what_opened_is_not_what_a_stage_wrote(project: Path) -> None:
    path = project / "reports/metrics.json"
    path.parent.mkdir()
    path.write_text("{}\n")
    assert not records.is_as_opened(path)
    records.remember_opened(path)
    assert records.is_as_opened(path)
    assert not records.is_as_written(path)
    assert records.written_sha256(path) is None
    path.write_text("{")
    assert not records.is_as_opened(path)
