"""Only regular files are opened: a pipe or a device may have no end."""

import os
from pathlib import Path

import pytest

from resolute.core.reading import check_regular


def test_what_is_no_regular_file_is_refused_unopened(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    check_regular(tmp_path / "file")
    for path, what in ((tmp_path / "pipe", "a pipe"), (Path("/dev/zero"), "a device"), (tmp_path, "a directory")):
        with pytest.raises(OSError, match=f"Is {what}"):
            check_regular(path)
    with pytest.raises(FileNotFoundError):
        check_regular(tmp_path / "absent")
