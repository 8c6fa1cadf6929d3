"""The Makefile: an environment that was half made, and a home that cannot be written."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
# Stands for `python -m venv --clear .venv`: makes an environment whose pip does nothing.
PYTHON = """#!/bin/sh
test "$*" = "-m venv --clear .venv" || exit 9
rm -rf .venv && mkdir -p .venv/bin && printf '#!/bin/sh\\n' > .venv/bin/pip && chmod +x .venv/bin/pip
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    return tmp_path


def make(folder: Path, *words: str, **environment: str) -> str:
    # The suite itself is run by make, which tells its children so.
    ours = ("XDG_CACHE_HOME", "MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    clean = {name: value for name, value in os.environ.items() if name not in ours}
    done = subprocess.run(
        ["make", "--no-print-directory", "PYTHON=./python", *words],
        cwd=folder,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_environment_that_was_half_made_is_made_anew(folder: Path) -> None:
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/python").touch()  # what a kill before pip was installed leaves
    make(folder, "env")
    assert (folder / ".venv/run-stamp").is_file()
    assert not (folder / ".venv/bin/python").exists()


def test_a_whole_environment_is_kept(folder: Path) -> None:
    make(folder, "env")
    (folder / ".venv/bin/kept").touch()
    (folder / ".venv/run-stamp").unlink()
    make(folder, "env")
    assert (folder / ".venv/bin/kept").is_file()


def test_a_home_that_cannot_be_written_gives_the_cache_a_place_here(folder: Path) -> None:
    rule = '--eval=cache:;@echo "[$$XDG_CACHE_HOME]"'
    (folder / "home").mkdir()
    (folder / "file").touch()
    assert make(folder, rule, "cache", HOME=str(folder / "home")) == "[]\n"
    assert make(folder, rule, "cache", HOME=str(folder / "file/home")) == f"[{folder}/work/cache]\n"
