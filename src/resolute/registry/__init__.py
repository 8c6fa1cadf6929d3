"""What each method is: one YAML file per method, named like the method, read when it is asked for.

Methods of somebody's own stand in the project, `data/own/methods/<name>.yaml`, with a `file` beside it and its `class`
in the place of `model`. No file is run for it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from resolute.core import layout, own
from resolute.core.checksums import KINDS, Checksum
from resolute.core.errors import ResoluteError, nearest
from resolute.core.provenance import file_sha256
from resolute.core.reading import check_regular, reading
from resolute.core.schema import read_yaml, validate

FOLDER = Path(__file__).parent
PARTS = ("encoder", "decoder")  # arguments that name a file of `resolute.models.<part>s`, by itself or with arguments
_PACKAGE = FOLDER.parent


@dataclass(frozen=True)
class WeightFile:
    """Where a published checkpoint lies and how it is known to be the right one.

    Not every maker has published a whole sha256, or the size: `bytes` is 0 where it is not known.
    """

    url: str
    checksum: Checksum
    bytes: int = 0


@dataclass(frozen=True)
class Published:
    """One published set of weights (a tag): its files by the span of scales that each is for, and how their tensors map
    to ours.

    `keys` are (pattern, replacement) pairs and names of shared key maps. `tensors` belong to the weights, but are not
    in the file: numbers by the tensor's name here.
    """

    source: str
    licence: str
    training_data: str = ""
    files: Mapping[layout.Span, WeightFile] = field(default_factory=dict)
    inside: str = ""
    keys: tuple[tuple[str, str] | str, ...] = ()
    unused: tuple[str, ...] = ()
    tensors: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """A method's entry. `data_range` is the span of the network's input and output (1 or 255).

    `minimum_side` is the smallest LR height and width that the network takes. A method is `tile_safe` if a pixel of its
    result depends on the LR pixels at most 50 from it alone, wherever in the image they are, so that cutting the image
    into tiles changes nothing; strides and windows that start at the image's corner break that, as global pooling does.
    A method without `scales` has every scale. One that is `trained_at` a span of them has one set of weights for all
    its scales, others one per scale.

    `kind` is the file of `resolute.methods` that implements it. A method that is not `trainable` has no weights at all.

    `arguments` build the released form of the network, `arguments` overridden by `training` the form that is
    trained. `released_extra_params` are counted by the challenge but not needed: the network here has none of them.

    A `reconstructed` network is built from its paper's text alone, and what that leaves open is chosen to meet the
    printed counts: these say nothing about it.

    A dynamic method has `settings`, the operating points that it can be run at, the first of which is the default, or
    `experts`, what it chooses from by image, patch or pixel, the cheapest first, or both. At the settings that are
    `whole_image` a choice depends on the whole image.

    `options` are its kind's: how it is trained, beside the settings that every training has.

    `recipe` and `recipe_data` are the settings and the data set that the paper trains with; without data, the settings
    are another network's, taken for this one too.

    A method that is `like` another one is that one but for what its own file says: its network in another training.
    """

    name: str
    title: str
    family: str
    scales: tuple[float, ...]
    paper: Mapping[str, Any]
    team: str = ""
    model: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    released_extra_params: int = 0
    kind: str = "network"
    data_range: float = 1
    minimum_side: int = 1
    tile_safe: bool = False
    trained_at: layout.Span | None = None
    trainable: bool = True
    reconstructed: bool = False
    notes: str = ""
    settings: tuple[str, ...] = ()
    experts: tuple[str, ...] = ()
    whole_image: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    recipe_data: str = ""
    published: Mapping[str, Published] = field(default_factory=dict)
    like: str = ""

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules of its network: the network's own, and those of the parts that its arguments name."""
        if not self.model:
            return ()
        if self.is_own:
            return (self.model.partition(":")[0], own.NETWORKS)
        parts = [f"{part}s.{_named(self.arguments[part])}" for part in PARTS if part in self.arguments]
        return tuple(f"resolute.models.{name}" for name in (self.model, *parts))

    @property
    def is_own(self) -> bool:
        """Whether its network is a class of somebody's own; `model` is `resolute_own.<file>:<class>` then."""
        return self.model.partition(".")[0] == own.PACKAGE

    def check_scale(self, scale: float) -> None:
        """Refuse a scale that the method does not have."""
        if not self.serves(scale):
            known = ", ".join(f"x{known:g}" for known in self.scales) or f"all above x1, up to x{layout.LARGEST_SCALE}"
            raise ResoluteError(f"{self.name} has no x{scale:g}: it is made for {known}")

    def serves(self, scale: float) -> bool:
        """Whether the method has a scale; one without a list of them has every one."""
        return scale in self.scales if self.scales else 1 < scale <= layout.LARGEST_SCALE

    def span(self, scale: float) -> layout.Span:
        """The scales that the weights for a scale are made at."""
        self.check_scale(scale)
        return self.trained_at or layout.Span.at(scale)

    def setting(self, asked: str = "") -> str:
        """An operating point of the method; the default where none is asked for, empty where it has none."""
        if asked and asked not in self.settings:
            known = nearest(asked, self.settings) if self.settings else "it has none"
            raise ResoluteError(f"{self.name} has no setting '{asked}': {known}")
        return asked or next(iter(self.settings), "")

    def is_tile_safe(self, setting: str) -> bool:
        """Whether it is `tile_safe` at an operating point."""
        return self.tile_safe and setting not in self.whole_image

    def tag(self, asked: str = "") -> str:
        """The tag of a published set of weights; the first one where none is asked for."""
        if not self.published:
            raise ResoluteError(f"{self.name} has no published weights: train it, or give a weights file")
        if asked and asked not in self.published:
            raise ResoluteError(f"{self.name} has no published weights '{asked}': {nearest(asked, self.published)}")
        return asked or next(iter(self.published))

    def has_weights(self, weights: str, scale: float) -> bool:
        """Whether published weights, named `published-<tag>` or `published` for the first ones, are for a scale."""
        tag = weights.removeprefix("published").removeprefix("-") or next(iter(self.published), "")
        if tag not in self.published or not self.serves(scale):
            return False
        return not self.published[tag].files or self.span(scale) in self.published[tag].files


def path(name: str) -> Path:
    """The registry file of a method; an unknown method is an error that names the nearest one."""
    if name not in names():
        raise ResoluteError(f"unknown method '{name}': {nearest(name, names())}")
    inside = FOLDER / f"{name}.yaml"
    return inside if inside.is_file() else own.folder("methods") / inside.name


@cache
def names() -> tuple[str, ...]:
    """All methods, in alphabetical order."""
    known = {file.stem for file in FOLDER.glob("*.yaml")}
    return tuple(sorted({*known, *own.entries("methods", known)}))


@cache
def entry(name: str) -> Entry:
    """The checked registry entry of a method."""
    file = path(name)
    facts = _facts(file)
    if file.parent == FOLDER:
        validate(facts, FOLDER / "schema.json", f"the registry entry {file.name}")
    else:
        facts = _own(name, facts, layout.relative(file))
    if (
        facts.get("model")
        and "." not in facts["model"]
        and not (_PACKAGE / "models" / f"{facts['model']}.py").is_file()
    ):
        raise ResoluteError(f"the registry entry {file.name}: there is no file src/resolute/models/{facts['model']}.py")
    if not (_PACKAGE / "methods" / facts.get("kind", "network") / "inference.py").is_file():
        place = f"src/resolute/methods/{facts['kind']}/inference.py"
        raise ResoluteError(f"the registry entry {file.name}: there is no file {place}")
    for name_of in ("settings", "experts", "whole_image"):
        facts[name_of] = tuple(facts.pop(name_of, ()))
    published = {tag: _published(dict(weights)) for tag, weights in facts.pop("published", {}).items()}
    scales, span = facts.pop("scales"), facts.pop("trained_at", None)
    return Entry(
        name=name,
        scales=() if scales == "any" else tuple(map(float, scales)),
        trained_at=span and layout.Span(*map(float, span)),
        published=published,
        **facts,
    )


def find_run(method: str, scale: float, asked: str) -> layout.Run:
    """The run that a person asks for: a method with a set of weights, which `weights_of` gives.

    Args:
        asked: `published`, `published-<tag>`, `<preset>-seed<n>`, `own-<name>` or the path of a safetensors file.

    Returns:
        The run by the name that is shown and that measurements carry. Its file may not exist yet. A given file is never
        called like a run of the workflow, whatever it is called on the disk: `<stem>@<8 digits of its sha256>`.

    Raises:
        ResoluteError: there are no such weights, or no such file.
    """
    facts = entry(method)
    span = facts.span(scale)
    if asked.endswith(".safetensors"):
        path = Path(asked)
        with reading(path, "give the path of a safetensors file"):
            check_regular(path)
            return layout.Run(method, scale, f"{path.stem}@{file_sha256(path)[:8]}", path)
    if asked == "published" or asked.startswith("published-"):
        tag = facts.tag(asked.removeprefix("published").removeprefix("-"))
        files = facts.published[tag].files
        if files and span not in files:
            known = ", ".join(map(str, files))
            raise ResoluteError(f"the published weights '{tag}' of {method} are for {known}, not {span}")
        return layout.Run(method, scale, f"published-{tag}")
    run = layout.Run(method, scale, asked)
    wanted = weights_of(run)
    if wanted.is_own and not layout.weights(wanted).is_file():
        there = sorted(f"own-{path.stem}" for path in layout.weights(wanted).parent.glob("*.safetensors"))
        known = nearest(asked, there) if there else f"`resolute import FILE --method {method}` brings some"
        raise ResoluteError(f"{method} has no weights '{asked}' at {span}: {known}")
    if not wanted.is_own and wanted.seed is None:
        known = "published, published-<tag>, <preset>-seed<n>, own-<name>"
        raise ResoluteError(f"'{asked}' is none of {known} or the file of a checkpoint")
    return run


def weights_of(run: layout.Run) -> layout.Weights:
    """The weights of a run, which may serve other scales too."""
    return layout.Weights(run.method, entry(run.method).span(run.scale), run.weights, run.file)


def key_map(name: str) -> Path:
    """The file of a key map that several entries share, whether it exists or not."""
    return FOLDER / "key_maps" / f"{name}.yaml"


def authors_names(model: str) -> Path:
    """The file that says what the authors of a network call its tensors, of which no file is published; it need not
    exist. Its pairs, unlike those of key maps, lead from our names to theirs.
    """
    return FOLDER / "authors_names" / f"{model}.yaml"


def files(name: str) -> tuple[Path, ...]:
    """The registry files that a method's entry is made of: its own, and that of the method it is like."""
    like = entry(name).like
    return (path(name), path(like)) if like else (path(name),)


def _facts(file: Path) -> dict[str, Any]:
    """What an entry's file says, over what the file says of the method that it is like; weights are nobody else's."""
    facts = read_yaml(file)
    like = facts.get("like") if isinstance(facts, dict) else None
    if like is None:
        return facts
    if like not in names() or "like" in (whole := read_yaml(path(like))):
        raise ResoluteError(f"the registry entry {file.name} is like '{like}': name a method that is like no other")
    return {**{key: value for key, value in whole.items() if key != "published"}, **facts}


def _own(name: str, facts: dict[str, Any], where: str) -> dict[str, Any]:
    """The checked facts of a method of somebody's own, which need neither a title nor a paper."""
    schema = json.loads((FOLDER / "schema.json").read_text(encoding="utf-8"))
    validate(facts, {**schema, "required": ["scales"]}, where)
    facts = {"title": name, "family": "own", "paper": {}, **facts}
    if "file" in facts:
        code = own.folder("methods") / facts.pop("file")
        if not code.is_file():
            raise ResoluteError(f"{where}: there is no file {layout.relative(code)}: put it there, or link it")
        facts["model"] = f"{own.PACKAGE}.{code.stem}:{facts.pop('class')}"
    return facts


def _named(part: Any) -> str:
    """The name of a part of a network, given with or without arguments."""
    return str(part if isinstance(part, str) else next(iter(part)))


def _published(facts: dict[str, Any]) -> Published:
    files = {layout.Span.parse(str(span)): _weight_file(file) for span, file in facts.pop("files", {}).items()}
    keys = tuple(item if isinstance(item, str) else (item[0], item[1]) for item in facts.pop("keys", []))
    return Published(files=files, keys=keys, unused=tuple(facts.pop("unused", [])), **facts)


def _weight_file(facts: Mapping[str, Any]) -> WeightFile:
    kind = next(kind for kind in KINDS if kind in facts)
    return WeightFile(facts["url"], Checksum(kind, facts[kind]), facts.get("bytes", 0))
