"""Checksums against git and against files that are known by several."""

import hashlib
from pathlib import Path

import pytest

from resolute.core.checksums import Checksum

# Files of the mirror: their sha256, and their ids in the repositories that they are from.
IN_MIRROR = {
    "chenbong/ARM-Net/d663b4b34fc9128fbda5dc72f70148bb789e706b/ckpt/arm-carn.pth": (
        "4296dbdb09804edb625da55f754977754b2d48e2b421e33d33b3807755a2517c",
        "0a48deb13ea97bb065ad295b88d900408a0262db",
    ),
    "3587jjh/PCSR/6517356e73492141b921caf2616419ca27705648/save/carn-pcsr-phase1/iter_last.pth": (
        "dfe84ddd3923b35d14a977dabda5613a9d59da3b0961e004be786f108d3f8508",
        "04fd0047710a5b3a1441a0560158d5509d199aab",
    ),
}


@pytest.mark.parametrize("name", IN_MIRROR)
def test_files_of_the_mirror_have_their_checksums_of_every_kind(mirror: Path, name: str) -> None:
    file, (sha256, git_blob) = mirror / "raw.githubusercontent.com" / name, IN_MIRROR[name]
    if not file.is_file():
        pytest.skip(f"the mirror has no {name}")
    assert Checksum("sha256", sha256).fits(file)
    assert Checksum("sha256_prefix", sha256[:8]).fits(file)
    assert Checksum("git_blob", git_blob).fits(file)


@pytest.mark.parametrize(
    ("content", "blob"),
    [  # as `git hash-object` prints them
        (b"", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"),
        (b"what is up, doc?", "bd9dbf5aae1a3862dd1526723246b20206e5fc37"),
    ],
)
def test_git_blobs_are_those_of_git(tmp_path: Path, content: bytes, blob: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    assert Checksum("git_blob", blob).fits(file)
    file.write_bytes(content + b"!")
    assert not Checksum("git_blob", blob).fits(file)


@pytest.mark.parametrize("digits", [8, 9, 63])
def test_a_prefix_is_compared_by_its_own_digits_alone(tmp_path: Path, digits: int) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"content")
    prefix = Checksum("sha256_prefix", hashlib.sha256(b"content").hexdigest()[:digits])
    assert prefix.fits(file) and not prefix.is_whole
    assert str(prefix) == f"sha256 beginning with {prefix.digits}"
    file.write_bytes(b"other")
    assert prefix.found(file) == hashlib.sha256(b"other").hexdigest()[:digits]
    assert not prefix.fits(file)
