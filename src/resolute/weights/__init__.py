"""Weights of somebody's own: checkpoints from elsewhere brought in under our names, and ours written under others'."""

from resolute.weights.checkpoints import SUFFIXES
from resolute.weights.incoming import Adopted, adopt, given
from resolute.weights.outgoing import export

__all__ = ["SUFFIXES", "Adopted", "adopt", "export", "given"]
