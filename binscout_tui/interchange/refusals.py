"""What an importer could not use: where it stands, a stable code, and a sentence for people."""

from __future__ import annotations

import msgspec

from binscout_tui.errors import BinScoutError
from binscout_tui.imaging.names import one_line


class Place(msgspec.Struct, frozen=True):
    """Where something stands: the file's name, its line (0 where the format has none), the thing in it."""

    file: str
    line: int = 0
    item: str = ""

    def __str__(self) -> str:
        line = f":{self.line}" if self.line else ""
        item = f" {self.item}" if self.item else ""
        return f"{self.file}{line}{item}"


class Refused(msgspec.Struct, frozen=True):
    """A line, or a thing in a file, that was not taken over."""

    file: str
    line: int
    item: str
    code: str
    reason: str

    @property
    def where(self) -> str:
        """The place as text."""
        return str(Place(self.file, self.line, self.item))


class Problem(Exception):  # noqa: N818 - it becomes a Refused where the place is known
    """Something is wrong with what is being read; `code` and `reason` as in `Refused`."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class NotThatFormatError(BinScoutError):
    """The path as a whole is not what it was said to be."""

    code = "not_that_format"


def refused(place: Place, code: str, reason: str) -> Refused:
    """A refusal with texts that are safe to show."""
    return Refused(place.file, place.line, one_line(place.item), code, one_line(reason, 400))


def refusal_of(place: Place, problem: Problem) -> Refused:
    """The refusal that says what `problem` is."""
    return refused(place, problem.code, problem.reason)
