"""Whether a file has more than a decoder hands over."""

from __future__ import annotations

import io
import itertools
import struct

import pytest
from PIL import Image

from binscout_tui.imaging.decode import decode
from binscout_tui.imaging.outcomes import Limits
from binscout_tui.imaging.plain import is_plain


def written(kind: str, mode: str = "RGB", **options: object) -> bytes:
    """A picture as bytes of a file."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize((64, 48)).convert(mode).save(file, kind, **options)
    return file.getvalue()


def deep_tiff() -> bytes:
    """A TIFF of one pixel with 16 bits a colour, which Pillow reads and does not write."""
    tags = [(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 3, 122), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 1, 128)]
    tags += [(277, 3, 1, 3), (278, 3, 1, 1), (279, 4, 1, 6)]
    ifd = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    return b"II*\0" + struct.pack("<I", 8) + ifd + struct.pack("<3H", 16, 16, 16) + struct.pack("<3H", 1, 2, 3)


@pytest.mark.parametrize(
    ("content", "plain"),
    [
        (written("PNG"), True),
        (written("PNG", "L"), True),
        (written("PNG", "1"), True),
        (written("PNG", "P"), False),
        (written("PNG", "RGBA"), False),
        (written("PNG", "I;16"), False),
        (written("PNG", transparency=(1, 2, 3)), False),
        (written("JPEG"), True),
        (written("JPEG", "CMYK"), False),
        (written("BMP"), True),
        (written("BMP", "RGBA"), False),
        (b"BM" + bytes(8) + b"\x1a\0\0\0" + b"\x0c\0\0\0" + struct.pack("<4H", 4, 4, 1, 24) + bytes(48), True),
        (written("WEBP"), True),
        (written("TIFF"), True),
        (written("TIFF", save_all=True, append_images=[Image.new("RGB", (9, 9))]), False),
        (deep_tiff(), False),
        (written("PPM"), True),
        (b"P6 #x\n1 1 #\n 65535\n" + bytes(6), False),
        (written("JPEG2000"), True),
        (written("AVIF"), True),
        (written("JPEG", icc_profile=bytes(5 << 20)), False),
    ],
    ids=itertools.count(),
)
def test_what_is_all_there_is(content: bytes, plain: bool) -> None:
    assert decode(content, Limits()).plain is plain


@pytest.mark.parametrize(
    ("kind", "mark", "beyond", "bits"), [("JPEG2000", b"\xff\x4f\xff\x51", 42, 11), ("AVIF", b"av1C", 6, 0x40)]
)
def test_deep_samples_are_told_by_the_header(kind: str, mark: bytes, beyond: int, bits: int) -> None:
    content = written(kind)
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        assert is_plain(image, image.mode, 1, content)
        place = content.index(mark) + beyond
        deep = content[:place] + bytes([content[place] | bits]) + content[place + 1 :]
        assert not is_plain(image, image.mode, 1, deep)
        assert not is_plain(image, image.mode, 1, content.replace(mark, b"xxxx")), "it says nothing"
