"""Where the site of `resolute publish` lies beside the report, unless it is told another place."""

from pathlib import Path

from resolute.core import layout


def site() -> Path:
    return layout.report().with_name("site")
