"""Jobs and devices: two simulated GPUs, six jobs that start together, and one that is killed."""

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from resolute.core import devices
from resolute.core.errors import ResoluteError

# Takes its devices, says so, works for a moment, and says when it stopped. CUDA_VISIBLE_DEVICES names devices
# that need not exist: only the locks are at work here.
JOB = """
import sys, time
from resolute.core.devices import claim_gpus
taken = claim_gpus(int(sys.argv[1]))
print(",".join(taken), time.monotonic(), flush=True)
time.sleep(float(sys.argv[2]))
print(time.monotonic(), flush=True)
"""


def start(count: int, seconds: float, tmp_path: Path, visible: str = "0,1") -> subprocess.Popen[str]:
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": visible, "RESOLUTE_LOCKS": str(tmp_path)}
    return subprocess.Popen(
        [sys.executable, "-c", JOB, str(count), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def result(job: subprocess.Popen[str]) -> tuple[str, float, float]:
    output = job.communicate(timeout=60)[0].split()
    return output[0], float(output[1]), float(output[2])


@pytest.mark.slow
def test_six_jobs_share_two_devices_without_overlap(tmp_path: Path) -> None:
    jobs = [start(1, 0.5, tmp_path) for _ in range(6)]
    spans = sorted(result(job) for job in jobs)
    assert {device for device, _, _ in spans} == {"0", "1"}
    for (device, _, end), (next_device, begin, _) in pairwise(spans):
        assert device != next_device or begin >= end
    assert max(sum(begin <= moment < end for _, begin, end in spans) for _, moment, _ in spans) == 2


def test_a_killed_jobs_device_is_free_at_once(tmp_path: Path) -> None:
    holder = start(1, 60, tmp_path, visible="GPU-abc")
    assert holder.stdout is not None
    holder.stdout.readline()
    waiting = start(1, 0, tmp_path, visible="GPU-abc")
    time.sleep(0.5)
    assert waiting.poll() is None
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert result(waiting)[0] == "GPU-abc"


@pytest.mark.slow
def test_a_job_on_two_devices_takes_both_in_one_step(tmp_path: Path) -> None:
    pairs = [start(2, 0.3, tmp_path) for _ in range(3)]
    spans = sorted((begin, end, taken) for taken, begin, end in map(result, pairs))
    assert all(taken == "0,1" for _, _, taken in spans)
    assert all(later >= end for (_, end, _), (later, _, _) in pairwise(spans))


@pytest.mark.parametrize(
    ("visible", "seen"),
    [
        *(("5,7", ["5", "7"]), ("", []), ("-1", []), ("GPU-a, MIG-b", ["GPU-a", "MIG-b"])),
        *(("a/b", []), ("NoDevFiles", []), ("0,-1,1", ["0"]), ("0,0", ["0"]), ("9" * 300, []), ("1,\n", ["1"])),
        ("MIG-GPU-a/1/0", ["MIG-GPU-a/1/0"]),
    ],
)
def test_cuda_visible_devices_is_read_as_cuda_reads_it(
    monkeypatch: pytest.MonkeyPatch, visible: str, seen: list[str]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert devices.visible_gpus() == seen


@pytest.mark.parametrize("scheduler", ["SLURM_JOB_ID", "KUBERNETES_SERVICE_HOST", "LOCAL_RANK"])
def test_a_schedulers_choice_is_left_alone(monkeypatch: pytest.MonkeyPatch, scheduler: str) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    monkeypatch.setenv(scheduler, "1")
    assert devices.claim_gpus(2) == []
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "0,1"


@pytest.mark.slow
@pytest.mark.parametrize("scheduler", ["SLURM_JOB_ID", "KUBERNETES_SERVICE_HOST"])
def test_jobs_within_one_allocation_share_out_its_devices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheduler: str
) -> None:
    monkeypatch.setenv(scheduler, "1")
    jobs = [start(1, 1, tmp_path) for _ in range(2)]
    assert {result(job)[0] for job in jobs} == {"0", "1"}


def test_more_devices_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    with pytest.raises(ResoluteError, match=r"3 GPUs are asked for, but only 1 can be seen: lower train\.devices"):
        devices.claim_gpus(3)


TIMED = """
import sys, time
from resolute.core.devices import claim_cpu
claim_cpu(alone=sys.argv[1] == "alone")
print(time.monotonic(), flush=True)
time.sleep(0.7)
print(time.monotonic(), flush=True)
"""


@pytest.mark.slow
def test_timing_waits_for_trainings_and_trainings_for_timing(tmp_path: Path) -> None:
    def begin(how: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "RESOLUTE_LOCKS": str(tmp_path)}
        return subprocess.Popen([sys.executable, "-c", TIMED, how], stdout=subprocess.PIPE, text=True, env=environment)

    jobs = {how: begin(how.split()[0]) for how in ("shared 1", "shared 2", "alone")}
    spans = {how: tuple(map(float, job.communicate(timeout=60)[0].split())) for how, job in jobs.items()}
    alone = spans.pop("alone")
    for start, end in spans.values():
        assert end <= alone[0] or start >= alone[1]


def test_a_device_whose_name_holds_a_slash_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESOLUTE_LOCKS", str(tmp_path / "new/folder"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-GPU-a/1/0")
    assert devices.claim_gpus(1, wait=False) == ["MIG-GPU-a/1/0"]
    assert sorted(path.name for path in (tmp_path / "new/folder").iterdir()) == [
        "gpu-MIG-GPU-a%2F1%2F0.lock",
        "guard.lock",
    ]


def test_a_place_where_no_locks_can_be_kept_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("RESOLUTE_LOCKS", str(tmp_path / "file/locks"))
    with pytest.raises(ResoluteError, match=r"no locks can be kept in .*file/locks .*: set RESOLUTE_LOCKS to a folder"):
        devices.claim_cpu(alone=False)
