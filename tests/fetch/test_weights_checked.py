"""Published weights by what their makers say of the file: a whole sha256, its first digits, or a git blob id."""

import hashlib
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
import yaml

from resolute import methods, registry
from resolute.core.checksums import Checksum
from resolute.core.errors import ResoluteError
from resolute.core.layout import Span
from resolute.fetch import fetch_weights
from resolute.methods import weights

URL = "https://host/folder/own.pth"
RECORD = Path("data/reference/downloads.csv")
KINDS = ("sha256", "sha256_prefix", "git_blob")

Publish = Callable[..., bytes]


def digits(kind: str, content: bytes) -> str:
    if kind == "git_blob":
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    return hashlib.sha256(content).hexdigest()[: 8 if kind == "sha256_prefix" else 64]


def checkpoint(seed: int = 0) -> bytes:
    torch.manual_seed(seed)
    content = io.BytesIO()
    torch.save(methods.build("rlfn_tiny", 4).state_dict(), content)
    return content.getvalue()


@pytest.fixture
def publish(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publish]:
    """Publishes weights of RLFN tiny: `publish(content, **facts)` puts them into a mirror and their facts on record."""
    original, folder = registry.FOLDER, tmp_path / "registry"
    facts = yaml.safe_load((original / "rlfn_tiny.yaml").read_text())
    folder.mkdir()
    (folder / "schema.json").symlink_to(original / "schema.json")
    (folder / "rlfn_tiny.yaml").symlink_to(original / "rlfn_tiny.yaml")  # until something is published
    copy = tmp_path / "mirror" / URL.removeprefix("https://")
    copy.parent.mkdir(parents=True)
    monkeypatch.setenv("RESOLUTE_MIRROR", str(tmp_path / "mirror"))

    def forget() -> None:
        registry.names.cache_clear()
        registry.entry.cache_clear()

    def put(content: bytes, **known: object) -> bytes:
        copy.write_bytes(content)
        published = {"own": {"source": "own", "licence": "CC0", "files": {4: {"url": URL, **known}}}}
        (folder / "rlfn_tiny.yaml").unlink()
        (folder / "rlfn_tiny.yaml").write_text(yaml.safe_dump({**facts, "published": published}))
        forget()
        return content

    monkeypatch.setattr(registry, "FOLDER", folder)
    yield put
    monkeypatch.undo()
    forget()


@pytest.mark.parametrize("sized", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_right_file_is_converted_and_says_what_it_is(
    publish: Publish, caplog: pytest.LogCaptureFixture, kind: str, sized: bool
) -> None:
    content = checkpoint()
    publish(content, **{kind: digits(kind, content)}, **({"bytes": len(content)} if sized else {}))
    path = fetch_weights("rlfn_tiny")
    sha256 = hashlib.sha256(content).hexdigest()
    facts = weights.read_provenance(path)
    known_by = str(registry.entry("rlfn_tiny").published["own"].files[Span.at(4)].checksum)
    assert (facts["known_by"], facts["sha256"]) == (known_by, sha256)
    assert known_by.endswith(digits(kind, content))
    weights.load_weights(methods.build("rlfn_tiny", 4), path)
    if kind == "sha256":
        assert not RECORD.exists()
    else:
        assert f"{known_by} alone is on record, so its sha256 {sha256} was written to {RECORD}" in caplog.text
        assert RECORD.read_text() == f"url,sha256,bytes\n{URL},{sha256},{len(content)}\n"


@pytest.mark.parametrize("kind", KINDS)
def test_another_file_is_one_line_and_leaves_nothing(publish: Publish, kind: str) -> None:
    right, wrong = checkpoint(0), checkpoint(1)
    publish(wrong, **{kind: digits(kind, right)})
    expected = Checksum(kind, digits(kind, right))
    line = rf"own.pth has the wrong checksum, expected {expected}, found {digits(kind, wrong)}: replace it, or remove"
    with pytest.raises(ResoluteError, match=line):
        fetch_weights("rlfn_tiny")
    assert [path for path in Path("data").rglob("*") if path.is_file()] == []


def test_a_file_of_the_same_first_digits_is_not_taken_for_the_one_of_the_first_fetch(publish: Publish) -> None:
    """Eight digits are what a name holds, not proof: another sha256 that begins alike is written here by hand."""
    content = checkpoint()
    publish(content, sha256_prefix=digits("sha256_prefix", content))
    fetch_weights("rlfn_tiny").unlink()
    first = digits("sha256_prefix", content) + "0" * 56
    RECORD.write_text(f"url,sha256,bytes\n{URL},{first},{len(content)}\n")
    found = hashlib.sha256(content).hexdigest()
    line = f"not the file of the first fetch, expected sha256 {first}, found {found}: .* delete its line in {RECORD}"
    with pytest.raises(ResoluteError, match=line):
        fetch_weights("rlfn_tiny")


def test_what_does_not_fit_the_network_is_not_put_on_record(publish: Publish) -> None:
    content = io.BytesIO()
    torch.save({"weight": torch.ones(3)}, content)
    publish(content.getvalue(), git_blob=digits("git_blob", content.getvalue()))
    with pytest.raises(ResoluteError, match="is missing: these are not the weights of this network"):
        fetch_weights("rlfn_tiny")
    assert not RECORD.exists()


def test_equal_files_give_equal_weights_however_they_are_known(publish: Publish) -> None:
    content, states = checkpoint(), []
    for kind in KINDS:
        publish(content, **{kind: digits(kind, content)})
        states.append(weights.read_state(fetch_weights("rlfn_tiny")))
    for state in states[1:]:
        assert all(torch.equal(states[0][name], tensor) for name, tensor in state.items())


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({}, "published.own.files.4 must have exactly one of sha256, sha256_prefix, git_blob"),
        (
            {"sha256_prefix": "01234567", "git_blob": "0" * 40},
            "published.own.files.4 must have exactly one of sha256, sha256_prefix, git_blob",
        ),
        ({"sha256_prefix": "0123456"}, "published.own.files.4.sha256_prefix: '0123456' does not match"),
        ({"git_blob": "0" * 64}, "published.own.files.4.git_blob: "),
        ({"sha256": "0" * 64, "bytes": 0}, "published.own.files.4.bytes: 0 is less than the minimum of 1"),
    ],
)
def test_an_entry_says_by_one_checksum_what_a_file_is_known_by(
    publish: Publish, known: dict[str, object], message: str
) -> None:
    publish(b"", **known)
    with pytest.raises(ResoluteError, match=re.escape(message)):
        registry.entry("rlfn_tiny")
