"""Stage `train`: one loop for every method, driven by its plan."""

from resolute.train.loop import train

__all__ = ["train"]
