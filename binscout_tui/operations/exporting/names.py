"""What exported files are called: as they were, and no two alike whatever the case. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

LONGEST = 200
"""Bytes of a name, so that the sidecar's and the number of a second one fit within 255."""
_UNFIT = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|]+|^-')
"""What some file system does not take in a name, and what begins an option of a command."""
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


def safe_stem(name: str, otherwise: str) -> str:
    """The name of an image without its ending, as every file system takes it; `otherwise` where nothing is left."""
    stem = _UNFIT.sub("_", PurePath(name).stem.strip(" ."))
    stem = stem.encode("utf-8", "replace")[:LONGEST].decode("utf-8", "ignore").strip(" .")
    return otherwise if not stem or _RESERVED.fullmatch(stem) else stem


def candidates(stem: str, ending: str) -> Iterator[str]:
    """`photo.jpg`, then `photo-2.jpg`, `photo-3.jpg`, … without end."""
    yield f"{stem}{ending}"
    number = 2
    while True:
        yield f"{stem}-{number}{ending}"
        number += 1
