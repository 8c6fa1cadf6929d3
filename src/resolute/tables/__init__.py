"""Stage `tables`: the published tables, regenerated, with a verdict for every number."""

from resolute.tables.build import Table
from resolute.tables.guard import Guarded, guard, read_recorded, record
from resolute.tables.make import current_results, make_tables, paper_tables
from resolute.tables.results import results

__all__ = [
    "Guarded",
    "Table",
    "current_results",
    "guard",
    "make_tables",
    "paper_tables",
    "read_recorded",
    "record",
    "results",
]
