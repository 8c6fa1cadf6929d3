"""Stage `evaluate`: PSNR and SSIM of a set of weights on a data set, by named protocols, image by image."""

from resolute.evaluate.make import evaluate, summarise, write_images, write_rows

__all__ = ["evaluate", "summarise", "write_images", "write_rows"]
