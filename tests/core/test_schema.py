"""YAML files and schemas: what is read, what is refused, in which words, and in how much time and memory."""

import os
import resource
import time
from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.schema import dump_yaml, read_yaml, validate

BOMB = "\n".join(["- &a0 [x, x, x, x, x, x, x, x]", *(f"- &a{n} [{f'*a{n - 1}, ' * 8}]" for n in range(1, 12))])


@pytest.fixture
def file(project: Path) -> Path:
    return project / "file.yaml"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("\ufeffa: 1", {"a": 1}),
        ("[1e2, 1e-3, .5, -0, ~, true, 'on', 12e03]", [100.0, 0.001, 0.5, 0, None, True, "on", 12000.0]),
        ("{4: a, on: b, 2020-01-01: c, null: d}", {"4": "a", "on": "b", "2020-01-01": "c", "null": "d"}),
        ("base: &b {x: 1, y: [2]}\nown: {<<: *b, y: 3}", {"base": {"x": 1, "y": [2]}, "own": {"x": 1, "y": 3}}),
        ("both: {<<: [{x: 1}, {x: 2, y: 2}]}", {"both": {"x": 1, "y": 2}}),
    ],
)
def test_what_is_read(file: Path, text: str, value: object) -> None:
    file.write_text(text, encoding="utf-8")
    assert read_yaml(file) == value


def test_an_alias_is_a_copy(file: Path) -> None:
    file.write_text("a: &a {x: [1]}\nb: *a")
    found = read_yaml(file)
    found["a"]["x"].append(2)
    assert found["b"] == {"x": [1]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "seeds: [0]\nscales: [4]\nseeds: [1]",
            r"file\.yaml, line 3: the key 'seeds' is there twice \(first in line 1",
        ),
        ("4: a\n'4': b", r"line 2: the key '4' is there twice"),
        ("a: {x: 1, x: 2}", r"line 1: the key 'x' is there twice"),
        *((f"a: {word}", rf"line 1: {word} is not the same to all readers") for word in ("yes", "off", "010", "1_000")),
        *((f"a: {word}", rf"line 1: {word} is not the same to all readers") for word in ("2020-01-01", "1:30", "0x10")),
        *((f"a: {word}", r"line 1: .* is beyond all numbers") for word in (".nan", "-.inf", "1e400", "9" * 5000)),
        ("!!python/object/apply:os.system ['true']", r"line 1: the tag \S+os\.system is not understood here"),
        ("a: !!float 3", r"the tag \S+float is not understood"),
        ("[a]: x", r"a key is no text"),
        ("? {a: 1}\n: x", r"a key is no text"),
        ("a: &a [*a]", r"no finished value has the anchor 'a'"),
        ("a: *b", r"no finished value has the anchor 'b'"),
        ("<<: 3", r"<< merges maps"),
        ("a: 1\n---\nb: 2", r"line 2: a second document begins"),
        ("a: [", r"is not valid YAML \(line 2?1?: "),
        ("\x01", r"is not valid YAML"),
    ],
)
def test_what_is_refused_is_one_line(file: Path, text: str, message: str) -> None:
    file.write_text(text)
    with pytest.raises(ResoluteError, match=message) as refused:
        read_yaml(file)
    assert str(refused.value).isprintable() and len(str(refused.value)) < 400


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (BOMB, "more than 500,000 values"),
        ("[" * 200_000, "more than 50 levels"),
        ("{a: " * 200_000, "more than 50 levels"),
        ("- " * 200_000, "more than 50 levels"),
        ("#" * (17 << 20), "too large for a YAML file"),
    ],
    ids=["aliases", "lists", "maps", "blocks", "size"],
)
def test_time_and_memory_are_bounded(file: Path, content: str, message: str) -> None:
    file.write_text(content)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(ResoluteError, match=message):
        read_yaml(file)
    assert time.process_time() - start < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB


def test_what_is_no_text_file_is_one_line(file: Path) -> None:
    with pytest.raises(ResoluteError, match=r"file\.yaml is not there: write it"):
        read_yaml(file, "write it")
    file.write_bytes(b"\xff\xfea\0")
    with pytest.raises(ResoluteError, match=r"file\.yaml is not UTF-8 \(byte 0\): save it as UTF-8"):
        read_yaml(file)
    file.unlink()
    file.mkdir()
    with pytest.raises(ResoluteError, match=r"file\.yaml is no file"):
        read_yaml(file)
    file.rmdir()
    os.mkfifo(file)
    with pytest.raises(ResoluteError, match=r"file\.yaml is no file"):
        read_yaml(file)


def test_what_is_written_is_read_again(file: Path) -> None:
    value = {"1e3": "1e3", "on": "on", "4": ["4", 4, 4.5, 1e-5, None, True, "", "~", "é", "2020-01-01", "010"], "a": {}}
    file.write_text(dump_yaml(value))
    assert read_yaml(file) == value


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ('{"type": "integer"}', 100.0, "100.0: write 100, a whole number has no point and no exponent"),
        ('{"type": "integer"}', True, "True is not of type 'integer'"),
        ('{"pattern": "^[a-z]+$"}', "a\n", r"does not match '\^\[a-z\]\+\$'"),
        ('{"type": "string"}', ["x"] * 100_000, r"\.\.\. is not of type 'string'"),
        ('{"type": "object"}', None, "is empty: write it anew"),
        (
            '{"type": "object", "properties": {"a": false}}',
            {"a": 1},
            "it: the document: 1 has no place here: remove it",
        ),
    ],
)
def test_schemas_say_what_is_wrong_in_one_line(file: Path, schema: str, value: object, message: str) -> None:
    file.write_text(schema)
    with pytest.raises(ResoluteError, match=message) as refused:
        validate(value, file, "it")
    assert len(str(refused.value)) < 300
