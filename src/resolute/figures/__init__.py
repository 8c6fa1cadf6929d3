"""Stage `figures`: quality against cost, and how hard the patches are; SVG and PNG, always the same bytes."""

from resolute.figures.make import Photograph, draw_patches, draw_tradeoff

__all__ = ["Photograph", "draw_patches", "draw_tradeoff"]
