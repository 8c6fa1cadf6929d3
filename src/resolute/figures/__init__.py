"""Stage `figures`: quality against cost, and how hard the patches are; SVG and PNG, always the same bytes."""

from resolute.figures.make import FIGURES, Photograph, make_figures

__all__ = ["FIGURES", "Photograph", "make_figures"]
