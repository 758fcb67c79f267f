"""Pictures made for tests: small, with known content, good ones and hostile ones."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image

ORIENTATION = 0x0112
RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 200, 30), (30, 30, 220), (250, 250, 250)


def corners(width: int = 240, height: int = 160) -> Image.Image:
    """Red top left, green top right, blue bottom left, white bottom right."""
    image = Image.new("RGB", (width, height))
    half = (width // 2, height // 2)
    for colour, place in zip((RED, GREEN, BLUE, WHITE), ((0, 0), (1, 0), (0, 1), (1, 1)), strict=True):
        image.paste(Image.new("RGB", half, colour), (place[0] * half[0], place[1] * half[1]))
    return image


def photo(width: int = 640, height: int = 480, seed: int = 0) -> Image.Image:
    """Smooth blobs with grain: compresses and hashes like a photo."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 255, (9, 12, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
    grain = rng.integers(-8, 9, smooth.shape, dtype=np.int16)
    return Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def stored_as(image: Image.Image, orientation: int, kind: str = "JPEG") -> bytes:
    """A file whose pixels are turned so that EXIF's `orientation` makes `image` of them again."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    pixels = image.transpose(undo[orientation]) if orientation in undo else image
    return encoded(pixels, kind, exif=exif)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_bomb(width: int, height: int, padding: int = 0) -> bytes:
    """A valid one-bit PNG of zeros that is small on disk; `padding` bytes of a private chunk before the pixels."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    packed = b"".join(rows.compress(row * 1000) for _ in range(height // 1000)) + rows.flush()
    filler = png_chunk(b"fiLl", bytes(padding)) if padding else b""
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + filler
        + png_chunk(b"IDAT", packed)
        + png_chunk(b"IEND", b"")
    )


def webp_bomb(width: int, height: int) -> bytes:
    """A WEBP whose header announces a canvas and that holds nothing."""
    canvas = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBP" + b"VP8X" + struct.pack("<I", len(canvas)) + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def heic(*, whole: bool = True, padding: int = 64) -> bytes:
    """The boxes of a HEIC file without a picture in it."""

    def box(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", 8 + len(body)) + kind + body

    index = b"".join(box(kind, bytes(8)) for kind in (b"hdlr", b"pitm", b"iinf", b"iloc", b"iprp"))
    content = (
        box(b"ftyp", b"heic" + bytes(4) + b"mif1heic") + box(b"meta", bytes(4) + index) + box(b"mdat", bytes(padding))
    )
    return content if whole else content[:-80]


def noisy_tiff() -> bytes:
    """An LZW TIFF with damaged strips, about which libtiff complains on file descriptor 2."""
    content = bytearray(encoded(photo(200, 200), "TIFF", compression="tiff_lzw"))
    for position in range(1000, 3000):
        content[position] ^= 0xA5
    return bytes(content)
