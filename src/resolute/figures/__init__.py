"""Stage `figures`: quality against cost, trainings, patches, chosen experts and comparisons; always the same bytes."""

from resolute.figures.crops import Crop
from resolute.figures.lineage import draw_lineage
from resolute.figures.make import (
    Comparison,
    Photograph,
    draw_comparison,
    draw_patches,
    draw_routing,
    draw_shares,
    draw_tradeoff,
    draw_training,
)
from resolute.figures.operating import Shown, draw_classes, draw_curves, draw_gains, draw_settings

__all__ = [
    "Comparison",
    "Crop",
    "Photograph",
    "Shown",
    "draw_classes",
    "draw_comparison",
    "draw_curves",
    "draw_gains",
    "draw_lineage",
    "draw_patches",
    "draw_routing",
    "draw_settings",
    "draw_shares",
    "draw_tradeoff",
    "draw_training",
]
