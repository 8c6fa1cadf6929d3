"""One look for all figures: type, ink and a palette that the colour-blind can read.

The report recolours `INK`, `MUTED` and `GRID` in dark mode by these very values (`pages/style.css`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from resolute.core import atomic, layout, strict_json

INK = "#1b1f24"
MUTED = "#5b6470"
GRID = "#dde1e6"

# Okabe and Ito, "Color Universal Design" (2008).
BLUE = "#0072b2"
VERMILLION = "#d55e00"
LINES = (BLUE, VERMILLION, "#009e73", "#cc79a7", "#e69f00", "#56b4e9")

CATEGORIES = "viridis"

RC: dict[str, Any] = {
    "axes.edgecolor": GRID,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelcolor": MUTED,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "font.size": 9.5,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "text.color": INK,
    # A name with dollar signs is a name, not mathematics.
    "text.parse_math": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "savefig.dpi": 150,
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    # Element ids by content instead of by chance, so that equal figures are equal files.
    "svg.hashsalt": "resolute",
}


def short(text: str, limit: int = 60) -> str:
    """A name that leaves the figure its size, whatever it is."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


# What a format calls the description, and what it would say of itself.
METADATA: dict[str, tuple[str, tuple[str, ...]]] = {
    "svg": ("Description", ("Date", "Creator")),
    "png": ("Description", ("Software",)),
    "pdf": ("Subject", ("CreationDate", "Creator", "Producer")),
}

TIGHT: dict[str, Any] = {"bbox_inches": "tight", "pad_inches": 0.05}


@contextmanager
def style() -> Iterator[None]:
    """Draw in the house style, whatever matplotlib is set to elsewhere."""
    plt.switch_backend("agg")
    with plt.style.context(RC, after_reset=True):
        yield


def save(name: str, title: str, figure: Figure, caption: str) -> None:
    """Write `<name>.svg`, `.png` and `.pdf`, title and caption in their metadata, without dates or versions."""
    _settle(figure)
    for form, (described, nothing) in METADATA.items():
        metadata = {"Title": title, described: caption, **dict.fromkeys(nothing)}
        content = BytesIO()
        transparent = form == "svg"  # stands on the page's own ground, light or dark
        figure.savefig(content, format=form, metadata=metadata, transparent=transparent, **TIGHT)
        atomic.write(layout.figures() / f"{name}.{form}", content.getvalue())
    plt.close(figure)


def _settle(figure: Figure) -> None:
    """Lay a figure out, for good, and round where its axes are: the solver's last bits differ from run to run."""
    figure.canvas.draw()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = axes.get_position(original=True).bounds
        axes.set_position((round(left, 6), round(bottom, 6), round(width, 6), round(height, 6)))


def save_data(name: str, data: Mapping[str, Any]) -> None:
    """The data of a figure that the report draws anew."""
    atomic.write(layout.figures() / f"{name}.json", strict_json.dumps(data) + "\n")
