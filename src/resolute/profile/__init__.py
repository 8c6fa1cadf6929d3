"""Stage `profile`: what a network costs, by the challenge's counting rules and by consistent ones."""

from resolute.profile.make import as_rows, profile, rows_for_output, timing_of, write_rows

__all__ = ["as_rows", "profile", "rows_for_output", "timing_of", "write_rows"]
