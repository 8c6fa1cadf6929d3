"""What a training starts from."""

from pathlib import Path

import pytest
import torch

from resolute import methods, registry
from resolute.core import layout
from resolute.methods import weights
from resolute.methods.plan import make_plan
from resolute.train.start import load_start

PLAN = {"iterations": 1, "batch_size": 1, "lr_patch_size": 16}


@pytest.mark.parametrize(("name", "old", "new"), [("vapsr", 3, 4), ("pan", 4, 2), ("seemore_t", 2, 3)])
def test_from_another_scale_all_but_the_last_layers_are_taken(name: str, old: int, new: int, checkout: Path) -> None:
    source = methods.build(name, old).state_dict()
    weights.save_weights(layout.weights(layout.Weights(name, layout.Span.at(old), "quick-seed0")), source, {})
    entry = registry.entry(name)
    learner = methods.training(entry).learner(entry, layout.Span.at(new), make_plan(PLAN, {}, name))
    load_start(learner, layout.Weights(name, layout.Span.at(new), "quick-seed0"), f"x{old}/quick-seed0")
    started = learner.network.state_dict()
    same = {key for key in started if key in source and started[key].shape == source[key].shape}
    assert len(same) > 0.8 * len(started)
    assert all(torch.equal(started[key], source[key]) for key in same)
