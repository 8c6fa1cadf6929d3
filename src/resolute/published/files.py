"""Which files the papers' tables are described in, `data/published/<paper>/*`, and how each is checked."""

from pathlib import Path
from typing import Any

from resolute.core import layout
from resolute.core.reading import reading
from resolute.core.schema import read_yaml, validate

FOLDER = Path(__file__).parent
RANKINGS = "rankings.yaml"
CLAIMS = "claims.yaml"
SIDE_BY_SIDE = "side_by_side.yaml"
_SCHEMAS = {RANKINGS: "ranking", CLAIMS: "claims", SIDE_BY_SIDE: "side_by_side", "tolerances.yaml": "tolerances"}


def spec_files() -> list[Path]:
    """The specifications of all tables, `<paper>/<table>.yaml`, in order."""
    return [path for path in _described() if path.name not in (RANKINGS, CLAIMS, SIDE_BY_SIDE)]


def ranking_files() -> list[Path]:
    """The specifications of all rankings, `<paper>/rankings.yaml`, in order."""
    return [path for path in _described() if path.name == RANKINGS]


def claims_files() -> list[Path]:
    """The claims of all papers of which some are tested, `<paper>/claims.yaml`, in order."""
    return [path for path in _described() if path.name == CLAIMS]


def side_by_side_files() -> list[Path]:
    """The specifications of tables of measurements alone, `<series>/side_by_side.yaml`, in order."""
    return [path for path in _described() if path.name == SIDE_BY_SIDE]


def errata_files() -> list[Path]:
    """The known errors of all papers that have any, `<paper>/errata.csv`, in order."""
    return sorted(layout.published_tables().glob("*/errata.csv"))


def table_files() -> list[Path]:
    """All regenerated tables, rankings and tests of claims: one file per specification and format."""
    return [
        layout.tables() / spec.parent.name / f"{spec.stem}.{form}"
        for spec in _described()
        for form in layout.TABLE_FORMATS
    ]


def read_facts(path: Path) -> dict[str, Any]:
    """What the specification of tables, of rankings or of claims, or the tolerances hold, checked by their schema."""
    schema = _SCHEMAS.get(path.name, "table")
    with reading(path):
        facts = read_yaml(path)
        validate(facts, FOLDER / f"{schema}.schema.json", layout.relative(path))
    return dict(facts)


def _described() -> list[Path]:
    return sorted(layout.published_tables().glob("*/*.yaml"))
