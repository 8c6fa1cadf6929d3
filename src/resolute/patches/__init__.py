"""Stage `patches`: which patches a data set has, how hard each is, and the pixels that training reads."""

from resolute.patches.make import make_patches
from resolute.patches.pixels import pack_hr

__all__ = ["make_patches", "pack_hr"]
