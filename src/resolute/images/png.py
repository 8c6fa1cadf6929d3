"""PNG chunk by chunk: what decides about pixels must be whole, and nothing else can do harm.

Decoders give up a picture for its metadata: a long text, a large profile, a wrong checksum in a comment. So they are
given the chunks that decide about pixels alone, and of the rest only what is wanted is read: the ICC profile and what
tells the orientation.
"""

import struct
import zlib
from dataclasses import dataclass, field

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER = 33  # bytes of the signature and the IHDR chunk
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type, as they are stored
LONGEST_SIDE = 1_000_000  # pixels that libpng takes
LONGEST = 16_000_000  # bytes of unpacked metadata that are read; a JPEG's profile cannot be longer either

_END = struct.pack(">I4sI", 0, b"IEND", zlib.crc32(b"IEND"))
_XMP = b"XML:com.adobe.xmp"
_RAW_EXIF = b"Raw profile type exif"


@dataclass
class Png:
    """What a PNG holds.

    Attributes:
        pixels: a PNG of the chunks that decide about pixels alone.
        info: metadata by the keys that Pillow has for them.
        frames: more than 1 in an animation.
    """

    pixels: bytes = b""
    info: dict[str, bytes | str] = field(default_factory=dict)
    frames: int = 1

    @property
    def depth(self) -> int:
        """Bits per channel."""
        return self.pixels[24]

    @property
    def bits(self) -> int:
        """Bits per pixel, as they are stored."""
        return self.depth * CHANNELS.get(self.pixels[25], 4)


def parse(data: bytes) -> Png:
    """Take a PNG file apart.

    Raises:
        ValueError: a chunk that decides about pixels is damaged, or the end is missing.
    """
    png, position = Png(), len(SIGNATURE)
    kept: list[bytes | memoryview] = [SIGNATURE]
    while position + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        if name == b"IEND":
            png.pixels = b"".join((*kept, _END))
            return png
        end = position + length + 12
        is_first = len(kept) == 1
        is_whole = end <= len(data) and _checksum(data, position + 4, end - 4) == data[end - 4 : end]
        if is_first != (name == b"IHDR") or (is_first and length != 13):
            raise ValueError("it does not start with one header")
        if name[:1].isupper() or name == b"tRNS":
            if not is_whole:
                raise ValueError(f"its chunk {name.decode('latin-1')} is damaged")
            kept.append(memoryview(data)[position:end])
        elif is_whole:
            _note(png, name, data[position + 8 : end - 4])
        position = end
    raise ValueError("its end is missing")


def with_profile(data: bytes, profile: bytes) -> bytes:
    """A PNG file with an ICC profile."""
    body = b"iCCP" + b"ICC profile\0\0" + zlib.compress(profile)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return b"".join((data[:HEADER], chunk, memoryview(data)[HEADER:]))


def _checksum(data: bytes, start: int, stop: int) -> bytes:
    return struct.pack(">I", zlib.crc32(memoryview(data)[start:stop]))


def _note(png: Png, name: bytes, body: bytes) -> None:
    """Remember metadata that is wanted; what is damaged counts as absent."""
    key, _, rest = body.partition(b"\0")
    if name == b"acTL" and len(body) == 8:
        png.frames = max(1, struct.unpack_from(">I", body)[0])
    elif name == b"eXIf":
        png.info["exif"] = b"Exif\0\0" + body
    elif name == b"iCCP":
        png.info["icc_profile"] = _unpacked(rest[1:])
    elif name == b"iTXt" and key == _XMP and rest.count(b"\0") >= 2:
        text = rest[2:].split(b"\0", 2)[-1]
        png.info["xmp"] = _unpacked(text) if rest[0] else text
    elif name in (b"tEXt", b"zTXt") and key == _RAW_EXIF:
        png.info[_RAW_EXIF.decode()] = (_unpacked(rest[1:]) if name == b"zTXt" else rest).decode("latin-1")


def _unpacked(packed: bytes) -> bytes:
    """What was packed; nothing of what is damaged or without an end."""
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(packed, LONGEST)
    except zlib.error:
        return b""
    return content if stream.eof else b""
