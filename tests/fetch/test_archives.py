"""Archives that are not trusted: what they must not do, and what is taken from them."""

import bz2
import gzip
import io
import lzma
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.errors import ResoluteError
from resolute.fetch.archives import Member, WrongArchiveError, _refuse_danger, unpack

SYMLINK = 0o120777 << 16  # external attributes of a link in a zip file


def make_zip(path: Path, members: dict[str, bytes], links: tuple[str, ...] = ()) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        for name in links:
            info = zipfile.ZipInfo(name)
            info.external_attr = SYMLINK
            archive.writestr(info, "/etc/passwd")
    return path


def make_tar(path: Path, members: dict[str, bytes], links: tuple[str, ...] = (), kind: bytes = tarfile.SYMTYPE) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name in links:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    return path


def written(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_only_wanted_images_come_out_flat(tmp_path: Path, make: Callable[..., Path]) -> None:
    members = {
        "Set/HR/0001.png": b"one",
        "Set/HR/0002.PNG": b"two",
        "Set/LR/0001x2.png": b"no HR image",
        "Set/0001.txt": b"no image",
        "Set/0003.png": b"not asked for",
    }
    out = tmp_path / "out"
    files = unpack(make(tmp_path / "archive", members), ["0001", "0002"], out)
    assert files == {"0001": out / "0001.png", "0002": out / "0002.png"}
    assert files["0002"].read_bytes() == b"two"
    assert written(out) == {"0001.png", "0002.png"}


@pytest.mark.parametrize("make", [make_zip, make_tar])
@pytest.mark.parametrize("path", ["../0002.png", "a/../../0002.png", "/tmp/0002.png", "..\\0002.png", "C:\\0002.png"])
def test_paths_that_lead_out_are_refused(tmp_path: Path, make: Callable[..., Path], path: str) -> None:
    archive = make(tmp_path / "archive", {"0001.png": b"one", path: b"two"})
    with pytest.raises(ResoluteError, match=r"is refused, its member .* leads out of its folder"):
        unpack(archive, ["0001"], tmp_path / "deep/out")
    assert written(tmp_path) == {"archive"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, None])
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes | None) -> None:
    path, members, links = tmp_path / "archive", {"0001.png": b"one"}, ("0002.png",)
    archive = make_tar(path, members, links, kind) if kind else make_zip(path, members, links)
    with pytest.raises(ResoluteError, match=r"is refused, its member '0002.png' is a link or device"):
        unpack(archive, ["0001", "0002"], tmp_path / "out")
    assert written(tmp_path) == {"archive"}


@given(
    st.lists(st.sampled_from(["a", "0001.png", ".", "..", "...", ""]), min_size=1, max_size=5),
    st.sampled_from("/\\"),
)
def test_no_path_that_resolves_outside_passes(parts: list[str], separator: str) -> None:
    path = separator.join(parts)
    depth = 0
    lowest = 0
    for part in parts:
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
        lowest = min(lowest, depth)
    leads_out = lowest < 0 or path.startswith(separator)
    member = Member(path, "file", 0, io.BytesIO)
    if leads_out:
        with pytest.raises(ResoluteError, match="leads out"):
            _refuse_danger(member, Path("archive"))
    elif ".." not in parts:
        _refuse_danger(member, Path("archive"))


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_missing_and_double_images(tmp_path: Path, make: Callable[..., Path]) -> None:
    archive = make(tmp_path / "archive", {"a/0001.png": b"one", "b/0001.png": b"two"})
    with pytest.raises(ResoluteError, match=r"holds 0001 twice, a/0001.png and b/0001.png"):
        unpack(archive, ["0001"], tmp_path / "out")
    with pytest.raises(ResoluteError, match="lacks 2 of 2 images, such as 0002"):
        unpack(archive, ["0003", "0002"], tmp_path / "out")
    assert written(tmp_path) == {"archive"}


def test_no_archive_and_damaged_ones(tmp_path: Path) -> None:
    page = tmp_path / "page"
    page.write_text("<html>log in first</html>")
    with pytest.raises(ResoluteError, match="page is no zip or tar archive: fetch it again, or take"):
        unpack(page, ["0001"], tmp_path / "out")
    archive = make_zip(tmp_path / "archive", {"0001.png": bytes(range(256)) * 10})
    content = bytearray(archive.read_bytes())
    content[60] ^= 0xFF
    archive.write_bytes(content)
    with pytest.raises(ResoluteError, match=r"archive is damaged .*: fetch it again, or take it from another source"):
        unpack(archive, ["0001"], tmp_path / "out")
    assert written(tmp_path / "out") <= {"0001.png.part"}


def test_an_archive_larger_than_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = make_zip(tmp_path / "archive", {"0001.png": bytes(1000)})
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 999}))
    with pytest.raises(ResoluteError, match=r"needs 1000 bytes unpacked, 999 are free: make room"):
        unpack(archive, ["0001"], tmp_path / "out")


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_what_systems_leave_behind_and_links_beside_the_images_do_not_count(
    tmp_path: Path, make: Callable[..., Path]
) -> None:
    members = {
        "Set/0001.png": b"one",
        "Set/._0001.png": b"resource fork",
        "__MACOSX/Set/0001.png": b"resource fork",
        ".cache/0001.png": b"thumbnail",
    }
    archive = make(tmp_path / "archive", members, ("Set/latest",))
    files = unpack(archive, ["0001"], tmp_path / "out")
    assert {name: path.read_bytes() for name, path in files.items()} == {"0001": b"one"}


def with_bad_crc() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("0001.png", b"content of it")
    return content.getvalue().replace(b"content of it", b"another thing")


def patched_zip(offset: int, value: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of one image, with some bytes of its local header and of its directory's entry replaced."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        archive.writestr("0001.png", bytes(range(256)) * 20)
    data = bytearray(content.getvalue())
    for start, more in ((0, 0), (data.rindex(b"PK\1\2"), 2)):
        data[start + offset + more : start + offset + more + len(value)] = value
    return bytes(data)


def one_tar() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        info = tarfile.TarInfo("0001.png")
        info.size = 20_000
        archive.addfile(info, io.BytesIO(bytes(20_000)))
    return content.getvalue()


def header(kind: bytes, size: int, name: str = "0001.png") -> bytes:
    """A tar header that claims a size."""
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


DAMAGED = {
    "a bad checksum inside": with_bad_crc(),
    "an encrypted zip": patched_zip(6, b"\x01\x00"),
    "an unknown compression": patched_zip(8, b"\x63\x00"),
    "lzma that is none": patched_zip(30 + 8, b"\xff" * 40, zipfile.ZIP_LZMA),
    "a truncated tar": one_tar()[:9000],
    "a truncated gzip": gzip.compress(one_tar())[:-30],
    "a truncated xz": lzma.compress(one_tar())[:-90],
    "a truncated bzip2": bz2.compress(one_tar())[:-10],
    "gzip that is none": b"\x1f\x8b" + bytes(range(200)),
    "xz that is none": b"\xfd7zXZ" + bytes(range(200)),
    "a member before the one": header(tarfile.REGTYPE, -1024) + one_tar(),
    "a sparse member of terabytes": header(tarfile.GNUTYPE_SPARSE, 3 << 40),
    "a web page": b"<html>log in first</html>",
    "nothing": b"",
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_every_damage_is_one_line(tmp_path: Path, kind: str) -> None:
    archive = tmp_path / "archive"
    archive.write_bytes(DAMAGED[kind])
    with pytest.raises(WrongArchiveError, match=r"archive (is damaged|is no zip|claims|lacks).*take it from") as error:
        unpack(archive, ["0001"], tmp_path / "out")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "out/0001.png").exists()


CLAIMS = {
    "a PAX header of gigabytes": header(tarfile.XHDTYPE, 3 << 30),
    "a name of gigabytes": header(tarfile.GNUTYPE_LONGNAME, 3 << 30),
    "a member of terabytes": header(tarfile.REGTYPE, 3 << 40),
    "an image of terabytes": patched_zip(22, b"\xfe\xff\xff\xff"),
}


@pytest.mark.parametrize("kind", CLAIMS)
def test_claims_are_compared_before_memory_or_time_is_taken(tmp_path: Path, kind: str) -> None:
    archive = tmp_path / "archive"
    archive.write_bytes(CLAIMS[kind] + (bytes(64 << 20) if kind.endswith("gigabytes") else b""))
    tracemalloc.start()
    with pytest.raises(WrongArchiveError, match=r"archive (has a header of|claims to hold) .*: take it from another"):
        unpack(archive, ["0001"], tmp_path / "out")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60 << 20, "a claim was believed"


def test_a_packed_tar_is_not_unpacked_beyond_measure(tmp_path: Path) -> None:
    """A thousand to one: the images are behind two gigabytes of nothing."""
    archive = tmp_path / "archive"
    with gzip.open(archive, "wb", 1) as file:
        file.write(header(tarfile.REGTYPE, 2 << 30, "nothing.bin"))
        file.write(bytes(1 << 20))
    with pytest.raises(WrongArchiveError, match=r"claims to hold 1 members with 2147483648 bytes and more"):
        unpack(archive, ["0001"], tmp_path / "out")
