"""What a field of the language is. The fields themselves are a table of whoever answers filters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

Kind = Literal["name", "text", "number", "day"]


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field.

    `kind` is what may follow it: one of its `words`, a name, any text, a number or a day. With `closed` nothing but its
    words may. `bare` fields stand alone (`dup`), and those of kind None always do. Numbers lie in `least`..`most`.
    `vocabulary` says which list of names completes it. `means` makes it a short form: `after:X` is `added>=X`.
    """

    name: str
    help: str
    kind: Kind | None = None
    words: tuple[str, ...] = ()
    closed: bool = False
    bare: bool = False
    least: float = 0
    most: float = 1e15
    vocabulary: str = ""
    means: tuple[str, str] | None = None

    @property
    def compares(self) -> bool:
        """Whether `<` and `>` may follow."""
        return self.kind in ("number", "day") and self.means is None

    @property
    def stands_alone(self) -> bool:
        """Whether it may stand without a value."""
        return self.bare or self.kind is None


Fields: TypeAlias = Mapping[str, Field]
