"""What only a GPU can show. Skipped where there is none."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from resolute import methods, registry
from resolute.core import layout
from resolute.methods import weights
from resolute.methods.plan import Plan, make_plan
from resolute.train import train

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]

SETTINGS = {"devices": 1, "precision": "bf16-mixed", "threads": 1}
DEFAULTS = {"iterations": 40, "batch_size": 4, "lr_patch_size": 16, "learning_rate": 1e-3, "ema": 0.9}

# Of the output's range: float32 sums in another order, over a dozen layers. Never run on a GPU so far.
DEVICE_TOLERANCE = 1e-4


def plan(method: str) -> Plan:
    return make_plan(DEFAULTS, {}, method)


@pytest.mark.parametrize("method", ["imdn_tiny", "rfdn_tiny", "rlfn_tiny"])
def test_equal_seeds_give_equal_bytes(method: str, packed: Path) -> None:
    run = layout.Weights(method, layout.Span.at(4.0), "gpu-seed0")
    first = train(run, 0, plan(method), "embedded", SETTINGS, 10).read_bytes()
    layout.weights(run).unlink()
    assert train(run, 0, plan(method), "embedded", SETTINGS, 10).read_bytes() == first


@pytest.mark.parametrize(
    "name", [name for name in registry.names() if registry.entry(name).model and not registry.entry(name).like]
)
def test_every_network_trains_deterministically_in_bfloat16(name: str) -> None:
    torch.manual_seed(0)
    network = methods.build_for_training(name, (registry.entry(name).scales or (4,))[0]).cuda()
    lr = torch.rand(2, 3, 48, 48, device="cuda")
    torch.use_deterministic_algorithms(True)
    try:
        with torch.autocast("cuda", torch.bfloat16):
            loss = network(lr).mean()
        loss.backward()
    finally:
        torch.use_deterministic_algorithms(False)
    assert all(bool(p.grad.isfinite().all()) for p in network.parameters() if p.grad is not None)


def test_the_energy_of_the_gpu_is_recorded(packed: Path) -> None:
    run = layout.Weights("imdn_tiny", layout.Span.at(4.0), "gpu-seed0")
    train(run, 0, plan("imdn_tiny"), "embedded", SETTINGS, 10)
    joules = pd.read_csv(layout.training_times(run))["gpu_joules"]
    assert joules.is_monotonic_increasing
    assert joules.iloc[-1] > 0


def test_gpu_and_cpu_upscale_alike(checkout: Path) -> None:
    path = checkout / "w.safetensors"
    torch.manual_seed(0)
    weights.save_weights(path, methods.build("rlfn_tiny", 4).state_dict(), {})
    lr = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    cpu, gpu = (methods.upscaler("rlfn_tiny", 4, path, device)(lr).sr for device in ("cpu", "cuda"))
    assert np.abs(cpu - gpu).max() / 255 < DEVICE_TOLERANCE
