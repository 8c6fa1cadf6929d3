"""What every kind of method promises, whatever it is: asked of one method of each, and of whatever is added."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from resolute import methods, registry
from resolute.core.layout import Span
from resolute.images.pack import SCORES, Columns, HRPack, Pack, PackedImage
from resolute.methods.learner import Learner
from resolute.methods.plan import Plan, make_plan
from resolute.models.blocks.reparameterised import fold
from resolute.train.draws import Draws

# Of each kind the first method, or one that is quick.
QUICK = ("rlfn_tiny", "wbsr_tiny", "arm_tiny", "classsr_tiny", "liif_tiny", "moeisr_tiny", "pcsr_fsrcnn", "seemore_t")
ENTRIES = {registry.entry(name).kind: registry.entry(name) for name in (*reversed(registry.names()), *QUICK)}
TRAINED = [kind for kind, entry in ENTRIES.items() if entry.trainable]
SIDES = (320, 400)  # of the HR images


def plan(entry: registry.Entry) -> Plan:
    return make_plan({"iterations": 4, "batch_size": 4, "lr_patch_size": 16, "learning_rate": 1e-3}, {}, entry.name)


def span(entry: registry.Entry) -> Span:
    return entry.span(entry.scales[-1] if entry.scales else 4)


def pack(scales: Span) -> Pack | HRPack:
    """Two random images, with all places of 16 x 16 LR pixels at one scale."""
    images, pixels = _packed(SIDES)
    hr = HRPack(pixels, images)
    if not scales.is_single:
        return hr
    lr_images, lr_pixels = _packed([int(side / scales.low) for side in SIDES])
    corners = [
        (number, row, column)
        for number, image in enumerate(lr_images)
        for row, column in product(range(0, image.height - 15, 8), repeat=2)
    ]
    image, row, column = np.array(corners).T
    columns = Columns({name: np.arange(len(corners)) % 4 + 1 for name in SCORES}, image=image, row=row, column=column)
    return Pack(scales.low, lr_pixels, pixels, lr_images, images, columns, 16)


def _packed(sides: Any) -> tuple[list[PackedImage], np.ndarray]:
    images: list[PackedImage] = []
    for side in sides:
        images.append(PackedImage(str(side), "", side, side, images[-1].end if images else 0))
    return images, np.random.default_rng(0).integers(0, 256, images[-1].end, dtype=np.uint8)


def learner(entry: registry.Entry) -> Learner:
    torch.manual_seed(0)
    made = methods.training(entry).learner(entry, span(entry), plan(entry))
    made.check(pack(span(entry)), plan(entry))
    made.fit(pack(span(entry)), np.random.default_rng(0))
    return made


def tensors(batch: Any) -> Iterator[Tensor]:
    return (value for value in vars(batch).values() if isinstance(value, Tensor))


@pytest.mark.parametrize("kind", TRAINED)
def test_a_batch_is_a_function_of_seed_and_step(kind: str) -> None:
    entry = ENTRIES[kind]
    one, other = (Draws(learner(entry), pack(span(entry)), plan(entry), seed=3) for _ in range(2))
    for step in (2, 0):
        again = other.at(step)
        assert all(torch.equal(a, b) for a, b in zip(tensors(one.at(step)), tensors(again), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(tensors(one.at(0)), tensors(one.at(1)), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("kind", TRAINED)
def test_several_devices_share_the_batch_of_one(kind: str) -> None:
    entry = ENTRIES[kind]
    whole = Draws(learner(entry), pack(span(entry)), plan(entry), seed=3).at(1)
    for rank in range(2):
        share = Draws(learner(entry), pack(span(entry)), plan(entry), 3, rank, world=2).at(1)
        assert all(torch.equal(a[rank::2], b) for a, b in zip(tensors(whole), tensors(share), strict=True))


@pytest.mark.parametrize("kind", TRAINED)
def test_the_terms_of_a_loss_are_finite_and_reach_what_is_trained(kind: str) -> None:
    entry = ENTRIES[kind]
    made, phase = learner(entry), plan(entry).phases[0]
    terms = made(Draws(made, pack(span(entry)), plan(entry), seed=3).at(0), phase)
    assert all(term.ndim == 0 and bool(torch.isfinite(term)) for term in terms.values())
    torch.stack(list(terms.values())).sum().backward()
    without = [name for name, one in made.named_parameters() if one.requires_grad and one.grad is None]
    assert made.skips == methods.training(entry).SKIPS
    assert made.skips or not without


@pytest.mark.parametrize("kind", TRAINED)
def test_a_learners_state_is_all_that_it_keeps(kind: str) -> None:
    entry = ENTRIES[kind]
    made, phase = learner(entry), plan(entry).phases[0]
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.01)
    other = learner(entry)
    other.load_state_dict(made.state_dict())
    batch = Draws(made, pack(span(entry)), plan(entry), seed=3).at(0)
    found = []
    for one in (made, other):
        torch.manual_seed(0)
        found.append(one(batch, phase))
    assert {name: term.item() for name, term in found[0].items()} == {n: term.item() for n, term in found[1].items()}


@pytest.mark.parametrize("kind", TRAINED)
def test_what_is_published_is_what_inference_loads(kind: str) -> None:
    entry = ENTRIES[kind]
    state = fold(learner(entry).network).state_dict()
    for scale in [one for one in entry.scales if entry.span(one) == span(entry)] or [2, 3.7]:
        network = methods.build(entry.name, scale)
        assert {name: tensor.shape for name, tensor in network.state_dict().items()} == {
            name: tensor.shape for name, tensor in state.items()
        }


@pytest.mark.slow
@pytest.mark.parametrize("kind", ENTRIES)
def test_an_image_comes_back_at_its_scale_with_what_it_took(kind: str) -> None:
    entry = ENTRIES[kind]
    lr = np.random.default_rng(0).integers(0, 256, (entry.minimum_side + 5, entry.minimum_side + 8, 3), dtype=np.uint8)
    for scale in entry.scales or (2, 3.7):
        for setting in entry.settings or ("",):
            found = methods.upscaler(entry.name, scale, None, "cpu", setting)(lr)
            assert found.sr.shape == (round(lr.shape[0] * scale), round(lr.shape[1] * scale), 3)
            assert found.sr.dtype == np.float32
            assert np.isfinite(found.sr).all()
            assert bool(found.chosen) == bool(entry.experts)
            if entry.experts:
                assert found.macs is not None and found.full_macs is not None
                assert 0 <= found.macs <= found.full_macs  # enlarging as bicubic does costs none
                assert found.full_macs > 0
            assert (found.routes is not None) == bool(entry.experts and entry.settings)
            if found.routes is not None:
                assert found.routes.shape in (lr.shape[:2], found.sr.shape[:2])
                assert found.routes.dtype == np.uint8
                assert {entry.experts[number] for number in np.unique(found.routes)} <= set().union(
                    *found.chosen.values()
                )
                assert list(found.costs) == list(entry.experts)
                assert max(found.costs.values()) == found.full_macs
            for place, times in found.chosen.items():
                assert times.keys() <= set(entry.experts), place


@pytest.mark.parametrize("kind", ENTRIES)
def test_a_setting_that_there_is_not_is_one_line(kind: str) -> None:
    with pytest.raises(Exception, match=f"{ENTRIES[kind].name} has no setting 'fastest'"):
        methods.upscaler(ENTRIES[kind].name, 4, None, "cpu", "fastest")
