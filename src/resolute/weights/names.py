"""What others call the tensors of a network: its authors in a published file, or in their code, or we ourselves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from resolute import registry
from resolute.fetch import key_maps
from resolute.methods.weights import StateDict

# Kinds whose tensors are those of one network and nothing else.
_ALONE = ("network", "routed")


@dataclass(frozen=True)
class Naming:
    """One way to name a network's tensors. `whose` says it in words.

    Either `published` holds the pairs that lead from those names to ours, or `pairs` lead from ours to them.
    """

    whose: str
    published: registry.Published | None = None
    pairs: tuple[key_maps.Pair, ...] = ()

    def ours(self, theirs: Iterable[str], ours: Iterable[str]) -> dict[str, str]:
        """Our names by theirs, of all that the network reads; a name that is none of theirs stays as it is.

        Raises:
            ResoluteError: two of theirs are one of ours.
        """
        if self.published:
            return key_maps.our_names(theirs, self.published)
        known = {their: our for our, their in self.theirs(ours).items()}
        return {name: known.get(name, name) for name in theirs}

    def theirs(self, ours: Iterable[str]) -> dict[str, str]:
        """Their names by ours, where `pairs` say them."""
        return {name: key_maps.translated(name, self.pairs) for name in ours}

    @property
    def beside(self) -> StateDict:
        """The tensors of ours that such a file never has."""
        return key_maps.beside(self.published) if self.published else {}


OURS = Naming("this project")


@cache
def authors(method: str) -> Naming | None:
    """The names in the code of a network's authors, of which no file is published; None where nothing says them."""
    entry = registry.entry(method)
    path = registry.authors_names(entry.model)
    if entry.kind not in _ALONE or not path.is_file():
        return None
    return Naming("the code of its authors", pairs=tuple(key_maps.read_pairs(path)))


@cache
def published(method: str) -> Mapping[str, Naming]:
    """The names in a method's own published files, by tag."""
    found = registry.entry(method).published
    return {tag: Naming(f"{method}'s published file ({tag})", one) for tag, one in found.items() if one.files}


@cache
def namings(method: str) -> tuple[Naming, ...]:
    """All ways in which a file of a method may name its tensors: as we do, as its own published files do, or those of
    another method with the same network, or as its authors do.
    """
    model = registry.entry(method).model
    same = [name for name in registry.names() if name != method and registry.entry(name).model == model]
    found = [naming for name in (method, *same) for naming in published(name).values()]
    return (OURS, *found, *([one] if (one := authors(method)) else []))
