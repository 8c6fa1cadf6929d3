"""The registry and its manifests: against the files themselves, then rules about training."""

import math
import re
import shutil
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import skimage
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from resolute import datasets
from resolute.core import own
from resolute.core.errors import ResoluteError
from resolute.core.provenance import file_sha256
from resolute.core.schema import validate
from resolute.datasets import registry
from resolute.datasets.manifest import SourceFile, fitting, read_manifest
from resolute.images.files import read_image

WITH_MANIFEST = [name for name in datasets.names() if datasets.entry(name).source.kind in ("files", "embedded")]
# (data set, split, role, scale) -> files that the mirror must hold
IN_MIRROR: dict[tuple[str, str, str, float | None], int] = {
    **{(f"set5{copy}", "test", "lr", s): 5 for copy in ("", "_edsr") for s in (2.0, 3.0, 4.0)},
    **{(f"set14{copy}", "test", "lr", s): 14 for copy in ("", "_edsr") for s in (2.0, 3.0, 4.0)},
    **{("set5", "test", "hr", s): 5 for s in (2.0, 3.0, 4.0)},
    **{("set14", "test", "hr", s): 14 for s in (2.0, 3.0, 4.0)},
    ("set5_edsr", "test", "hr", None): 5,
    ("set14_edsr", "test", "hr", None): 14,
    ("b100", "test", "hr", 4.0): 100,
    ("b100", "test", "lr", 4.0): 100,
    ("bsds500", "train", "hr", None): 200,
}
# Mean grey difference of two 24x16 thumbnails: the same photograph as JPEG and as PNG differs by 0.2, the
# closest pair of different photographs by 10.
SAME_PHOTOGRAPH = 3.0


def mirror_file(mirror: Path, dataset: str, file: SourceFile) -> Path:
    return mirror / (datasets.entry(dataset).source.url + file.path).removeprefix("https://")


@pytest.mark.parametrize("dataset", sorted({key[0] for key in IN_MIRROR}))
def test_manifests_agree_with_the_mirror(mirror: Path, dataset: str) -> None:
    found: dict[tuple[str, str, str, float | None], int] = {}
    for file in [*datasets.entry(dataset).files("hr"), *datasets.entry(dataset).files("lr")]:
        path = mirror_file(mirror, dataset, file)
        if path.is_file():
            assert path.stat().st_size == file.bytes, path
            assert file_sha256(path) == file.sha256, path
            key = (dataset, file.split, file.role, file.scale)
            found[key] = found.get(key, 0) + 1
    assert found == {key: count for key, count in IN_MIRROR.items() if key[0] == dataset}


def test_embedded_manifest_agrees_with_the_installed_package() -> None:
    for file in datasets.entry("embedded").files():
        path = Path(str(files("skimage").joinpath(file.path)))
        assert path.stat().st_size == file.bytes
        assert file_sha256(path) == file.sha256, path


def test_every_file_shipped_in_scikit_image_is_accounted_for() -> None:
    folder = Path(skimage.__file__).parent / "data"
    code = {".py", ".pyi", ".pyc", ".txt", ".xml"}
    shipped = {f"data/{path.relative_to(folder).as_posix()}" for path in folder.rglob("*") if path.is_file()}
    shipped = {name for name in shipped if Path(name).suffix not in code}
    dataset = datasets.entry("embedded")
    assert dataset.choice is not None
    assert set(dataset.choice) == shipped
    for name, reason in dataset.choice.items():
        used = [file.split for file in dataset.files() if file.path == name]
        assert used == ([] if reason.startswith("unused") else [reason.split(":")[0]]), name


def test_embedded_test_images_are_lossless_and_the_stereo_pair_is_on_one_side() -> None:
    by_image = {file.image: file for file in datasets.entry("embedded").files()}
    for file in by_image.values():
        if file.split == "test":
            with Image.open(str(files("skimage").joinpath(file.path))) as image:
                assert image.format == "PNG", file.image
    assert by_image["motorcycle_left"].split == by_image["motorcycle_right"].split


@pytest.mark.parametrize("name", WITH_MANIFEST)
def test_manifests_hold_what_the_registry_says(name: str) -> None:
    dataset = datasets.entry(name)
    assert {file.split for file in dataset.files()} == set(dataset.splits)
    for split, facts in dataset.splits.items():
        rows = [file for file in dataset.files() if file.split == split]
        for scale in {file.scale for file in rows}:
            images = [file.image for file in rows if file.scale == scale]
            assert len(images) == len(set(images)) == facts.images
    names = {(file.image, file.split) for file in dataset.files()}
    assert len(names) == len({image for image, _ in names}), "an image name is in two splits"
    for file in [*dataset.files(), *dataset.files("lr")]:
        assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert file.bytes > 0
        assert file.image in {image for image, _ in names}


def test_sets_of_arbitrary_scale_papers_have_liif_s_variants() -> None:
    """MATLAB's LR files up to x4, Pillow's reduction above; sets of fixed-scale papers keep one variant."""
    tested = ("set5_edsr", "set14_edsr", "b100", "urban100", "manga109", "div2k_val", "embedded")
    for name in tested:
        assert datasets.entry(name).variant_at(4) == datasets.entry(name).variant != "pillow"
        assert {datasets.entry(name).variant_at(scale) for scale in (4.1, 6, 30)} == {"pillow"}
    assert {datasets.entry(name).variant_at(8) for name in ("set5", "test2k", "df2k")} == {
        "replicate",
        "mirror_float",
        "mirror",
    }


def test_numbered_images_are_as_many_as_the_registry_says() -> None:
    numbered = [split for name in datasets.names() for split in datasets.entry(name).splits.values() if split.names]
    assert len(numbered) >= 8
    for split in numbered:
        assert len(set(split.image_names())) == split.images
    assert datasets.entry("div2k_val").split("test").image_names()[::99] == ("0801", "0900")


def test_sets_made_from_div8k_know_their_patches_and_need_it_placed_by_hand() -> None:
    """The counts of ARM-Net's logs, at 32x32 LR pixels and a stride of 28."""
    known = {"test2k": 12_320, "test4k": 51_040, "test8k": 296_412}
    assert {name: datasets.entry(name).patches for name in known} == known
    assert {datasets.placed_by_hand(name) for name in (*known, "div8k")} == {"div8k"}
    assert datasets.placed_by_hand("b100") == ""


def test_test_sets_made_from_div8k_are_never_trained_on() -> None:
    kept_out = set(datasets.entry("div8k").split("test").image_names())
    for name in ("test2k", "test4k", "test8k"):
        assert set(datasets.entry(name).split("test").image_names()) <= kept_out
    assert not kept_out & set(datasets.entry("div8k").split("train").image_names())
    with pytest.raises(ResoluteError, match="split 'test' of div8k must not be trained on"):
        datasets.training_split("div8k", "test")


def test_urban100_takes_its_hr_images_from_the_x4_folder_only() -> None:
    files = datasets.entry("urban100").files()
    assert {file.scale for file in files} == {None}
    assert all(file.path.startswith("image_SRF_4/") for file in files)


def test_training_split() -> None:
    assert datasets.training_split("bsds500") == "train"
    assert datasets.training_split("bsds500", "test") == "test"
    assert datasets.training_split("embedded") == "train"
    with pytest.raises(ResoluteError, match=r"split 'val' of bsds500 must not be trained on .*'train' or 'test'"):
        datasets.training_split("bsds500", "val")
    with pytest.raises(ResoluteError, match="set5 is for testing"):
        datasets.training_split("set5")
    with pytest.raises(ResoluteError, match="no split 'tran': did you mean 'train'"):
        datasets.training_split("bsds500", "tran")


def thumbnail(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        size = (24, 16) if image.width > image.height else (16, 24)
        return np.asarray(image.convert("L").resize(size, Image.Resampling.BOX), dtype=float)


def test_no_photograph_of_b100_is_in_the_training_split_of_bsds500(mirror: Path) -> None:
    def thumbnails(dataset: str, split: str, scale: float | None) -> list[np.ndarray]:
        chosen = [file for file in datasets.entry(dataset).files() if (file.split, file.scale) == (split, scale)]
        return [thumbnail(mirror_file(mirror, dataset, file)) for file in chosen]

    train = thumbnails("bsds500", "train", None)
    test = thumbnails("b100", "test", 4.0)
    assert (len(train), len(test)) == (200, 100)
    closest = [min(np.abs(one - other).mean() for other in train if other.shape == one.shape) for one in test]
    assert min(closest) > SAME_PHOTOGRAPH


def test_unknown_data_set_names_the_nearest() -> None:
    with pytest.raises(ResoluteError, match="unknown data set 'urban10': did you mean 'urban100'"):
        datasets.entry("urban10")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"licens": "?"}, "unknown key 'licens'"),
        ({"variant": "miror"}, "did you mean 'mirror'"),
        ({"variant_above_x4": "pilow"}, "did you mean 'pillow'"),
        ({"source": {"kind": "archive", "url": "https://host/a.zip", "sha256": "abc"}}, "source.sha256"),
        ({"source": {"kind": "files", "url": "https://host/a", "reduce": 2}}, "unknown key 'source.reduce'"),
        ({"splits": {"train": {"use": "validate", "images": 1}}}, "splits.train.use is 'validate'"),
    ],
)
def test_schema_names_what_is_wrong(change: dict[str, object], message: str) -> None:
    right = {
        "title": "X",
        "citation": "X",
        "page": "https://host",
        "licence": "CC0",
        "variant": "mirror",
        "source": {"kind": "files", "url": "https://host/"},
        "splits": {"train": {"use": "train", "images": 1}},
    }
    schema = registry.FOLDER / "schema.json"
    validate(right, schema, "registry")
    with pytest.raises(ResoluteError, match=re.escape(message)):
        validate({**right, **change}, schema, "registry")


def hr(scale: float | None) -> SourceFile:
    return SourceFile("a", "test", "hr", scale, "a.png", "", 1)


@given(st.sets(st.integers(1, 8), min_size=1), st.integers(1, 24), st.integers(24, 500))
def test_fitting_crops_no_pixel_that_the_scale_does_not_crop(owns: set[int], scale: int, side: int) -> None:
    rows = [hr(float(own)) for own in owns]
    if not any(scale % own == 0 for own in owns):
        with pytest.raises(ResoluteError, match="not for x"):
            fitting(rows, scale, "a set", "mend it")
        return
    (chosen,) = fitting(rows, scale, "a set", "mend it")
    assert chosen.scale is not None
    already_cropped = side - side % int(chosen.scale)
    assert already_cropped - already_cropped % scale == side - side % scale


def test_fitting_at_odd_scales() -> None:
    assert fitting([hr(None)], 3.7, "a set", "mend it") == [hr(None)]
    assert fitting([hr(3), hr(2)], None, "a set", "mend it") == [hr(2)]
    assert fitting([hr(3), hr(2)], 3.7, "a set", "mend it") == [hr(2)]
    with pytest.raises(ResoluteError, match=r"a set has HR images for x2, x3 and multiples, not for x5: mend it"):
        fitting([hr(3), hr(2)], 5, "a set", "mend it")
    assert math.isclose(fitting([hr(2), hr(4)], 8, "a set", "mend it")[0].scale or 0, 4)


def test_hr_images_of_different_scales_agree_where_they_overlap(mirror: Path) -> None:
    files = [file for file in datasets.entry("set14").files() if file.image == "img_012"]
    twice, thrice, four = (read_image(mirror_file(mirror, "set14", file)) for file in files)
    height, width = (min(sides) for sides in zip(twice.shape[:2], thrice.shape[:2], four.shape[:2], strict=True))
    for other in (thrice, four):
        assert np.array_equal(twice[:height, :width], other[:height, :width])


FACTS = "title: A, citation: a, page: 'https://a', licence: b"
SPLIT = "splits: {{x: {{use: {}, images: 1}}}}"
MANUAL = f"{FACTS}, variant: {{}}, source: {{{{kind: manual, instruction: i}}}}, {SPLIT}"


def derived(of: str) -> str:
    return f"{FACTS}, variant: mirror, source: {{kind: derived, of: {of}, reduce: 2}}, {SPLIT.format('test')}"


def union(*of: str) -> str:
    return f"{FACTS}, source: {{kind: union, of: [{', '.join(of)}]}}"


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"a": ""}, "registry/a.yaml is empty"),
        ({"a": "\udcff"}, "is not UTF-8"),
        ({"a": f"{{{derived('b')}}}"}, "registry/a.yaml: source.of: 'b' is no data set with images of its own"),
        ({"a": f"{{{derived('a')}}}"}, "registry/a.yaml: source.of: 'a' is no data set"),
        ({"a": f"{{{derived('b')}}}", "b": f"{{{derived('c')}}}"}, "registry/a.yaml: source.of: 'b' is no data set"),
        (
            {"a": f"{{{MANUAL.format('mirror', 'test').replace('images: 1', 'images: 2, names: 0-999999999')}}}"},
            "registry/a.yaml: splits.x: 0-999999999 are not 2 images",
        ),
        ({"a": f"{{{union('a', 'a')}}}"}, "has non-unique elements"),
        ({"a": f"{{{union('b', 'c')}}}"}, "registry/a.yaml: source.of: 'b' is no data set"),
        ({"a": f"{{{union('b', 'c')}, variant: mirror}}"}, "unknown key 'variant'"),
        ({"a": f"{{{union('b', 'c')}}}", "b": "", "c": ""}, "registry/b.yaml is empty"),
        *(
            (
                {
                    "a": f"{{{union('b', 'c')}}}",
                    "b": f"{{{MANUAL.format('mirror', 'train')}}}",
                    "c": f"{{{MANUAL.format(variant, use)}}}",
                },
                f"registry/a.yaml: source.of: b and c {why}",
            )
            for variant, use, why in (
                ("replicate", "train", "are of different variants"),
                ("mirror, variant_above_x4: pillow", "train", "are of different variants"),
                ("mirror", "test", "have no split for training in common"),
            )
        ),
        ({"a": "? [a]\n: b"}, "a key is no text"),
    ],
)
def test_entries_of_any_content_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entries: dict[str, str], message: str
) -> None:
    shutil.copy(registry.FOLDER / "schema.json", tmp_path)
    for name, content in entries.items():
        (tmp_path / f"{name}.yaml").write_bytes(content.encode("utf-8", "surrogateescape"))
    monkeypatch.setattr(registry, "FOLDER", tmp_path)
    monkeypatch.setattr(registry, "names", lambda: tuple(entries))
    with pytest.raises(ResoluteError, match=re.escape(message)):
        registry.entry.__wrapped__("a")


def test_names_are_what_paths_of_the_workflow_can_carry() -> None:
    for name in datasets.names():
        own.check_name(name, (), "the registry")


@pytest.mark.parametrize("row", ["a,test,hr,x,p,s,1", "a,test,hr,4,p,s,many", "a,test,hr", "\udcff"])
def test_a_manifest_of_any_content_is_one_line(tmp_path: Path, row: str) -> None:
    text = f"image,split,role,scale,path,sha256,bytes\n{row}\n"
    (tmp_path / "own.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ResoluteError, match=r"own\.csv is damaged .*: take it from git again"):
        read_manifest(tmp_path / "own.csv", "take it from git again")
