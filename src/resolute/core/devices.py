"""Which GPU, or which share of the CPU, a job may use: locks that the kernel frees when the job dies.

Snakemake's `--resources gpu=2` limits how many jobs run, not where. So every job takes its device itself: one
lock file per device in a folder of the user's, held by the working process through its open descriptor until
it ends, `kill -9` included. Where SLURM or Kubernetes gave a job just the devices it needs, nothing is locked.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resolute.core.errors import ResoluteError

_PAUSE_S = 0.2
# What torchrun, SLURM and others tell the processes of one training.
_RANKS = (
    *("RANK", "LOCAL_RANK", "GROUP_RANK", "NODE_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_PORT"),
    *("SLURM_PROCID", "SLURM_LOCALID", "SLURM_NODEID", "SLURM_NTASKS", "JSM_NAMESPACE_RANK"),
)
_DEVICE = re.compile(r"[0-9]{1,4}|(GPU|MIG)-[A-Za-z0-9/-]{1,120}")

# What this process holds until it ends: the names of its locks and their open descriptors.
_held: dict[str, int] = {}


def claim_gpus(count: int, wait: bool = True) -> list[str]:
    """Take devices for this process until it ends, and show only them to CUDA.

    Must be called before CUDA starts. Sets CUDA_VISIBLE_DEVICES. Does nothing where there is no GPU, where a
    scheduler has given this very job its devices, or in the worker processes of a job that has its devices.

    Args:
        count: how many devices.
        wait: wait until they are free, rather than fail.

    Returns:
        The devices taken, as CUDA_VISIBLE_DEVICES names them.

    Raises:
        ResoluteError: the machine has fewer devices, or `wait` is false and too few are free.
    """
    if "LOCAL_RANK" in os.environ:
        return []
    devices = visible_gpus()
    # More than this job needs: the scheduler gave them to a whole workflow, whose jobs must still share them out.
    if len(devices) <= count and any(name in os.environ for name in ("SLURM_JOB_ID", "KUBERNETES_SERVICE_HOST")):
        return []
    if not devices or any(name.startswith("gpu-") for name in _held):
        return devices
    if count > len(devices):
        raise ResoluteError(f"{count} GPUs are asked for, but only {len(devices)} can be seen: lower train.devices")
    told = False
    while True:
        with _guard():
            locks = [(device, lock) for device in devices if (lock := _try_lock(f"gpu-{device}", exclusive=True))]
            for _, lock in locks[count:] if len(locks) >= count else locks:
                os.close(lock)
        if len(locks) >= count:
            break
        if not wait:
            raise ResoluteError(f"all {len(devices)} GPUs are taken by other jobs: wait for them to end")
        if not told:
            print(f"waiting for {count} of {len(devices)} GPUs", file=sys.stderr, flush=True)
            told = True
        time.sleep(_PAUSE_S)
    taken = locks[:count]
    _held.update((f"gpu-{device}", lock) for device, lock in taken)
    names = [device for device, _ in taken]
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(names)
    return names


def claim_cpu(alone: bool) -> None:
    """Take a share of the CPU until this process ends; `alone` waits until no other job holds one.

    Training on the CPU takes a share, timing takes the machine for itself, so that no latency is measured
    beside a training that another workflow runs.
    """
    if "cpu" not in _held:
        _held["cpu"] = _wait_for_lock("cpu", exclusive=alone)


def check_ranks() -> None:
    """Refuse what launchers say about the processes of a training where it is no number: libraries fail on it.

    Must be called before they are imported.
    """
    for name in _RANKS:
        if not re.fullmatch("[0-9]{1,9}", os.environ.get(name, "0")):
            raise ResoluteError(f"{name} is '{os.environ[name]}', but launchers set it to a number: unset it")


def visible_gpus() -> list[str]:
    """The devices that this process may use: those of CUDA_VISIBLE_DEVICES, else what nvidia-smi lists.

    As CUDA does, the list is read up to its first entry that names no device, or one that it has already.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        devices: list[str] = []
        for device in map(str.strip, visible.split(",")):
            if device in devices or not _DEVICE.fullmatch(device):
                break
            devices.append(device)
        return devices
    if shutil.which("nvidia-smi") is None:
        return []
    listed = subprocess.run(
        ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"],
        capture_output=True,
        text=True,
        check=False,
    )
    return listed.stdout.split() if listed.returncode == 0 else []


def accelerator() -> str:
    """`cuda` where a device can be used, else `cpu`."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def device_name(device: str) -> str:
    """The device's own name, as measurements and the report carry it."""
    from resolute.core.provenance import processor

    if device.startswith("cuda"):
        import torch

        return torch.cuda.get_device_name(device)
    return processor()


def _folder() -> Path:
    # Local and per user: network file systems lock unreliably, and users cannot open each other's files.
    # Containers that share a GPU must share this folder: RESOLUTE_LOCKS names another.
    default = Path(tempfile.gettempdir()) / f"resolute-locks-{os.getuid()}"
    folder = Path(os.path.expanduser(os.environ.get("RESOLUTE_LOCKS") or default))  # noqa: PTH111 (raises nothing)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        wrong = f"no locks can be kept in {folder} ({error.strerror})"
        raise ResoluteError(f"{wrong}: set RESOLUTE_LOCKS to a folder of this machine that can be written") from None
    return folder


def _try_lock(name: str, exclusive: bool) -> int | None:
    descriptor = os.open(_folder() / f"{name.replace('/', '%2F')}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _wait_for_lock(name: str, exclusive: bool) -> int:
    while (descriptor := _try_lock(name, exclusive)) is None:
        time.sleep(_PAUSE_S)
    return descriptor


@contextmanager
def _guard() -> Iterator[None]:
    """Makes taking several devices one step."""
    descriptor = _wait_for_lock("guard", exclusive=True)
    try:
        yield
    finally:
        os.close(descriptor)
