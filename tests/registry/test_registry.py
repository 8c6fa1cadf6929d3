"""The registry's entries hold together."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from resolute import methods, registry
from resolute.core.errors import ResoluteError
from resolute.core.schema import validate
from resolute.fetch import key_maps
from resolute.fetch.key_maps import rename
from resolute.models import create_model
from resolute.params.schema import params_schema

RECIPES = {**params_schema()["properties"]["recipes"], "$defs": params_schema()["$defs"]}


@pytest.mark.parametrize("name", registry.names())
def test_every_entry_builds_its_method(name: str) -> None:
    entry = registry.entry(name)
    for scale in entry.scales if entry.trainable else ():
        methods.build(name, scale)
        methods.build_for_training(name, scale)


@pytest.mark.parametrize("name", registry.names())
def test_published_files_are_pinned_to_a_commit_or_a_checksum_of_their_makers(name: str) -> None:
    """A repository's file may change under its name; a release's and one that has its own digits in its name do not."""
    for published in registry.entry(name).published.values():
        for file in published.files.values():
            pinned = re.search(r"/[0-9a-f]{40}/|/releases/download/", file.url)
            assert pinned or Path(file.url).stem.endswith(f"-{file.checksum.digits}"), f"{file.url} may change"


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


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], registry.Entry]:
    """Reads bytes as the entry of a method `own`."""
    (tmp_path / "schema.json").write_text((registry.FOLDER / "schema.json").read_text())
    monkeypatch.setattr(registry, "FOLDER", tmp_path)
    monkeypatch.setattr(registry, "names", lambda: ("own",))

    def read(content: bytes) -> registry.Entry:
        (tmp_path / "own.yaml").write_bytes(content)
        return registry.entry.__wrapped__("own")

    return read


def test_tensors_beside_a_file_come_with_it_and_must_be_some() -> None:
    published = registry.Published("somewhere", "MIT", keys=(("^", "full."),), tensors={"table": [[1, 2.5], [3, 4]]})
    renamed = key_maps.rename({"a": torch.ones(1)}, published)
    assert renamed["table"].tolist() == [[1, 2.5], [3, 4]]
    assert renamed["full.a"].tolist() == [1]
    ragged = registry.Published("somewhere", "MIT", tensors={"table": [[1, 2.5], [3]]})
    with pytest.raises(ResoluteError, match="'table' in the registry is no tensor: give rows of equal length"):
        key_maps.rename({}, ragged)


ENTRY = "title: A\nfamily: a\nscales: [4]\npaper: {title: A, year: 2020}\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the registry entry own.yaml is empty"),
        ("- a", r"own\.yaml: the document: \['a'\] is not of type 'object'"),
        ("\udcff", "is not UTF-8"),
        (f"{ENTRY}model: rfdn\nmodel: imdn", "line 6: the key 'model' is there twice"),
        (f"{ENTRY}model: nosuch", r"there is no file src/resolute/models/nosuch\.py"),
        (f"{ENTRY}model: ../cli/door", r"model: '\.\./cli/door' does not match"),
        (f"{ENTRY}kind: nosuch", r"there is no file src/resolute/methods/nosuch/inference\.py"),
        (f"{ENTRY}model: rfdn\nrecipe: {{phases: 3}}", r"recipe\.phases: 3 is not of type 'array'"),
        (f"{ENTRY}model: rfdn\nsettings: 3", r"settings: 3 is not of type 'array'"),
        (f"{ENTRY}model: rfdn\npublished: {{a: {{source: a, licence: b, files: {{x: {{}}}}}}}}", "'x' does not match"),
        (f"{ENTRY}model: rfdn\npublished: {{a: {{source: a, licence: b, unused: ['(']}}}}", r"'\(' is not a 'regex'"),
        (f"{ENTRY}model: rfdn\npublished: {{{'a' * 300}: {{source: a, licence: b}}}}", "is too long"),
    ],
)
def test_an_entry_of_any_content_is_one_line(
    own: Callable[[bytes], registry.Entry], content: str, message: str
) -> None:
    with pytest.raises(ResoluteError, match=message) as refused:
        own(content.encode("utf-8", "surrogateescape"))
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("width", [-1, "wide", None, [], 0.5])
def test_arguments_that_no_network_takes_are_one_line(width: object) -> None:
    with pytest.raises(ResoluteError, match="the arguments of 'rfdn' do not fit its network"):
        create_model("rfdn", 4, channels=width)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the key map own.yaml is empty"),
        ("a: b", r"own\.yaml: the document: {'a': 'b'} is not of type 'array'"),
        ("- [a]", r"own\.yaml: 0: \['a'\] is too short"),
        ("- [1, a]", "1 is not of type 'string'"),
        ("- ['(', a]", r"'\(' is not a 'regex'"),
        ("- ['^(a)', 'b{2}']", r"\{2\} of 'b\{2\}' is nothing in 'a'"),
        ("- ['^(a)', 'b{1-1}']", r"\{1-1\} of 'b\{1-1\}' is nothing in 'a'"),
        ("- ['a|(b)', 'c{1+1}']", r"\{1\+1\} of 'c\{1\+1\}' is nothing in 'a'"),
    ],
)
def test_a_key_map_of_any_content_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, message: str
) -> None:
    (tmp_path / "own.yaml").write_text(content)
    monkeypatch.setattr(registry, "key_map", lambda name: tmp_path / f"{name}.yaml")
    with pytest.raises(ResoluteError, match=message):
        rename({"a.weight": torch.zeros(1)}, registry.Published(source="", licence="", keys=("own",)))


def test_a_method_like_another_is_that_one_but_for_what_it_says() -> None:
    one, other = registry.entry("wbsr_rcan_hes"), registry.entry("wbsr_rcan")
    assert (one.model, one.arguments, one.experts, one.scales) == (
        other.model,
        other.arguments,
        other.experts,
        other.scales,
    )
    assert one.title != other.title
    assert one.recipe != other.recipe
    assert registry.files("wbsr_rcan_hes") == (registry.path("wbsr_rcan_hes"), registry.path("wbsr_rcan"))


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Adds the method `own` to a copy of a few entries, by the text of its entry."""
    for file in (*map(registry.path, ("pan", "rcan", "rcan_hes")), registry.FOLDER / "schema.json"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(registry, "FOLDER", tmp_path)

    def write(text: str) -> None:
        (tmp_path / "own.yaml").write_text(text)
        registry.names.cache_clear()

    yield write
    registry.names.cache_clear()
    registry.entry.cache_clear()


@pytest.mark.parametrize("like", ["wbsr_rcam", "rcan_hes"])
def test_a_method_is_like_one_that_is_like_no_other(add: Callable[[str], None], like: str) -> None:
    add(f"title: Own\nlike: {like}\n")
    with pytest.raises(ResoluteError, match=f"own.yaml is like '{like}': name a method that is like no other"):
        registry.entry("own")


def test_published_weights_are_nobody_elses(add: Callable[[str], None]) -> None:
    add("title: Own\nlike: pan\n")
    assert registry.entry("own").arguments == registry.entry("pan").arguments
    assert not registry.entry("own").published
