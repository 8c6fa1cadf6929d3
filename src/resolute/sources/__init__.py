"""Stage `sources`: which source files every job runs, found by following imports: no list is ever out of date."""

from resolute.sources.make import HALVES, STAGES, refresh, sources, sources_digest

__all__ = ["HALVES", "STAGES", "refresh", "sources", "sources_digest"]
