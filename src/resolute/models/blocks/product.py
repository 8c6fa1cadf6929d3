"""A gated feed-forward network without an activation."""

from torch import Tensor

from resolute.models.blocks.restormer import GatedFeedForward


class ProductFeedForward(GatedFeedForward):
    """One map of the features times another: N x width x H x W to the same shape."""

    def mixed(self, product: Tensor) -> Tensor:
        """What is projected, of the product of both maps (N x hidden x H x W, as the result)."""
        return product

    def forward(self, x: Tensor) -> Tensor:
        one, other = self.embed(x)
        return self.project(self.mixed(one * other))
