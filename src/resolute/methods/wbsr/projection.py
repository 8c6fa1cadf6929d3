"""Gradient projection: which subnet a class of patches takes (WBSR, NeurIPS 2024, section 4.2)."""

import numpy as np


def quantiles(scores: np.ndarray, count: int) -> np.ndarray:
    """The upper ends of all of `count` classes but the hardest (K - 1), with equally many scores in each."""
    return np.quantile(scores, np.arange(1, count) / count)


def classes(scores: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """The class (N) of patches, 1 is the easiest and K the hardest.

    Args:
        scores: of the patches (N).
        thresholds: the upper ends of all classes but the hardest (K - 1), ascending.
    """
    return np.searchsorted(thresholds, scores, side="left") + 1


def evenly(of: np.ndarray, count: int, subnets: int) -> np.ndarray:
    """Eq. 15: the number (from 0) of the subnet, ceil(k M / K) of the M subnets from the cheapest on.

    Args:
        of: classes of patches (N), 1 to K.
        count: K.
        subnets: M.
    """
    return -(-of * subnets // count) - 1


def by_budget(of: np.ndarray, count: int, costs: np.ndarray, alpha: float, budget: float) -> np.ndarray:
    """Eq. 16 as printed: the subnet of the least |alpha k C / K - budget|, which gives hard patches the small ones.

    Args:
        of: classes of patches (N), 1 to K.
        count: K.
        costs: of a patch by each subnet (M), ascending.
        budget: in the units of the costs.
    """
    return np.abs(alpha * of[:, None] * costs / count - budget).argmin(axis=1)


def by_difficulty(of: np.ndarray, count: int, costs: np.ndarray, alpha: float) -> np.ndarray:
    """Eq. 16 repaired: the subnet whose cost is nearest to alpha k / K of the full one's."""
    return np.abs(costs - alpha * of[:, None] / count * costs[-1]).argmin(axis=1)
