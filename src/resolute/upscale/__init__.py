"""Command `upscale`: pictures as people have them, one or thousands, through any method."""

from resolute.upscale.enlarger import Enlarger
from resolute.upscale.goals import Goal, by_fit, by_scale, by_size
from resolute.upscale.pictures import upscale_picture, upscale_pictures

__all__ = ["Enlarger", "Goal", "by_fit", "by_scale", "by_size", "upscale_picture", "upscale_pictures"]
