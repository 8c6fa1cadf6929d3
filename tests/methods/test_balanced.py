"""BDLoss against the official Balanced MSE, against integrals, and as a loss that any method can be trained with."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from torch import Tensor

from resolute import methods, registry
from resolute.core.errors import ResoluteError
from resolute.core.layout import Span
from resolute.images.gradients import gradient_magnitude
from resolute.images.pack import SCORES, Columns, HRPack, Pack, PackedImage
from resolute.methods.balanced import BalancedLoss, balanced_loss, gradients
from resolute.methods.learner import Learner
from resolute.methods.losses import LOSSES
from resolute.methods.mixture import Mixture
from resolute.methods.plan import Plan, make_plan
from resolute.train.draws import Draws

GOLDEN = np.load(Path(__file__).parents[1] / "data/golden/balanced_mse.npz")


def mixture(weights: Any, means: Any, covariances: Any) -> Mixture:
    made = Mixture(*np.shape(means))
    made.assign(np.asarray(weights), np.asarray(means), np.asarray(covariances))
    return made


def golden(dimensions: int) -> tuple[Mixture, Tensor, Tensor]:
    """The official mixture, predictions and targets."""
    weights, means = GOLDEN[f"gmm{dimensions}_weights"], GOLDEN[f"gmm{dimensions}_means"].reshape(-1, dimensions)
    covariances = GOLDEN["gmm1_variances"].reshape(-1, 1, 1) if dimensions == 1 else GOLDEN["gmm3_cov"]
    prediction, target = (torch.from_numpy(GOLDEN[f"{name}{dimensions}"]) for name in ("pred", "target"))
    return mixture(weights, means, covariances), prediction.requires_grad_(), target


@pytest.mark.parametrize("dimensions", [1, 3])
@pytest.mark.parametrize("number", range(5))
def test_values_and_gradients_are_those_of_the_official_code(dimensions: int, number: int) -> None:
    made, prediction, target = golden(dimensions)
    sigma = torch.tensor(float(GOLDEN["sigma"][number]), requires_grad=True)
    loss = balanced_loss(prediction, target, prediction, made, sigma)
    of_prediction, of_sigma = torch.autograd.grad(loss, (prediction, sigma))
    assert loss.item() == pytest.approx(GOLDEN[f"gai{dimensions}_loss"][number], abs=1e-6)
    assert of_prediction.numpy() == pytest.approx(GOLDEN[f"gai{dimensions}_grad_pred"][number], abs=1e-7)
    assert of_sigma.item() == pytest.approx(GOLDEN[f"gai{dimensions}_grad_sigma"][number], rel=1e-5)


@pytest.mark.parametrize("sigma", [0.02, 0.05, 0.3])
def test_the_balancing_term_is_the_integral_of_noise_times_labels(sigma: float) -> None:
    weights, means, deviations = [0.6, 0.4], [0.2, 0.7], [0.05, 0.2]
    made = mixture(weights, np.reshape(means, (2, 1)), np.square(deviations).reshape(2, 1, 1)).double()
    for prediction in (0.1, 0.5, 0.95):

        def density(label: float, prediction: float = prediction) -> float:
            labels = sum(w * stats.norm.pdf(label, m, s) for w, m, s in zip(weights, means, deviations, strict=True))
            return float(stats.norm.pdf(label, prediction, sigma) * labels)

        integral, _ = integrate.quad(density, -3, 4, points=[prediction, *means], epsabs=1e-13, limit=200)
        found = made.log_density(torch.tensor([[prediction]], dtype=torch.float64), sigma**2)
        # Means and variances lie in float32 buffers.
        assert found.item() == pytest.approx(np.log(integral), rel=1e-5)


def test_a_mixtures_density_is_scipys() -> None:
    generator = np.random.default_rng(0)
    roots, means, weights = generator.normal(size=(3, 3, 3)), generator.normal(size=(3, 3)), np.array([0.5, 0.3, 0.2])
    covariances = roots @ roots.transpose(0, 2, 1) + 0.1 * np.eye(3)
    points = generator.normal(size=(20, 3))
    expected = sum(
        weight * stats.multivariate_normal(mean, covariance + 0.04 * np.eye(3)).pdf(points)
        for weight, mean, covariance in zip(weights, means, covariances, strict=True)
    )
    found = mixture(weights, means, covariances).double().log_density(torch.from_numpy(points), 0.04)
    assert found.numpy() == pytest.approx(np.log(expected), abs=1e-5)


@pytest.mark.parametrize(("sigma", "best"), [(0.05, 0.709), (0.1, 0.736), (0.2, 0.843)])
def test_the_best_prediction_overshoots_away_from_the_mean(sigma: float, best: float) -> None:
    mean, variance, label = 0.45, 0.07, 0.7
    made = mixture([1], [[mean]], [[[variance]]])
    exact = label + sigma**2 / variance * (label - mean)
    assert exact == pytest.approx(best, abs=5e-4)
    prediction = torch.tensor([[exact]], requires_grad=True)
    balanced_loss(prediction, torch.tensor([[label]]), prediction, made, torch.tensor(sigma)).backward()
    assert prediction.grad is not None
    assert prediction.grad.item() == pytest.approx(0, abs=1e-7)


def test_a_laplacian_likelihood_is_the_absolute_error() -> None:
    wide = mixture([1], [[0.5, 0.5]], [1e4 * np.eye(2)])
    target, sigma = torch.zeros(1, 2), torch.tensor(0.05)
    losses, slopes = [], []
    for error in (0.1, 0.3):
        prediction = torch.tensor([[error, -0.1]], requires_grad=True)
        loss = balanced_loss(prediction, target, prediction, wide, sigma, "laplace")
        loss.backward()
        losses.append(loss.item())
        slopes.append(prediction.grad)
    assert losses[1] - losses[0] == pytest.approx(0.2, abs=1e-5)
    assert all(slope.flatten().tolist() == pytest.approx([1, -1], abs=1e-4) for slope in slopes if slope is not None)
    # Two channels of -log(exp(-|e| / b) / 2b) with b = sigma / sqrt(2), times b.
    b = 0.05 / 2**0.5
    balance = stats.multivariate_normal([0.5, 0.5], (1e4 + 0.05**2) * np.eye(2)).logpdf([0.1, -0.1])
    assert losses[0] == pytest.approx(b * ((0.1 + 0.1) / b + 2 * np.log(2 * b) + balance), abs=1e-6)


@pytest.mark.parametrize("likelihood", ["gauss", "laplace"])
@pytest.mark.parametrize("descriptor", ["pixel", "gradient"])
def test_no_prediction_is_better_the_farther_it_is_from_the_labels(likelihood: str, descriptor: str) -> None:
    made = filled(BalancedLoss(4, likelihood, descriptor, 0.05, 1.0))
    hr = torch.full((1, 3, 16, 16), 0.5)
    stripes = torch.arange(16) % 4 // 2 - 0.5  # of the period that has the largest gradient
    for pattern in (torch.ones(16), stripes):
        near, far, farther = (made(hr + size * pattern, hr).item() for size in (0, 10, 100))
        assert near < far < farther


@pytest.mark.parametrize(("rate", "step"), [(1.0, 0.001), (0.1, 0.0001), (0, 0)])
def test_the_noise_is_learned_at_its_rate(rate: float, step: float) -> None:
    made = filled(BalancedLoss(4, "gauss", "pixel", 0.05, rate))
    assert made.sigma.item() == pytest.approx(0.05)
    optimiser = torch.optim.Adam([*made.parameters(), weight := torch.zeros(3, 1, 1, requires_grad=True)], lr=0.001)
    hr = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    made(hr + 0.5 + weight, hr).backward()
    optimiser.step()
    # Adam's first step is as long as its learning rate; so large a residual asks for more noise.
    assert made.sigma.item() - 0.05 == pytest.approx(step, rel=1e-3, abs=1e-8)
    assert weight.detach().flatten().tolist() == pytest.approx([-0.001] * 3, rel=1e-3)


def test_half_precision_leaves_the_loss_alone() -> None:
    torch.manual_seed(0)
    made = filled(BalancedLoss(4, "gauss", "pixel", 0.05, 1.0))
    sr, hr = torch.rand(2, 1, 3, 8, 8)
    expected = made(sr, hr).item()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert made(sr, hr).item() == expected


def filled(loss: BalancedLoss) -> BalancedLoss:
    loss.fit(pack(Span.at(4)), 64, np.random.default_rng(0))
    return loss


def test_a_fit_finds_the_mixture_that_made_the_samples_and_is_the_same_every_time() -> None:
    generator = np.random.default_rng(0)
    parts = [generator.normal(mean, std, (n, 3)) for mean, std, n in ((0.2, 0.03, 3000), (0.8, 0.06, 1000))]
    made, again = Mixture(2, 3), Mixture(2, 3)
    for one in (made, again):
        one.fit(np.concatenate(parts), seed=5)
    order = made.weights.argsort(descending=True)
    assert made.weights[order].tolist() == pytest.approx([0.75, 0.25], abs=0.01)
    assert made.means[order].tolist() == pytest.approx(np.repeat([[0.2], [0.8]], 3, axis=1), abs=0.01)
    assert made.variances[order].sqrt().tolist() == pytest.approx(np.repeat([[0.03], [0.06]], 3, axis=1), abs=0.005)
    assert all(torch.equal(made.get_buffer(name), again.get_buffer(name)) for name, _ in made.named_buffers())


def test_descriptors_of_a_patch_are_those_of_the_index_within_its_border() -> None:
    patch = np.random.default_rng(0).integers(0, 256, (20, 17, 3), dtype=np.uint8)
    inner = gradient_magnitude(patch)[1:-1, 1:-1] / 8 / 255
    image = torch.from_numpy(patch).permute(2, 0, 1)[None].float() / 255
    assert gradients(image)[0].tolist() == pytest.approx([inner.mean(), inner.std()], rel=1e-5)


def test_descriptors_of_a_flat_patch_have_a_gradient() -> None:
    image = torch.full((1, 3, 8, 8), 0.5, requires_grad=True)
    gradients(image).sum().backward()
    assert image.grad is not None
    assert bool(torch.isfinite(image.grad).all())


def pack(span: Span) -> Pack | HRPack:
    """Two smooth random images of 192 x 192 HR pixels."""
    side, lr_side = 192, int(192 / span.low)
    steps = np.random.default_rng(0).normal(0, 4, (2, side, side, 3))
    pixels = (128 + steps.cumsum(axis=1) + steps.cumsum(axis=2)).clip(0, 255).astype(np.uint8)
    hr_images, lr_images = (
        [PackedImage(str(n), "", one, one, n * one * one * 3) for n in range(2)] for one in (side, lr_side)
    )
    if not span.is_single:
        return HRPack(pixels.ravel(), hr_images)
    lr = pixels[:, :: side // lr_side, :: side // lr_side].ravel()
    columns = Columns({name: np.arange(2) for name in SCORES}, image=np.arange(2), row=np.zeros(2), column=np.zeros(2))
    return Pack(span.low, lr, pixels.ravel(), lr_images, hr_images, columns, 16)


def plan(loss: Any, **other: Any) -> Plan:
    defaults = {"iterations": 2, "batch_size": 2, "lr_patch_size": 16, "loss": loss}
    return make_plan(defaults, other, "x")


def learner(method: str, wanted: Plan) -> tuple[Learner, Draws]:
    entry = registry.entry(method)
    span = entry.span(entry.scales[-1])
    torch.manual_seed(0)
    made = methods.training(entry).learner(entry, span, wanted)
    data = pack(span)
    made.check(data, wanted)
    made.fit(data, np.random.default_rng(0))
    return made, Draws(made, data, wanted, seed=0)


OPTIONS: list[dict[str, Any]] = [{}, {"likelihood": "laplace"}, {"descriptor": "gradient", "components": 2}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("method", ["rlfn_tiny", "seemore_t", "carn_m"])
def test_methods_of_every_kind_are_trained_with_it(method: str, options: dict[str, Any]) -> None:
    wanted = plan({"bdloss": options})
    made, draws = learner(method, wanted)
    (term,) = made(draws.at(0), wanted.phases[0]).values()
    term.backward()
    assert bool(torch.isfinite(term))
    losses: Any = made.losses
    (loss,) = losses
    assert loss.noise.grad is not None and loss.noise.grad.item() != 0
    assert loss.mixture.weights.sum().item() == pytest.approx(1, abs=1e-5)
    assert any(parameter is loss.noise for parameter in made.trained(wanted.phases[0]))


def test_phases_of_the_same_choice_go_on_with_the_same_noise() -> None:
    phases = [{}, {"sampler": "hes"}, {"loss": {"bdloss": {"components": 16}}}, {"loss": "l1"}]
    wanted = plan("bdloss", phases=phases)
    made, _ = learner("rlfn_tiny", wanted)
    scored: list[Any] = [made.losses.of(phase) for phase in wanted.phases]
    first, second, third, last = scored
    assert first is second is not third
    losses: Any = made.losses
    assert third is losses[1] and len(losses) == 2
    assert last(torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2)) == 1
    assert losses[0].mixture.weights.shape == (8,) and losses[1].mixture.weights.shape == (16,)


def test_a_learner_that_was_made_without_its_plan_is_one_line() -> None:
    wanted = plan("bdloss")
    made, draws = learner("rlfn_tiny", wanted)
    bare = Learner(made.network, 4.0, made.data_range)
    with pytest.raises(ResoluteError, match=r"^this kind of method has no place for what loss bdloss learns"):
        bare(draws.at(0), wanted.phases[0])


def test_options_are_those_of_the_signature() -> None:
    options = "components 8, likelihood gauss, descriptor pixel, sigma 0.05, rate 1.0"
    assert str(LOSSES.parse("bdloss")) == f"bdloss ({options})"
    with pytest.raises(ResoluteError, match="loss bdloss has no option 'component': did you mean 'components'"):
        LOSSES.parse({"bdloss": {"component": 3}})
