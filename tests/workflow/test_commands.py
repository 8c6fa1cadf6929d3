"""What the documents say to type: every line is read by its program, and executed here where that is cheap.

A command or an option that is renamed makes its line fail.
"""

import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image
from tests.workflow.documents import DOCUMENTS, REPOSITORY, blocks, commands, mentioned
from typer.testing import CliRunner

from resolute import datasets, registry
from resolute.cli import app
from resolute.core.layout import Span

# Lines that are read, and executed elsewhere or not at all; the reason beside each.
NOT_EXECUTED = {
    "resolute seal": "wants a whole run by both engines: tests/engines",
    "resolute sync": "wants a whole run by both engines: tests/engines",
    "resolute status": "wants a whole run by both engines: tests/engines",
    "resolute keep": "wants a whole run: tests/measurements/test_reference.py",
    "resolute keep work/gpu/out": "wants a GPU's results: tests/report/test_gpu.py",
    "resolute verdict *": "wants the measurements of a whole run: tests/cli/test_verdict.py",
    "resolute evaluate * --dataset set5 *": "downloads Set5: tests/evaluate",
    "resolute profile rlfn_team04 --lr-size 256x256": "times the machine for seconds: a tutorial counts the same",
    "resolute profile rlfn_team04 --lr-size 256x256 --json": "the same",
    "resolute import theirs.pth": "tries every network, ten seconds: tests/weights; a tutorial names the method",
    "resolute estimate --preset bsds": "measures every network: tests/estimate",
    "resolute dataset *": "wants folders of somebody's own: tests/datasets/test_own.py",
    "resolute * holiday *": "wants such a data set: tests/datasets/test_own.py",
    "resolute * my_net *": "wants such a network: tests/engines/test_own.py runs that page",
    "resolute publish *": "wants a whole run: tests/publish",
    "resolute export * --weights bench-seed0": "wants a training: a tutorial exports imported weights",
    "make *": "builds environments or runs everything: tests/workflow/test_makefile.py, .ci/run",
    "source *": "the tests are in the environment already",
}
TUTORIALS = [document for document in DOCUMENTS if document.startswith("docs/tutorials/")]
LINES = [(document, command) for document in DOCUMENTS for command in dict.fromkeys(commands(document))]
OWN = ("my_net", "holiday")  # what the documents call a network and a data set of somebody's own
PHOTO = (96, 54)  # width and height of the pictures that commands are executed on


def _leaves(command: Any) -> list[Any]:
    return (
        [leaf for one in command.commands.values() for leaf in _leaves(one)]
        if hasattr(command, "commands")
        else [command]
    )


def _read_resolute(words: list[str]) -> None:
    """Everything but the work: the arguments are parsed and checked, and name methods and data sets that are here."""
    program: Any = typer.main.get_command(app)
    given: dict[str, Any] = {}
    for leaf in _leaves(program):
        leaf.callback = lambda **options: given.update(options)
    program.main(words, standalone_mode=False)
    for option, known in (("method", registry.names()), ("dataset", datasets.names())):
        assert given.get(option) in (None, "", *OWN, *known), f"{option} {given[option]}"


def _read_snakemake(words: list[str]) -> None:
    from snakemake.cli import get_argument_parser

    get_argument_parser().parse_args(words)


def _read_dvc(words: list[str]) -> None:
    from dvc.cli.parser import get_main_parser

    get_main_parser().parse_args(words)


def _read_make(words: list[str]) -> None:
    targets = re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    assert {word for word in words if "=" not in word} <= set(targets)


def _read_pip(words: list[str]) -> None:
    extras = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(re.findall(r"\w+", words[-1].partition("[")[2])) <= set(extras)
    assert (REPOSITORY / words[words.index("-c") + 1]).is_file()


def _read_pytest(words: list[str]) -> None:
    markers = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["markers"]
    assert words[words.index("-m") + 1] in {marker.partition(":")[0] for marker in markers}


def _read_file(words: list[str]) -> None:
    assert (REPOSITORY / words[0]).is_file()


def _read_not(words: list[str]) -> None:
    """Programs that are neither ours nor given anything of ours."""


READ: dict[str, Callable[[list[str]], None]] = {
    "resolute": _read_resolute,
    "snakemake": _read_snakemake,
    "dvc": _read_dvc,
    "make": _read_make,
    "pip": _read_pip,
    "pytest": _read_pytest,
    "python": _read_file,
    **dict.fromkeys(("git", "cd", "mkdir", "cp", "source"), _read_not),
    "single_node.sh": _read_not,
}


@pytest.mark.parametrize(("document", "command"), LINES)
def test_every_line_is_one_that_its_program_reads(document: str, command: str) -> None:
    program, *words = shlex.split(command)
    assert PurePath(program).name in READ, "no such program is known: a block that holds no commands is ```text"
    assert "/" not in program or program.startswith(".venv") or (REPOSITORY / program).is_file()
    READ[PurePath(program).name](words)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_that_prose_mentions_is_there_with_its_options(document: str) -> None:
    for _, *words in mentioned(document):
        command: Any = typer.main.get_command(app)
        while words and hasattr(command, "commands"):
            word = words.pop(0)
            assert word in command.commands, word
            command = command.commands[word]
        options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
        assert {word for word in words if word.startswith("--")} <= options, words


@pytest.mark.parametrize(
    "command", ["resolute scores sr hr", "resolute score sr hr --scales 4", "resolute degrade lr/ --chek"]
)
def test_a_renamed_command_or_option_is_not_read(command: str) -> None:
    with pytest.raises(Exception, match="No such"):
        _read_resolute(shlex.split(command)[1:])


def test_no_reason_is_left_over() -> None:
    typed = {command for _, command in LINES}
    assert not [pattern for pattern in NOT_EXECUTED if not any(fnmatchcase(command, pattern) for command in typed)]


@pytest.fixture
def folder(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the pictures that the documents name, and the weights of one network at hand."""
    pixels = np.random.default_rng(1).integers(0, 256, (PHOTO[1] // 6, PHOTO[0] // 6, 3), np.uint8)
    picture = Image.fromarray(pixels).resize(PHOTO, Image.Resampling.BICUBIC)
    for name in ("photo.png", "photos/one.png", "more/two.jpg", "sr/one.png", "hr/one.png", "Set5/HR/one.png"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        picture.save(checkout / name)
    (checkout / "table.csv").write_text("method,set5 psnr\nbicubic,28.42\n")
    (checkout / "lr").mkdir()
    picture.resize((PHOTO[0] // 4, PHOTO[1] // 4)).save(checkout / "lr/one.png")
    _bring_weights(checkout, monkeypatch)
    return checkout


def _bring_weights(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = REPOSITORY / "tests/data/weights/team04_rlfn.pth"
    url = registry.entry("rlfn_team04").published["ntire2022"].files[Span.at(4)].url
    copy = checkout / "mirror" / url.removeprefix("https://")
    copy.parent.mkdir(parents=True)
    shutil.copy(weights, copy)
    shutil.copy(weights, checkout / "theirs.pth")
    monkeypatch.setenv("RESOLUTE_MIRROR", str(checkout / "mirror"))


def _is_executed(command: str) -> bool:
    return not any(fnmatchcase(command, pattern) for pattern in NOT_EXECUTED)


def _said(command: str) -> str:
    """What an executed line prints."""
    program, *words = shlex.split(command)
    if program != "resolute":
        return subprocess.run([program, *words], check=True, capture_output=True, text=True).stdout
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, f"{command}\n{done.output}\n{done.exception!r}"
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "document", [name for name in DOCUMENTS if name not in TUTORIALS and "resolute" in str(commands(name))]
)
def test_lines_of_ours_run(document: str, folder: Path) -> None:
    for command in dict.fromkeys(commands(document)):
        if command.startswith("resolute ") and _is_executed(command):
            _said(command)


@pytest.mark.slow
@pytest.mark.parametrize("document", TUTORIALS)
def test_a_tutorial_runs_from_its_first_line_to_its_last(
    document: str, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its blocks in their order in one folder; what it shows of their output is what they print."""
    _bring_weights(checkout, monkeypatch)
    said = ""
    for block in blocks(document):
        if block.title:
            (checkout / block.title).write_text(block.text)
        elif block.language == "text":
            printed = iter(said.splitlines())
            assert all(line in printed for line in block.text.splitlines()), f"{block.text}\n{said}"
        else:
            said = "".join(_said(command) for command in block.commands() if _is_executed(command))
