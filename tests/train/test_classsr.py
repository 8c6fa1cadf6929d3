"""ClassSR's phases as one training: what each changes, and that a kill in any of them leaves no trace."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from resolute import methods
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.provenance import file_sha256
from resolute.images.scores import origin, write_scores
from resolute.methods import weights
from resolute.methods.classsr.training import ClassSRLearner
from resolute.methods.pairs import Pairs
from resolute.methods.plan import Phase, Plan, make_plan
from resolute.patches.scores import score_patches
from resolute.train import train

SETTINGS = {"devices": 1, "precision": "32-true", "threads": 1}
RUN = layout.Weights("classsr_tiny", layout.Span.at(4.0), "a-seed0")
SCORER = layout.Weights("srresnet_tiny", layout.Span.at(4.0), "a-seed0")
CLASSES = ("easy", "medium", "hard")


def plan(*lengths: int, thresholds: str = "terciles") -> Plan:
    """The five phases, as long as they are given."""
    settings: list[dict[str, Any]] = [
        {"trains": [f"network.branches.{number}"], "sampler": {"psnr_class": {"of": of, "thresholds": thresholds}}}
        for number, of in enumerate(CLASSES)
    ]
    settings += [{"trains": ["network.classifier"]}, {}]
    phases = [{"iterations": length, **own} for length, own in zip(lengths, settings, strict=False)]
    shared = {"batch_size": 2, "lr_patch_size": 16, "learning_rate": 1e-3, "schedule": "constant"}
    return make_plan(shared, {"phases": phases}, RUN.method)


@pytest.fixture
def scored(packed: Path) -> Path:
    """A checkout in which the embedded photographs are scored by a fresh network."""
    torch.manual_seed(0)
    weights.save_weights(layout.weights(SCORER), methods.build(SCORER.method, 4).state_dict(), {})
    score_patches("embedded", SCORER, threads=1)
    return packed


def trained(asked: Plan) -> Path:
    return train(RUN, 0, asked, "embedded", SETTINGS, 3, SCORER)


def parts(state: dict[str, Tensor]) -> dict[str, list[Tensor]]:
    """The tensors of each branch and of the classifier."""
    found: dict[str, list[Tensor]] = {}
    for name, tensor in sorted(state.items()):
        found.setdefault(name[: len("branches.0")], []).append(tensor)
    return found


class StoppedError(Exception):
    """In the place of a kill."""


def test_each_phase_changes_its_own_part_and_nothing_else(scored: Path) -> None:
    lengths = (2, 2, 2, 2, 2)
    before = parts(weights.read_state(trained(plan(*lengths[:1]))))
    assert before.keys() == {"branches.0", "branches.1", "branches.2", "classifier"}
    expected = [{"branches.1"}, {"branches.2"}, {"classifier"}, set(before)]
    for number, changed in enumerate(expected, start=2):
        after = parts(weights.read_state(trained(plan(*lengths[:number]))))
        assert {name for name in after if not all(map(torch.equal, before[name], after[name]))} == changed, (
            f"phase {number}"
        )
        before = after
    log = pd.read_csv(layout.training_log(RUN)).set_index("phase")
    assert log.loc[[0, 1, 2], ["l1", "class", "average"]].isna().all(axis=None)
    mixed = log.loc[[3, 4]]
    assert mixed["loss"].to_numpy() == pytest.approx(mixed[["l1", "class", "average"]].sum(axis=1).to_numpy())


def test_a_killed_training_goes_on_in_every_phase_as_if_it_had_not_been(scored: Path) -> None:
    whole = plan(4, 4, 4, 4, 4)
    expected = trained(whole).read_bytes()
    log = layout.training_log(RUN).read_bytes()
    layout.weights(RUN).unlink()
    seen: Counter[tuple[str, ...]] = Counter()
    score = ClassSRLearner.forward

    def stop(self: ClassSRLearner, batch: Pairs, phase: Phase) -> dict[str, Tensor]:
        seen[phase.trains] += 1
        if seen[phase.trains] == 2:
            raise StoppedError
        return score(self, batch, phase)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClassSRLearner, "forward", stop)
        for _ in range(5):
            with pytest.raises(StoppedError):
                trained(whole)
    assert trained(whole).read_bytes() == expected
    assert layout.training_log(RUN).read_bytes() == log


def test_weights_say_which_scores_they_are_of(scored: Path) -> None:
    facts = weights.read_provenance(trained(plan(1)))
    assert facts["scores"] == file_sha256(layout.patch_scores("embedded", SCORER))
    assert facts["departures"] == ["settings", "training data"]


def test_a_class_without_a_patch_and_patches_without_scores_are_refused_before_the_first_step(scored: Path) -> None:
    path = layout.patch_scores("embedded", SCORER)
    count = len(pd.read_parquet(path))
    write_scores(path, np.linspace(28, 40, count), origin("embedded", SCORER))
    with pytest.raises(ResoluteError, match="finds no patch that is hard by decibels"):
        trained(plan(4, 4, 4, thresholds="decibels"))
    with pytest.raises(ResoluteError, match="sampler psnr_class needs the PSNR of the patches"):
        train(RUN, 0, plan(1), "embedded", SETTINGS, 3)
    assert not layout.checkpoint(RUN).exists()
