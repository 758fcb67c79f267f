"""HEIC files without a decoder for them: telling a whole one from a damaged one by its boxes (ISO/IEC 14496-12)."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

from .outcomes import Code, Refusal

PLUGIN = "pillow_heif"
_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})
_META_BOXES = frozenset({b"hdlr", b"pitm", b"iinf", b"iloc", b"iprp"})


def is_heif(content: bytes) -> bool:
    """Whether `content` says that it is HEIC or HEIF."""
    return content[4:8] == b"ftyp" and content[8:12] in _BRANDS


def register_plugin() -> bool:
    """Teach Pillow to read HEIC; False when pillow-heif is not installed."""
    if find_spec(PLUGIN) is None:
        return False
    import_module(PLUGIN).register_heif_opener()
    return True


def diagnose(content: bytes) -> Refusal:
    """Why a HEIC file cannot be read here: it needs the plugin, or no plugin would help."""
    try:
        top = dict(_boxes(content, 0, len(content)))
        start, end = top[b"meta"]
        missing = _META_BOXES - dict(_boxes(content, start + 4, end)).keys()
    except (KeyError, ValueError) as error:
        return Refusal(Code.CORRUPT, f"HEIC: {error}" if isinstance(error, ValueError) else "HEIC without its index")
    if missing:
        return Refusal(Code.CORRUPT, "HEIC whose index is incomplete")
    if b"mdat" not in top and b"idat" not in dict(_boxes(content, start + 4, end)):
        return Refusal(Code.TRUNCATED, "HEIC without picture data")
    return Refusal(Code.NEEDS_PLUGIN, "HEIC")


def _boxes(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """(type, (first byte of the body, end)) of the boxes that fill `content[start:end]`. Raises ValueError."""
    while start < end:
        size, kind, header = int.from_bytes(content[start : start + 4], "big"), content[start + 4 : start + 8], 8
        if size == 1:
            size, header = int.from_bytes(content[start + 8 : start + 16], "big"), 16
        elif size == 0:
            size = end - start
        if size < header:
            raise ValueError(f"a damaged box at byte {start}")
        if start + size > end:
            raise ValueError(f"a box at byte {start} ends outside the file")
        yield kind, (start + header, start + size)
        start += size
