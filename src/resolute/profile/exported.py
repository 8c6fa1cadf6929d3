"""The latency of a network where it runs without PyTorch. No job of the workflow measures it."""

import torch

from resolute import registry
from resolute.core import devices
from resolute.export import packages
from resolute.profile.timing import latency_ms


def latency_ms_onnxruntime(
    method: str, scale: float, lr_size: tuple[int, int], runs: int = 3, threads: int = 0
) -> float:
    """Time what `resolute export` writes, in float32 by onnxruntime, alone on the CPU; see `profile` for the arguments.

    Raises:
        ResoluteError: the packages are missing, or the network cannot be exported.
    """
    packages.check()
    # Not before: they import what was checked just now.
    from resolute.export.network import exportable
    from resolute.export.running import Running
    from resolute.export.trace import to_onnx

    entry = registry.entry(method)
    model = to_onnx(exportable(entry, scale, None), entry.minimum_side, method)
    devices.claim_cpu(alone=True)
    width, height = lr_size
    lr = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
    return latency_ms(Running(model, method, threads), lr, runs)
