"""Stage `tables`: the published tables, regenerated, with a verdict for every number."""

from resolute.tables.build import Table
from resolute.tables.guard import Guarded, guard, read_recorded, record
from resolute.tables.make import make_tables, paper_tables
from resolute.tables.results import results

__all__ = [
    "Guarded",
    "Table",
    "guard",
    "make_tables",
    "paper_tables",
    "read_recorded",
    "record",
    "results",
]
