"""Stage `evaluate`: PSNR and SSIM of a set of weights on a data set, by named protocols, image by image."""

from resolute.evaluate.make import evaluate, keeping, summarise, write_rows
from resolute.evaluate.points import operating_points, write_points

__all__ = ["evaluate", "keeping", "operating_points", "summarise", "write_points", "write_rows"]
