"""Scores of any two folders of images, by every protocol side by side."""

from resolute.score.folders import as_csv, score

__all__ = ["as_csv", "score"]
