"""The registry's entries hold together."""

import re

import pytest

from resolute import methods, registry
from resolute.core.errors import ResoluteError
from resolute.core.schema import validate
from resolute.fetch import key_maps
from resolute.params.schema import params_schema

RECIPES = {**params_schema()["properties"]["recipes"], "$defs": params_schema()["$defs"]}


@pytest.mark.parametrize("name", registry.names())
def test_every_entry_builds_its_method(name: str) -> None:
    entry = registry.entry(name)
    for scale in entry.scales if entry.trainable else ():
        methods.build(name, scale)
        methods.build_for_training(name, scale)


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


@pytest.mark.parametrize("name", registry.names())
def test_a_recipe_has_the_settings_that_params_have(name: str) -> None:
    validate({name: dict(registry.entry(name).recipe)}, RECIPES, "the registry")


def test_an_unknown_method_names_the_nearest() -> None:
    with pytest.raises(ResoluteError, match="unknown method 'rlfn_team4': did you mean 'rlfn_team04'"):
        registry.entry("rlfn_team4")


@pytest.mark.parametrize("name", registry.names())
def test_every_key_map_that_an_entry_names_is_there(name: str) -> None:
    for published in registry.entry(name).published.values():
        key_maps.rename({}, published)


def test_an_unknown_key_map_names_the_nearest() -> None:
    published = registry.Published("somewhere", "MIT", keys=("rfdn_fram",))
    with pytest.raises(ResoluteError, match=r"unknown key map 'rfdn_fram' in the registry: did you mean 'rfdn_frame'"):
        key_maps.rename({}, published)


def test_an_unknown_scale_says_which_there_are() -> None:
    with pytest.raises(ResoluteError, match="rlfn_team04 has no x3: it is made for x4"):
        methods.build("rlfn_team04", 3)


def test_bicubic_cannot_be_trained() -> None:
    with pytest.raises(ResoluteError, match="nothing to train"):
        methods.training(registry.entry("bicubic"))
