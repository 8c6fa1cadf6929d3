"""Image files: what is read, what is refused, and that nothing half-written stays behind."""

import errno
import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps
from PIL.ExifTags import IFD
from PIL.ExifTags import Base as Tag
from skimage.metrics import peak_signal_noise_ratio

from resolute.core import atomic, memory
from resolute.core.errors import ResoluteError
from resolute.images.decode import Photo
from resolute.images.encode import FORMATS
from resolute.images.files import read_image, to_rgb, write_png
from resolute.images.photo import check_can_write, read_photo
from resolute.images.photo import write_photo as write_bands

RELAXED = settings(deadline=None)  # the machine may be busy
# What Pillow's JPEG keeps of the photograph below: 40.75 dB at quality 95, 38.39 dB if chroma were subsampled
JPEG_PSNR = 40.5
DATA = Path(__file__).parents[1] / "data/images"

HEIGHT, WIDTH = 9, 14
RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
GREY = RGB[:, :, 0].copy()
DEEP = RNG.integers(0, 2**16, (HEIGHT, WIDTH, 3)).astype(np.uint16)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def write_photo(path: Path, photo: Photo, band: int = 4) -> None:
    pixels = photo.pixels
    write_bands(path, photo, (pixels[row : row + band] for row in range(0, len(pixels), band)), photo.size)


def png_bytes(image: np.ndarray) -> bytes:
    return bytes(imagecodecs.png_encode(np.ascontiguousarray(image)))


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_of(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + png_chunk(b"IEND", b"")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


class TestReadImage:
    @pytest.mark.parametrize("image", [RGB, GREY], ids=["rgb", "grey"])
    @pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "webp"])
    def test_rgb_and_grey(self, folder: Path, image: np.ndarray, suffix: str) -> None:
        options: dict[str, Any] = {"lossless": True} if suffix == "webp" else {}
        Image.fromarray(image).save(folder / f"a.{suffix}", **options)
        expected = to_rgb(image) if suffix == "webp" else image  # WebP has no grey
        read = read_image(folder / f"a.{suffix}")
        np.testing.assert_array_equal(read, expected)
        assert read.dtype == np.uint8 and read.flags.writeable and read.flags.c_contiguous

    def test_palette_becomes_rgb(self, folder: Path) -> None:
        palette = Image.fromarray(RGB).quantize(16)
        palette.save(folder / "a.png")
        np.testing.assert_array_equal(read_image(folder / "a.png"), np.asarray(palette.convert("RGB")))

    def test_one_bit_becomes_grey(self, folder: Path) -> None:
        Image.fromarray(GREY > 100).save(folder / "a.png")
        np.testing.assert_array_equal(read_image(folder / "a.png"), np.where(GREY > 100, 255, 0))

    @pytest.mark.parametrize("image", [RGB, GREY], ids=["rgb", "grey"])
    def test_opaque_alpha_is_dropped(self, folder: Path, image: np.ndarray) -> None:
        Image.fromarray(np.dstack((image, np.full_like(GREY, 255)))).save(folder / "a.png")
        np.testing.assert_array_equal(read_image(folder / "a.png"), image)

    def test_jpeg_is_pillows_jpeg(self, folder: Path) -> None:
        Image.fromarray(RGB).save(folder / "a.jpg")
        np.testing.assert_array_equal(read_image(folder / "a.jpg"), np.asarray(Image.open(folder / "a.jpg")))

    def test_16_bits_are_refused(self, folder: Path) -> None:
        for name, image in (("rgb", DEEP), ("grey", DEEP[:, :, 0])):
            (folder / f"{name}.png").write_bytes(png_bytes(image))
            with pytest.raises(ResoluteError, match=rf"{name}\.png has 16 bits per channel"):
                read_image(folder / f"{name}.png")

    def test_transparency_is_refused(self, folder: Path) -> None:
        alpha = np.full_like(GREY, 255)
        alpha[0, 0] = 254
        Image.fromarray(np.dstack((RGB, alpha))).save(folder / "a.png")
        with pytest.raises(ResoluteError, match=r"a\.png has transparent pixels"):
            read_image(folder / "a.png")


class TestFaults:
    @pytest.mark.parametrize("mode", ["CMYK", "F", "I", "LAB", "YCbCr"])
    def test_other_colour_spaces(self, folder: Path, mode: str) -> None:
        Image.new(mode, (8, 8)).save(folder / "a.tif")
        with pytest.raises(ResoluteError, match=rf"a\.tif is a {mode} image"):
            read_photo(folder / "a.tif")

    def test_absent(self, folder: Path) -> None:
        with pytest.raises(ResoluteError, match=r"cannot read the image .*a\.png: No such file"):
            read_image(folder / "a.png")

    def test_a_folder(self, folder: Path) -> None:
        with pytest.raises(ResoluteError, match="Is a directory"):
            read_image(folder)

    @pytest.mark.parametrize("content", [b"", b"hello", b"<svg></svg>", b"GIF89a" + bytes(20)])
    def test_no_image(self, folder: Path, content: bytes) -> None:
        (folder / "a.png").write_bytes(content)
        with pytest.raises(ResoluteError, match=r"a\.png is not an image"):
            read_image(folder / "a.png")

    def test_several_frames(self, folder: Path) -> None:
        frames = [Image.fromarray(RGB), Image.fromarray(RGB[::-1])]
        for name in ("a.png", "a.tif", "a.webp"):
            frames[0].save(folder / name, save_all=True, append_images=frames[1:])
            with pytest.raises(ResoluteError, match=f"{name} holds 2 pages or frames"):
                read_photo(folder / name)

    def test_a_size_that_the_file_cannot_hold_is_refused_by_the_header(self, folder: Path) -> None:
        for side in (10_000, 60_000):
            header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
            (folder / "a.png").write_bytes(png_of(png_chunk(b"IHDR", header), png_chunk(b"IDAT", zlib.compress(b""))))
            with pytest.raises(ResoluteError, match=rf"a\.png is damaged .*claims {side**2:,} pixels"):
                read_photo(folder / "a.png")

    def test_the_limit_of_a_picture_is_the_memory_that_is_left(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Image.new("1", (11_000, 9000), 1).save(folder / "a.png")  # 99 million pixels
        assert read_photo(folder / "a.png").colour.shape == (9000, 11_000)
        monkeypatch.setattr(memory, "available", lambda: 3e8)
        with pytest.raises(ResoluteError, match=r"a\.png, 11000 x 9000 pixels, takes 0\.4 GB of memory and 0\.3 GB"):
            read_photo(folder / "a.png")

    @pytest.mark.parametrize("deep", [False, True], ids=["8-bit", "16-bit"])
    def test_every_truncation_of_a_png(self, folder: Path, deep: bool) -> None:
        data = png_bytes(DEEP if deep else RGB)
        for length in range(len(data) - len(png_chunk(b"IEND", b""))):
            (folder / "a.png").write_bytes(data[:length])
            with pytest.raises(ResoluteError, match=r"a\.png is (damaged or cut short|not an image)"):
                read_photo(folder / "a.png")

    def test_every_flipped_byte_of_pixel_data(self, folder: Path) -> None:
        data = png_bytes(RGB)
        start = data.index(b"IDAT") + 4
        for position in range(start, len(data) - 16, 7):
            damaged = bytearray(data)
            damaged[position] ^= 0x55
            (folder / "a.png").write_bytes(damaged)
            with pytest.raises(ResoluteError, match=r"a\.png is damaged"):
                read_photo(folder / "a.png")

    @RELAXED
    @example("deep.tiff", 1870, b"\x01", False)  # a second page without a size
    @given(
        st.sampled_from(("png", "jpeg", "tiff", "bmp", "webp", "deep.png", "deep.tiff")),
        st.integers(0, 4000),
        st.binary(max_size=12),
        st.booleans(),
    )
    def test_damage_is_an_image_or_one_line(
        self, tmp_path_factory: pytest.TempPathFactory, kind: str, position: int, patch: bytes, cut: bool
    ) -> None:
        if kind == "deep.png":
            data = png_bytes(DEEP)
        elif kind == "deep.tiff":
            data = bytes(imagecodecs.tiff_encode(DEEP))
        else:
            buffer = io.BytesIO()
            Image.fromarray(RGB).save(buffer, kind)
            data = buffer.getvalue()
        position %= len(data)
        path = tmp_path_factory.getbasetemp() / "damaged"
        path.write_bytes(data[:position] + patch + (b"" if cut else data[position + len(patch) :]))
        try:
            assert read_photo(path).colour.dtype in (np.uint8, np.uint16)
        except ResoluteError as error:
            assert "\n" not in str(error) and str(path) in str(error)


class TestPhoto:
    @pytest.mark.parametrize("suffix", ["png", "tif"])
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    @pytest.mark.parametrize("grey", [True, False])
    @pytest.mark.parametrize("transparent", [True, False])
    @pytest.mark.parametrize("profile", [None, PROFILE], ids=["plain", "icc"])
    def test_round_trip(
        self, folder: Path, suffix: str, dtype: type, grey: bool, transparent: bool, profile: bytes | None
    ) -> None:
        pixels = (DEEP if dtype == np.uint16 else RGB).copy()
        photo = Photo(pixels[:, :, 0] if grey else pixels, pixels[:, :, 1] if transparent else None, profile)
        path = folder / f"a.{suffix}"
        if suffix == "tif" and grey and transparent and dtype == np.uint16:
            with pytest.raises(ResoluteError, match=r"name it \.png"):
                write_photo(path, photo)
            return
        write_photo(path, photo)
        read = read_photo(path)
        np.testing.assert_array_equal(read.colour, photo.colour)
        assert (read.colour.dtype, read.icc_profile) == (dtype, profile)
        if transparent:
            np.testing.assert_array_equal(read.alpha, photo.alpha)
        else:
            assert read.alpha is None
        assert [file.name for file in folder.iterdir()] == [path.name]

    def test_pillow_reads_what_is_written(self, folder: Path) -> None:
        write_photo(folder / "a.png", Photo(RGB, GREY, PROFILE))
        write_photo(folder / "a.tif", Photo(RGB, GREY, PROFILE))
        for name in ("a.png", "a.tif"):
            with Image.open(folder / name) as image:
                assert (image.mode, image.info["icc_profile"]) == ("RGBA", PROFILE)
                np.testing.assert_array_equal(np.asarray(image), np.dstack((RGB, GREY)))

    def test_jpeg(self, folder: Path) -> None:
        butterfly = read_image(DATA / "set5_003_x4_hr.png")
        write_photo(folder / "a.jpg", Photo(butterfly, icc_profile=PROFILE), 100)
        read = read_photo(folder / "a.jpg")
        assert read.icc_profile == PROFILE
        assert peak_signal_noise_ratio(butterfly, read.colour) > JPEG_PSNR

    @pytest.mark.parametrize(("suffix", "least"), [("webp", 39), ("avif", 40)])
    def test_webp_and_avif(self, folder: Path, suffix: str, least: float) -> None:
        """Pillow's encoders keep 39.19 and 40.07 dB of this photograph; alpha, profile and EXIF data go with it."""
        butterfly = read_image(DATA / "set5_003_x4_hr.png")
        exif = Image.Exif()
        exif[Tag.Artist] = "somebody"
        photo = Photo(butterfly, butterfly[:, :, 0].copy(), PROFILE, exif.tobytes())
        write_photo(folder / f"a.{suffix}", photo, 7)
        read = read_photo(folder / f"a.{suffix}")
        assert peak_signal_noise_ratio(butterfly, read.colour) > least
        assert read.alpha is not None and np.abs(read.alpha - butterfly[:, :, 0].astype(int)).mean() < 2
        assert read.icc_profile == PROFILE and read.exif is not None
        assert Image.open(folder / f"a.{suffix}").getexif()[Tag.Artist] == "somebody"

    @pytest.mark.parametrize("suffix", ["jpg", "png"])
    def test_exif_data_lose_orientation_and_size_alone(self, folder: Path, suffix: str) -> None:
        exif = Image.Exif()
        exif[Tag.Artist], exif[Tag.Orientation] = "somebody", 6
        camera = exif.get_ifd(IFD.Exif)
        camera[Tag.ExifImageWidth], camera[Tag.ISOSpeedRatings] = WIDTH, 200
        Image.fromarray(RGB).save(folder / "in.jpg", exif=exif)
        photo = read_photo(folder / "in.jpg")
        assert photo.size == (WIDTH, HEIGHT)
        write_photo(folder / f"a.{suffix}", photo)
        with Image.open(folder / f"a.{suffix}") as image:
            kept = image.getexif()
        assert (kept[Tag.Artist], Tag.Orientation in kept) == ("somebody", False)
        assert dict(kept.get_ifd(IFD.Exif)) == {Tag.ISOSpeedRatings: 200}
        np.testing.assert_array_equal(read_photo(folder / f"a.{suffix}").size, photo.size)

    def test_transparent_colours_of_palette_rgb_and_grey(self, folder: Path) -> None:
        palette = Image.fromarray(RGB).quantize(8)
        palette.save(folder / "palette.png", transparency=3)
        read = read_photo(folder / "palette.png")
        np.testing.assert_array_equal(read.alpha, np.where(np.asarray(palette) == 3, 0, 255))
        np.testing.assert_array_equal(read.colour, np.asarray(palette.convert("RGB")))
        Image.fromarray(RGB).save(folder / "rgb.png", transparency=tuple(map(int, RGB[2, 3])))
        Image.fromarray(GREY).save(folder / "grey.png", transparency=int(GREY[2, 3]))
        for name, colour in (("rgb", RGB), ("grey", GREY)):
            read = read_photo(folder / f"{name}.png")
            np.testing.assert_array_equal(read.colour, colour)
            is_key = colour == colour[2, 3] if name == "grey" else (colour == colour[2, 3]).all(axis=2)
            np.testing.assert_array_equal(read.alpha, np.where(is_key, 0, 255))

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_exif_orientation(self, folder: Path, orientation: int) -> None:
        exif = Image.Exif()
        exif[Tag.Orientation] = orientation
        for name in ("a.jpg", "a.png", "a.tif"):
            Image.fromarray(RGB).save(folder / name, exif=exif)
            with Image.open(folder / name) as stored:
                upright = np.asarray(ImageOps.exif_transpose(stored))
            np.testing.assert_array_equal(read_photo(folder / name).colour, upright)
            assert upright.shape[:2] == ((HEIGHT, WIDTH) if orientation < 5 else (WIDTH, HEIGHT))

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_exif_orientation_of_16_bits(self, folder: Path, orientation: int) -> None:
        exif = Image.Exif()
        exif[Tag.Orientation] = orientation
        data = png_bytes(DEEP)
        body = exif.tobytes().removeprefix(b"Exif\0\0")
        (folder / "a.png").write_bytes(data[:33] + png_chunk(b"eXIf", body) + data[33:])
        by_byte = []
        for byte in ((DEEP >> 8).astype(np.uint8), (DEEP & 255).astype(np.uint8)):
            Image.fromarray(byte).save(folder / "byte.png", exif=exif)
            with Image.open(folder / "byte.png") as stored:
                by_byte.append(np.asarray(ImageOps.exif_transpose(stored)).astype(np.uint16))
        np.testing.assert_array_equal(read_photo(folder / "a.png").colour, (by_byte[0] << 8) + by_byte[1])


class TestWriting:
    @pytest.mark.parametrize("image", [RGB, GREY], ids=["rgb", "grey"])
    def test_write_png_makes_folders(self, folder: Path, image: np.ndarray) -> None:
        write_png(folder / "x4/new/a.png", image)
        np.testing.assert_array_equal(read_image(folder / "x4/new/a.png"), image)

    def test_equal_images_make_equal_files(self, folder: Path) -> None:
        write_png(folder / "a.png", RGB)
        write_png(folder / "b.png", RGB.copy())
        assert (folder / "a.png").read_bytes() == (folder / "b.png").read_bytes()

    def test_nothing_half_written_stays(self, folder: Path) -> None:
        (folder / "a.png").mkdir()
        with pytest.raises(ResoluteError, match=r"cannot write .*a\.png: Is a directory"):
            write_png(folder / "a.png", RGB)
        assert [file.name for file in folder.iterdir()] == ["a.png"]
        (folder / "file").write_text("")
        with pytest.raises(ResoluteError, match=r"cannot write .*b\.png"):
            write_png(folder / "file/b.png", RGB)

    @pytest.mark.parametrize(
        ("name", "photo", "message"),
        [
            ("a.gif", Photo(RGB), r"must end in one of \.png"),
            ("a", Photo(RGB), r"must end in one of \.png"),
            ("none/a.png", Photo(RGB), r"the folder .*none does not exist"),
            ("a.jpg", Photo(RGB, GREY), r"name it \.png"),
            ("a.JPEG", Photo(DEEP), r"name it \.png"),
            ("n" * 252 + ".png", Photo(RGB), "shorten it"),
            ("n" * 300 + "/a.png", Photo(RGB), "does not exist"),
        ],
    )
    def test_refuses_before_any_work(self, folder: Path, name: str, photo: Photo, message: str) -> None:
        with pytest.raises(ResoluteError, match=message):
            check_can_write(folder / name, photo)
        assert not list(folder.iterdir())

    @pytest.mark.parametrize(
        ("suffix", "side", "other"),
        [(suffix, form.longest, ".png" if form.longest < 10**6 // 2 else ".tif") for suffix, form in FORMATS.items()],
    )
    def test_refuses_a_side_that_the_format_does_not_have(
        self, folder: Path, suffix: str, side: int, other: str
    ) -> None:
        for size in ((side, 1), (1, side)):
            check_can_write(folder / f"a{suffix}", Photo(RGB), size)
            with pytest.raises(ResoluteError, match=rf"files end at {side:,} a side, name it \{other}"):
                check_can_write(folder / f"a{suffix}", Photo(RGB), (size[0] * 2, size[1] * 2))

    @pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
    def test_the_longest_side_can_be_written(self, folder: Path, suffix: str) -> None:
        longest = np.tile(GREY[0], 1_000_000)[: min(FORMATS[suffix].longest, 1_000_000)]
        for pixels in (longest[None], longest[:, None]):
            write_photo(folder / f"a{suffix}", Photo(pixels.copy()), 2**20)
            assert read_photo(folder / f"a{suffix}").colour.shape == pixels.shape

    def test_a_place_that_takes_no_file(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "folder.png").mkdir()
        os.mkfifo(folder / "pipe.png")
        (folder / "device.png").symlink_to("/dev/null")
        for name in ("folder", "pipe", "device"):
            with pytest.raises(ResoluteError, match="it is a folder, a pipe or a device"):
                check_can_write(folder / f"{name}.png", Photo(RGB))
        monkeypatch.setattr(os, "access", lambda place, _: place != folder)
        with pytest.raises(ResoluteError, match=f"{folder} is write-protected, give another place"):
            check_can_write(folder / "a.png", Photo(RGB))

    def test_a_full_disk_leaves_what_was_there(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write_photo(folder / "a.png", Photo(RGB))

        def full(path: Path) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(atomic, "sync", full)
        with pytest.raises(ResoluteError, match=r"cannot write .*a\.png: No space left on device"):
            write_photo(folder / "a.png", Photo(RGB[::-1].copy()))
        assert [file.name for file in folder.iterdir()] == ["a.png"]
        np.testing.assert_array_equal(read_photo(folder / "a.png").colour, RGB)


def test_to_rgb() -> None:
    assert to_rgb(RGB) is RGB
    np.testing.assert_array_equal(to_rgb(GREY), np.dstack((GREY, GREY, GREY)))
