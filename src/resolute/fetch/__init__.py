"""Stage `fetch`: images and published weights, from a mirror, the network or an installed package."""

from resolute.fetch.make import fetch_dataset, fetch_original, fetch_weights
from resolute.fetch.transfer import download, mirrored

__all__ = ["download", "fetch_dataset", "fetch_original", "fetch_weights", "mirrored"]
