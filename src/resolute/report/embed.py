"""Figures as parts of the page: inline SVG that follows the page's colours, with the caption they carry."""

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from markupsafe import Markup

from resolute.core.reading import reading

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
DC = "http://purl.org/dc/elements/1.1/"


@dataclass(frozen=True)
class EmbeddedFigure:
    name: str
    title: str
    caption: str
    svg: Markup

    @property
    def kind(self) -> str:
        """The first part of its name: `psnr`, `patch`, `training`, `routing`, `shares`, `curve`, `classes`, `gain`,
        `comparison` or `lineage`.
        """
        return self.name.partition("_")[0]


def embed(path: Path) -> EmbeddedFigure:
    """A figure of the stage `figures`, ready to stand in a page beside others.

    Its ids get the figure's name as a prefix, its style sheet (which would reach the whole page) goes, and
    its size is left to the page.
    """
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    with reading(path):
        root = ElementTree.parse(path).getroot()
        if root.tag != f"{{{SVG}}}svg":
            raise ValueError("it is no SVG")
    title = root.findtext(f".//{{{DC}}}title", "")
    caption = root.findtext(f".//{{{DC}}}description", "")
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{{{SVG}}}metadata", f"{{{SVG}}}style"):
                parent.remove(child)
    for element in root.iter():
        for key, value in element.attrib.items():
            if key == "id":
                element.set(key, f"{path.stem}-{value}")
            elif value.startswith("#") and key.endswith("href"):
                element.set(key, f"#{path.stem}-{value[1:]}")
            elif "url(#" in value:
                element.set(key, value.replace("url(#", f"url(#{path.stem}-"))
    for key in ("width", "height"):
        root.attrib.pop(key, None)
    root.set("role", "img")
    root.set("aria-label", title)
    # ElementTree has escaped every text and attribute of the tree.
    return EmbeddedFigure(path.stem, title, caption, Markup(ElementTree.tostring(root, encoding="unicode")))
