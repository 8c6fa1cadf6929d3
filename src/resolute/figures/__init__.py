"""Stage `figures`: quality against cost, trainings, patches, chosen experts and comparisons; always the same bytes."""

from resolute.figures.crops import Crop
from resolute.figures.make import (
    Comparison,
    Photograph,
    draw_comparison,
    draw_patches,
    draw_routing,
    draw_tradeoff,
    draw_training,
)

__all__ = [
    "Comparison",
    "Crop",
    "Photograph",
    "draw_comparison",
    "draw_patches",
    "draw_routing",
    "draw_tradeoff",
    "draw_training",
]
