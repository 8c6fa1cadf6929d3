"""Which image of one folder belongs to which of another, by their names.

The field writes the same image as `baby.png` (BasicSR), `babyx4.png` (EDSR's LR images), `0801x4.png` (DIV2K),
`baby_x4_SR.png` (EDSR's results), `baby_LRBI_x4.png` and `baby_HR_x4.png` (RCAN), `img_001_SRF_4_HR.png` (SelfExSR),
`baby_SwinIR.png` or `baby_RCAN_BIX4.png` (KAIR, BasicSR: the name of the method or the experiment).
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from resolute.core.errors import ResoluteError, UsageError

SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"))

# Degradations of NTIRE (`0801x4m`) and RCAN (`LRBI`, `LRBD`, `LRDN`) have a letter or two of their own.
_SCALE, _SAYS = r"[-_]?x\d+(?:\.\d+)?[dmw]?", r"_(SR|HR|GT|LR(?:[A-Z]{2}|bicubic)?)"
_END = re.compile(rf"(?:_SRF_\d+|{_SCALE}|{_SAYS})$", re.IGNORECASE)
_ROLE = re.compile(rf"{_SAYS}(?:{_SCALE})?$", re.IGNORECASE)
_METHOD = re.compile(r"_(?=[A-Za-z])")


class Role(StrEnum):
    """What the images of a folder are; some names say it."""

    SR = "SR"
    LR = "LR"
    HR = "HR"


@dataclass(frozen=True)
class Pair:
    """An HR image and the SR or LR image that belongs to it."""

    first: Path
    hr: Path

    @property
    def name(self) -> str:
        """The HR file's, without what ends it."""
        return self.hr.stem


@dataclass(frozen=True)
class Pairing:
    """Images that belong together, in the order of their names, and those that nothing belongs to."""

    pairs: tuple[Pair, ...]
    alone: tuple[Path, ...]


def images_in(place: Path, role: Role) -> list[Path]:
    """The image files of a folder, in the order of their names, or the one file that is named.

    Names that say that they are of another role are left out where others do not: `img_001_SRF_4_HR.png` lies beside
    `img_001_SRF_4_LR.png`.

    Raises:
        UsageError: there is nothing there.
    """
    if not place.exists():
        raise UsageError(f"{place} is not there: give a folder of {role} images")
    if not place.is_dir():
        return [place]
    found = sorted(path for path in place.iterdir() if path.suffix.lower() in SUFFIXES and path.name[0] != ".")
    if not found:
        raise UsageError(f"{place} holds no images ({', '.join(sorted(SUFFIXES))}): give a folder of {role} images")
    return [path for path in found if _role(path.stem) in (None, role)] or found


def pair(first: Path, hr: Path, role: Role) -> Pairing:
    """Pair the SR or LR images of one folder with the HR images of another, or one file with one file.

    Suffixes that the field uses count for nothing on either side; neither does the name of a method on the SR or LR
    side. Of several HR images that would do, the one that shares most of the name is taken.

    Args:
        first: a folder of SR or LR images, or one such file.
        hr: a folder of HR images, or one file.
        role: what `first` holds.

    Raises:
        ResoluteError: no image belongs to another, or several belong to one.
        UsageError: one of the two is not there or empty, or a file and a folder.
    """
    firsts, originals = images_in(first, role), images_in(hr, Role.HR)
    if first.is_dir() != hr.is_dir():
        raise UsageError(f"{first} and {hr} are a file and a folder: give two folders, or two files")
    if not first.is_dir():
        return Pairing((Pair(first, hr),), ())
    whole, shortened = _by_name(originals, lambda stem: [stem]), _by_name(originals, _names)
    taken: dict[Path, Path] = {}
    for path in firsts:
        candidates = (whole.get(name) or shortened.get(name) for name in _names_with_method(path.stem))
        found = next(filter(None, candidates), None)
        if not found:
            continue
        if len(found) > 1:
            raise _ambiguous(found[:2], path)
        if found[0] in taken:
            raise _ambiguous((taken[found[0]], path), found[0])
        taken[found[0]] = path
    if not taken:
        raise ResoluteError(
            f"no image of {first} belongs to one of {hr} by its name ({firsts[0].name}, {originals[0].name}): "
            f"name {role} images like their HR images, with x4, _x4, _{role} or _<method> behind"
        )
    pairs = tuple(Pair(taken[path], path) for path in originals if path in taken)
    matched = {*taken, *taken.values()}
    return Pairing(pairs, tuple(path for path in (*firsts, *originals) if path not in matched))


def bare(stem: str) -> str:
    """A name without what the field ends it with: `0801` of `0801x4`."""
    return _names(stem)[-1]


def _role(stem: str) -> Role | None:
    found = _ROLE.search(stem)
    if not found:
        return None
    said = found[1][:2].upper()
    return Role.HR if said == "GT" else Role(said)


def _names(stem: str) -> list[str]:
    """What an image may be called whose file is called so: the stem without one suffix after the other."""
    names = [stem]
    while (shorter := _END.sub("", names[-1])) not in ("", names[-1]):
        names.append(shorter)
    return names


def _names_with_method(stem: str) -> list[str]:
    """The same where a method's name may follow the image's, the longest first."""
    stems = (stem, *(stem[: found.start()] for found in _METHOD.finditer(stem)))
    return sorted({name for one in stems for name in _names(one) if name}, key=len, reverse=True)


def _by_name(paths: Iterable[Path], names: Callable[[str], list[str]]) -> dict[str, list[Path]]:
    found = defaultdict(list)
    for path in paths:
        for name in names(path.stem):
            found[name].append(path)
    return found


def _ambiguous(two: Iterable[Path], other: Path) -> ResoluteError:
    return ResoluteError(f"{' and '.join(map(str, two))} both belong to {other} by their names: move one of them away")
