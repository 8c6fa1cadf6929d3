"""Resolute: the tables of efficient super-resolution papers, regenerated and judged cell by cell."""

__version__ = "0.1.0"
