"""Text made harmless for each format: whatever a paper, a method or a data set is called, it stays a name."""

import re

from resolute.published.shown import MINUS

TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    MINUS: r"\textminus{}",
    "\N{MULTIPLICATION SIGN}": r"\texttimes{}",
    "±": r"\textpm{}",
    "→": r"\textrightarrow{}",
    "↑": r"\textuparrow{}",
    "↓": r"\textdownarrow{}",
    "†": r"\textdagger{}",
    "≤": r"\ensuremath{\le}",
    "≥": r"\ensuremath{\ge}",
    "≈": r"\ensuremath{\approx}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}

# What pdfLaTeX sets as it is with T1 fonts: ASCII, Latin-1, Latin Extended-A but for nine letters, dashes and quotes.
TEX_KNOWS = frozenset(map(chr, (*range(0x20, 0x7F), *range(0xA1, 0x180), 0x2013, 0x2014, *range(0x2018, 0x201E))))
TEX_KNOWS -= frozenset("ĦħĸĿŀŉŦŧſ\N{SINGLE LOW-9 QUOTATION MARK}\N{SINGLE HIGH-REVERSED-9 QUOTATION MARK}")

# A spreadsheet takes a cell that begins like this for a formula, and may run it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def tex(value: object) -> str:
    """Text with LaTeX's own characters escaped, and those without a glyph by their number (`[U+4E2D]`)."""
    return "".join(_tex_character(character) for character in one_line(value))


def markdown(value: object) -> str:
    """Text with the characters made harmless that mean something in a Markdown table."""
    text = one_line(value).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*_\[\]|~$])", r"\\\1", text)


def csv_text(value: str) -> str:
    """Text that no spreadsheet runs: an apostrophe, which it does not show, before what looks like a formula."""
    return f"'{value}" if value.lstrip(" ").startswith(FORMULA) else value


def one_line(value: object) -> str:
    """On one line, with the space at its ends kept."""
    return re.sub(r"\s+", " ", str(value))


def _tex_character(character: str) -> str:
    if character in TEX:
        return TEX[character]
    return character if character in TEX_KNOWS else f"[U+{ord(character):04X}]"
