"""What the encoders of arbitrary-scale SR have in common."""

from torch import nn


class Encoder(nn.Module):
    """Features of LR images at their size: N x 3 x h x w to N x width x h x w.

    Attributes:
        width: channels of the features.
        window: whose multiples the sides of an image must be for features to lie where its pixels do; 0 for any sides.
    """

    width: int
    window = 0
