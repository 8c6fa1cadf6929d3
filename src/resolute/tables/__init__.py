"""Stage `tables`: the published tables, regenerated, with a verdict for every number."""

from resolute.tables.make import make_tables
from resolute.tables.spec import spec_files
from resolute.tables.verdict import Verdict

__all__ = ["Verdict", "make_tables", "spec_files"]
