"""Stage `train`: one loop for every method, driven by its plan."""

from resolute.train.make import train
from resolute.train.start import own_name

__all__ = ["own_name", "train"]
