"""A union is one data set to those who train on it, and nothing but its parts to those who keep images."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from tests.datasets.conftest import picture
from typer.testing import CliRunner

from resolute import datasets, params
from resolute.cli import app
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.images.files import read_image, write_png
from resolute.images.pack import open_pack
from resolute.methods import weights
from resolute.params import jobs


def run(command: str) -> list[str]:
    """The lines that a command prints."""
    done = CliRunner().invoke(app, command.split(), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def test_df2k_is_div2k_and_flickr2k() -> None:
    df2k = datasets.entry("df2k")
    assert df2k.parts == ("div2k_train", "flickr2k")
    assert (df2k.variant, datasets.training_split("df2k")) == ("mirror", "train")
    assert df2k.split("train").images == 3450
    with pytest.raises(ResoluteError, match="df2k has no split for testing"):
        datasets.test_split("df2k")


def test_a_union_has_the_splits_for_training_that_its_parts_share(union: Path) -> None:
    both = datasets.entry("both")
    assert {name: (split.use, split.images) for name, split in both.splits.items()} == {"train": ("train", 3)}
    with pytest.raises(ResoluteError, match="both has no split 'test'"):
        datasets.images("both", "test")


def test_images_are_those_of_the_parts_where_they_lie(union: Path) -> None:
    assert run("fetch both") == ["data/raw/left.csv", "data/raw/right.csv"]
    assert run("degrade both --scale 4") == ["data/lr/left/x4.csv", "data/lr/right/x4.csv"]
    found = datasets.images("both", "train", 4)
    assert [layout.relative(image.path) for image in found] == [
        "data/raw/left/a.png",
        "data/raw/left/b.png",
        "data/raw/right/1.png",
    ]
    assert datasets.image("both", "1") == found[2]
    lr = datasets.lr_images("both", "train", 4)
    assert [image.hr_sha256 for image in lr] == [image.sha256 for image in found]
    assert not any(path.name.startswith("both") for path in Path("data").rglob("*"))


def test_what_is_wrong_with_a_part_is_said_of_the_part(union: Path) -> None:
    with pytest.raises(ResoluteError, match=r"^data set 'left' is not here: run `resolute fetch left`$"):
        datasets.images("both")
    run("fetch both")
    with pytest.raises(
        ResoluteError, match=r"^data set 'left' at x4 is not here: run `resolute degrade left --scale 4`"
    ):
        datasets.lr_images("both", "", 4)


def test_equal_names_in_two_parts_are_refused(union: Path) -> None:
    Path("data/manual/left/b.png").rename("data/manual/left/1.png")
    run("fetch both")
    with pytest.raises(ResoluteError, match="data set 'both' has 2 images '1': left and right are no union"):
        datasets.images("both")


def test_a_union_is_packed_as_one_set_and_trained_on(union: Path) -> None:
    for command in ("fetch both", "degrade both", "patches both --hr", "patches both", "train imdn_tiny"):
        made = run(command)
    pack = open_pack("both", 4)
    for number, (hr, lr) in enumerate(
        zip(datasets.images("both", "train"), datasets.lr_images("both", "train", 4), strict=True)
    ):
        assert np.array_equal(pack.lr(number), read_image(lr.path))
        assert np.array_equal(pack.hr(number), read_image(hr.path)[: lr.height * 4, : lr.width * 4])
    index = pd.read_parquet(layout.patch_index("both", 4))
    assert set(index["image"]) == {"a", "b", "1"}
    sizes = index.groupby("category").size()  # the quantiles are those of the whole
    assert len(sizes) == 4 and sizes.max() - sizes.min() <= 1
    assert made == ["data/weights/trained/imdn_tiny/x4/own-seed0.safetensors"]
    facts = weights.read_provenance(Path(made[0]))
    assert (facts["training_data"], facts["departures"]) == ("both", ["settings", "training data"])


@pytest.mark.parametrize("part", ["left/a", "right/1"])
def test_patches_of_an_older_part_are_refused(part: str, union: Path) -> None:
    for command in ("fetch both", "degrade both", "patches both --hr", "patches both"):
        run(command)
    write_png(Path(f"data/manual/{part}.png"), picture(9, 98, 120))
    run("fetch both")
    name = Path(part).name
    where = "data/raw/left.csv and data/raw/right.csv"
    with pytest.raises(
        ResoluteError, match=rf"hr.json was not made from the images of now, see {name} in {where}: run"
    ):
        open_pack("both", 4)
    for command in ("degrade both", "patches both --hr", "patches both"):
        run(command)
    assert len(open_pack("both", 4).lr_images) == 3


def test_the_jobs_are_those_that_another_needs(union: Path) -> None:
    settings = params.load()
    assert settings["data"]["sets"] == ["embedded", "left", "right"]
    assert settings["data"]["splits"] == {
        "embedded": ["train", "test"],
        "left": ["train"],
        "right": ["train"],
        "both": ["train"],
    }
    found = jobs.derive({**settings, "scales": [4]})
    assert found["sets"]["original"].keys() == {"embedded", "left", "right"}
    assert found["reductions"]["all"].keys() == {"embedded-x4", "left-x4", "right-x4"}
    assert found["packs"] == {
        "hr": {},
        "lr": {},
        "union_hr": {"both": {"of": ["left", "right"]}},
        "union_lr": {"both-x4": {"dataset": "both", "scale": 4, "of": ["left", "right"]}},
    }


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda data: data["sets"].append("both"), "data.sets has 'both': list left and right alone, its parts"),
        (
            lambda data: (data["sets"].remove("right"), data["splits"].pop("right")),
            "data.splits has 'both': list right in data.sets and data.splits too",
        ),
        (lambda data: data["splits"].pop("both"), "recipes.imdn_tiny.data has 'both': list it in data.splits too"),
        (
            lambda data: data["splits"].update(right=["test"]),
            "data.splits.right lacks 'train', which is a part of both",
        ),
        (lambda data: data["test"].append("both"), "both has no split for testing"),
    ],
)
def test_params_that_leave_out_a_part_are_one_line(union: Path, edit: object, message: str) -> None:
    settings = yaml.safe_load(Path("params.yaml").read_text())
    assert callable(edit)
    edit(settings["data"])
    with pytest.raises(ResoluteError, match=message):
        params.check(settings, "params.yaml")
