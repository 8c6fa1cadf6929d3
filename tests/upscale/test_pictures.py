"""Folders of pictures: what is made of them, what is not made again, and that nobody's file is lost."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from resolute.cli import app
from resolute.images.files import read_image
from resolute.images.imresize import imresize
from resolute.upscale.pictures import JOURNAL

DATA = Path(__file__).parents[1] / "data/images"
Run = Callable[..., Result]


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder outside of any checkout, with photographs; the working directory of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    photo = read_image(DATA / "set5_003_x4_hr.png")
    for number, name in enumerate(("a.png", "b.jpg", "trip/c.webp", "trip/d.bmp")):
        Path("photos", name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(photo[number : number + 40, :60]).save(Path("photos", name))
    Path("photos/notes.txt").write_text("no picture")
    return tmp_path


@pytest.fixture
def run() -> Run:
    def call(*words: str, expect: int = 0) -> Result:
        result = CliRunner().invoke(app, ["upscale", *words, "--method", "bicubic", "--scale", "2"])
        assert result.exit_code == expect, result.output
        return result

    return call


def made(folder: str = "large") -> dict[str, bytes]:
    root = Path(folder)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.*") if path.name != JOURNAL}


def test_a_folder_keeps_its_shape_and_formats(outside: Path, run: Run) -> None:
    result = run("photos", "large")
    assert sorted(made()) == ["a.png", "b.jpg", "trip/c.webp", "trip/d.png"]
    assert result.stdout.split() == [f"large/{name}" for name in ("a.png", "b.jpg", "trip/c.webp", "trip/d.png")]
    expected = imresize(read_image(Path("photos/a.png")), 2)
    assert np.abs(read_image(Path("large/a.png")).astype(int) - expected).max() <= 1


def test_patterns_files_and_a_format_for_all(outside: Path, run: Run) -> None:
    run("photos/trip/*", "photos/a.png", "large", "--format", "webp")
    assert sorted(made()) == ["a.webp", "c.webp", "d.webp"]


def test_what_is_done_is_not_done_again_and_what_changed_is(outside: Path, run: Run) -> None:
    run("photos", "large")
    before = {path: path.stat().st_mtime_ns for path in Path("large").rglob("*.*")}
    Image.new("RGB", (8, 8), "red").save("photos/b.jpg")
    run("photos", "large")
    after = {path: path.stat().st_mtime_ns for path in Path("large").rglob("*.*")}
    assert {path.name for path in after if after[path] != before[path]} == {"b.jpg", JOURNAL}
    run("photos", "large", "--size", "120x80", expect=1)  # b.jpg is of another shape
    lines = [json.loads(line) for line in Path("large", JOURNAL).read_text().splitlines()]
    assert [line["file"] for line in lines if line["goal"] == "120x80"] == ["a.png", "trip/c.webp", "trip/d.png"]


def test_a_call_that_was_killed_goes_on(outside: Path, run: Run) -> None:
    run("photos", "large")
    whole = made()
    journal = Path("large", JOURNAL)
    journal.write_text(journal.read_text()[:-40])  # the last line is cut short, as its picture was just renamed
    Path("large/trip/d.png").unlink()
    run("photos", "large")
    assert made() == whole


def test_nobodys_file_is_written_over(outside: Path, run: Run) -> None:
    Path("large").mkdir()
    Path("large/b.jpg").write_bytes(b"somebody's own")
    result = run("photos", "large", expect=1)
    assert "large/b.jpg is there and is not what this command made" in str(result.output)
    assert made() == {"b.jpg": b"somebody's own"}


def test_one_that_fails_does_not_stop_the_others(outside: Path, run: Run) -> None:
    Path("photos/b.jpg").write_bytes(b"no picture")
    result = run("photos", "large", expect=1)
    assert "photos/b.jpg is not an image" in result.output
    assert "1 of 4 pictures failed" in result.output
    assert sorted(made()) == ["a.png", "trip/c.webp", "trip/d.png"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("photos/none.png", "large/"), "there is no picture and no folder photos/none.png"),
        (("nothing/*.png", "large"), r"no pictures in nothing/\*.png"),
        (("photos/a.png",), "give a picture and what to make of it"),
        (("photos", "large", "--size", "9x9", "--fit", "9x9"), "give --size or --fit, not both"),
        (("photos", "photos/a.png"), "photos/a.png is a file: give a folder"),
    ],
)
def test_what_cannot_be(outside: Path, run: Run, words: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(app, ["upscale", *words, "--method", "bicubic"])
    assert result.exit_code != 0
    assert re.search(message, result.output), result.output


def test_two_pictures_of_one_name(outside: Path, run: Run) -> None:
    Image.new("RGB", (8, 8)).save("photos/a.webp")
    result = run("photos", "large", "--format", "png", expect=1)
    assert "photos/a.png and photos/a.webp would both become large/a.png" in result.output
    assert not Path("large").exists()


def test_results_inside_the_folder_are_not_enlarged_again(outside: Path, run: Run) -> None:
    run("photos", "photos/large")
    run("photos", "photos/large")
    assert not Path("photos/large/large").exists()


def test_a_box_and_the_home_folder(outside: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(outside))
    run("~/photos", "~/large", "--fit", "90x90")
    assert {Image.open(outside / "large" / name).size for name in made()} == {(90, 60)}
    assert not os.path.exists("~")  # noqa: PTH110
