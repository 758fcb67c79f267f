"""Why Pillow cannot make sense of a file: told from its first bytes, never from its name."""

from __future__ import annotations

from . import heif
from .outcomes import Code, Limits, Refusal

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"8BPS", "PSD"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
)
_UNSUPPORTED: tuple[tuple[bytes, str], ...] = (
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"FUJIFILMCCD-RAW", "camera raw"),
    (b"IIU\0", "camera raw"),
    (b"IIRO", "camera raw"),
)


_JPEG_MODES = {1: "L", 3: "RGB", 4: "CMYK"}
_PNG_MODES = {0: "L", 2: "RGB", 3: "P", 4: "LA", 6: "RGBA"}
_ALONE = frozenset(range(0xD0, 0xDA)) | {0x01}  # markers without a length
_PLAIN_CHUNKS = frozenset({b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"PLTE", b"tRNS", b"pHYs", b"bKGD", b"tEXt", b"tIME"})


def plain_header(content: bytes) -> tuple[tuple[int, int], str, str] | None:
    """(size in pixels, format, mode) of a JPEG or PNG without any metadata that could turn it.

    None for everything else, and for what is not plainly in order: then a decoder has to say.
    """
    if content.startswith(b"\xff\xd8\xff"):
        return _plain_jpeg(content)
    return _plain_png(content) if png_pixels(content[:24]) else None


def _plain_jpeg(content: bytes) -> tuple[tuple[int, int], str, str] | None:
    position = 2
    while position + 9 < len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if marker in {0xE1, 0xE2, 0xDA} or marker in _ALONE or marker == 0xFF:
            return None  # metadata, several pictures in one file, or an order that is not usual
        if marker in {0xC0, 0xC1, 0xC2}:
            height, width = (int.from_bytes(content[position + at : position + at + 2], "big") for at in (5, 7))
            mode = _JPEG_MODES.get(content[position + 9])
            return ((width, height), "JPEG", mode) if width and height and mode and content[position + 4] == 8 else None
        position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
    return None


def _plain_png(content: bytes) -> tuple[tuple[int, int], str, str] | None:
    width, height = int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    mode = _PNG_MODES.get(content[25]) if len(content) > 33 and content[24] == 8 else None
    position = 33
    while mode and position + 8 <= len(content):
        kind = content[position + 4 : position + 8]
        if kind == b"IDAT":
            return (width, height), "PNG", mode
        if kind not in _PLAIN_CHUNKS:
            return None
        position += 12 + int.from_bytes(content[position : position + 4], "big")
    return None


def diagnose(content: bytes, limits: Limits) -> Refusal:
    """What to say of `content` (a whole file, or the beginning of a large one) that no decoder accepts."""
    if heif.is_heif(content):
        return heif.diagnose(content)
    if kind := unsupported_kind(content):
        return Refusal(Code.UNSUPPORTED, kind)
    kind = next((name for signature, name in _SIGNATURES if content.startswith(signature)), "")
    if not kind and content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        kind = "WEBP"
    if kind == "PNG":
        return _diagnose_png(content, limits)
    if kind == "JPEG":
        return _diagnose_jpeg(content)
    return Refusal(Code.CORRUPT, kind) if kind else Refusal(Code.NOT_AN_IMAGE)


def unsupported_kind(content: bytes) -> str:
    """The name of a kind of picture that is known and not read, or nothing.

    Camera raw files that look like TIFF would otherwise be taken for the small preview they begin with.
    """
    if content[:4] in {b"II*\0", b"MM\0*"} and content[8:10] == b"CR":
        return "camera raw"
    return next((name for signature, name in _UNSUPPORTED if content.startswith(signature)), "")


def png_pixels(beginning: bytes) -> int:
    """The number of pixels that the first 24 bytes of a PNG announce; 0 for anything else."""
    if not beginning.startswith(b"\x89PNG\r\n\x1a\n") or beginning[12:16] != b"IHDR":
        return 0
    return int.from_bytes(beginning[16:20], "big") * int.from_bytes(beginning[20:24], "big")


def _diagnose_png(content: bytes, limits: Limits) -> Refusal:
    if (pixels := png_pixels(content)) > limits.pixels:
        return too_many_pixels(pixels, limits)
    return Refusal(Code.CORRUPT if b"IDAT" in content or content[12:16] != b"IHDR" else Code.TRUNCATED, "PNG")


def _diagnose_jpeg(content: bytes) -> Refusal:
    """Walk the marker segments up to the first scan (ITU-T T.81, annex B)."""
    position = 2
    while content[position : position + 1] == b"\xff":
        marker, length = content[position + 1 : position + 2], content[position + 2 : position + 4]
        if marker == b"\xda":
            return Refusal(Code.CORRUPT, "JPEG")
        if len(length) < 2:
            return Refusal(Code.TRUNCATED, "JPEG")
        if marker in {b"\xc0", b"\xc1", b"\xc2"} and (bits := content[position + 4 : position + 5]) not in {
            b"",
            b"\x08",
        }:
            return Refusal(Code.UNSUPPORTED, f"JPEG with {bits[0]} bits a sample")
        position += 2 + int.from_bytes(length, "big")
    return Refusal(Code.TRUNCATED if position >= len(content) else Code.CORRUPT, "JPEG")


def too_many_pixels(pixels: int, limits: Limits) -> Refusal:
    """The refusal of a picture of so many pixels."""
    return Refusal(Code.TOO_MANY_PIXELS, f"{pixels / 1e6:.0f} megapixels; the limit is {limits.pixels / 1e6:g}")
