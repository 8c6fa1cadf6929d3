"""Arguments, environment and output streams of any content: the right result or one line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from resolute.cli import app, arguments
from resolute.cli.ensure import parse_size
from resolute.core.errors import ResoluteError

REPOSITORY = Path(__file__).parents[2]


def resolute(*words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "resolute", *words]
    return subprocess.run(command, capture_output=True, env={**os.environ, **environment}, timeout=120, check=False)


UPSCALE = ("upscale", "in.png", "out.png", "--method", "bicubic")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        *(([*UPSCALE, "--scale", text], f"'{text}' is no scale") for text in ("nan", "1e400", "-inf", "1", "65", "x")),
        ([*UPSCALE, "--scale", "4.0000001"], "of at most 6 digits"),
        ([*UPSCALE, "--tile", "-1"], "'--tile': Input should be greater than or equal to 0"),
        ([*UPSCALE, "--overlap", str(10**20)], "'--overlap': Input should be less than or equal to 65535"),
        (["train", "rlfn_tiny", "--seed", str(2**64)], "'--seed': Input should be less than or equal to 4294967295"),
        (["train", "rlfn_tiny", "--seed", "1e3"], "'--seed': Input should be a valid integer"),
        (["nosuch"], "No such command 'nosuch'"),
        (["list", "nosuch"], "'nosuch' is not one of"),
    ],
)
def test_an_argument_out_of_range_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    from resolute.cli import main

    monkeypatch.setattr(sys, "argv", ["resolute", *words])
    with pytest.raises(SystemExit) as end:
        main()
    out, err = capsys.readouterr()
    assert (end.value.code, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith("resolute: ") and message in err


def test_arguments_and_params_have_the_same_limits() -> None:
    schema = json.loads((REPOSITORY / "workflow/schemas/params.schema.json").read_text())
    assert schema["$defs"]["scale"]["maximum"] == arguments.LARGEST_SCALE
    assert schema["$defs"]["side"]["maximum"] == arguments.LARGEST_SIDE
    assert schema["$defs"]["seeds"]["items"]["maximum"] == arguments.LARGEST_SEED
    assert parse_size("99999x1") == (99999, 1)


@pytest.mark.parametrize("text", ["100000x1", "999999999x1", "0x1", "\u0661x1", "1x1\n", "nan"])
def test_a_size_out_of_range_is_one_line(text: str) -> None:
    with pytest.raises(ResoluteError, match=f"'{text.strip()}.*' is no size: write WIDTHxHEIGHT"):
        parse_size(text)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ((*UPSCALE, "--weights=~/nosuch.safetensors"), "nosuch.safetensors"),
        (("upscale", "~/nosuch.png", "out.png", "--method", "bicubic"), "nosuch.png"),
        (("upscale", "in.png", "~/nosuch/out.png", "--method", "bicubic"), "nosuch"),
    ],
)
def test_home_is_expanded_in_every_path(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], named: str
) -> None:
    asked: list[str] = []
    monkeypatch.setenv("HOME", "/some/home")
    monkeypatch.setattr("resolute.cli.ensure.ensure_weights", lambda *asked: asked[2])
    monkeypatch.setattr("resolute.upscale.Enlarger", lambda _, run_at, *__: run_at(4))

    def take(weights: str, sources: list[str], target: Path, *_: object) -> tuple[list[Path], int]:
        asked.extend((weights, *sources, str(target)))
        return [], 0

    monkeypatch.setattr("resolute.upscale.upscale_pictures", take)
    assert CliRunner().invoke(app, list(words)).exit_code == 0
    assert any(text.startswith("/some/home/") and text.endswith(("/" + named, "/nosuch/out.png")) for text in asked)
    assert not any("~" in text for text in asked)


def test_a_home_that_nobody_has_stays_as_it_is() -> None:
    assert arguments.path("~nosuchuser/x") == Path("~nosuchuser/x")


@pytest.mark.parametrize("name", ["RANK", "LOCAL_RANK", "SLURM_NTASKS"])
def test_what_a_launcher_never_sets_is_one_line(checkout: Path, name: str) -> None:
    done = resolute("train", "rlfn_tiny", **{name: "a/b"})
    assert done.returncode == 1
    assert done.stderr.decode() == f"resolute: {name} is 'a/b', but launchers set it to a number: unset it\n"


@pytest.mark.parametrize("encoding", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_a_stream_that_lacks_a_character_shows_its_number(checkout: Path, encoding: dict[str, str]) -> None:
    Path("workflow/presets/own.yaml").write_bytes(Path("workflow/presets/quick.yaml").read_bytes())
    spec = next(Path("data/published").glob("*/table1*.yaml"))
    lines = spec.read_text().splitlines()
    title = next(number for number, line in enumerate(lines) if line.startswith("title:"))
    lines[title] = "title: \u00e9\u2602"
    spec.write_text("\n".join(lines), encoding="utf-8")
    done = resolute("list", "papers", **encoding)
    assert done.returncode == 0, done.stderr
    assert rb"\u2602" in done.stdout


def test_names_are_never_cut(checkout: Path) -> None:
    shown = resolute("list", "methods", COLUMNS="40").stdout.decode().splitlines()
    rows = json.loads(resolute("list", "methods", "--json").stdout)
    assert [line.split()[0] for line in shown] == ["method", *(row["method"] for row in rows)]
    assert all(tag in line for line, row in zip(shown[1:], rows, strict=True) for tag in row["published"])
