"""Kinds of names that images are put under, and how a name and its colour are written."""

from __future__ import annotations

import re

import msgspec

from binscout_tui.errors import UsageError
from binscout_tui.store.names import composed, is_printable

LONGEST = 100
_COLOUR = re.compile(r"#[0-9a-f]{6}")


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of name: its table, the table of its images, and its areas of the journal."""

    word: str
    link: str

    @property
    def key(self) -> str:
        """The column of `link` that holds the name's id."""
        return f"{self.word}_id"

    @property
    def area(self) -> str:
        """Decisions about which images are under it."""
        return self.word

    @property
    def own_area(self) -> str:
        """Decisions about the name itself."""
        return f"{self.word}_name"


TAG = Named(word="tag", link="image_tag")
COLLECTION = Named(word="collection", link="collection_image")
KINDS = {kind.word: kind for kind in (TAG, COLLECTION)}


def folded(name: str) -> str:
    """`name` as it is compared: composed, without outer spaces and without case."""
    return composed(name).casefold()


def checked_name(kind: Named, name: str) -> str:
    """`name` as it is kept. Raises UsageError for what is no name."""
    found = composed(name)
    if len(found) > LONGEST or not is_printable(found):
        raise UsageError(f"The name of a {kind.word} has 1 to {LONGEST} printable characters.", code="bad_name")
    return found


def checked_colour(colour: str | None) -> str | None:
    """A colour as it is kept. Raises UsageError."""
    if colour is not None and not _COLOUR.fullmatch(colour):
        raise UsageError(
            f"{colour!r} is no colour.", hint="Write it as #rrggbb in hexadecimal digits.", code="bad_colour"
        )
    return colour
