"""Templates, filled: every value is escaped, and a name that is not there is an error."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from resolute.core import strict_json
from resolute.measurements import titles
from resolute.pages import words
from resolute.pages.cost import graph_notes, shown_columns

FOLDER = Path(__file__).parent


def environment(folder: Path) -> Environment:
    """The templates of a folder, beside the macros of this one, with the words that pages are told in."""
    made = Environment(
        loader=FileSystemLoader([folder, FOLDER]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["json.dumps_function"] = strict_json.dumps
    made.policies["json.dumps_kwargs"] = {"sort_keys": True, "separators": (",", ":")}
    made.filters |= {
        "dataset_title": titles.dataset_title,
        "method_title": titles.method_title,
        "equal_words": titles.equal_words,
        "shown_columns": shown_columns,
        "sum_values": lambda counts: sum(counts.values()),
        "signed": words.signed,
        "grouped": words.grouped,
        "duration": words.duration,
        "energy": words.energy,
        "graph_notes": graph_notes,
        "protocol_words": words.protocol_words,
        "weights_title": words.weights_title,
        "with_spread": words.with_spread,
    }
    return made


def part(path: Path) -> Markup:
    """A style sheet or a script of this package, to be put into a page as it is."""
    return Markup(path.read_text(encoding="utf-8"))


STYLE = (FOLDER / "style.css", FOLDER / "tables.css")
SORTING = FOLDER / "tables.js"
"""Tables sorted by a column and filtered by words and verdicts; it finds the verdicts' names in `#verdicts`."""
