"""Stage `degrade`: the LR images of a data set."""

from resolute.degrade.make import degrade

__all__ = ["degrade"]
