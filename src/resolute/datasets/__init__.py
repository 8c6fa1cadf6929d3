"""The data sets: what they are (`registry/`) and which of their images are here."""

from resolute.datasets.reader import HRImage, LRImage, fetched, image, images, lr_images
from resolute.datasets.registry import DataSet, entry, names, placed_by_hand, test_split, training_split

__all__ = [
    "DataSet",
    "HRImage",
    "LRImage",
    "entry",
    "fetched",
    "image",
    "images",
    "lr_images",
    "names",
    "placed_by_hand",
    "test_split",
    "training_split",
]
