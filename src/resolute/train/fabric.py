"""The processes and devices that a training runs on."""

import os
from collections.abc import Mapping
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy

from resolute.core import devices, memory
from resolute.train.kernels import use_faster_kernels


def is_worker() -> bool:
    """Whether this is a further process of a training on several devices, which the first one has started."""
    return os.environ.get("LOCAL_RANK", "0") != "0"


def launch(settings: Mapping[str, Any], some_unused: bool = False) -> Fabric:
    """Fabric on the devices of this job, with everything deterministic.

    Args:
        settings: `devices`, `precision` (used on a GPU), `threads` (used on the CPU).
        some_unused: a step may leave parameters without a gradient.
    """
    count = int(settings["devices"])
    devices.claim_gpus(count)
    accelerator = devices.accelerator()
    if accelerator == "cpu":
        devices.claim_cpu(alone=False)
        torch.set_num_threads(int(settings["threads"]))
        memory.keep_freed_memory()
        use_faster_kernels()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    # Nothing reads what it has not written: filling new maps first would write each of them twice.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # set by its class
    torch.backends.cudnn.benchmark = False
    fabric = Fabric(
        accelerator=accelerator,
        devices=count,
        strategy=DDPStrategy(find_unused_parameters=some_unused) if count > 1 else "auto",
        precision=settings["precision"] if accelerator == "cuda" else "32-true",
    )
    fabric.launch()
    return fabric
