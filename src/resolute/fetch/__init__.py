"""Stage `fetch`: images and published weights, from a mirror, the network or an installed package."""

from resolute.fetch.images import fetch_dataset
from resolute.fetch.transfer import download
from resolute.fetch.weights import fetch_weights

__all__ = ["download", "fetch_dataset", "fetch_weights"]
