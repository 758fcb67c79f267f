"""A file that must still hold the picture it held when it was taken in. No torch and no decoder here."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Pinned(msgspec.Struct, frozen=True):
    """The file at `path`, which counts only while the SHA-256 of its bytes is `sha256` (hexadecimal)."""

    path: Path
    sha256: str
