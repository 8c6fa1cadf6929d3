"""Mixtures of Gaussians: what the labels of a training set are distributed like."""

import math
import warnings

import numpy as np
import torch
from torch import Tensor, nn

ITERATIONS = 500  # of expectation maximisation, at most


class Mixture(nn.Module):
    """A mixture of L Gaussians in D dimensions with full covariances, kept in buffers.

    A covariance is kept by its principal axes, so that widening it by a multiple of the identity adds to its variances
    and leaves its axes alone.

    Attributes:
        weights: L, their sum is 1.
        means: L x D.
        variances: L x D, along the axes.
        axes: L x D x D, orthonormal columns.
    """

    weights: Tensor
    means: Tensor
    variances: Tensor
    axes: Tensor

    def __init__(self, components: int, dimensions: int) -> None:
        super().__init__()
        shapes = {"weights": (), "means": (dimensions,), "variances": (dimensions,), "axes": 2 * (dimensions,)}
        for name, shape in shapes.items():
            self.register_buffer(name, torch.zeros(components, *shape))

    def assign(self, weights: np.ndarray, means: np.ndarray, covariances: np.ndarray) -> None:
        """Become the mixture of these weights (L), means (L x D) and covariances (L x D x D)."""
        variances, axes = np.linalg.eigh(np.asarray(covariances, dtype=np.float64))
        found = {"weights": weights, "means": means, "variances": variances, "axes": axes}
        for name, values in found.items():
            self.get_buffer(name).copy_(torch.from_numpy(np.asarray(values, dtype=np.float64)))

    def fit(self, samples: np.ndarray, seed: int) -> None:
        """Become the mixture that is likeliest to have made samples, N x D, by expectation maximisation."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture
        from threadpoolctl import threadpool_limits

        made = GaussianMixture(len(self.weights), max_iter=ITERATIONS, init_params="k-means++", random_state=seed)
        # One thread: sums in one order, and faster for matrices of so few columns.
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            made.fit(samples)
        self.assign(made.weights_, made.means_, made.covariances_)

    def log_density(self, x: Tensor, widening: Tensor | float = 0.0) -> Tensor:
        """Of points, N x D, under the mixture with `widening` added to all variances: N."""
        components, dimensions = self.means.shape
        variances = self.variances + widening
        # One product takes all points to where every component is the standard normal.
        whitening_LDD = self.axes / variances.sqrt()[:, None]
        origins = (self.means[:, None] @ whitening_LDD).reshape(1, -1)
        white = torch.addmm(-origins, x, whitening_LDD.permute(1, 0, 2).reshape(dimensions, -1))
        distances_NL = white.square().view(-1, components, dimensions).sum(dim=2)
        heights = self.weights.log() - 0.5 * (variances.log() + math.log(2 * math.pi)).sum(dim=1)
        return torch.logsumexp(heights - 0.5 * distances_NL, dim=1)
