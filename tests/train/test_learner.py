"""What a learner may be: several terms, parameters of its own, phases that change a part of it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from resolute import methods, registry
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.images.pack import Pack
from resolute.methods import weights
from resolute.methods.learner import Learner
from resolute.methods.network.training import build, released
from resolute.methods.pairs import Pairs
from resolute.methods.plan import Phase, Plan, make_plan
from resolute.train import train

SETTINGS = {"devices": 1, "precision": "32-true", "threads": 1}
RUN = layout.Weights("rlfn_tiny", layout.Span.at(4.0), "a-seed0")


class Noisy(Learner):
    """L1 over a noise scale that is learned too, from the mean difficulty of the patches on."""

    def __init__(self, network: nn.Module, scale: float, data_range: float) -> None:
        super().__init__(network, scale, data_range)
        self.noise = nn.Parameter(torch.ones(1))
        self.register_buffer("hardest", torch.zeros(1))

    def fit(self, pack: Pack, generator: np.random.Generator) -> None:
        self.get_buffer("hardest").fill_(float(pack.columns["category"].max()))

    def forward(self, batch: Pairs, phase: Phase) -> dict[str, Tensor]:
        (error,) = super().forward(batch, phase).values()
        return {
            "error": error / self.noise.abs().sum(),
            "noise": self.noise.abs().log().sum() / self.get_buffer("hardest").sum(),
        }


@pytest.fixture
def noisy(packed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def learner(entry: registry.Entry, span: layout.Span, plan: Plan) -> Learner:
        return Noisy(build(entry, span.low), span.low, entry.data_range)

    half = SimpleNamespace(SKIPS=False, learner=learner, build=build, released=released)
    monkeypatch.setattr(methods, "training", lambda _: half)
    return packed


def plan(**settings: Any) -> Plan:
    defaults = {"iterations": 12, "batch_size": 2, "lr_patch_size": 16, "learning_rate": 1e-3, "ema": 0.9}
    return make_plan(defaults, settings, "rlfn_tiny")


def test_every_term_is_a_column_and_their_sum_the_loss(noisy: Path) -> None:
    train(RUN, 0, plan(), "embedded", SETTINGS, 5)
    log = pd.read_csv(layout.training_log(RUN))
    assert list(log.columns) == ["step", "phase", "loss", "error", "noise", "learning_rate"]
    assert log["loss"].to_numpy() == pytest.approx((log["error"] + log["noise"]).to_numpy(), abs=1e-5)
    assert log["noise"].iloc[0] != log["noise"].iloc[-1]


def test_what_is_published_is_the_network_alone(noisy: Path) -> None:
    path = train(RUN, 0, plan(), "embedded", SETTINGS, 5)
    weights.load_weights(methods.build("rlfn_tiny", 4), path)


def test_a_stopped_training_goes_on_with_all_that_the_learner_keeps(noisy: Path) -> None:
    expected = train(RUN, 0, plan(), "embedded", SETTINGS, 5).read_bytes()
    log = layout.training_log(RUN).read_bytes()
    layout.weights(RUN).unlink()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("resolute.train.loop.weights.save_weights", stop)
        train(RUN, 0, plan(), "embedded", SETTINGS, 5)
    assert layout.checkpoint(RUN).is_file()
    assert train(RUN, 0, plan(), "embedded", SETTINGS, 5).read_bytes() == expected
    assert layout.training_log(RUN).read_bytes() == log


def test_a_phase_changes_what_it_trains_and_nothing_else(packed: Path) -> None:
    two = plan(ema=0.0, phases=[{"iterations": 3}, {"iterations": 3, "trains": ["network.tail"]}])
    both = weights.read_state(train(RUN, 0, two, "embedded", SETTINGS, 100))
    other = layout.Weights("rlfn_tiny", layout.Span.at(4.0), "b-seed0")
    first = weights.read_state(train(other, 0, plan(ema=0.0, phases=[{"iterations": 3}]), "embedded", SETTINGS, 100))
    changed = {name for name in first if not torch.equal(first[name], both[name])}
    assert changed
    assert all(name.startswith("tail.") for name in changed)


def test_a_phase_that_trains_nothing_is_one_line(packed: Path) -> None:
    with pytest.raises(ResoluteError, match=r"no parameter's name begins with one of trains, network\.tial"):
        train(RUN, 0, plan(trains=["network.tial"]), "embedded", SETTINGS, 100)
