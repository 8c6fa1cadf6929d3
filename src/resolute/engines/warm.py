"""Starting jobs from a process that has already imported what takes long: of a small job that is most of its time.

    python -P warm.py serve SOCKET MODULE...    imports the modules; forks for every job, until its standard input ends
    python -I -S warm.py run SOCKET COMMAND...  a job by it; by itself where nothing listens there (yet)

What is forked has imported nothing of this project: an edit counts for the next job, as it does without. A job is begun
with the environment, the folder and the open files of who asks for it; it ends with him, and he with its status. The
server ends with Snakemake, whichever way that ends, and after the jobs that run then.

Run as a script it imports nothing that is slow.
"""

import atexit
import fcntl
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

VARIABLE = "RESOLUTE_WARM"
"""The environment variable that names the socket to the shell of a job (workflow/scripts/logged.sh)."""
FEWEST = 8
"""Jobs for which it is worth its own time."""
LOG = Path("work/logs/warm.log")

# Slow to import, and what most jobs need.
_MODULES = (
    *("torch", "torch.fx.experimental.symbolic_shapes", "torch.utils.flop_counter", "safetensors.torch"),
    *("numpy", "pandas", "pyarrow.parquet", "scipy.ndimage", "PIL.Image", "imagecodecs"),
    *("torch.utils._device", "pyarrow.pandas_compat", "scipy.sparse", "PIL.TiffImagePlugin", "PIL.PpmImagePlugin"),
    *("yaml", "jsonschema", "typer", "pydantic.types", "pydantic.type_adapter", "filelock", "requests"),
    *("rich.progress", "matplotlib.pyplot"),
)
# Read when libraries are loaded: as Snakemake has it for jobs of one thread.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_FILES = (0, 1, 2, 9)  # that a job gets, where they are open; the last is the lock that `resolute mend` waits for
_BEYOND = 64  # all of their numbers, and of those that they are received by
_SLOWEST_S = 60  # to ask, on a machine that has much to do
_PATIENCE_S = 5  # with a server that should end


def start(source: str) -> subprocess.Popen:
    """Start a server for the jobs of this process, in its folder, which ends with it.

    Args:
        source: the folder of this package.
    """
    name = f"work/locks/warm-{os.getpid()}.sock"
    for place in (LOG, Path(name)):
        place.parent.mkdir(parents=True, exist_ok=True)
    with LOG.open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-P", __file__, "serve", name, *_MODULES],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={**os.environ, **_ONE_THREAD, "PYTHONPATH": f"{source}:{os.environ.get('PYTHONPATH', '')}"},
        )
    os.environ[VARIABLE] = name
    atexit.register(_end, server)
    return server


def _end(server: subprocess.Popen) -> None:
    """End a server, whose processor time is ours then; a job that outlives us is not waited for."""
    with suppress(subprocess.TimeoutExpired):
        server.communicate(timeout=_PATIENCE_S)


def serve(path: str, modules: list[str]) -> None:
    """Fork for every job that is asked for, until the standard input ends; then wait for those that run."""
    from multiprocessing.connection import wait

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # from the keyboard: for the jobs, and for Snakemake
    for module in modules:
        with suppress(ImportError):
            importlib.import_module(module)
    gc.collect()
    gc.freeze()  # what is collected is copied into every job
    listener = _listening(path)
    jobs: dict[Any, socket.socket] = {}  # each with the connection to who asked for it
    while listener or jobs:
        watched: list[Any] = [sys.stdin, listener] if listener else []
        ready = wait([*watched, *jobs.values(), *(job.sentinel for job in jobs)])
        for job, client in list(jobs.items()):
            if job.sentinel in ready or client in ready:
                del jobs[job]
                _finish(job, client)
        if listener in ready:
            _accept(listener, jobs)
        elif sys.stdin in ready:
            Path(path).unlink()
            listener = None


def _listening(path: str) -> socket.socket | None:
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)  # for this user alone
    listener.bind(path)
    os.umask(before)
    listener.listen(128)
    return listener


def _accept(listener: socket.socket, jobs: dict[Any, socket.socket]) -> None:
    """Begin the job that is asked for; who does not ask is left alone."""
    from multiprocessing import get_context

    client, _ = listener.accept()
    client.settimeout(_SLOWEST_S)
    try:
        _, files, _, _ = socket.recv_fds(client, 1, len(_FILES))
        with client.makefile() as lines:
            asked = json.loads(lines.readline())
        job = get_context("fork").Process(target=_begin, args=(asked, files, [listener, client, *jobs.values()]))
        job.start()
    except (OSError, ValueError):  # also where no more processes are to be had
        client.close()
        return
    jobs[job] = client
    for file in files:
        os.close(file)


def _finish(job: Any, client: socket.socket) -> None:
    """Tell who asked how his job has ended; where he has gone before it, end it."""
    if job.is_alive():
        job.terminate()
    job.join()
    with client, suppress(OSError):
        client.sendall(f"{job.exitcode if job.exitcode >= 0 else 128 - job.exitcode}\n".encode())


def _begin(asked: dict[str, Any], files: list[int], connections: list[socket.socket]) -> None:
    """Be the command that is asked for, as who asks would run it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for connection in connections:
        connection.close()
    received = [fcntl.fcntl(file, fcntl.F_DUPFD, _BEYOND) for file in files]
    for file in files:
        os.close(file)
    for file, number in zip(received, asked["files"], strict=True):
        os.dup2(file, number)
        os.close(file)
    # New ones, as those of the server may be files of another kind.
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.chdir(asked["folder"])
    os.umask(asked["umask"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = asked["command"]
    from resolute.cli import main

    main()


def run(path: str, command: list[str]) -> None:
    """Have a command run by the server, and end as it does; become it where there is no server."""
    umask = os.umask(0)
    os.umask(umask)
    asked: dict[str, Any] = {
        "command": command,
        "environment": dict(os.environ),
        "folder": str(Path.cwd()),
        "umask": umask,
        "files": [file for file in _FILES if _is_open(file)],
    }
    server = socket.socket(socket.AF_UNIX)
    try:
        server.connect(path)
        socket.send_fds(server, [b"\n"], asked["files"])
        server.sendall(f"{json.dumps(asked)}\n".encode())
    except OSError:
        os.execvp(command[0], command)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    status = server.makefile().readline()
    if not status:
        print(f"resolute: {' '.join(command)}: its process is gone: run this again", file=sys.stderr)
    sys.exit(int(status or 1))


def _is_open(file: int) -> bool:
    try:
        fcntl.fcntl(file, fcntl.F_GETFD)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    {"serve": serve, "run": run}[sys.argv[1]](sys.argv[2], sys.argv[3:])
