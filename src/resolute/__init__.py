"""Resolute: the tables of efficient super-resolution papers, regenerated and judged cell by cell."""
