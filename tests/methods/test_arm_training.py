"""How ARM's supernet is trained, and what it tabulates."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from resolute import methods, registry
from resolute.core.errors import ResoluteError
from resolute.core.layout import Span
from resolute.images.edges import edge_score
from resolute.images.pack import Columns, Pack, PackedImage
from resolute.methods import patchwise
from resolute.methods.arm.supernet import BINS, subnet
from resolute.methods.arm.training import ARMLearner, tabulated
from resolute.methods.plan import make_plan
from resolute.train.draws import Draws

ENTRY = registry.entry("arm_fsrcnn")
PLAN = make_plan({"iterations": 4, "batch_size": 2, "lr_patch_size": 8, "learning_rate": 1e-3}, {}, ENTRY.name)


def pack(*sides: int) -> Pack:
    """Images of noise that grows from patch to patch, so that their scores differ; sides in LR pixels."""
    generator = np.random.default_rng(0)
    flat, images = [], []
    for scale in (1, 4):
        laid: list[PackedImage] = []
        for side in sides:
            extent = side * scale
            amplitude = np.linspace(0, 255, extent)[:, None, None]
            flat.append((generator.random((extent, extent, 3)) * amplitude).astype(np.uint8).ravel())
            laid.append(PackedImage(str(side), "", extent, extent, laid[-1].end if laid else 0))
        images.append(laid)
    lr, hr = np.concatenate(flat[: len(sides)]), np.concatenate(flat[len(sides) :])
    corner = np.zeros(len(sides), int)
    columns = Columns(image=np.arange(len(sides)), row=corner, column=corner, category=corner + 1)
    lr_images, hr_images = images
    return Pack(4, lr, hr, lr_images, hr_images, columns, 16)


def learner() -> ARMLearner:
    torch.manual_seed(0)
    return methods.training(ENTRY).learner(ENTRY, Span.at(4), PLAN)  # type: ignore[return-value]


def steps(made: ARMLearner, count: int) -> Iterator[torch.Tensor]:
    """The gradient of the first convolution after each of some steps."""
    batch = Draws(made, pack(40), PLAN, seed=0).at(0)
    weight = made.network.full.head[0].weight  # type: ignore[union-attr,index]
    for step in range(count):
        torch.manual_seed(step)
        made.zero_grad()
        made(batch, PLAN.phases[0])["l1"].backward()
        yield weight.grad


def test_a_step_trains_one_subnet_drawn_by_its_squared_cost() -> None:
    """Of 40 steps some 27, 11 and 2; a narrower subnet leaves the kernels beyond its own without a gradient."""
    made = learner()
    assert made.odds.sqrt().tolist() == pytest.approx([141_262_852, 304_570_372, 467_877_892])
    changed = [gradient.abs().sum(dim=(1, 2, 3)).nonzero().flatten().tolist() for gradient in steps(made, 40)]
    widths = [len(kernels) for kernels in changed]
    assert all(kernels == list(range(len(kernels))) for kernels in changed)
    assert set(widths) == {16, 36, 56}
    assert widths.count(56) > widths.count(36) > widths.count(16)


def test_the_loss_is_that_of_the_subnet_by_itself() -> None:
    made = learner()
    batch = Draws(made, pack(40), PLAN, seed=0).at(0)
    torch.manual_seed(0)
    number = int(torch.multinomial(made.odds, 1)) + 1
    lr, hr = batch.as_images(1)
    expected = (subnet(ENTRY, 4, number, made.network)(lr) - hr).abs().mean()
    torch.manual_seed(0)
    assert made(batch, PLAN.phases[0])["l1"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_what_subnets_reach_is_tabulated_over_the_edge_score() -> None:
    made, packed = learner(), pack(64, 20, 96)
    made.check(packed, PLAN)
    made.conclude(packed)
    centres, psnr = made.network.centres.numpy(), made.network.psnr.numpy()
    corners = [
        (number, top, left) for number, count in ((0, 2), (2, 3)) for top in range(count) for left in range(count)
    ]
    lr = np.stack([packed.lr(n)[28 * y : 28 * y + 32, 28 * x : 28 * x + 32] for n, y, x in corners])
    hr = np.stack([packed.hr(n)[112 * y : 112 * y + 128, 112 * x : 112 * x + 128] for n, y, x in corners])
    scores = edge_score(lr)
    step = scores.max() / BINS
    assert centres == pytest.approx((np.arange(BINS) + 0.5) * step)
    bins = np.minimum(scores // step, BINS - 1).astype(int)
    assert 3 < len(set(bins)) < BINS
    for number in range(4):
        with torch.no_grad():
            sr = subnet(ENTRY, 4, number, made.network)(torch.from_numpy(lr).permute(0, 3, 1, 2) / 255)
        error = np.rint(sr.numpy().clip(0, 1) * 255).transpose(0, 2, 3, 1)[:, 4:-4, 4:-4] - hr[:, 4:-4, 4:-4]
        each = 10 * np.log10(255**2 / np.square(error, dtype=np.float64).mean(axis=(1, 2, 3)))
        for one in set(bins):
            assert psnr[number, one] == pytest.approx(each[bins == one].mean(), abs=1e-3)
    assert np.isfinite(psnr).all()


def test_a_bin_without_a_patch_lies_between_its_neighbours_and_equal_patches_count_80_db() -> None:
    scores = np.array([0.0, 1, 29, 30])
    centres, means = tabulated(scores, np.array([[80.0, 50, 22, 20]]))
    assert centres.tolist() == [number + 0.5 for number in range(BINS)]
    assert means[0, [0, 1, 15, 29]] == pytest.approx([80, 50, 50 + (21 - 50) * 14 / 28, 21])
    flat = pack(32)
    flat.lr_pixels[:], flat.hr_pixels[:] = 7, 7
    made = learner()
    made.conclude(flat)
    assert made.network.psnr[0].tolist() == [80.0] * BINS


def test_of_many_patches_every_so_manieth_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = pack(64, 96, 64)
    monkeypatch.setattr(patchwise, "MOST_PATCHES", 6)
    found = [(lr.shape, hr.shape) for lr, hr in patchwise.training_patches(packed, 32, 28)]
    assert [shape[0] for shape, _ in found] == [2, 3, 1]
    assert {(lr[1:], hr[1:]) for lr, hr in found} == {((32, 32, 3), (128, 128, 3))}


def test_images_without_a_patch_are_refused() -> None:
    with pytest.raises(ResoluteError, match="no training image has LR sides of 32 pixels: arm_fsrcnn needs larger"):
        learner().check(pack(31, 20), PLAN)
