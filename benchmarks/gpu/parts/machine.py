"""Which device this is, and what it reaches: the bandwidth of a copy and the rate of matrix products."""

import json
import os
import subprocess
from datetime import UTC, datetime
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.gpu.forms import BF16, FP32, TF32, allow_tf32
from benchmarks.gpu.journal import Journal
from benchmarks.gpu.place import ROOT, Setup
from resolute.core import devices
from resolute.core.provenance import provenance
from resolute.profile.timing import latency_ms

_RUNS = 10


class _Copy(nn.Module):
    """Copies its input to memory of its own."""

    def __init__(self, source: Tensor) -> None:
        super().__init__()
        self.target = torch.empty_like(source)

    def forward(self, source: Tensor) -> Tensor:
        return self.target.copy_(source)


class _Product(nn.Module):
    """Multiplies a square matrix with itself."""

    def forward(self, matrix: Tensor) -> Tensor:
        return matrix @ matrix


def run(setup: Setup) -> None:
    """Write `<out>/facts.json`, and measure."""
    journal = Journal(setup.out)
    with journal.item("machine", "facts"):
        found = json.dumps(_facts(setup), indent=1)
        (setup.out / "facts.json").write_text(found + "\n")
        print(found, flush=True)
    if not journal.is_settled("machine", "copy"):
        with journal.item("machine", "copy") as rows:
            # Far beyond any cache, and random: zeros can be faster.
            source = torch.rand(1 << (20 if setup.smoke else 28), device=setup.device)
            seconds = latency_ms(_Copy(source), source, _RUNS) / 1000
            moved = 2 * source.numel() * source.element_size()
            rows.append({"method": "", "metric": "copy_bandwidth", "value": moved / seconds / 1e9, "unit": "GB/s"})
    for form, dtype in ((FP32, torch.float32), (TF32, torch.float32), (BF16, torch.bfloat16)):
        if journal.is_settled("machine", form):
            continue
        with journal.item("machine", form) as rows:
            allow_tf32(form == TF32)
            side = 256 if setup.smoke else 8192
            matrix = torch.rand(side, side, device=setup.device).to(dtype)
            seconds = latency_ms(_Product(), matrix, _RUNS) / 1000
            rate = 2 * side**3 / seconds / 1e12
            rows.append({"method": "", "protocol": form, "metric": "matrix_rate", "value": rate, "unit": "TFLOP/s"})


def _facts(setup: Setup) -> dict[str, Any]:
    """How everything of this run comes to be, for its provenance."""
    if not setup.smoke and not torch.cuda.is_available():
        raise RuntimeError(f"torch {torch.__version__} sees no CUDA device")
    packed = setup.pack / "facts.json"
    pack = json.loads(packed.read_text()) if packed.is_file() and not setup.smoke else {}
    return provenance(
        preset="gpu",
        device=devices.device_name(setup.device),
        driver=_driver(),
        cuda=torch.version.cuda or "",
        cudnn=torch.backends.cudnn.version() or "",
        # A copy of the checkout may have no history.
        commit=_said("git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty") or pack.get("commit", ""),
        date=datetime.now(UTC).date().isoformat(),
        smoke=setup.smoke,
        cores=os.cpu_count(),
        pack=pack,
    )


def _driver() -> str:
    return _said("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader").partition("\n")[0]


def _said(*words: str) -> str:
    """What a program prints; nothing where it is not there or fails."""
    try:
        return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
