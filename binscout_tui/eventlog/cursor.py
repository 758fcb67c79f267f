"""Where a reader stands in a log, in a form that survives restarts and notices another file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

PROBE_BYTES = 256
"""How much of the beginning of the file, and of what lies just before the cursor, is fingerprinted."""

TEXT = re.compile(r"(\d{1,18})(?:-([0-9a-f]{16}))?", re.ASCII)

ReadAt = Callable[[int, int], bytes]
"""`read(offset, length)`: the bytes there, fewer at the end of the file."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """`offset` is a byte offset after a complete line; `identity` a fingerprint of what comes before it.

    The fingerprint is of content and not of the inode: an inode is given to the next file as soon as the
    old one is deleted, and it changes when a workspace is copied or restored though the log is the same.
    """

    offset: int = 0
    identity: str = ""

    @classmethod
    def at(cls, read: ReadAt, offset: int) -> Self:
        """The cursor at `offset` of the file that `read` reads."""
        return cls(offset, _fingerprint(read, offset))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `str()`; a bare byte offset is a cursor that trusts the file. Raises ValueError."""
        found = TEXT.fullmatch(text)
        if found is None:
            raise ValueError(f"{text[:60]!r} is not a place in a log")
        return cls(int(found[1]), found[2] or "")

    def __str__(self) -> str:
        return f"{self.offset}-{self.identity}" if self.identity else str(self.offset)

    @property
    def is_bare(self) -> bool:
        """Whether nothing is known of what lies before it, so that another file cannot be told apart."""
        return self.offset > 0 and not self.identity

    def matches(self, read: ReadAt) -> bool:
        """Whether the file that `read` reads still is the one, and still reaches this far."""
        return self.identity == _fingerprint(read, self.offset)


START = Cursor()


def _fingerprint(read: ReadAt, offset: int) -> str:
    if offset == 0:
        return ""
    length = min(PROBE_BYTES, offset)
    head, tail = read(0, length), read(offset - length, length)
    return hashlib.blake2b(head + tail, digest_size=8).hexdigest()
