"""Jobs that begin in a process which has imported what they need: as if who asks for them had run them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from resolute.engines import warm

# Stands in for the package, so that a job is any code.
MAIN = "import os, sys, time\ndef main():\n    exec(sys.argv[1], globals())\n"


def _said(error: str) -> str:
    return error.strip().rpartition("\n")[2]


class Server:
    """A server in a folder, and those who ask it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "resolute").mkdir()
        (folder / "resolute/__init__.py").touch()
        (folder / "resolute/cli.py").write_text(MAIN)
        self.process = subprocess.Popen(
            [sys.executable, "-P", warm.__file__, "serve", "warm.sock", "decimal", "no_such_module"],
            stdin=subprocess.PIPE,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder)},
        )
        _wait_for(folder / "warm.sock")

    def ask(self, *command: str, before: tuple[str, ...] = (), **options: Any) -> subprocess.Popen:
        client = [sys.executable, "-I", "-S", warm.__file__, "run", str(self.folder / "warm.sock"), *command]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen([*before, *client], **pipes, **options)

    def end(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        assert self.process.wait(20) == 0


def _wait_for(path: Path) -> None:
    until = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < until, f"{path} does not come"
        time.sleep(0.01)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    found = Server(tmp_path)
    yield found
    with suppress(ProcessLookupError):
        found.process.kill()
    found.process.wait()


def test_a_job_runs_as_who_asks_would_run_it(server: Server, tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    asked.mkdir()
    code = (
        "print(sys.argv[1:][1:], os.getcwd(), os.environ, oct(os.umask(0))); os.write(9, b'held')\n"
        "print('decimal' in sys.modules, file=sys.stderr)"
    )
    environment = {"ASKED": "yes", "PYTHONPATH": str(tmp_path)}
    locked = ("bash", "-c", f'exec 9> {tmp_path}/lock && exec "$@"', "bash")
    job = server.ask("resolute", code, "--more", before=locked, cwd=asked, env=environment, umask=0o027)
    out, error = job.communicate(timeout=60)
    assert (job.returncode, error) == (0, "True\n")
    assert out.startswith(f"['--more'] {asked} environ({{") and "'ASKED': 'yes'" in out and out.endswith(" 0o27\n")
    assert "HOME" not in out
    assert (tmp_path / "lock").read_text() == "held"


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("pass", 0, ""),
        ("sys.exit(3)", 3, ""),
        ("raise ValueError('wrong')", 1, "ValueError: wrong"),
        ("os.kill(os.getpid(), 9)", 137, ""),
    ],
)
def test_who_asks_ends_as_the_job_does(server: Server, code: str, status: int, said: str) -> None:
    job = server.ask("resolute", code)
    assert _said(job.communicate(timeout=60)[1]) == said
    assert job.returncode == status


def test_a_job_ends_with_who_asks(server: Server, tmp_path: Path) -> None:
    job = server.ask("resolute", f"open('{tmp_path}/job', 'w'); time.sleep(600)")
    _wait_for(tmp_path / "job")
    job.kill()
    job.communicate(timeout=60)
    server.end()  # which waits for its jobs


def test_jobs_outlive_the_one_that_the_server_is_for(server: Server, tmp_path: Path) -> None:
    code = f"open('{tmp_path}/begun', 'w')\nwhile not os.path.exists('{tmp_path}/go'): time.sleep(0.01)\nprint('done')"
    job, next_one = server.ask("resolute", code), [sys.executable, "-c", "print('by itself')"]
    _wait_for(tmp_path / "begun")
    assert server.process.stdin
    server.process.stdin.close()
    while (tmp_path / "warm.sock").exists():
        time.sleep(0.01)
    assert server.ask(*next_one).communicate(timeout=60)[0] == "by itself\n"
    (tmp_path / "go").touch()
    assert job.communicate(timeout=60)[0] == "done\n"
    assert server.process.wait(60) == 0


def test_a_dead_server_is_no_silent_success(server: Server, tmp_path: Path) -> None:
    job = server.ask("resolute", f"open('{tmp_path}/{{}}'.format(os.getpid()), 'w'); time.sleep(600)")
    while not (begun := [int(path.name) for path in tmp_path.glob("[0-9]*")]):
        time.sleep(0.01)
    server.process.kill()
    assert job.wait(60) == 1
    os.kill(begun[0], signal.SIGKILL)  # it writes where the one who asked for it did
    assert "run this again" in job.communicate(timeout=60)[1]


def test_an_edit_counts_for_the_next_job(server: Server, tmp_path: Path) -> None:
    assert server.ask("resolute", "print('old')").communicate(timeout=60)[0] == "old\n"
    (tmp_path / "resolute/cli.py").write_text("def main():\n    print('another')\n")
    assert server.ask("resolute", "print('old')").communicate(timeout=60)[0] == "another\n"


def test_a_stranger_that_asks_nothing_does_no_harm(server: Server) -> None:
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(str(server.folder / "warm.sock"))
        stranger.sendall(b"\n\n")
    assert server.ask("resolute", "print('served')").communicate(timeout=60)[0] == "served\n"


@pytest.mark.parametrize(
    ("threads", "command", "place", "begun"),
    [
        ("1", "evaluate", "warm.sock", "warm"),
        ("2", "evaluate", "warm.sock", "by itself"),  # libraries have read how many threads they are to use
        ("1", "train", "warm.sock", "by itself"),
        ("1", "evaluate", "gone.sock", "by itself"),
    ],
)
def test_small_jobs_of_rules_begin_warm(
    server: Server, tmp_path: Path, threads: str, command: str, place: str, begun: str
) -> None:
    (tmp_path / "resolute/cli.py").write_text("def main():\n    print('warm')\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/resolute").write_text("#!/bin/sh\necho by itself\n")
    (tmp_path / "bin/resolute").chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}/bin:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "OMP_NUM_THREADS": threads,
        warm.VARIABLE: str(tmp_path / place),
    }
    logged = Path(warm.__file__).parents[3] / "workflow/scripts/logged.sh"
    rule = f". {logged}; logged {tmp_path}/log resolute {command} x && cat {tmp_path}/log"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", rule], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == (f"{begun}\n", "", 0)
