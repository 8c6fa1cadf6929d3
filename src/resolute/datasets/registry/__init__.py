"""What each data set is: one YAML file per data set, named like it, and a list of its files, read when it is asked for.

The entry says where the HR images come from, how LR images are made of them, and what each split may be used for
(`schema.json` has all keys). The list, `<name>.csv` beside it, holds the files of the kinds `embedded`, `files` and
`folder` with their sha256; a union has none.

Data sets of somebody's own stand in the project, `data/own/datasets/<name>.yaml` and `.csv`, which `resolute dataset`
writes: of the same schema.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from resolute.core import layout, own
from resolute.core.checksums import Checksum
from resolute.core.errors import ResoluteError, nearest
from resolute.core.schema import read_yaml, validate
from resolute.datasets.manifest import SourceFile, read_manifest

FOLDER = Path(__file__).parent
_PLACE = "src/resolute/datasets/registry"


@dataclass(frozen=True)
class Split:
    """A part of a data set: its use (`train`, `test` or `never train`) and its number of images.

    `names` is a range such as `0001-0800` where the images are numbered. An optional split is fetched only
    when it is asked for.
    """

    use: str
    images: int
    names: str = ""
    optional: bool = False

    def image_names(self) -> tuple[str, ...]:
        """The names of the images, empty where the registry does not know them."""
        if not self.names:
            return ()
        first, last = self.names.split("-")
        return tuple(f"{number:0{len(first)}d}" for number in range(int(first), int(last) + 1))

    @property
    def numbers(self) -> int:
        """How many `names` there are."""
        first, last = self.names.split("-")
        return int(last) - int(first) + 1


@dataclass(frozen=True)
class Source:
    """Where the HR images come from; `kind` says which of the other fields count.

    embedded: files inside an installed `package`. files: single files below `url`. archive: one zip or tar at
    `url`. manual: placed by the user as `instruction` says. derived: the images `of` another data set,
    reduced by a factor. union: the training images `of` other data sets, where they lie. folder: files in a folder of
    the user's, or in a zip file: HR images, `hr`, or LR images by their scale, `lr`, or both; `sha256` is that of their
    list.
    """

    kind: str
    url: str = ""
    package: str = ""
    sha256: str = ""
    bytes: int = 0
    instruction: str = ""
    minimum_side: int = 1
    of: tuple[str, ...] = ()
    reduce: int = 1
    hr: str = ""
    lr: Mapping[float, str] = field(default_factory=dict)

    @property
    def checksum(self) -> Checksum | None:
        """What an archive is known by."""
        return Checksum("sha256", self.sha256) if self.sha256 else None


@dataclass(frozen=True)
class DataSet:
    """A registry entry, read from `registry_file`, relative to the project root: jobs depend on it and on the
    `manifest_file` beside it. `variant_at` names the bicubic reduction that its LR images are made with.

    A union has no files of its own: its images, LR images and manifests are those of its parts. `patches` is how many
    LR patches of 32 pixels at a stride of 28 its images have at x4, where a paper's logs say so.
    """

    name: str
    title: str
    variant: str
    source: Source
    splits: Mapping[str, Split]
    registry_file: str
    citation: str = ""
    page: str = ""
    licence: str = ""
    note: str = ""
    variant_above_x4: str = ""
    patches: int = 0
    choice: Mapping[str, str] | None = None

    @property
    def manifest_file(self) -> str:
        return f"{self.registry_file.removesuffix('.yaml')}.csv"

    def variant_at(self, scale: float) -> str:
        """The variant of imresize that its LR images at a scale are made with. Where they came with the data set, it is
        `given-<8 digits of the list's sha256>`.

        Raises:
            ResoluteError: LR images came with it, but for other scales.
        """
        if self.source.lr:
            if scale not in self.source.lr:
                known = ", ".join(f"x{known:g}" for known in sorted(self.source.lr))
                repair = f"record some (`resolute dataset {self.name} --lr {scale:g}=...`), or leave that scale out"
                raise ResoluteError(f"{self.name} came with LR images for {known}, not for x{scale:g}: {repair}")
            return f"given-{self.source.sha256[:8]}"
        return self.variant_above_x4 or self.variant if scale > 4 else self.variant

    @property
    def has_originals(self) -> bool:
        """Whether it has HR images: LR images alone are upscaled, but nothing is trained on them or scored by them."""
        return not self.is_own or bool(self.source.hr)

    def serves(self, scale: float) -> bool:
        """Whether it is evaluated at a scale: LR images alone are for those that they are there for."""
        return self.has_originals or scale in self.source.lr

    @property
    def parts(self) -> tuple[str, ...]:
        """The data sets that hold its images."""
        return self.source.of if self.is_union else (self.name,)

    @property
    def is_union(self) -> bool:
        return self.source.kind == "union"

    @property
    def is_own(self) -> bool:
        """Whether its images lie in a folder of the user's."""
        return self.source.kind == "folder"

    @property
    def default_splits(self) -> tuple[str, ...]:
        return tuple(name for name, split in self.splits.items() if not split.optional)

    def split(self, name: str) -> Split:
        """A split by name; an unknown one is an error that names the nearest."""
        if name not in self.splits:
            raise ResoluteError(f"{self.name} has no split '{name}': {nearest(name, self.splits)}")
        return self.splits[name]

    def files(self, role: str = "hr") -> list[SourceFile]:
        """The manifest's files, if there are any: HR images (`hr`), or published LR images (`lr`)."""
        repair = f"run `resolute dataset {self.name}` again" if self.is_own else "take it from git again"
        recorded = self.source.sha256 if self.is_own else ""
        listed = read_manifest(path(self.name).with_suffix(".csv"), repair, recorded)
        return [file for file in listed if file.role == role]


def path(name: str) -> Path:
    """The registry file of a data set; an unknown one is an error that names the nearest."""
    if name not in names():
        raise ResoluteError(f"unknown data set '{name}': {nearest(name, names())}")
    inside = FOLDER / f"{name}.yaml"
    return inside if inside.is_file() else own.folder("datasets") / inside.name


@cache
def names() -> tuple[str, ...]:
    """All data sets, in alphabetical order."""
    known = {file.stem for file in FOLDER.glob("*.yaml")}
    return tuple(sorted({*known, *own.entries("datasets", known)}))


@cache
def entry(name: str) -> DataSet:
    """The checked registry entry of a data set; an unknown one is an error that names the nearest."""
    dataset = _read(name)
    parts = [_read(of) for of in dataset.source.of if of in names()]
    known = [part.name for part in parts if not part.source.of]
    for of in dataset.source.of:
        if of not in known:
            what = f"'{of}' is no data set with images of its own"
            raise ResoluteError(f"{dataset.registry_file}: source.of: {what}")
    return _united(dataset, parts) if dataset.is_union else dataset


def placed_by_hand(name: str) -> str:
    """The data set that somebody must place by hand before a data set can be had; empty where nobody must."""
    dataset = entry(name)
    if dataset.source.kind == "derived":
        return placed_by_hand(dataset.source.of[0])
    return name if dataset.source.kind == "manual" else ""


def training_split(dataset: str, split: str = "") -> str:
    """The split to train on: the one asked for, or the first that is meant for it.

    Raises:
        ResoluteError: nothing of the data set, or not the split asked for, may be trained on.
    """
    splits = entry(dataset).splits
    allowed = [name for name, facts in splits.items() if facts.use == "train"]
    if not allowed:
        raise ResoluteError(f"{dataset} is for testing and must not be trained on: choose another data set")
    if split and split not in allowed:
        use, others = entry(dataset).split(split).use, " or ".join(f"'{name}'" for name in allowed)
        raise ResoluteError(f"split '{split}' of {dataset} must not be trained on ({use}): take {others}")
    return split or allowed[0]


def test_split(dataset: str) -> str:
    """The split to evaluate on.

    Raises:
        ResoluteError: the data set has none that is meant for testing.
    """
    for name, facts in entry(dataset).splits.items():
        if facts.use == "test":
            return name
    tests = [name for name in names() if any(split.use == "test" for split in entry(name).splits.values())]
    raise ResoluteError(f"{dataset} has no split for testing: take {', '.join(tests)}")


def _read(name: str) -> DataSet:
    """What the file of a data set says."""
    file = path(name)
    is_own = file.parent != FOLDER
    where = layout.relative(file) if is_own else f"{_PLACE}/{file.name}"
    fields: dict[str, Any] = read_yaml(file)
    validate(fields, FOLDER / "schema.json", where)
    of, lr = fields["source"].pop("of", ()), fields["source"].pop("lr", {})
    source = Source(
        **fields.pop("source"),
        of=(of,) if isinstance(of, str) else tuple(of),
        lr={float(scale): place for scale, place in lr.items()},
    )
    if is_own and source.kind not in ("folder", "union"):
        raise ResoluteError(f"{where}: source.kind: data sets of your own are a folder or a union")
    splits = {split: Split(**facts) for split, facts in fields.pop("splits", {}).items()}
    for split, facts in splits.items():
        if facts.names and facts.numbers != facts.images:
            raise ResoluteError(f"{where}: splits.{split}: {facts.names} are not {facts.images} images")
    return DataSet(
        name=name, registry_file=where, source=source, splits=splits, variant=fields.pop("variant", ""), **fields
    )


def _united(union: DataSet, parts: Sequence[DataSet]) -> DataSet:
    """A union with what its parts have in common: the variants, and the splits that are trained on."""
    where = f"{union.registry_file}: source.of: {' and '.join(part.name for part in parts)}"
    if len({(part.variant, part.variant_above_x4) for part in parts}) > 1:
        raise ResoluteError(f"{where} are of different variants")
    trained = [{name for name, split in part.splits.items() if split.use == "train"} for part in parts]
    shared = [name for name in parts[0].splits if all(name in names for names in trained)]
    if not shared:
        raise ResoluteError(f"{where} have no split for training in common")
    splits = {name: Split("train", sum(part.splits[name].images for part in parts)) for name in shared}
    above = parts[0].variant_above_x4
    return replace(union, variant=parts[0].variant, variant_above_x4=above, splits=splits)
