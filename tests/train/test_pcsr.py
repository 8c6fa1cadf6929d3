"""PCSR's phases as one training: what each changes, and that a kill in either leaves no trace."""

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import Tensor

from resolute import registry
from resolute.core import layout
from resolute.methods import weights
from resolute.methods.pairs import Pairs
from resolute.methods.pcsr.training import PCSRLearner
from resolute.methods.plan import Phase, Plan, make_plan
from resolute.train import train

SETTINGS = {"devices": 1, "precision": "32-true", "threads": 1}
RUN = layout.Weights("pcsr_carn", layout.Span.at(4.0), "a-seed0")


def plan(*lengths: int) -> Plan:
    """The entry's two phases, as long as they are given, on small patches."""
    phases = [
        {**own, "iterations": length}
        for length, own in zip(lengths, registry.entry(RUN.method).recipe["phases"], strict=False)
    ]
    shared = {"batch_size": 2, "lr_patch_size": 16, "learning_rate": 1e-3, "schedule": "constant"}
    return make_plan(shared, {"phases": phases}, RUN.method)


def trained(asked: Plan) -> Path:
    return train(RUN, 0, asked, "embedded", SETTINGS, 3)


class StoppedError(Exception):
    """In the place of a kill."""


def test_the_second_phase_leaves_encoder_norms_and_heavy_decoder_as_they_are(packed: Path) -> None:
    before = weights.read_state(trained(plan(3)))
    after = weights.read_state(trained(plan(3, 3)))
    changed = {name for name in after if not torch.equal(before[name], after[name])}
    assert {name.split(".heads.")[0] for name in changed} == {"decoder", "classifier"}
    assert not any(name.startswith("decoder.heads.1") for name in changed)
    assert after["encoder.body.fuse.0.1.num_batches_tracked"] == 3
    log = pd.read_csv(layout.training_log(RUN)).set_index("phase")
    assert log.loc[[0], ["l1", "balance"]].isna().all(axis=None)
    mixed = log.loc[[1]]
    assert mixed["loss"].to_numpy() == pytest.approx(mixed[["l1", "balance"]].sum(axis=1).to_numpy())


def test_a_killed_training_goes_on_in_every_phase_as_if_it_had_not_been(packed: Path) -> None:
    whole = plan(5, 5)
    expected = trained(whole).read_bytes()
    log = layout.training_log(RUN).read_bytes()
    layout.weights(RUN).unlink()
    seen: Counter[tuple[str, ...]] = Counter()
    score = PCSRLearner.forward

    def stop(self: PCSRLearner, batch: Pairs, phase: Phase) -> dict[str, Tensor]:
        seen[phase.trains] += 1
        if seen[phase.trains] == 4:
            raise StoppedError
        return score(self, batch, phase)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PCSRLearner, "forward", stop)
        for _ in range(2):
            with pytest.raises(StoppedError):
                trained(whole)
    assert trained(whole).read_bytes() == expected
    assert layout.training_log(RUN).read_bytes() == log
