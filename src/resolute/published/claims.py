"""The specification of a paper's claims, to be tested by runs (`data/published/<paper>/claims.yaml`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resolute import registry
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.published.files import read_facts


@dataclass(frozen=True)
class Side:
    """A method that a claim compares, at an operating point.

    One that has operating points and names no single one is what it reaches at the multiply-adds that the other side
    took, between its points: all of them, or the `settings` that are named.
    """

    method: str
    setting: str = ""
    settings: tuple[str, ...] = ()

    @property
    def is_curve(self) -> bool:
        return not self.setting and bool(registry.entry(self.method).settings)


@dataclass(frozen=True)
class Claim:
    """What a paper says, where, with which figure, and which runs would show it.

    It holds if the PSNR of `of` exceeds that of `over` by more than `margin` dB.
    """

    says: str
    where: str
    printed: str
    of: Side
    over: Side
    margin: float = 0.0


@dataclass(frozen=True)
class ClaimsSpec:
    """The claims of a paper, and the preset, protocol, data sets and scales that test them."""

    path: Path
    title: str
    caption: str
    source: Mapping[str, Any]
    preset: str
    protocol: str
    datasets: tuple[str, ...]
    scales: tuple[float, ...]
    claims: tuple[Claim, ...]
    notes: tuple[str, ...] = ()

    @property
    def paper(self) -> str:
        return self.path.parent.name

    @property
    def table(self) -> str:
        return self.path.stem


def read_claims(path: Path) -> ClaimsSpec:
    """A checked specification.

    Raises:
        ResoluteError: it breaks the schema, names an unknown method or setting, or compares two curves.
    """
    facts = read_facts(path)
    claims = tuple(_claim(path, number, dict(one)) for number, one in enumerate(facts.pop("claims")))
    facts |= {name: tuple(facts.get(name, ())) for name in ("datasets", "scales", "notes")}
    return ClaimsSpec(path, claims=claims, **facts)


def _claim(path: Path, number: int, facts: dict[str, Any]) -> Claim:
    where = f"{layout.relative(path)}: claims[{number}]"
    of, over = (_side(f"{where}.{name}", facts.pop(name)) for name in ("of", "over"))
    if of.is_curve:
        raise ResoluteError(f"{where}.of: {of.method} has settings: name the one that is claimed to be better")
    return Claim(of=of, over=over, **facts)


def _side(where: str, facts: Mapping[str, Any]) -> Side:
    try:
        side = Side(**{**facts, "settings": tuple(facts.get("settings", ()))})
        for setting in (side.setting, *side.settings):
            registry.entry(side.method).setting(setting)
    except ResoluteError as error:
        raise ResoluteError(f"{where}: {error}") from None
    return side
