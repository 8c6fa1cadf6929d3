"""A network of few tensors under its authors' names, and few networks to find it among."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from resolute.weights import networks

PUBLISHED = Path(__file__).parents[1] / "data/weights/team04_rlfn.pth"
FEW = ("rlfn_team04", "rlfn", "rlfn_tiny", "pan", "rfdn_baseline", "v1_team06", "srresnet", "srresnet_hes", "carn_m")


@pytest.fixture
def state() -> dict[str, Tensor]:
    """RLFN's tensors, as NTIRE 2022 published them."""
    found: dict[str, Tensor] = torch.load(PUBLISHED, weights_only=True)
    return found


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all networks these alone: building all takes seconds."""
    jobs = [(entry, scale) for entry, scale in networks._jobs() if entry.name in FEW]
    monkeypatch.setattr(networks, "_jobs", lambda: jobs)
