"""Whether three colours of eight bits are all that a picture has; decoders hand over no more, whatever is in a file."""

from __future__ import annotations

import re

from PIL import Image

MODES = frozenset({"RGB", "L", "1"})
BITS = 8
MORE = 16  # bits of what does not say how many it has
_COMMENT = re.compile(rb"#[^\r\n]*")
_EXTRA_SAMPLES, _BITS_PER_SAMPLE = 338, 258  # tags of TIFF
_SIZ = b"\xff\x4f\xff\x51"  # ISO/IEC 15444-1, A.5.1
_DEEP_AV1 = 0x40  # high_bitdepth of av1C (AV1 in ISOBMFF, 2.3.3)


def is_plain(image: Image.Image, mode: str, frames: int, content: bytes) -> bool:
    """Whether upright 8-bit RGB is all there is: no transparency, palette, wide samples, inks or further frames.

    `image` was loaded from `content`; `mode` is what it was opened with.
    """
    return mode in MODES and frames == 1 and not image.has_transparency_data and _bits(image, content) <= BITS


def _bits(image: Image.Image, content: bytes) -> int:
    """The bits of a sample in the file."""
    match image.format:
        case "PNG":
            return content[24]
        case "BMP":
            return _bmp_bits(content)
        case "TIFF":
            return _tiff_bits(image)
        case "PPM":
            return _ppm_bits(content)
        case "JPEG2000":
            return _jpeg_2000_bits(content)
        case "AVIF":
            return _avif_bits(content)
        case _:
            bits = image.info.get("bit_depth", BITS)  # HEIC says so
            return bits if isinstance(bits, int) else MORE


def _bmp_bits(content: bytes) -> int:
    """Of 32 bits a pixel eight may be transparency, whatever a reader makes of them."""
    at = 24 if content[14:15] == b"\x0c" else 28  # of the older header of 12 bytes
    return BITS if int.from_bytes(content[at : at + 2], "little") <= 3 * BITS else MORE


def _tiff_bits(image: Image.Image) -> int:
    tags = getattr(image, "tag_v2", {})
    return MORE if tags.get(_EXTRA_SAMPLES) else max(tags.get(_BITS_PER_SAMPLE, (1,)))


def _ppm_bits(content: bytes) -> int:
    if content[:2] in {b"P1", b"P4"}:
        return 1
    words = _COMMENT.sub(b"", content[:1024]).split(maxsplit=4)
    return int(words[3]).bit_length() if len(words) > 3 and words[3].isdigit() else MORE


def _jpeg_2000_bits(content: bytes) -> int:
    start = content.find(_SIZ)
    components = int.from_bytes(content[start + 40 : start + 42], "big")
    depths = content[start + 42 : start + 42 + 3 * components : 3]
    return max((depth & 0x7F) + 1 for depth in depths) if start >= 0 and depths else MORE


def _avif_bits(content: bytes) -> int:
    found = [content[match.end() + 2] for match in re.finditer(b"av1C", content) if match.end() + 2 < len(content)]
    return BITS if found and not any(flags & _DEEP_AV1 for flags in found) else MORE
