"""ClassSR: a classifier of patches, and for each of its classes a branch, the narrower the easier (CVPR 2021)."""
