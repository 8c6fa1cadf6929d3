"""The specification of a table of measurements alone (`data/published/<series>/side_by_side.yaml`)."""

from pathlib import Path

from resolute import registry
from resolute.published.files import read_facts
from resolute.published.spec import Column, Group, Row, Spec


def read_side_by_side(path: Path) -> Spec:
    """A checked specification: a group for each year, of the networks of its family; those without any are left out.

    Raises:
        ResoluteError: it breaks the schema.
    """
    facts = read_facts(path)
    entries = [registry.entry(name) for name in registry.names()]
    groups = [
        Group(year, tuple(Row(one.name, (one.team, one.title)) for one in entries if one.family == family))
        for year, family in facts["years"].items()
    ]
    return Spec(
        path=path,
        title=facts["title"],
        caption=facts["caption"],
        source={},
        weights="published",
        labels=("Team", "Network"),
        columns=tuple(Column(**column) for column in facts["columns"]),
        groups=tuple(group for group in groups if group.rows),
        match=facts["match"],
        notes=tuple(facts.get("notes", ())),
        preset=facts["preset"],
    )
