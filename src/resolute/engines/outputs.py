"""The outputs that lie in the project, and whether they are what a stage wrote: what `seal` and `mend` ask."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from glob import glob
from pathlib import Path
from typing import Any

from resolute.core import layout, records
from resolute.core.layout import project_root
from resolute.core.reading import brief, reading
from resolute.datasets.store import read_table
from resolute.engines.versioned import kept_by_dvc

# Folders of images are not among them: they count by their manifests.
PLACES = (
    "data/raw/*.csv",
    "data/lr/*/*.csv",
    "data/patches/*/*.json",
    "data/patches/*/*.parquet",
    "data/patches/*/*.npy",
    "data/patches/*/*/*/*.parquet",
    "data/weights/**/*.safetensors",
    "data/weights/**/*.csv",
    "reports/index.html",
    "reports/metrics.json",
    "reports/psnr_macs.csv",
    "reports/results.parquet",
    "reports/figures/*.*",
    "reports/tables/**/*.*",
    "reports/measurements/**/*.parquet",
    "reports/sr/**/*.zip",
    "reports/routes/**/*.zip",
)


def outputs() -> list[str]:
    """The names of all that lies where stages write, be it asked for or not."""
    found = (sorted(glob(place, root_dir=project_root(), recursive=True)) for place in PLACES)  # noqa: PTH207
    return [name for names in found for name in names if name[name.rfind(".") :] in _OPENERS]


def suspects(names: Iterable[str]) -> list[Path]:
    """Those outputs that have changed since a stage wrote them, or since they were last found to open."""
    root = project_root()
    return [root / name for name in names if not _is_settled(records.current(str(root), name))]


def is_manifest(name: str) -> bool:
    """Whether an output lists the images of the folder beside it."""
    return name.startswith(("data/raw/", "data/lr/")) and name.endswith(".csv")


def wrong_images(manifest: Path) -> list[Path]:
    """The images that are not what their manifest says; a folder that is not there at all is nobody's fault."""
    root, folder = project_root(), manifest.with_suffix("")
    if not folder.exists():
        return []
    name = layout.relative(folder)
    with reading(manifest):
        listed = {f"{name}/{row['file']}": row["sha256"] for row in read_table(manifest)}
    new = [file for file, sha256 in listed.items() if records.current(str(root), file).get("sha256") != sha256]
    return [root / file for file in new if not _has(root / file, listed[file])]


def changed(paths: Iterable[Path]) -> list[Path]:
    """Those that are neither what a stage wrote nor what DVC keeps.

    What DVC keeps is put on record: it was sealed, and need not be asked for again.
    """
    suspects = [path for path in paths if not records.is_as_written(path)]
    kept = kept_by_dvc(suspects) if suspects else set()
    for path in kept:
        records.remember(path, records.known_sha256(path))
    return [path for path in suspects if path not in kept]


def flaw(path: Path) -> str:
    """Why a file that nobody has on record does not open; empty where it does, which is then on record."""
    if not path.is_file():
        return "it is no file"
    if records.is_as_opened(path):
        return ""
    try:
        _OPENERS[path.suffix](path)
    except Exception as error:  # parsers of all kinds raise what they like
        return brief(error)
    records.remember_opened(path)
    return ""


def _is_settled(record: Mapping[str, Any]) -> bool:
    return bool(record) and record["sha256"] in (record.get("written"), record.get("opened"))


def _has(path: Path, sha256: str) -> bool:
    return path.is_file() and records.known_sha256(path) == sha256


def _open_text(path: Path) -> None:
    if not path.read_text(encoding="utf-8").endswith("\n"):
        raise ValueError("it breaks off")


def _open_csv(path: Path) -> None:
    _open_text(path)
    lines = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8")), strict=True))
    if len({len(line) for line in lines}) > 1:
        raise ValueError("its lines have unlike numbers of columns")


def _open_json(path: Path) -> None:
    json.loads(path.read_text(encoding="utf-8"))


def _open_parquet(path: Path) -> None:
    from pyarrow import parquet

    parquet.read_table(path)


def _open_npy(path: Path) -> None:
    import numpy as np

    np.load(path, mmap_mode="r", allow_pickle=False)


def _open_zip(path: Path) -> None:
    from zipfile import ZipFile

    with ZipFile(path) as file:
        if file.testzip():
            raise ValueError("a checksum in it is wrong")


def _open_weights(path: Path) -> None:
    from safetensors import safe_open

    with safe_open(path, framework="numpy"):
        pass


def _open_svg(path: Path) -> None:
    from xml.etree import ElementTree

    ElementTree.parse(path)


def _open_png(path: Path) -> None:
    from PIL import Image

    if b"IEND" not in path.read_bytes()[-8:]:  # PIL does without
        raise ValueError("it breaks off")
    with Image.open(path) as image:
        image.load()


def _open_pdf(path: Path) -> None:
    if not path.read_bytes().rstrip().endswith(b"%%EOF"):
        raise ValueError("it breaks off")


_OPENERS = {
    ".csv": _open_csv,
    ".json": _open_json,
    ".parquet": _open_parquet,
    ".npy": _open_npy,
    ".zip": _open_zip,
    ".safetensors": _open_weights,
    ".svg": _open_svg,
    ".html": _open_text,
    ".md": _open_text,
    ".tex": _open_text,
    ".png": _open_png,
    ".pdf": _open_pdf,
}
