"""Texts of a PNG that are too long to be read: a picture is shown without them. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from PIL.PngImagePlugin import MAX_TEXT_CHUNK, MAX_TEXT_MEMORY

LEFT_OUT = "A text in the file is damaged, or has more than 1 MiB, and was left out."
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})


def without_long(content: bytes) -> bytes | None:
    """The PNG without texts that Pillow refuses: compressed ones of more than 1 MiB or of an unknown packing, and those
    above 64 MiB together. None where there is none."""
    kept: list[memoryview] = []
    start, room, whole = 0, MAX_TEXT_MEMORY, memoryview(content)
    for kind, begin, end in _chunks(content):
        if kind not in _TEXTS:
            continue
        size = _size(kind, content[begin + 8 : end - 4]) if room > 0 else None
        if size is not None and size <= room:
            room -= size
        else:
            kept.append(whole[start:begin])
            start = end
    return b"".join([*kept, whole[start:]]) if kept else None


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(kind, where it begins, where it ends) of each whole chunk, with its length, its kind and its sum."""
    begin = len(_SIGNATURE) if content.startswith(_SIGNATURE) else len(content)
    while begin + 12 <= len(content):
        end = begin + 12 + int.from_bytes(content[begin : begin + 4], "big")
        if end > len(content):
            return
        yield content[begin + 4 : begin + 8], begin, end
        begin = end


def _size(kind: bytes, data: bytes) -> int | None:
    """How many bytes a text has when it is unpacked, None for too many or where that cannot be told."""
    packed = _packed(kind, data)
    if packed is None:
        return len(data)
    if packed[:1] != b"\0":
        return None
    unpacking = zlib.decompressobj()
    try:
        size = len(unpacking.decompress(packed[1:], MAX_TEXT_CHUNK))
    except zlib.error:
        return 0  # whoever reads it makes an empty text of it
    return None if unpacking.unconsumed_tail else size


def _packed(kind: bytes, data: bytes) -> bytes | None:
    """How a text is compressed, as one byte, and the compressed text; None where it is not compressed."""
    rest = data.partition(b"\0")[2]
    if kind == b"zTXt":
        return rest or b"\0"
    if kind == b"iTXt" and rest[:1] not in (b"", b"\0"):
        return rest[1:2] + rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    return None
