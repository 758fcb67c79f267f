"""Answering filters: a tree becomes one parametrised query that starts where the fewest images are."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Literal

import msgspec

from binscout_tui.filtering.errors import FilterError
from binscout_tui.filtering.parsing import parse as parse_with
from binscout_tui.filtering.printing import text_of as text_with
from binscout_tui.filtering.tree import All, Any, Condition, Filter, Is, Not, Span, Test, all_of, conjuncts
from binscout_tui.store.filter_fields import BUILDS, FIELDS, opposite
from binscout_tui.store.filter_names import Names
from binscout_tui.store.filter_sql import COUNTED, Part, Sql, Start, joined, negation
from binscout_tui.store.images import LIVE

Order = Literal["newest", "oldest"]
PAGE = 60
IN_TRASH = "image.trashed_at IS NOT NULL AND image.withheld IS NULL"
MOST_WAYS = 16
"""Of more alternatives than this each image is asked for all of them."""
ZONE_SHIFT = 7
_LAST = 2**62


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """One statement that reads one page of ids; `start` says in a word where it begins."""

    sql: Sql
    start: str


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """Which page is wanted: `low` and `high` are the ids that may be on it."""

    low: int
    high: int
    limit: int
    order: Order

    @property
    def way(self) -> str:
        """The order in SQL."""
        return "DESC" if self.order == "newest" else "ASC"

    def narrowed(self, low: int | None, high: int | None) -> Ask:
        """The same with these ends too."""
        low = self.low if low is None else max(self.low, low)
        high = self.high if high is None else min(self.high, high)
        return msgspec.structs.replace(self, low=low, high=high)


def parse(text: str) -> Filter:
    """The filter that `text` is. Raises FilterError with the place in the text."""
    return parse_with(text, FIELDS)


def text_of(wanted: Filter) -> str:
    """The canonical text of a filter; it parses to the same tree."""
    return text_with(wanted, FIELDS)


def page(
    db: sqlite3.Connection,
    wanted: Filter,
    *,
    beyond: int | None = None,
    until: int | None = None,
    limit: int = PAGE,
    order: Order = "newest",
) -> list[int]:
    """Up to `limit` ids of images that `wanted` lets through, those that follow the image `beyond` in this order.

    With `until` none that comes after this id. Only images that count, or with `in:trash` only those in the trash.
    Raises FilterError for a name that does not exist.
    """
    queries = plan(db, wanted, beyond=beyond, until=until, limit=limit, order=order)
    ids = {row[0] for query in queries for row in db.execute(query.sql.text, query.sql.values)}
    return sorted(ids, reverse=order == "newest")[:limit]


def plan(
    db: sqlite3.Connection,
    wanted: Filter,
    *,
    beyond: int | None = None,
    until: int | None = None,
    limit: int = PAGE,
    order: Order = "newest",
) -> list[Query]:
    """The queries whose pages together hold the page: one for each alternative that may have matches."""
    ask = Ask(low=0, high=_LAST, limit=limit, order=order)
    if beyond is not None:
        ask = ask.narrowed(None, beyond - 1) if order == "newest" else ask.narrowed(beyond + 1, None)
    ask = ask.narrowed(until, None) if order == "newest" else ask.narrowed(None, until)
    rest, trashed = _scope(wanted)
    names = Names(db, trashed=trashed)
    return [query for way in _ways(rest) if (query := _query(names, way, ask)) is not None]


def checked(db: sqlite3.Connection, wanted: Filter, *, concealed: bool = False) -> Sql:
    """The condition on a row of `image` that `wanted` is, for queries that start elsewhere. Raises FilterError.

    With `concealed` hidden tags and collections are names too; their images are found no more for that.
    """
    rest, trashed = _scope(wanted)
    names = Names(db, trashed=trashed, concealed=concealed)
    return joined("AND", (Sql(IN_TRASH if trashed else LIVE), compiled(rest, names).check))


def looks_in_trash(wanted: Filter) -> bool:
    """Whether `wanted` lets only images through that are in the trash. Raises FilterError."""
    return _scope(wanted)[1]


def _scope(wanted: Filter) -> tuple[Filter, bool]:
    """`wanted` without the words that say where to look, and whether that is the trash."""
    rest: list[Filter] = []
    places: set[str] = set()
    for part in conjuncts(wanted):
        if isinstance(part, Condition) and part.field == "in":
            places |= {test.text for test in part.tests if isinstance(test, Is)}
            if len(places) > 1:
                raise FilterError("An image is either in the library or in the trash.", part.place)
        else:
            rest.append(part)
    return all_of(rest), places == {"trash"}


def _ways(wanted: Filter) -> list[Filter]:
    """Filters of which one at least holds wherever `wanted` does, so that each starts where its images are fewest."""
    ways: list[list[Filter]] = [[]]
    for part in conjuncts(wanted):
        choices = _choices(part)
        if len(choices) * len(ways) > MOST_WAYS:
            choices = [part]
        ways = [[*way, *conjuncts(choice)] for way in ways for choice in choices]
    return [All(tuple(way)) for way in ways]


def _choices(part: Filter) -> list[Filter]:
    if isinstance(part, Any):
        return list(part.parts)
    if isinstance(part, Not) and isinstance(part.part, Condition):
        part = opposite(part.part) or part
    if isinstance(part, Condition) and len(part.tests) > 1 and part.field not in ("model", "dataset"):
        return [Condition(part.field, (test,), part.place) for test in part.tests]
    return [part]


def compiled(wanted: Filter, names: Names) -> Part:
    """What `wanted` is as a condition on a row, with all starts that it has. Raises FilterError."""
    if isinstance(wanted, All):
        inner = names.within(wanted.parts)
        return _all([compiled(part, inner) for part in wanted.parts])
    if isinstance(wanted, Any):
        return _any([compiled(part, names) for part in wanted.parts])
    if isinstance(wanted, Not):
        part = compiled(wanted.part, names)
        return Part(check=negation(part.check), reads_row=part.reads_row)
    if wanted.field == "id" and (ids := _single(wanted.tests)):
        return _those(ids)
    build = BUILDS[wanted.field]
    if build is None:
        raise FilterError(f"{wanted.field}: stands outside of parentheses and without a minus.", wanted.place)
    return _any([build(names, wanted, test) for test in wanted.tests or (None,)])


def _single(tests: Sequence[Test]) -> list[int]:
    """The ids that a condition names one by one, where it names nothing else and more than one."""
    if len(tests) < 2 or not all(isinstance(test, Span) and test.low == test.high for test in tests):
        return []
    ends = [test.low for test in tests if isinstance(test, Span)]
    return [int(end) for end in ends if isinstance(end, (int, float)) and end == int(end)]


def _those(ids: list[int]) -> Part:
    asked = json.dumps(ids)
    source = "(SELECT DISTINCT value AS id FROM json_each(?)) AS asked"
    start = Start(source=source, key="asked.id", where=Sql("1"), before=(asked,), ordered=False, images=len(ids))
    return Part(check=Sql("image.id IN (SELECT value FROM json_each(?))", (asked,)), starts=(start,))


def _all(parts: list[Part]) -> Part:
    zones = [part.zone for part in parts if part.zone]
    return Part(
        check=joined("AND", [part.check for part in parts]) if parts else Sql("1"),
        pieces=tuple(piece for part in parts for piece in part.all_pieces),
        starts=tuple(start for part in parts for start in part.starts),
        zone=joined("AND", zones) if zones else None,
        low=max((part.low for part in parts if part.low is not None), default=None),
        high=min((part.high for part in parts if part.high is not None), default=None),
        reads_row=any(part.reads_row for part in parts),
    )


def _any(parts: list[Part]) -> Part:
    if len(parts) == 1:
        return parts[0]
    zones = [part.zone for part in parts if part.zone]
    return Part(
        check=joined("OR", [part.check for part in parts]),
        zone=joined("OR", zones) if len(zones) == len(parts) else None,
        reads_row=any(part.reads_row for part in parts),
    )


def _query(names: Names, way: Filter, ask: Ask) -> Query | None:
    """The page of one alternative, None when it is clear already that nothing matches."""
    part = compiled(way, names)
    ask = ask.narrowed(part.low, part.high)
    zones = _zones(names.db, part.zone, ask)
    if zones is not None:
        ask = ask.narrowed(zones.first << ZONE_SHIFT, ((zones.last + 1) << ZONE_SHIFT) - 1)
    if ask.low > ask.high or (zones is not None and zones.number == 0):
        return None
    start = _fewest(names, part)
    few_zones = zones is not None and zones.number * 2 < zones.all and not names.trashed
    if start is not None and not (few_zones and (start.images or 0) >= COUNTED):
        return _from_start(start, part, ask, trashed=names.trashed)
    if few_zones and part.zone is not None:
        return _from_zones(part, part.zone, ask)
    return _walk(part, ask, trashed=names.trashed)


def _fewest(names: Names, part: Part) -> Start | None:
    """The start with the fewest rows among those that can be used."""
    # What is in the trash is in none of the indexes of what counts.
    there = [start for start in part.starts if not (names.trashed and LIVE in start.where.text)]
    if len(there) == 1 and there[0].ordered and not there[0].repeats and part.zone is None:
        return there[0]
    best: Start | None = None
    for start in sorted(there, key=lambda start: start.images is None):
        most = COUNTED if best is None else min(COUNTED, best.images or 0)
        counted = _counted(names.db, start, most)
        fewer = best is None or (counted.images or 0) < (best.images or 0)
        if fewer and (counted.ordered or (counted.images or 0) < COUNTED):
            best = counted
    return best


def _counted(db: sqlite3.Connection, start: Start, most: int) -> Start:
    """`start` with the number of its rows, as far as they are worth counting."""
    if start.images is not None:
        return start
    if start.arms:
        numbers = [_counted(db, arm, most).images or 0 for arm in start.arms]
        return msgspec.structs.replace(start, images=min(sum(numbers), most))
    sql = f"SELECT count(*) FROM (SELECT 1 FROM {start.source} WHERE {start.where.text} LIMIT {most:d})"
    images = db.execute(sql, (*start.before, *start.where.values)).fetchone()[0]
    return msgspec.structs.replace(start, images=int(images))


class _Zones(msgspec.Struct, frozen=True):
    """How many zones may have matches, the first and last of them, and how many there are."""

    number: int
    first: int
    last: int
    all: int


def _zones(db: sqlite3.Connection, wanted: Sql | None, ask: Ask) -> _Zones | None:
    if wanted is None:
        return None
    row = db.execute(
        f"SELECT count(*), min(zone), max(zone), (SELECT count(*) FROM image_zone) FROM image_zone"
        f" WHERE zone BETWEEN ? AND ? AND (NOT known OR {wanted.text})",
        (ask.low >> ZONE_SHIFT, ask.high >> ZONE_SHIFT, *wanted.values),
    ).fetchone()
    return _Zones(row[0], row[1] or 0, row[2] or 0, row[3])


def _from_start(start: Start, part: Part, ask: Ask, *, trashed: bool) -> Query:
    """From the rows of an index; where they are not in the order of ids, their ids are sorted before all else."""
    part = part.without(start.proves)
    if start.arms:
        return _from_arms(start, part, ask, trashed=trashed)
    bounds = Sql(f"{start.key} BETWEEN ? AND ?", (ask.low, ask.high))
    where = joined("AND", (start.where, bounds))
    word = "names" if start.before else start.source.split()[0]
    if word == "image":
        return _statement(start.source, where, part, ask, word, by="image.id", trashed=trashed)
    if start.ordered and not start.repeats:
        source = f"{start.source} CROSS JOIN {_joined_image(part, trashed)} ON image.id = {start.key}"
        return _statement(source, where, part, ask, word, by=start.key, trashed=trashed)
    # A subquery that comes first and has a limit is read in its order, row by row, and only as far as needed.
    found = (
        f"(SELECT DISTINCT {start.key} AS id FROM {start.source} WHERE {where.text} ORDER BY 1 {ask.way} LIMIT {_LAST})"
    )
    source = f"{found} AS found CROSS JOIN {_joined_image(part, trashed)} ON image.id = found.id"
    query = _statement(source, Sql("1"), part, ask, word, by="", trashed=trashed)
    return msgspec.structs.replace(query, sql=Sql(query.sql.text, (*start.before, *where.values, *query.sql.values)))


def _from_arms(start: Start, part: Part, ask: Ask, *, trashed: bool) -> Query:
    """Several indexes merged as they are read: https://sqlite.org/lang_select.html#orderby says when none is sorted."""
    arms = " UNION ".join(
        f"SELECT {arm.key} AS id FROM {arm.source} WHERE {arm.where.text} AND {arm.key} BETWEEN ? AND ?"
        for arm in start.arms
    )
    values = tuple(value for arm in start.arms for value in (*arm.where.values, ask.low, ask.high))
    source = f"({arms} ORDER BY 1 {ask.way} LIMIT {_LAST}) AS found CROSS JOIN {_joined_image(part, trashed)}"
    query = _statement(f"{source} ON image.id = found.id", Sql("1"), part, ask, "merged", by="", trashed=trashed)
    return msgspec.structs.replace(query, sql=Sql(query.sql.text, (*values, *query.sql.values)))


def _joined_image(part: Part, trashed: bool) -> str:
    """Whether an image counts is read from the smaller index where nothing else of its row is asked."""
    return "image" if trashed or part.reads_row else "image INDEXED BY image_live"


def _from_zones(part: Part, zone: Sql, ask: Ask) -> Query:
    first = f"image_zone.zone << {ZONE_SHIFT}"
    source = f"image_zone CROSS JOIN image NOT INDEXED ON image.id BETWEEN max(?, {first}) AND min(?, ({first}) + 127)"
    where = Sql(
        f"image_zone.zone BETWEEN ? AND ? AND (NOT known OR {zone.text})",
        (ask.low, ask.high, ask.low >> ZONE_SHIFT, ask.high >> ZONE_SHIFT, *zone.values),
    )
    return _statement(source, where, part, ask, "zones", by=f"image_zone.zone {ask.way}, image.id", trashed=False)


def _walk(part: Part, ask: Ask, *, trashed: bool) -> Query:
    live = "NOT INDEXED" if part.reads_row else "INDEXED BY image_live"
    source = f"image {'INDEXED BY image_in_trash' if trashed else live}"
    where = Sql("image.id BETWEEN ? AND ?", (ask.low, ask.high))
    return _statement(source, where, part, ask, "walk", by="image.id", trashed=trashed)


def _statement(source: str, where: Sql, part: Part, ask: Ask, start: str, *, by: str, trashed: bool) -> Query:
    order = f" ORDER BY {by} {ask.way}" if by else ""
    text = (
        f"SELECT image.id FROM {source} WHERE {where.text} AND {IN_TRASH if trashed else LIVE} AND ({part.check.text})"
        f"{order} LIMIT ?"
    )
    return Query(sql=Sql(text, (*where.values, *part.check.values, ask.limit)), start=start)
