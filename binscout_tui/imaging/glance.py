"""A quick look at one file in a worker process: its hash, and what its first bytes say. Nothing is decoded.

Plain JPEG and PNG files are understood here in microseconds; all else is left to Pillow, which is loaded for it.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from . import headers
from .outcomes import Glanced, Limits, Refusal, Rejected
from .reading import PEEK_BYTES, open_regular, read_whole, rejection


def glance(path: Path, limits: Limits) -> Glanced | Rejected:
    """Read and hash `path` once and look at its header. Never raises for a bad file."""
    try:
        content, mtime_ns = _read(path, limits)
        sha256 = hashlib.sha256(content).hexdigest()
        if plain := headers.plain_header(content):
            size, kind, mode = plain
            if size[0] * size[1] > limits.pixels:
                raise headers.too_many_pixels(size[0] * size[1], limits)
            orientation, taken_at = 1, None
        else:
            from .decode import read_header

            size, kind, mode, facts = read_header(content, limits)
            orientation, taken_at = facts.orientation, facts.taken_at
    except (Refusal, OSError, MemoryError) as error:
        return rejection(path, error, limits)
    return Glanced(
        sha256=sha256,
        bytes=len(content),
        mtime_ns=mtime_ns,
        width=size[0],
        height=size[1],
        format=kind,
        mode=mode,
        orientation=orientation,
        taken_at=taken_at,
    )


def _read(path: Path, limits: Limits) -> tuple[bytes, int]:
    with open_regular(path) as handle:
        if os.fstat(handle.fileno()).st_size > PEEK_BYTES:
            from .decode import refuse_by_header

            refuse_by_header(handle, limits)
        return read_whole(handle, limits.file_bytes)
