"""A class in a file outside the project becomes a method: linked, tried, described; or nothing is left of it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.models.test_own import NETWORK, TAIL, forget
from typer.testing import CliRunner

from resolute import registry
from resolute.cli import app
from resolute.core.errors import ResoluteError
from resolute.sources.make import sources

# Four LR pixels are the least that it takes, and one scale the only one.
PADDED = """
from torch.nn.functional import pad
from .net import Mine

class Padded(Mine):
    def __init__(self, scale):
        assert scale == 4
        super().__init__(scale)

    def forward(self, x):
        return super().forward(pad(x, [3] * 4, 'reflect'))[..., 12:-12, 12:-12]
"""


@pytest.fixture
def code(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of somebody's code, outside of the project."""
    code = tmp_path_factory.mktemp("code")
    (code / "parts").mkdir()
    files = {"net.py": NETWORK, "padded.py": PADDED, "parts/tail.py": TAIL, "parts/__init__.py": "", "other.py": ""}
    for name, text in files.items():
        (code / name).write_text(text)
    forget()
    yield code
    forget()


def typed(*words: str) -> str:
    """What `resolute method` prints, after its exit status."""
    done = CliRunner().invoke(app, ["method", *words])
    forget()
    return f"{done.exit_code} {done.output}"


def there(project: Path) -> dict[str, Path]:
    """The files of `data/own/methods/`, and where they lie."""
    folder = project / "data/own/methods"
    files = [path for path in folder.rglob("*") if path.suffix in (".py", ".yaml")]
    return {path.relative_to(folder).as_posix(): path.resolve() for path in files}


def test_a_class_outside_the_project_becomes_a_method(code: Path, project: Path) -> None:
    assert "mine in methods.trained" in typed(
        "mine", f"{code}/net.py:Mine", "--argument", "width=8", "--title", "Mine!"
    )
    links = {"mine.py": code / "net.py", **{name: code / name for name in ("parts/__init__.py", "parts/tail.py")}}
    folder = project / "data/own/methods"
    assert there(project) == {**links, "mine.yaml": folder / "mine.yaml"}
    assert {folder / name for name in links} < sources("train", "mine")
    entry = registry.entry("mine")
    assert (entry.title, entry.scales, entry.arguments, entry.minimum_side) == ("Mine!", (2, 3, 4), {"width": 8}, 1)

    with (folder / "mine.yaml").open("a") as entry_file:
        entry_file.write("tile_safe: true\n")
    (code / "net.py").rename(code / "moved.py")
    forget()
    with pytest.raises(ResoluteError, match=r"there is no file data/own/methods/mine.py"):
        registry.entry("mine")
    typed("mine", f"{code}/moved.py:Mine", "--scale", "4")
    entry = registry.entry("mine")
    assert (entry.title, entry.scales, entry.arguments, entry.tile_safe) == ("Mine!", (4,), {"width": 8}, True)


def test_what_no_option_says_is_found_by_trying(code: Path, project: Path) -> None:
    typed("padded", f"{code}/padded.py:Padded")
    assert (registry.entry("padded").scales, registry.entry("padded").minimum_side) == ((4,), 4)


FAULTS = {
    "no class": ("mine", "net.py", "2 resolute: .*net.py names no class: write it after the file"),
    "no file": ("mine", "nets.py:Mine", "1 resolute: .*nets.py is not there: give the path of a Python file"),
    "another class": ("mine", "net.py:Mien", "1 resolute: .*no class 'Mien' .* did you mean 'Mine'"),
    "a scale too many": ("mine", "padded.py:Padded --scale 2", "1 resolute: .*Padded cannot be built with scale"),
    "a name of the registry": ("rlfn_tiny", "net.py:Mine", "1 resolute: .*the registry has a 'rlfn_tiny' already"),
    "another's file": ("other", "net.py:Mine", "1 resolute: .*other.py is another file .*: rename one of them"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refused_class_leaves_nothing_behind(fault: str, code: Path, project: Path) -> None:
    (project / "data/own/methods").mkdir(parents=True)
    (project / "data/own/methods/other.py").touch()
    before = there(project)
    name, words, said = FAULTS[fault]
    assert re.match(said, typed(name, *f"{code}/{words}".split()))
    assert there(project) == before
