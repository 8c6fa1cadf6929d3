"""The date that a site bears."""

import os
from datetime import UTC, date, datetime

from resolute.core import layout
from resolute.core.errors import UsageError
from resolute.core.reading import reading


def results_date(asked: str = "") -> str:
    """The date of the results, as YYYY-MM-DD: the one asked for; else by `SOURCE_DATE_EPOCH`, which builds that are to
    be equal set (https://reproducible-builds.org/docs/source-date-epoch/); else when `reports/results.parquet` was
    written, in UTC.

    Raises:
        UsageError: what is asked for, or set, is no date.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        if asked:
            return date.fromisoformat(asked).isoformat()
        if epoch:
            return _day(int(epoch))
    except (ValueError, OverflowError, OSError):
        wrong = f"--date is '{asked}'" if asked else f"SOURCE_DATE_EPOCH is '{epoch}'"
        raise UsageError(f"{wrong}: write {'a date as 2026-01-31' if asked else 'seconds since 1970'}") from None
    with reading(layout.results_file()):
        return _day(layout.results_file().stat().st_mtime)


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
