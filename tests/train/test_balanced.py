"""A training with a loss that learns and is fitted: all of it is in the checkpoint."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torch import Tensor

from resolute import methods
from resolute.core import layout
from resolute.methods import weights
from resolute.methods.balanced import BalancedLoss
from resolute.methods.learner import Learner
from resolute.methods.plan import make_plan
from resolute.train import train

SETTINGS = {"devices": 1, "precision": "32-true", "threads": 1}
RUN = layout.Weights("rlfn_tiny", layout.Span.at(4.0), "a-seed0")
PLAN = make_plan(
    {"batch_size": 2, "lr_patch_size": 16, "learning_rate": 1e-3, "ema": 0.9, "loss": {"bdloss": {"components": 4}}},
    {"phases": [{"iterations": 7}, {"iterations": 5, "sampler": "hes"}]},
    "rlfn_tiny",
)


class StoppedError(Exception):
    """In the place of a kill."""


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Tensor]]:
    """What the learner of every training keeps when the training ends."""
    states: list[dict[str, Tensor]] = []

    def conclude(self: Learner, pack: Any) -> None:
        states.append({name: tensor.clone() for name, tensor in self.losses.state_dict().items()})

    monkeypatch.setattr(Learner, "conclude", conclude)
    return states


@pytest.mark.slow
def test_a_killed_training_goes_on_with_its_noise_and_its_mixture(packed: Path, kept: list[dict[str, Tensor]]) -> None:
    expected = train(RUN, 0, PLAN, "embedded", SETTINGS, 3).read_bytes()
    log = layout.training_log(RUN).read_bytes()
    layout.weights(RUN).unlink()
    calls: list[int] = []
    score = BalancedLoss.forward

    def stop(self: BalancedLoss, sr: Tensor, hr: Tensor) -> Tensor:
        calls.append(len(calls))
        if len(calls) == 9:  # in the second phase, two steps after the checkpoint of step 6
            raise StoppedError
        return score(self, sr, hr)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(StoppedError):
        patch.setattr(BalancedLoss, "forward", stop)
        train(RUN, 0, PLAN, "embedded", SETTINGS, 3)
    # What is fitted anew on the way is not what counts.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BalancedLoss, "fit", lambda *_: None)
        assert train(RUN, 0, PLAN, "embedded", SETTINGS, 3).read_bytes() == expected
    assert layout.training_log(RUN).read_bytes() == log
    once, resumed = kept
    assert set(once) == {"0.noise", *(f"0.mixture.{name}" for name in ("weights", "means", "variances", "axes"))}
    assert all(torch.equal(once[name], resumed[name]) for name in once)
    assert once["0.noise"] != 0.05


def test_what_is_published_is_the_network_and_the_loss_is_in_the_log(packed: Path) -> None:
    path = train(RUN, 0, PLAN, "embedded", SETTINGS, 100)
    weights.load_weights(methods.build("rlfn_tiny", 4), path)
    log = pd.read_csv(layout.training_log(RUN))
    assert log["loss"].notna().all() and log["loss"].nunique() > 1
    assert log["phase"].iloc[-1] == 1
