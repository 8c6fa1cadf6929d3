"""Which subnet a patch takes: what its edges promise of each, against what each costs (Chen et al., ECCV 2022)."""

import numpy as np


def predicted_psnr(scores: np.ndarray, centres: np.ndarray, psnr: np.ndarray) -> np.ndarray:
    """The PSNR that tables promise of patches: of the bin whose centre is nearest, the first on a tie.

    Args:
        scores: of the patches (N), see `resolute.images.edges.edge_score`.
        centres: of the bins, for all subnets (B) or for each (J x B).
        psnr: mean PSNR in dB of the patches of each bin by each subnet (J x B).

    Returns:
        N x J, in dB.
    """
    nearest = np.abs(scores[:, None, None] - np.atleast_2d(centres)).argmin(axis=2, keepdims=True)
    return np.take_along_axis(psnr[None], nearest, axis=2)[:, :, 0]


def choose(predicted: np.ndarray, cost: np.ndarray, eta: float) -> np.ndarray:
    """The subnets (N) of the greatest eta * PSNR - cost, the first on a tie.

    Args:
        predicted: N x J, in dB.
        cost: of one patch by each subnet (J), in FLOPs.
        eta: FLOPs that a decibel is worth, in units of the costliest subnet's; infinite if they do not count.
    """
    if np.isinf(eta):
        return predicted.argmax(axis=1)
    return (eta * cost.max() * predicted - cost).argmax(axis=1)
