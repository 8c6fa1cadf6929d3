"""What does not decide about pixels does not decide whether they are read; what is only claimed takes no memory."""

import io
import os
import socket
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms

from resolute.core import memory
from resolute.core.errors import ResoluteError
from resolute.images.photo import read_photo

RGB = np.random.default_rng(0).integers(0, 256, (24, 36, 3), np.uint8)
DEEP = RGB.astype(np.uint16) * 250
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LONG_PROFILE = struct.pack(">I", len(PROFILE) + 2_000_000) + PROFILE[4:] + bytes(2_000_000)
LONG = b"workflow" * 200_000
BOMB = zlib.compress(bytes(200_000_000), 9)
TURNED = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHHI", 0x112, 3, 1, 6, 0, 0)


def chunk(name: bytes, body: bytes, spoilt: bool = False) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body) ^ spoilt)


# Chunks, and the profile that is left of them.
METADATA: dict[str, tuple[bytes, bytes | None]] = {
    "long compressed text": (chunk(b"zTXt", b"XML:com.adobe.xmp\0\0" + zlib.compress(LONG)), None),
    "long international text": (chunk(b"iTXt", b"workflow\0\1\0\0\0" + zlib.compress(LONG)), None),
    "long XMP": (chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + LONG), None),
    "text bomb": (chunk(b"zTXt", b"Raw profile type exif\0\0" + BOMB), None),
    "text of another method": (chunk(b"zTXt", b"Comment\0\7" + LONG), None),
    "text with a wrong checksum": (chunk(b"tEXt", b"Comment\0hello", spoilt=True), None),
    "long profile": (chunk(b"iCCP", b"printer\0\0" + zlib.compress(LONG_PROFILE)), LONG_PROFILE),
    "profile": (chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(PROFILE)), PROFILE),
    "profile bomb": (chunk(b"iCCP", b"x\0\0" + BOMB), None),
    "profile cut short": (chunk(b"iCCP", b"x\0\0" + zlib.compress(PROFILE)[:-9]), None),
    "profile of another kind": (chunk(b"iCCP", b"x\0\0" + zlib.compress(b"no profile" * 99)), None),
    "profile without content": (chunk(b"iCCP", b""), None),
    "junk for EXIF": (chunk(b"eXIf", b"junk"), None),
    "EXIF cut short": (chunk(b"eXIf", TURNED[:12]), None),
    "hexadecimal EXIF of junk": (chunk(b"tEXt", b"Raw profile type exif\0\nexif\n4\nzzzz"), None),
    "short chunks": (b"".join(chunk(name, b"\1") for name in (b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"acTL")), None),
}


def png(before: bytes = b"", after: bytes = b"", deep: bool = False, spoilt: bytes = b"") -> bytes:
    """RGB or DEEP, with chunks before and after its pixels; the chunk named `spoilt` has a wrong checksum."""
    rows = DEEP.astype(">u2") if deep else RGB
    height, width = RGB.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 16 if deep else 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    parts = chunk(b"IHDR", header, spoilt == b"IHDR"), before, chunk(b"IDAT", pixels, spoilt == b"IDAT"), after
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def with_entries(data: bytes, entries: Mapping[int, tuple[int, int, int, int]]) -> bytes:
    """A little-endian TIFF with other entries (tag, type, count, value) for some tags of its first directory."""
    changed = bytearray(data)
    (place,) = struct.unpack_from("<I", data, 4)
    for entry in range(place + 2, place + 2 + 12 * struct.unpack_from("<H", data, place)[0], 12):
        tag = struct.unpack_from("<H", data, entry)[0]
        if tag in entries:
            struct.pack_into("<HHII", changed, entry, *entries[tag])
    assert changed != data
    return bytes(changed)


def read(folder: Path, data: bytes) -> tuple[np.ndarray, bytes | None]:
    (folder / "picture").write_bytes(data)
    photo = read_photo(folder / "picture")
    return photo.colour, photo.icc_profile


@pytest.mark.parametrize("deep", [False, True], ids=["8-bit", "16-bit"])
@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("case", METADATA)
def test_metadata_never_decide_about_pixels(case: str, place: str, deep: bool, tmp_path: Path) -> None:
    metadata, profile = METADATA[case]
    pixels, kept = read(tmp_path, png(**{place: metadata}, deep=deep))
    np.testing.assert_array_equal(pixels, DEEP if deep else RGB)
    assert kept == profile


def test_metadata_that_are_sound_count_in_any_place(tmp_path: Path) -> None:
    by_text = chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n26\n" + TURNED.hex().encode()))
    by_xmp = chunk(b"iTXt", b'XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation="6"/>')
    for turning in (chunk(b"eXIf", TURNED), by_text, by_xmp):
        for data in (png(turning), png(after=turning), png(turning, deep=True)):
            assert read(tmp_path, data)[0].shape == (36, 24, 3)


def test_a_profile_that_is_left_out_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read(tmp_path, png(chunk(b"iCCP", b"x\0\0" + BOMB)))
    assert (
        capsys.readouterr().err == f"resolute: the ICC profile of {tmp_path / 'picture'} is damaged and is left out\n"
    )
    read(tmp_path, png(chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(PROFILE))))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", [b"IHDR", b"IDAT", b"PLTE", b"tRNS"])
def test_a_chunk_that_decides_about_pixels_must_be_whole(name: bytes, tmp_path: Path) -> None:
    read(tmp_path, png(chunk(b"PLTE", bytes(9)) + chunk(b"tRNS", bytes(6))))
    data = png(chunk(b"PLTE", bytes(9), name == b"PLTE") + chunk(b"tRNS", bytes(6), name == b"tRNS"), spoilt=name)
    with pytest.raises(ResoluteError, match=rf"is damaged .*chunk {name.decode()} is damaged"):
        read(tmp_path, data)


@pytest.mark.parametrize(
    "segment",
    [(0xE0, b"JFIF\0"), (0xE2, b"ICC_PROFILE\0"), (0xED, b"Photoshop 3.0\x008BIM\x03\xed"), (0xE1, b"Exif\0\0junk")],
    ids=["JFIF", "profile", "Photoshop", "EXIF"],
)
def test_segments_of_a_jpeg_that_are_cut_short(segment: tuple[int, bytes], tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.fromarray(RGB).save(stream, "JPEG")
    data, (marker, body) = stream.getvalue(), segment
    pixels, _ = read(tmp_path, data[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + data[2:])
    np.testing.assert_array_equal(pixels, np.asarray(Image.open(stream)))


@pytest.mark.parametrize("kind", [3, 4, 13])
def test_a_tiff_whose_xmp_is_no_text(kind: int, tmp_path: Path) -> None:
    data = bytes(imagecodecs.tiff_encode(RGB, photometric="rgb", description="x" * 40))
    as_number = with_entries(data, {270: (700, kind, 1, 7)})
    np.testing.assert_array_equal(read(tmp_path, as_number)[0], RGB)


@pytest.mark.parametrize(
    ("pixels", "what"),
    [
        (RGB.astype(np.float32) / 255, "a TIFF of 3 floating-point samples of 32 bits"),
        (RGB.astype(np.float64) / 255, "a TIFF of 3 floating-point samples of 64 bits"),
        (RGB.astype(np.uint32), "a TIFF of 3 unsigned samples of 32 bits"),
        (RGB[:, :, 0].astype(np.float64), "a TIFF of 1 floating-point samples of 64 bits"),
    ],
)
def test_what_a_tiff_is_that_is_not_read(pixels: np.ndarray, what: str, tmp_path: Path) -> None:
    photometric = "rgb" if pixels.ndim == 3 else "minisblack"
    data = bytes(imagecodecs.tiff_encode(np.ascontiguousarray(pixels), photometric=photometric))
    with pytest.raises(ResoluteError, match=f"{what} per pixel, .* save it as RGB or grey PNG"):
        read(tmp_path, data)


@pytest.mark.parametrize("deep", [False, True], ids=["8-bit", "16-bit"])
@pytest.mark.parametrize("compression", [1, 5, 8])
@pytest.mark.parametrize("tags", [(322, 323), (256, 257)], ids=["tiles", "image"])
def test_a_tiff_that_claims_what_it_does_not_hold(
    tags: tuple[int, int], compression: int, deep: bool, tmp_path: Path
) -> None:
    pixels = DEEP if deep else RGB
    data = bytes(imagecodecs.tiff_encode(pixels, photometric="rgb", compression=compression, tile=(16, 16)))
    np.testing.assert_array_equal(read(tmp_path, data)[0], pixels)
    with pytest.raises(ResoluteError, match=r"is damaged .*claims 1,073,741,824 pixels and holds"):
        read(tmp_path, with_entries(data, {tag: (tag, 4, 1, 2**15) for tag in tags}))


def test_what_fits_the_file_must_fit_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (20_000, 1000)).save(stream, "PNG")
    assert read(tmp_path, stream.getvalue())[0].shape == (1000, 20_000, 3)
    monkeypatch.setattr(memory, "available", lambda: 2e8)
    with pytest.raises(ResoluteError, match=r"20000 x 1000 pixels, takes 0\.2 GB of memory and 0\.2 GB are free"):
        read_photo(tmp_path / "picture")


def test_only_files_are_read(tmp_path: Path) -> None:
    pipe, link, plug = tmp_path / "pipe.png", tmp_path / "link.png", tmp_path / "plug.png"
    os.mkfifo(pipe)
    link.symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(plug))
        for path, kind in ((pipe, "pipe"), (link, "device"), (Path("/dev/null"), "device"), (plug, "socket")):
            with pytest.raises(ResoluteError, match=f"cannot read the image {path}: Is a {kind}, not a file"):
                read_photo(path)
