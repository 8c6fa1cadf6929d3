"""No stage: a dated, static site of all results, which anybody can rebuild, host, or open from a disk."""

from resolute.publish.dated import results_date
from resolute.publish.make import publish

__all__ = ["publish", "results_date"]
