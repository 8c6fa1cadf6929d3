"""What lies in `data/raw/<data set>/` beside the images, or instead of them, is never touched."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fetch.test_images import png, state

from resolute import datasets
from resolute.core import atomic, layout
from resolute.core.errors import ResoluteError
from resolute.fetch import fetch_dataset


@pytest.fixture
def two(project: Path, server: Any, add_data_set: Callable[..., None], tmp_path: Path) -> dict[str, bytes]:
    """A data set `two` on the test's own server: one image for x2, another one for x4."""
    assert project.is_dir()
    files = {"test/x2/a.png": png(tmp_path, 0), "test/x4/a.png": png(tmp_path, 1)}
    server.files.update(files)
    add_data_set("two", {"kind": "files", "url": f"{server.address}/"}, {"test": {"use": "test", "images": 1}}, files)
    return files


@pytest.fixture(params=["a folder", "a link"])
def folder(request: pytest.FixtureRequest, project: Path, tmp_path: Path) -> Path:
    """The data set's folder, with files of its user; or a link to such a folder."""
    place = project / "data/raw/two"
    kept = tmp_path / "collection" if request.param == "a link" else place
    for name in ("thesis.txt", "other/b.png", "x2/b.png", ".hidden"):
        (kept / name).parent.mkdir(parents=True, exist_ok=True)
        (kept / name).write_text(name)
    if request.param == "a link":
        place.parent.mkdir(parents=True)
        place.symlink_to(kept)
    return place


@pytest.mark.usefixtures("two")
def test_a_users_files_stay(folder: Path, server: Any) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    was_link = folder.is_symlink()
    fetch_dataset("two", [2, 4])
    (folder / "x2/a.png").write_bytes(b"damaged")
    fetch_dataset("two", [2, 4])
    fetch_dataset("two", [4])
    assert [image.path for image in datasets.images("two")] == [folder / "x4/a.png"]
    assert not (folder / "x2/a.png").exists(), "the program's own file stayed"
    server.files.clear()
    with pytest.raises(ResoluteError, match="404"):
        fetch_dataset("two", [2])
    assert {path: path.read_bytes() for path in before} == before
    assert folder.is_symlink() == was_link


def test_a_users_file_in_the_place_of_an_image_is_used_or_refused(two: dict[str, bytes], folder: Path) -> None:
    own = folder / "x2/a.png"
    own.write_bytes(b"the user's own")
    message = "^data/raw/two/x2/a.png is in the way, and this program did not put it there: move it elsewhere$"
    with pytest.raises(ResoluteError, match=message):
        fetch_dataset("two", [2, 4])
    assert own.read_bytes() == b"the user's own"
    assert not layout.raw_manifest("two").exists()
    own.write_bytes(two["test/x2/a.png"])
    inode = own.stat().st_ino
    fetch_dataset("two", [2, 4])
    fetch_dataset("two", [4])
    assert own.stat().st_ino == inode, "what the user had brought was replaced or removed"
    own.write_bytes(b"changed by the user")
    with pytest.raises(ResoluteError, match=message):
        fetch_dataset("two", [2, 4])


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("place", ["data/raw/two", "data/raw/two/x2", "data/raw/two/x2/a.png"])
@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_what_is_in_the_way_is_named(project: Path, place: str, kind: str) -> None:
    path = project / place
    path.parent.mkdir(parents=True)
    match kind:
        case "file":
            path.write_text("the user's own")
        case "link":
            path.symlink_to("nowhere")
        case _:
            path.mkdir()
    if kind == "folder" and path.suffix != ".png":
        fetch_dataset("two", [2])
        return
    with pytest.raises(ResoluteError, match=rf"^{place} is in the way, and this program did not put it there: move it"):
        fetch_dataset("two", [2])
    assert os.path.lexists(path)


@pytest.mark.usefixtures("two")
def test_a_folder_on_another_file_system(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def refuse(source: Path, target: Path) -> Path:
        if "two.part" in source.parts and source.name == "a.png":
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return replace(source, target)

    fetch_dataset("two", [2])
    right = state(project / "data/raw")
    (project / "data/raw/two/x2/a.png").write_bytes(b"damaged")
    monkeypatch.setattr(Path, "replace", refuse)
    fetch_dataset("two", [2])
    assert state(project / "data/raw") == right


@pytest.mark.usefixtures("two")
def test_after_a_crash_the_programs_files_are_still_its_own(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch_dataset("two", [2])
    (project / "data/raw/two/x2/a.png").write_bytes(b"damaged")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "move", crash)
        with pytest.raises(KeyboardInterrupt):
            fetch_dataset("two", [2])
    assert not layout.raw_manifest("two").exists()
    fetch_dataset("two", [4])
    fetch_dataset("two", [2])
    assert len(datasets.images("two")) == 1


@pytest.mark.usefixtures("two")
def test_a_second_fetch_changes_nothing(project: Path) -> None:
    fetch_dataset("two", [2, 4])
    times = {path: path.stat().st_mtime_ns for path in (project / "data/raw/two").rglob("*")}
    fetch_dataset("two", [2, 4])
    assert {path: path.stat().st_mtime_ns for path in (project / "data/raw/two").rglob("*")} == times
