"""Stage `degrade`: the LR images of a data set."""

from resolute.degrade.bicubic import degrade

__all__ = ["degrade"]
