"""Which of our networks a checkpoint is of: told by the names and shapes of its tensors, and by nothing else."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from resolute import registry
from resolute.core.errors import ResoluteError
from resolute.methods.weights import StateDict
from resolute.weights.checkpoints import Checkpoint, Part
from resolute.weights.names import Naming, namings
from resolute.weights.networks import Network, Shapes

_SHOWN = 8  # methods of an ambiguous file that the message names


@dataclass(frozen=True)
class Match:
    """A part of a checkpoint that has a network's tensors, all of them and no others.

    `names` leads from the names in the file to ours.
    """

    network: Network
    part: Part
    naming: Naming
    names: dict[str, str]

    @property
    def state(self) -> StateDict:
        """The tensors under our names, as the file has them."""
        return {**self.naming.beside, **{ours: self.part.folded[theirs] for theirs, ours in self.names.items()}}


def identify(checkpoint: Checkpoint, file: Path, candidates: Sequence[Network]) -> list[Match]:
    """The networks whose weights a checkpoint has, each with the first part and the first names that fit.

    Raises:
        ResoluteError: there are none; says which network is nearest and what does not fit.
    """
    found = [match for one in candidates if (match := _match(checkpoint, one))]
    if not found:
        raise ResoluteError(_refusal(checkpoint, file, candidates))
    return found


def choose(found: Sequence[Match], file: Path) -> tuple[str, Match]:
    """The one method and span among those that fit.

    A file that is published is that method's. Of methods that are like another one, trained otherwise, it is the other.

    Raises:
        ResoluteError: several are left; names them.
    """
    fitting = [(method, match) for match in found for method in match.network.methods]
    fitting = [one for one in fitting if _is_published(file, *one)] or fitting
    methods = list(dict.fromkeys(method for method, _ in fitting))
    methods = [name for name in methods if registry.entry(name).like not in methods]
    if len(methods) > 1:
        shown = ", ".join(methods[:_SHOWN]) + (f" and {len(methods) - _SHOWN} more" if len(methods) > _SHOWN else "")
        raise ResoluteError(
            f"{file.name} fits {len(methods)} methods, which differ by nothing that tensors show: {shown}: "
            "choose one with --method"
        )
    matches = [match for method, match in fitting if method == methods[0]]
    if len(matches) > 1:
        spans = " and ".join(str(match.network.span) for match in matches)
        raise ResoluteError(
            f"{file.name} fits {methods[0]} at {spans}, whose tensors have the same shapes: choose one with --scale"
        )
    return methods[0], matches[0]


def _match(checkpoint: Checkpoint, network: Network) -> Match | None:
    for part in checkpoint.parts:
        if network.counted - _counted(part):
            continue
        for naming in _namings(network):
            names = _names(part, naming, network)
            if names is not None and _named(part, naming, names) == network.shapes:
                return Match(network, part, naming, names)
    return None


def _namings(network: Network) -> list[Naming]:
    return [naming for method in network.methods for naming in namings(method)]


def _names(part: Part, naming: Naming, network: Network) -> dict[str, str] | None:
    """Our names by the file's; none where this naming makes two tensors one."""
    try:
        return naming.ours(part.folded, network.shapes)
    except ResoluteError:
        return None


def _named(part: Part, naming: Naming, names: dict[str, str]) -> Shapes:
    tensors = {**naming.beside, **{ours: part.folded[theirs] for theirs, ours in names.items()}}
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def _counted(part: Part) -> Counter[tuple[int, ...]]:
    return Counter(tuple(tensor.shape) for tensor in part.folded.values())


def _refusal(checkpoint: Checkpoint, file: Path, candidates: Sequence[Network]) -> str:
    pairs = ((network, part) for network in candidates for part in checkpoint.parts)
    network, part = max(pairs, key=lambda pair: _likeness(*pair))
    tried = ((naming, _names(part, naming, network)) for naming in _namings(network))
    named = [(_named(part, naming, names), names) for naming, names in tried if names is not None]
    having, names = max(named, key=lambda one: _fitting(one[0], network.shapes))
    method, span = network.methods[0], network.span
    what = _difference(having, network.shapes, {ours: theirs for theirs, ours in names.items()})
    if len({name for one in candidates for name in one.methods}) > 1:
        return f"{file.name} is of none of our networks; the nearest is {method} at {span}, but {what}"
    mend = "give its own weights, or leave --method out to have the method found"
    return f"{file.name} does not hold weights of {method} at {span}: {what}: {mend}"


def _fitting(having: Shapes, wanted: Shapes) -> tuple[int, int, int]:
    """How many tensors are right, how many are rightly named, and how many there are."""
    right = sum(having.get(name) == shape for name, shape in wanted.items())
    return right, len(having.keys() & wanted.keys()), len(having)


def _likeness(network: Network, part: Part) -> float:
    """The share of tensors of shapes that both have (0 to 1)."""
    having = _counted(part)
    return (having & network.counted).total() / max(having.total(), network.counted.total(), 1)


def _difference(having: Shapes, wanted: Shapes, theirs: dict[str, str]) -> str:
    """The first tensors that are missing, left over and misshapen, with the number of each."""
    missing = [name for name in wanted if name not in having]
    strange = [theirs.get(name, name) for name in having if name not in wanted]
    misshapen = [name for name in wanted if name in having and having[name] != wanted[name]]
    said = []
    if misshapen:
        first = misshapen[0]
        said.append(f"'{first}' is {_shown(having[first])} and not {_shown(wanted[first])}{_more(misshapen)}")
    if missing:
        said.append(f"'{missing[0]}' is missing{_more(missing)}")
    if strange:
        said.append(f"'{strange[0]}' is not part of it{_more(strange)}")
    return ", ".join(said)


def _more(names: Sequence[str]) -> str:
    return f" (and {len(names) - 1} more)" if len(names) > 1 else ""


def _shown(shape: Iterable[int]) -> str:
    return "x".join(map(str, shape)) or "a number"


def _is_published(file: Path, method: str, match: Match) -> bool:
    """Whether this file is published as a method's weights for these scales."""
    published = (one.files.get(match.network.span) for one in registry.entry(method).published.values())
    return any(one.checksum.fits(file) for one in published if one)
