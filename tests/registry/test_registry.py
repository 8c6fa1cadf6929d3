"""The registry's entries hold together."""

import re
from pathlib import Path

import pytest

from resolute import methods, registry
from resolute.core.errors import ResoluteError


@pytest.mark.parametrize("name", registry.names())
def test_every_entry_builds_its_method(name: str) -> None:
    entry = registry.entry(name)
    implementation = methods.load(name)
    assert implementation.entry is entry
    for scale in entry.scales if entry.trainable else ():
        implementation.build(scale)
        implementation.build_for_training(scale)


@pytest.mark.parametrize("name", registry.names())
def test_published_files_are_pinned_to_a_commit(name: str) -> None:
    for published in registry.entry(name).published.values():
        for file in published.files.values():
            assert re.search(r"/[0-9a-f]{40}/", file.url), f"{file.url} may change"


@pytest.mark.parametrize("name", registry.names())
def test_training_facts_are_a_recipe_not_prose_alone(name: str) -> None:
    entry = registry.entry(name)
    facts = re.findall(r"batch|learning rate|\d[\d,]* ?k? (?:epochs|iterations|steps)", entry.notes)
    assert entry.recipe or not facts, f"notes name {facts}"


def test_an_unknown_method_names_the_nearest() -> None:
    with pytest.raises(ResoluteError, match="unknown method 'rlfn_team4': did you mean 'rlfn_team04'"):
        registry.entry("rlfn_team4")


def test_an_unknown_key_map_names_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = registry.path("rfdn_baseline").read_text().replace("rfdn_frame", "rfdn_fram")
    (tmp_path / "other.yaml").write_text(text)
    (tmp_path / "schema.json").write_text((registry.FOLDER / "schema.json").read_text())
    monkeypatch.setattr(registry, "FOLDER", tmp_path)
    monkeypatch.setattr(registry, "path", lambda name: tmp_path / f"{name}.yaml")
    with pytest.raises(ResoluteError, match=r"other\.yaml: unknown key map 'rfdn_fram': did you mean 'rfdn_frame'"):
        registry.entry("other")


def test_an_unknown_scale_says_which_there_are() -> None:
    with pytest.raises(ResoluteError, match="rlfn_team04 has no x3: it is made for x4"):
        methods.load("rlfn_team04").build(3)


def test_bicubic_cannot_be_trained() -> None:
    with pytest.raises(ResoluteError, match="nothing to train"):
        methods.load("bicubic").plan({}, {})
