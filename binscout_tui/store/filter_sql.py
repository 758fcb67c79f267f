"""Pieces of SQL that filters are put together from. Values always travel beside the text, never in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import msgspec

from binscout_tui.filtering.tree import Is, Span, Test
from binscout_tui.store.images import LIVE

COUNTED = 20_000
"""How far the rows of a start are counted, and how many are sorted at most; from then on they are just many."""

Value = int | float | str


class Sql(msgspec.Struct, frozen=True):
    """A piece of SQL and the values of its marks."""

    text: str
    values: tuple[Value, ...] = ()


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Where a query can start from instead of walking over all images: rows of an index that hold the images' ids.

    All that match are among them. `ordered` when they come in the order of ids, `repeats` when an id may come twice.
    `images` is their number where it is kept, `before` are the values of marks in `source`. `proves` is a check that
    all of its rows meet, so that it need not be asked of them. With `arms` it is what these starts have together, each
    of which comes in the order of ids.
    """

    source: str = ""
    key: str = ""
    where: Sql = Sql("1")
    ordered: bool = True
    repeats: bool = False
    images: int | None = None
    before: tuple[Value, ...] = ()
    proves: Sql | None = None
    arms: tuple[Start, ...] = ()


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What a condition becomes: `check` holds for a row of `image`; the others narrow down where to look.

    `pieces` are the check's where it is several that must all hold. `zone` holds for rows of `image_zone` that may have
    matches, `low` and `high` are ids. `reads_row` when the check needs more of an image than its id.
    """

    check: Sql
    pieces: tuple[Sql, ...] = ()
    starts: tuple[Start, ...] = ()
    zone: Sql | None = None
    low: int | None = None
    high: int | None = None
    reads_row: bool = False

    @property
    def all_pieces(self) -> tuple[Sql, ...]:
        """What must hold of a row, piece by piece."""
        return self.pieces or (self.check,)

    def without(self, proved: Sql | None) -> Part:
        """The same for rows of which it is known that `proved` holds."""
        left = tuple(piece for piece in self.all_pieces if piece != proved)
        return msgspec.structs.replace(self, check=joined("AND", left) if left else Sql("1"), pieces=left)


def joined(word: str, parts: Sequence[Sql]) -> Sql:
    """`parts` with AND or OR between them."""
    return Sql(f" {word} ".join(f"({part.text})" for part in parts), tuple(v for part in parts for v in part.values))


def negation(part: Sql) -> Sql:
    """Where `part` is not true; unknown is not true."""
    return Sql(f"({part.text}) IS NOT TRUE", part.values)


def compared(expression: str, test: Test) -> Sql:
    """`expression` against the test."""
    if isinstance(test, Is):
        return Sql(f"{expression} = ?", (test.text,))
    sides: list[Sql] = []
    if test.low is not None:
        sides.append(Sql(f"{expression} {'>' if test.without_low else '>='} ?", (test.low,)))
    if test.high is not None:
        sides.append(Sql(f"{expression} {'<' if test.without_high else '<='} ?", (test.high,)))
    return joined("AND", sides)


def zone(kept: str, test: Span) -> Sql:
    """Which zones may have something within the test; `kept` is what they keep, with `{}` for `low` and `high`."""
    sides: list[Sql] = []
    if test.low is not None:
        sides.append(Sql(f"{kept.replace('{}', 'high')} >= ?", (test.low,)))
    if test.high is not None:
        sides.append(Sql(f"{kept.replace('{}', 'low')} <= ?", (test.high,)))
    return joined("AND", sides)


def scaled(test: Span, by: float) -> Span:
    """The test in another unit; days stay as they are."""

    def end(value: float | str | None) -> float | str | None:
        return value * by if isinstance(value, (int, float)) else value

    return test if by == 1 else dataclasses.replace(test, low=end(test.low), high=end(test.high))


def column(expression: str, test: Test, *, index: str = "", also: str = "1") -> Part:
    """A condition on a column of `image`; `index` is one of what counts, and of `also`, that begins with the column."""
    check = compared(expression, test)
    where = joined("AND", (check, Sql(LIVE), Sql(also)))
    start = Start(source=f"image INDEXED BY {index}", key="image.id", where=where)
    return Part(check=check, starts=(start,) if index else (), reads_row=True)


def linked(table: str, where: Sql, *, index: str = "", check_from: str = "", start_from: str = "", **more: Any) -> Part:
    """A condition on rows of `table` that have the image's id as `image_id`.

    `check_from` and `start_from` say how other tables are joined to it, from either end; `more` is for the `Start`.
    """
    key = f"{table}.image_id"
    by_index = f"{table} INDEXED BY {index}" if index else table
    return Part(
        check=Sql(
            f"EXISTS (SELECT 1 FROM {check_from or table} WHERE {key} = image.id AND {where.text})", where.values
        ),
        starts=(Start(source=start_from or by_index, key=key, where=where, **more),),
    )
