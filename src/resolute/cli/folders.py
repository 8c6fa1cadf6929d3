"""Commands that take a user's own folders of images: what scores them, makes LR images, tells what made these, or makes
a data set of them.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from resolute.cli import arguments
from resolute.cli.arguments import AsJson, Scale
from resolute.cli.printing import print_table
from resolute.core import atomic, layout, strict_json
from resolute.core.errors import UsageError, nearest

if TYPE_CHECKING:
    from resolute.metrics.protocols import Protocol

SHOWN = 5  # names in a line


class Use(StrEnum):
    """What the images of a data set are for."""

    TEST = "test"
    TRAIN = "train"


def dataset(
    name: Annotated[str, typer.Argument(help="What it is called from now on: small letters, digits and _.")],
    hr: Annotated[
        str, typer.Option(help="A folder of HR images, or a zip file.", parser=arguments.home, metavar="PLACE")
    ] = "",
    lr: Annotated[
        list[str] | None,
        typer.Option(
            help="LR images, as 4=FOLDER for x4; else they are made. Without HR images they are upscaled, not scored.",
            metavar="SCALE=PLACE",
        ),
    ] = None,
    use: Annotated[Use | None, typer.Option(help="What it is for; test where not given.")] = None,
    variant: Annotated[str, typer.Option(help="Of imresize, which makes its LR images.", show_default="mirror")] = "",
    title: Annotated[str, typer.Option(help="Its name in tables and figures; NAME where not given.")] = "",
) -> None:
    """Make a data set of a folder of images, or bring it up to date after the folder has changed.

    An entry and a list of checksums in data/own/datasets/ say what it is; `fetch` copies the images.
    """
    from resolute.fetch.record import Wanted, known, record
    from resolute.images.imresize import VARIANTS

    old = None if hr else known(name)
    if not (hr or lr or old):
        raise UsageError(f"there is no data set '{name}' of yours: give its images, --hr FOLDER or --lr 4=FOLDER")
    if variant and variant not in VARIANTS:
        raise UsageError(f"unknown variant '{variant}': {nearest(variant, VARIANTS)}")
    start = old or Wanted(_from_root(hr) if hr else "", {}, Use.TEST, "mirror", name)
    wanted = Wanted(
        start.hr,
        {**start.lr, **dict(map(_given, lr or []))},
        str(use or start.use),
        variant or start.variant,
        title or start.title,
    )
    print(layout.relative(record(name, wanted)))
    print(f"  in params.yaml: {name} in data.sets and data.{wanted.use}, {name}: [{wanted.use}] in data.splits")
    if not wanted.hr:
        scales = " and ".join(f"x{scale:g}" for scale in sorted(wanted.lr))
        print(f"  LR images alone: upscaled at {scales}, with no scores, and kept in reports/sr/")


def _given(text: str) -> tuple[float, str]:
    """A scale and the place of its LR images, from `4=FOLDER`."""
    scale, _, place = text.partition("=")
    if not place:
        raise UsageError(f"--lr {text}: write the scale before the folder, such as 4={text}")
    return arguments.scale(scale), _from_root(arguments.home(place))


def _from_root(place: str) -> str:
    """A place as entries name it: from the project's root where it lies inside."""
    return layout.relative(Path(place).absolute())


def degrade(
    source: Annotated[
        str,
        typer.Argument(
            parser=arguments.home,
            metavar="DATASET|FOLDER",
            help="A data set, see `resolute list datasets`; or a folder of HR images, with --check of LR images.",
        ),
    ],
    other: Annotated[
        Path | None,
        typer.Argument(
            parser=arguments.path,
            metavar="OUT|HR",
            help="Of a folder: where its LR images go, or with --check its HR images.",
        ),
    ] = None,
    scale: Scale = 4,
    variant: Annotated[
        str,
        typer.Option(
            help="Of a folder's LR images: mirror (EDSR's copies of the benchmarks, which most papers used), replicate "
            "(SelfExSR's), mirror_float (MATLAB on doubles) or pillow (LIIF).",
            show_default="mirror",
        ),
    ] = "",
    check: Annotated[bool, typer.Option("--check", help="Name the variant that made a folder of LR images.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --check: print one JSON object.")] = False,
) -> None:
    """Make LR images, bit for bit as MATLAB's imresize does, or say what made those of a folder.

    \b
    resolute degrade DATASET             the LR images of a data set, as papers have them
    resolute degrade FOLDER OUT          those of any images; cut at the top left to a multiple of the scale
    resolute degrade --check FOLDER HR   which variant made a folder of LR images of these HR images
    """
    if (variant and (check or not other)) or (as_json and not check):
        raise UsageError("--variant is for the LR images of a folder (degrade FOLDER OUT), --json for --check")
    if check:
        if not other:
            raise UsageError(f"give the HR images as well: `resolute degrade --check {source} HR`")
        _check(Path(source), other, scale, as_json)
    elif other:
        _degrade_folder(source, other, scale, variant or "mirror")
    else:
        _degrade_dataset(source, scale)


def score(
    sr: Annotated[Path, typer.Argument(parser=arguments.path, metavar="SR", help="A folder of SR images, or one.")],
    hr: Annotated[Path, typer.Argument(parser=arguments.path, metavar="HR", help="A folder of HR images, or one.")],
    scale: Scale = 4,
    protocol: Annotated[
        list[str] | None, typer.Option(help="May be given several times; all that fit where not given.")
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option("--csv", parser=arguments.path, metavar="FILE", help="All values, to this file."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """PSNR and SSIM of any images by every protocol side by side; names are paired without x4, _SR, _HR or a method."""
    from resolute.score import as_csv
    from resolute.score import score as score_folder

    if table:
        atomic.check(table)
    found = score_folder(sr, hr, scale, protocol or ())
    if table:
        atomic.write(table, as_csv(found))
    _say_of("left out, since no other belongs to them by its name", found["alone"])
    _say_of(f"HR images compared after a cut at the top left to a multiple of {scale:g}", found["cut"])
    for name, reason in found["left_out"].items():
        _say(f"protocol {name} is left out: {reason}")
    if as_json:
        print(strict_json.dumps(found))
    else:
        _print_scores(found)


def _degrade_dataset(name: str, scale: float) -> None:
    from resolute.datasets import entry, names
    from resolute.degrade import degrade

    if name not in names() and Path(name).is_dir():
        raise UsageError(f"give a folder for the LR images as well: `resolute degrade {name} OUT`")
    for part in entry(name).parts:
        print(layout.relative(degrade(part, scale)))


def _degrade_folder(source: str, target: Path, scale: float, variant: str) -> None:
    from resolute.datasets import names
    from resolute.degrade.folders import degrade_folder

    if source in names() and not Path(source).exists():
        raise UsageError(f"{source} is a data set, whose LR images have their place: leave out {target}")
    cut = degrade_folder(Path(source), target, scale, variant)
    _say_of(f"HR images cut at the top left to a multiple of {scale:g} first", cut)
    print(target)


def _check(lr: Path, hr: Path, scale: float, as_json: bool) -> None:
    from resolute.degrade.check import check

    found = check(lr, hr, scale)
    _say_of("left out, since no other belongs to them by its name", found["alone"])
    if as_json:
        print(strict_json.dumps(found))
        return
    print_table(
        [
            {
                "image": image["image"],
                "made by": " or ".join(image["made_by"]) or "-",
                "nearest": image["nearest"],
                "differing": _share(image["differing"]),
                "mean difference": _number(image["mean_difference"], 3),
                "largest difference": image["largest"],
            }
            for image in found["images"]
        ]
    )
    print(f"{lr}: {_verdict(found)}")


def _print_scores(found: dict[str, Any]) -> None:
    from resolute.metrics.protocols import PROTOCOLS

    print(f"PSNR in dB, x{found['scale']:g}, images: {len(found['images'])}")
    rows = [*found["images"], {"image": "mean", "protocols": found["protocols"]}]
    print_table(
        [
            {"image": row["image"], **{name: _number(one["psnr"], 3) for name, one in row["protocols"].items()}}
            for row in rows
        ]
    )
    print()
    print_table(
        [
            {
                "protocol": name,
                "PSNR": _number(mean["psnr"], 3),
                "SSIM": _number(mean["ssim"], 4),
                "equal, left out": mean["equal_images"],
                "a paper's number by it": _of_paper(PROTOCOLS[name]),
            }
            for name, mean in found["protocols"].items()
        ]
    )


def _of_paper(protocol: "Protocol") -> str:
    return protocol.description if protocol.rounds_sr else f"{protocol.description}; of SR not yet rounded to a file"


def _verdict(found: dict[str, Any]) -> str:
    images = found["images"]
    if found["made_by"]:
        return f"made by {' or '.join(map(_described, found['made_by']))}"
    if all(image["made_by"] for image in images):
        times = Counter(image["made_by"][0] for image in images)
        shares = (f"{count} of {len(images)} by {_described(name)}" for name, count in times.items())
        return f"made by several: {', '.join(shares)}"
    if not found["nearest"]:
        return "no known way makes images of all these sizes"
    nearest = found["ways"][found["nearest"]]
    return (
        f"made by no known way; nearest is {_described(found['nearest'])}: {nearest['exact_images']} of {len(images)} "
        f"images are equal, {_share(nearest['differing'])} of all values differ, by {nearest['largest']} at most"
    )


def _described(way: str) -> str:
    from resolute.degrade.check import KNOWN, UNCUT

    kind = way.removesuffix(UNCUT)
    return f"{way} ({KNOWN[kind]}{', of HR images that were not cut to a multiple' if kind != way else ''})"


def _number(value: float | None, digits: int) -> str:
    """A number for people; a PSNR that is none is that of images that equal their originals."""
    return "equal" if value is None else f"{value:.{digits}f}"


def _share(part: float) -> str:
    """A share in per cent, of which the smallest is not shown as none."""
    return f"{100 * part:.2f} %" if part == 0 or part >= 0.0001 else "under 0.01 %"


def _say_of(what: str, names: Sequence[str]) -> None:
    if names:
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        _say(f"{what} ({len(names)}): {', '.join(names[:SHOWN])}{more}")


def _say(line: str) -> None:
    print(f"resolute: {' '.join(line.split())}", file=sys.stderr)
