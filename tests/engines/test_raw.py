"""The engines leave alone what a user keeps in the folder of a data set, or has linked there."""

from pathlib import Path

import pytest
from tests.engines.conftest import Project, copy_parts

MAKE = ("snakemake", "--cores", "1", "--quiet", "all", "--allowed-rules", "fetch_images", "--", "data/raw/embedded.csv")


@pytest.mark.slow
# What empties a folder would unlink it, too.
@pytest.mark.parametrize("is_link", [pytest.param(False, marks=pytest.mark.attack), True])
def test_snakemake_neither_empties_nor_unlinks_the_folder(tmp_path: Path, is_link: bool) -> None:
    copy_parts(tmp_path / "checkout")
    project = Project(tmp_path / "checkout")
    place, kept = project.root / "data/raw/embedded", tmp_path / "collection"
    (kept if is_link else place).mkdir(parents=True)
    if is_link:
        place.parent.mkdir()
        place.symlink_to(kept)
    (place / "thesis.txt").write_text("years of work")
    (place / "coffee.png").write_text("the user's own")
    done = project.call(*MAKE)
    assert "data/raw/embedded/coffee.png is in the way" in done.stdout + done.stderr
    assert (place / "coffee.png").read_text() == "the user's own"
    (place / "coffee.png").unlink()
    project.run(*MAKE)
    assert len(list(place.glob("*.*g"))) == 11
    assert (place / "thesis.txt").read_text() == "years of work"
    assert place.is_symlink() == is_link
