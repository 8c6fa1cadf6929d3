"""What tests of networks share."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

# Whose backward pass has no deterministic form on CUDA, where training asks for one: the notes of
# torch.use_deterministic_algorithms (PyTorch 2.13), by the names that the dispatcher knows them under.
NOT_DETERMINISTIC = {
    *("_adaptive_avg_pool2d_backward", "adaptive_max_pool2d_backward", "fractional_max_pool2d_backward"),
    *("reflection_pad1d_backward", "reflection_pad2d_backward", "grid_sampler_2d_backward"),
    *("upsample_linear1d_backward", "upsample_bilinear2d_backward", "upsample_bicubic2d_backward"),
    *("nll_loss_forward", "nll_loss2d_forward", "max_unpool2d", "histc", "bincount", "median", "cumsum", "put_"),
}


class Recorder(TorchDispatchMode):
    """Notes the operators that run."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __torch_dispatch__(self, operator: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.add(operator.name().removeprefix("aten::").partition(".")[0])
        return operator(*args, **(kwargs or {}))


@pytest.fixture
def deterministic(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As trainings run; torch chooses other operators then for tensors that are not on the CPU."""
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())  # unknown to the meta device
    torch.use_deterministic_algorithms(True)
    # There is no memory on the meta device.
    monkeypatch.setattr(torch.utils.deterministic, "fill_uninitialized_memory", False)
    yield
    torch.use_deterministic_algorithms(False)
