"""The tensors of every network that we have, by their names and shapes: what a file from elsewhere is compared with."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch

from resolute import methods, registry
from resolute.core import atomic, layout, own
from resolute.core.errors import ResoluteError
from resolute.registry import Entry
from resolute.sources import sources
from resolute.sources.imports import PACKAGE, files_below

Shapes = dict[str, tuple[int, ...]]
_SCALE = 4.0  # of which a network is built that has every scale and one set of tensors for them


@dataclass(frozen=True)
class Network:
    """The tensors of weights for a span of scales, and the `methods` of which these are the weights.

    Methods that share them differ by what no tensor shows.
    """

    methods: tuple[str, ...]
    span: layout.Span
    shapes: Shapes

    @cached_property
    def counted(self) -> Counter[tuple[int, ...]]:
        """How many tensors there are of each shape, of those that every file must have."""
        beside = {name for method in self.methods for one in registry.entry(method).published.values()
                  for name in one.tensors}  # fmt: skip
        return Counter(shape for name, shape in self.shapes.items() if name not in beside)

    @property
    def scale(self) -> float:
        """A scale that the weights serve."""
        return self.span.high


def network(method: str, scale: float) -> Network:
    """The network of one method; one without any is an error."""
    entry = registry.entry(method)
    if not entry.trainable:
        raise ResoluteError(f"{method} has no network, and so no weights: name another method")
    return Network((method,), entry.span(scale), _shapes(entry, scale))


def networks() -> list[Network]:
    """All networks: built once, on no device, and kept until what they are built of changes."""
    place, digest = layout.networks(), _digest()
    try:
        kept = json.loads(place.read_bytes())
        if kept["digest"] != digest:
            raise ValueError("of other sources")
    except (OSError, ValueError, KeyError, TypeError):
        kept = {"digest": digest, "networks": _built()}
        place.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(place, json.dumps(kept))
    return [
        Network(
            tuple(one["methods"]),
            layout.Span.parse(one["span"]),
            {name: tuple(shape) for name, shape in one["shapes"].items()},
        )
        for one in kept["networks"]
    ]


def _built() -> list[dict[str, object]]:
    """All networks as JSON holds them; what is built of the same arguments is built once."""
    built: dict[str, Shapes] = {}
    alike: dict[str, tuple[list[str], str, Shapes]] = {}
    for entry, scale in _jobs():
        made_of = [entry.kind, entry.model, entry.arguments, entry.experts, entry.settings, entry.options, scale]
        key = json.dumps(made_of, sort_keys=True, default=str)
        try:
            shapes = built[key] = built.get(key) or _shapes(entry, scale)
        except ResoluteError:
            if entry.is_own:  # half-written perhaps: no other's weights need wait for it
                continue
            raise
        span = str(entry.span(scale))
        same = json.dumps([span, sorted(shapes.items())])
        alike.setdefault(same, ([], span, shapes))[0].append(entry.name)
    return [{"methods": names, "span": span, "shapes": shapes} for names, span, shapes in alike.values()]


def _jobs() -> Iterator[tuple[Entry, float]]:
    """Every method that has weights, with one scale for each set of them."""
    for entry in map(registry.entry, registry.names()):
        if entry.trainable:
            yield from ((entry, scale) for scale in spans(entry).values())


def spans(entry: Entry) -> dict[layout.Span, float]:
    """The spans of scales that a method has weights for, each with one of its scales."""
    return {entry.span(scale): scale for scale in entry.scales or (_SCALE,)}


def _shapes(entry: Entry, scale: float) -> Shapes:
    with torch.device("meta"):
        built = methods.build(entry.name, scale)
    return {name: tuple(tensor.shape) for name, tensor in built.state_dict().items()}


def _digest() -> str:
    """Of all that networks are built of."""
    sha = hashlib.sha256()
    for folder in ("registry", "models", "methods"):
        for file in files_below(folder):
            sha.update(f"{file.relative_to(PACKAGE)}\n".encode() + file.read_bytes())
    for name in own.entries("methods"):
        for file in sorted(sources("fetch", name) | {registry.path(name)}):
            sha.update(f"{file}\n".encode() + file.read_bytes())
    return sha.hexdigest()
