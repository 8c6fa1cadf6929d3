"""Command `estimate`: what a run will take, before it begins."""

from resolute.estimate.needs import Need, estimate

__all__ = ["Need", "estimate"]
