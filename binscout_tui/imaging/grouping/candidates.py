"""What the rules look at: one image and where, when and with what it was taken."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

# The image's id and the file in which it was found, since one image can lie in several folders.
Key = tuple[int, str]
_DIGITS = re.compile(r"([0-9]+)")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One image that may join a set.

    `name` and `folder` are safe to show; `taken_ms` and `mtime_ms` are milliseconds since 1970 (UTC), `taken_ms` None
    where the camera wrote no time; `camera` is equal for what one camera took; `phash` is an unsigned 64-bit number;
    `look` are the mean colours of an 8 x 8 grid (192 bytes, row by row, RGB), None where there is no preview.
    An image that is `in_set` never joins another one, but the rules still see where it stands.
    """

    key: Key
    name: str = ""
    folder: str = ""
    taken_ms: int | None = None
    mtime_ms: int = 0
    camera: str = ""
    phash: int | None = None
    look: bytes | None = None
    in_set: bool = False

    @property
    def image(self) -> int:
        """The image's id."""
        return self.key[0]


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """An order in which `take_2` comes before `take_10`."""
    parts = enumerate(_DIGITS.split(name))
    return tuple((int(part), part) if index % 2 else (-1, part) for index, part in parts)


def in_order(candidates: Iterable[Candidate]) -> list[Candidate]:
    """By folder, name and key: the same for every order of the input."""
    return sorted(candidates, key=lambda one: (natural(one.folder), natural(one.name), one.key))
