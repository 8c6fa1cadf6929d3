"""What networks make of a part of a photograph, where the report compares them on one: small files beside the pages."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resolute.core import layout
from resolute.core.reading import reading
from resolute.pages.handed import figure_data


@dataclass(frozen=True)
class View:
    """A part of the photograph: the original or the LR image (of no method), or what a method made of it."""

    method: str
    file: str
    words: str


@dataclass(frozen=True)
class Comparison:
    """`size` is width and height of the part in pixels; the first of the views is the original, or the LR image where
    there is none, of which `protocol` is empty.
    """

    subject: str
    protocol: str
    size: tuple[int, int]
    views: tuple[View, ...]

    def of(self, method: str) -> list[View]:
        """The first one, bicubic and what the method made; none where it has no part in the comparison."""
        if not any(view.method == method for view in self.views):
            return []
        return [view for view in self.views if view.method in ("", "bicubic", method)]


def write_pictures(folder: Path, params: Mapping[str, Any]) -> list[Comparison]:
    """Write the views of the comparisons that are drawn already, and say what they are."""
    paths = [layout.figures() / f"comparison_{name}.json" for name in params["figures"]["comparisons"]]
    return [_written(folder, path) for path in paths if path.is_file()]


def _written(folder: Path, path: Path) -> Comparison:
    facts = figure_data(path)
    name = path.stem.removeprefix("comparison_")
    has_original = "original" in facts
    shown = [("", "Original", facts["original"]) if has_original else ("", "LR image", facts["lr"])]
    for view in facts["views"]:
        score = "equal" if view["psnr"] is None else f"{view['psnr']:.2f} dB"
        words = f"{view['title']}, {score}" if has_original else view["title"]
        shown.append((view["method"], words, view["image"]))
    views = []
    with reading(path):
        for number, (method, words, uri) in enumerate(shown):
            head, _, content = uri.partition(";base64,")
            views.append(View(method, f"image-{name}-{number}.{head.removeprefix('data:image/')}", words))
            (folder / views[-1].file).write_bytes(base64.b64decode(content, validate=True))
    _, _, width, height = facts["crop"]
    return Comparison(facts["subject"], facts["protocol"], (width, height), tuple(views))
