"""Bicubic enlargement: the baseline that every network has to beat, without weights or training."""
