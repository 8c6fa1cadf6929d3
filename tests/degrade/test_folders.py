"""LR images of a user's own folder, and what made LR images: public copies, other resizers, damage."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from resolute.cli import main
from resolute.core.errors import ResoluteError, UsageError
from resolute.degrade.check import KNOWN, check
from resolute.degrade.folders import degrade_folder
from resolute.images.files import read_image
from resolute.images.imresize import VARIANTS, imresize

DATA = Path(__file__).parents[1] / "data/images"
SELFEXSR = "raw.githubusercontent.com/jbhuang0604/SelfExSR/8f6dd8c1d20cb7e8792a7177b4f6fd677633f598/data"
EDSR = "raw.githubusercontent.com/zhaohengyuan1/PAN/4d045d18592c5771cd3990da88f292812774e538/datasets"


def save(path: Path, image: np.ndarray, **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, **options)


def command(monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["resolute", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two HR images, a grey one and one whose sides are no multiples of 4 (249 x 254)."""
    for name in ("set5_003", "set14_003"):
        image = read_image(DATA / f"{name}_x4_hr.png")
        save(tmp_path / f"photos/{name}.png", image[:254, :249] if name == "set5_003" else image)
    return tmp_path / "photos"


def test_the_two_copies_of_an_image_are_told_apart() -> None:
    hr = DATA / "set5_003_x4_hr.png"
    assert check(DATA / "set5_003_x4_lr.png", hr, 4)["made_by"] == ["replicate"]
    assert check(DATA / "set5_edsr_butterfly_x4_lr.png", hr, 4)["made_by"] == ["mirror"]
    assert check(DATA / "set14_003_x4_lr.png", DATA / "set14_003_x4_hr.png", 4)["made_by"] == ["replicate"]


@pytest.mark.parametrize(("name", "scale"), [("Set5", 2), ("Set5", 3), ("Set5", 4), ("Set14", 4)])
def test_the_public_copies_are_told_apart(mirror: Path, name: str, scale: int) -> None:
    both = mirror / SELFEXSR / name / f"image_SRF_{scale}"
    edsr = mirror / EDSR / name
    for lr, hr, variant in ((both, both, "replicate"), (edsr / f"LR_bicubic/X{scale}", edsr / "HR", "mirror")):
        found = check(lr, hr, scale)
        assert (found["made_by"], found["nearest"], found["alone"]) == ([variant], variant, [])
        assert [image["made_by"] for image in found["images"]] == [[variant]] * (5 if name == "Set5" else 14)


@settings(deadline=None, max_examples=40)
@given(
    variant=st.sampled_from(VARIANTS),
    scale=st.sampled_from([2, 3, 3.7, 4, 8]),
    sides=st.tuples(st.integers(40, 70), st.integers(40, 70)),
    grey=st.booleans(),
    seed=st.integers(0, 99),
)
def test_what_was_made_here_is_known_again(
    tmp_path_factory: pytest.TempPathFactory,
    variant: str,
    scale: float,
    sides: tuple[int, int],
    grey: bool,
    seed: int,
) -> None:
    folder = tmp_path_factory.mktemp("made")
    pixels = np.random.default_rng(seed).integers(0, 256, sides if grey else (*sides, 3), dtype=np.uint8)
    save(folder / "hr/noise.png", pixels)
    cut = degrade_folder(folder / "hr", folder / "lr", scale, variant)
    found = check(folder / "lr", folder / "hr", scale)
    assert (found["made_by"], found["nearest"]) == ([variant], variant)
    assert found["ways"][variant] == {"exact_images": 1, "differing": 0, "mean_difference": 0, "largest": 0}
    if scale == int(scale):
        assert cut == (["noise"] if any(side % scale for side in sides) else [])


@pytest.mark.parametrize("way", ["BICUBIC", "LANCZOS", "BILINEAR", "BOX", "NEAREST"])
def test_what_pillow_made_of_uncut_images_is_found(photos: Path, tmp_path: Path, way: str) -> None:
    for path in photos.iterdir():
        image = Image.open(path)
        size = (image.width // 4, image.height // 4)
        save(tmp_path / f"lr/{path.stem}x4.png", np.asarray(image.resize(size, Image.Resampling[way])))
    found = check(tmp_path / "lr", photos, 4)
    name = "pillow" if way == "BICUBIC" else f"pillow_{way.lower()}"
    assert found["made_by"] == [f"{name}_uncut"]
    # The grey image has nothing to cut: either way is the same.
    assert {image["image"]: image["made_by"] for image in found["images"]} == {
        "set14_003": [name],
        "set5_003": [f"{name}_uncut"],
    }


@pytest.mark.parametrize("variant", ["replicate", "mirror", "mirror_float"])
def test_what_matlab_made_of_uncut_images_is_found(photos: Path, tmp_path: Path, variant: str) -> None:
    for path in photos.iterdir():
        save(tmp_path / f"lr/{path.name}", imresize(read_image(path), 1 / 4, variant))
    assert Image.open(tmp_path / "lr/set5_003.png").size == (63, 64)  # MATLAB rounds up
    assert check(tmp_path / "lr", photos, 4)["made_by"] == [f"{variant}_uncut"]


def test_damage_leaves_the_nearest_with_its_distance(photos: Path, tmp_path: Path) -> None:
    degrade_folder(photos, tmp_path / "exact", 4, "replicate")
    for path in (tmp_path / "exact").iterdir():
        save(tmp_path / f"jpeg/{path.stem}.jpg", read_image(path), quality=98, subsampling=0)
    found = check(tmp_path / "jpeg", photos, 4)
    assert (found["made_by"], found["nearest"]) == ([], "replicate")
    made, kept = (
        np.concatenate([read_image(path).ravel().astype(int) for path in sorted((tmp_path / folder).iterdir())])
        for folder in ("exact", "jpeg")
    )
    assert found["ways"]["replicate"] == {
        "exact_images": 0,
        "differing": pytest.approx((made != kept).mean()),
        "mean_difference": pytest.approx(np.abs(made - kept).mean()),
        "largest": np.abs(made - kept).max(),
    }


def test_what_is_said_of_a_folder(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lr = tmp_path / "new/lr"
    assert command(monkeypatch, "degrade", photos, lr, "--scale", "4") == 0
    out, err = capsys.readouterr()
    assert out == f"{lr}\n"
    assert err == "resolute: HR images cut at the top left to a multiple of 4 first (1): set5_003\n"
    assert command(monkeypatch, "degrade", "--check", lr, photos) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[-1].startswith(f"{lr}: made by mirror (MATLAB: EDSR's copies")
    save(photos / "other.png", np.zeros((8, 8), np.uint8))
    degrade_folder(photos / "set5_003.png", lr, 4, "pillow")
    assert command(monkeypatch, "degrade", "--check", lr, photos) == 0
    out, err = capsys.readouterr()
    assert "made by several: 1 of 2 by mirror (" in out and ", 1 of 2 by pillow (" in out
    assert err == f"resolute: left out, since no other belongs to them by its name (1): {photos / 'other.png'}\n"
    changed = read_image(lr / "set14_003.png")
    changed[0, 0] ^= 1
    save(lr / "set14_003.png", changed)
    assert command(monkeypatch, "degrade", "--check", lr, photos, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["made_by"], found["images"][0]["nearest"]) == ([], "mirror")
    assert found["images"][0]["differing"] == pytest.approx(1 / changed.size)
    assert command(monkeypatch, "degrade", "--check", lr / "set14_003.png", photos / "set14_003.png") == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert "made by no known way; nearest is mirror (" in last
    assert last.endswith("0 of 1 images are equal, under 0.01 % of all values differ, by 1 at most")


def test_a_name_is_a_data_set_or_a_folder(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "embedded").mkdir()
    save(project / "embedded/a.png", np.zeros((8, 8), np.uint8))
    (project / "photos").mkdir()
    for words, status, message in (
        (["embedded"], 1, "data set 'embedded' is not here: run `resolute fetch embedded`"),
        (["set5", "out"], 2, "set5 is a data set, whose LR images have their place: leave out out"),
        (["photos"], 2, "give a folder for the LR images as well: `resolute degrade photos OUT`"),
        (["nosuch"], 1, "unknown data set 'nosuch'"),
        (["nosuch", "out"], 2, "nosuch is not there"),
        (["photos", "out"], 2, "photos holds no images"),
        (["embedded", "--variant", "mirror"], 2, "--variant is for the LR images of a folder"),
        (["embedded", "out", "--json"], 2, "--json for --check"),
        (["--check", "embedded"], 2, "give the HR images as well: `resolute degrade --check embedded HR`"),
        (["embedded", "out", "--variant", "mirrors"], 2, "unknown variant 'mirrors': did you mean 'mirror'?"),
    ):
        assert command(monkeypatch, "degrade", *words) == status
        out, err = capsys.readouterr()
        assert (out, len(err.splitlines())) == ("", 1)
        assert message in err
    assert not (project / "out").exists()
    assert command(monkeypatch, "degrade", "embedded", "out") == 0
    assert read_image(project / "out/a.png").shape == (2, 2)


def test_the_command_line_names_every_variant(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(VARIANTS) < set(KNOWN)
    with pytest.MonkeyPatch.context() as patch:
        command(patch, "degrade", "--help")
    assert set(VARIANTS) <= set(capsys.readouterr().out.replace("(", " ").replace("),", " ").split())


def test_hr_images_are_never_overwritten(photos: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in photos.iterdir()}
    (tmp_path / "link").symlink_to(photos)
    for source in (photos, photos / "set5_003.png"):
        for target in (photos, tmp_path / "link", photos / "../photos"):
            with pytest.raises(UsageError, match="is where the HR images lie: give another folder"):
                degrade_folder(source, target, 4, "mirror")
    linked = tmp_path / "out"
    linked.mkdir()
    (linked / "set5_003.png").symlink_to(photos / "set5_003.png")
    os.link(photos / "set14_003.png", linked / "set14_003.png")
    (linked / "notes.txt").write_text("mine")
    degrade_folder(photos, linked, 4, "mirror")
    assert {path.name: path.read_bytes() for path in photos.iterdir()} == before
    assert read_image(linked / "set5_003.png").shape == (63, 62, 3)
    assert sorted(path.name for path in linked.iterdir()) == ["notes.txt", "set14_003.png", "set5_003.png"]


def test_what_cannot_be_reduced_or_checked_is_one_line(photos: Path, tmp_path: Path) -> None:
    save(photos / "set5_003.bmp", np.zeros((8, 8), np.uint8))
    with pytest.raises(ResoluteError, match=r"set5_003.bmp and .*set5_003.png would both become set5_003.png"):
        degrade_folder(photos, tmp_path / "out", 4, "mirror")
    assert not (tmp_path / "out").exists()
    (photos / "set5_003.bmp").unlink()
    degrade_folder(photos, tmp_path / "out", 4, "mirror")
    with pytest.raises(ResoluteError, match=r"out/set14_003.png has .* at x2 its LR image has .* right --scale"):
        check(tmp_path / "out", photos, 2)
    with pytest.raises(ResoluteError, match=r"photos/set\w+.png: an image of \w+ pixels has no LR image at x999"):
        degrade_folder(photos, tmp_path / "out", 999, "mirror")
    with pytest.raises(ResoluteError, match=r"out/set14_003.png: an image of \w+ pixels has no LR image at x999"):
        check(photos, tmp_path / "out", 999)
    save(tmp_path / "deep/a.png", np.zeros((8, 8), np.uint16))
    with pytest.raises(ResoluteError, match=r"deep/a.png has 16 bits per channel"):
        degrade_folder(tmp_path / "deep", tmp_path / "out", 4, "mirror")
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(ResoluteError, match=r"cannot write .*file"):
        degrade_folder(photos, tmp_path / "file", 4, "mirror")
    assert (tmp_path / "file").read_bytes() == b"mine"
    assert not list(tmp_path.rglob("*.part"))
