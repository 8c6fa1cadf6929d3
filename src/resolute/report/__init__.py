"""Stage `report`: everything on one page that opens offline."""

from resolute.report.make import make_report

__all__ = ["make_report"]
