"""What a training starts from."""

from pathlib import Path

import pytest
import torch

from resolute import methods
from resolute.core import layout
from resolute.methods import weights
from resolute.train.start import starting_network


@pytest.mark.parametrize(("name", "old", "new"), [("vapsr", 3, 4), ("pan", 4, 2), ("seemore_t", 2, 3)])
def test_from_another_scale_all_but_the_last_layers_are_taken(name: str, old: int, new: int, checkout: Path) -> None:
    source = methods.build(name, old).state_dict()
    weights.save_weights(layout.weights(layout.Run(name, old, "quick-seed0")), source, {})
    started = starting_network(layout.Run(name, new, "quick-seed0"), f"x{old}/quick-seed0").state_dict()
    same = {key for key in started if key in source and started[key].shape == source[key].shape}
    assert len(same) > 0.8 * len(started)
    assert all(torch.equal(started[key], source[key]) for key in same)
