"""What only a GPU can show. Skipped where there is none; `make gpu` takes these tests to a machine that has one."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from resolute import methods, registry
from resolute.core import layout
from resolute.methods import weights
from resolute.methods.plan import Plan, make_plan
from resolute.train import loop, train
from resolute.train.draws import Draws

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]

SETTINGS = {"devices": 1, "precision": "bf16-mixed", "threads": 1}
DEFAULTS = {"iterations": 40, "batch_size": 4, "lr_patch_size": 16, "learning_rate": 1e-3, "ema": 0.9}
TRAINED = ["imdn_tiny", "rfdn_tiny", "rlfn_tiny"]
NETWORKS = [name for name in registry.names() if registry.entry(name).model and not registry.entry(name).like]

# Of the output's range: float32 sums in another order, over a dozen layers. Never run on a GPU so far.
DEVICE_TOLERANCE = 1e-4


def run(method: str) -> layout.Weights:
    return layout.Weights(method, layout.Span.at(4.0), "gpu-seed0")


def trained(method: str) -> bytes:
    """The weights after a whole training, which goes on where one was stopped."""
    plan: Plan = make_plan(DEFAULTS, {}, method)
    return train(run(method), 0, plan, "bsds500", SETTINGS, 10).read_bytes()


@pytest.mark.parametrize("method", TRAINED)
def test_equal_seeds_give_equal_bytes(method: str, pixels: Path) -> None:
    first = trained(method)
    layout.weights(run(method)).unlink()
    assert trained(method) == first


@pytest.mark.parametrize("method", TRAINED)
def test_a_training_goes_on_to_equal_bytes(method: str, pixels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = trained(method)
    layout.weights(run(method)).unlink()

    class Broken(Draws):
        def from_step(self, first: int) -> Iterator[Any]:
            for step, batch in enumerate(super().from_step(first), first):
                if step == 25:
                    raise InterruptedError
                yield batch

    with monkeypatch.context() as context:
        context.setattr(loop, "Draws", Broken)
        with pytest.raises(InterruptedError):
            trained(method)
    assert layout.checkpoint(run(method)).is_file()
    assert trained(method) == expected


def built(name: str) -> nn.Module:
    """A network as it is trained, on the GPU."""
    torch.manual_seed(0)
    try:
        return methods.build_for_training(name, (registry.entry(name).scales or (4,))[0]).cuda()
    except ModuleNotFoundError as error:
        # Those that reduce their own LR patches do so with packages that a bare machine lacks.
        pytest.skip(f"{error.name} is not installed")


@pytest.fixture
def deterministic(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As `train` has it: an operation that cannot be repeated exactly is an error."""
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


def step(name: str, bf16: bool) -> list[Tensor]:
    """All parameters after one step of training."""
    network = built(name)
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    generator = torch.Generator().manual_seed(0)
    lr = torch.rand(2, 3, 48, 48, generator=generator).cuda() * registry.entry(name).data_range
    with torch.autocast("cuda", torch.bfloat16, enabled=bf16):
        loss = network(lr).float().abs().mean()
    loss.backward()
    optimiser.step()
    return [parameter.detach() for parameter in network.parameters()]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_step_of_every_network_is_deterministic(name: str, deterministic: None) -> None:
    once, again = step(name, bf16=False), step(name, bf16=False)
    assert all(torch.equal(one, other) for one, other in zip(once, again, strict=True))
    assert all(bool(one.isfinite().all()) for one in once)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_trains_deterministically_in_bfloat16(name: str, deterministic: None) -> None:
    assert all(bool(one.isfinite().all()) for one in step(name, bf16=True))


def test_the_energy_of_the_gpu_is_recorded(pixels: Path) -> None:
    trained("imdn_tiny")
    with layout.training_times(run("imdn_tiny")).open() as file:
        read = [row["gpu_joules"] for row in csv.DictReader(file)]
    if "" in read:
        pytest.skip("NVML tells no energy of this device")
    joules = [float(one) for one in read]
    assert joules == sorted(joules)
    assert joules[-1] > 0


def test_gpu_and_cpu_upscale_alike(pixels: Path) -> None:
    path = pixels / "w.safetensors"
    torch.manual_seed(0)
    weights.save_weights(path, methods.build("rlfn_tiny", 4).state_dict(), {})
    lr = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    cpu, gpu = (methods.upscaler("rlfn_tiny", 4, path, device)(lr).sr for device in ("cpu", "cuda"))
    assert np.abs(cpu - gpu).max() / 255 < DEVICE_TOLERANCE
