"""Coverage: which items and compartments still need pictures, the next needed first."""

from __future__ import annotations

import sqlite3

import msgspec

from binscout_tui.store.images import HIDDEN_CAPTURES, LIVE, SEEN


class ItemCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """How far an item is: pictures accepted, staged and wanted; `compartments` are the codes where it lives.

    An accepted picture that is in the trash does not count, and one that was captured twice counts once.
    """

    item_id: int
    name: str
    number: str
    class_name: str | None
    accepted: int
    staged: int
    target: int
    compartments: list[str]

    @property
    def missing(self) -> int:
        """How many accepted pictures lack."""
        return max(0, self.target - self.accepted)

    @property
    def needed(self) -> int:
        """How many more to take, if all that are staged get accepted."""
        return max(0, self.target - self.accepted - self.staged)


class CompartmentCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """How far the item of a compartment is, wherever it was photographed, and how many of that were taken `here`.

    Where no item lives there is no `target`.
    """

    compartment_id: int
    code: str
    name: str
    organiser: str
    item_id: int | None
    item: str | None
    class_name: str | None
    accepted: int
    staged: int
    target: int | None
    here: int

    @property
    def missing(self) -> int:
        """How many accepted pictures its item lacks."""
        return max(0, (self.target or 0) - self.accepted)

    @property
    def needed(self) -> int:
        """How many more to take of its item, if all that are staged get accepted."""
        return max(0, (self.target or 0) - self.accepted - self.staged)


# The + keeps the database from going by state: the indices by item and by compartment hold all that is counted.
_COUNTED = (
    "WITH counted AS MATERIALIZED (SELECT item_id,"
    f" count(DISTINCT CASE WHEN state = 'accepted' AND {LIVE} THEN image_id END) AS accepted,"
    " count(CASE WHEN state = 'staged' THEN 1 END) AS staged"
    " FROM capture JOIN image ON image.id = image_id"
    f" WHERE item_id IS NOT NULL AND +state IN ('accepted', 'staged') AND {SEEN} GROUP BY item_id)"
)
ITEMS = (
    f"{_COUNTED}, lives AS (SELECT item_id, json_group_array(code) AS codes"
    " FROM (SELECT item_id, code FROM placement JOIN compartment ON compartment.id = compartment_id"
    " WHERE ended_at IS NULL AND archived_at IS NULL ORDER BY code) GROUP BY item_id)"
    " SELECT item.id AS item_id, item.name, number, class.name AS class_name, coalesce(accepted, 0) AS accepted,"
    " coalesce(staged, 0) AS staged, coalesce(target, ?) AS target, coalesce(codes, '[]') AS compartments"
    " FROM item LEFT JOIN counted ON counted.item_id = item.id LEFT JOIN class ON class.id = item.class_id"
    " LEFT JOIN lives ON lives.item_id = item.id WHERE item.archived_at IS NULL"
)
COMPARTMENTS = (
    f"{_COUNTED}, taken AS MATERIALIZED (SELECT compartment_id, item_id, count(*) AS here FROM capture"
    " WHERE compartment_id IS NOT NULL AND +state IN ('accepted', 'staged')"
    f" AND capture.id NOT IN ({HIDDEN_CAPTURES}) GROUP BY compartment_id, item_id)"
    " SELECT compartment.id AS compartment_id, code, compartment.name, organiser, item.id AS item_id,"
    " item.name AS item, class.name AS class_name, coalesce(accepted, 0) AS accepted, coalesce(staged, 0) AS staged,"
    " CASE WHEN item.id IS NOT NULL THEN coalesce(target, ?) END AS target, coalesce(here, 0) AS here"
    " FROM compartment"
    " LEFT JOIN placement ON placement.compartment_id = compartment.id AND placement.ended_at IS NULL"
    " LEFT JOIN item ON item.id = placement.item_id AND item.archived_at IS NULL"
    " LEFT JOIN class ON class.id = item.class_id LEFT JOIN counted ON counted.item_id = item.id"
    " LEFT JOIN taken ON taken.compartment_id = compartment.id AND taken.item_id = item.id"
    " WHERE compartment.archived_at IS NULL"
)


def items(db: sqlite3.Connection, default_target: int) -> list[ItemCoverage]:
    """Every item that is in use, the one that needs most pictures first."""
    rows = db.execute(ITEMS, (default_target,))
    found = [ItemCoverage(**{**dict(row), "compartments": msgspec.json.decode(row["compartments"])}) for row in rows]
    return sorted(found, key=lambda one: (-one.needed, -one.missing, one.name))


def compartments(db: sqlite3.Connection, default_target: int) -> list[CompartmentCoverage]:
    """Every compartment that is in use, the one to shoot first at first; those without an item are last."""
    found = [CompartmentCoverage(**dict(row)) for row in db.execute(COMPARTMENTS, (default_target,))]
    return sorted(found, key=_order)


def next(db: sqlite3.Connection, default_target: int, after: int | None = None) -> CompartmentCoverage | None:
    """The compartment to shoot next, another than `after` if there is one; None when nothing is needed.

    Among those that need the same it is the one that follows `after` in the order of organisers and codes.
    """
    wanted = [one for one in compartments(db, default_target) if one.needed]
    others = [one for one in wanted if one.compartment_id != after]
    if not others:
        return wanted[0] if wanted else None
    place = _place_of(db, after)
    return min(others, key=lambda one: (-one.needed, one.here, (one.organiser, one.code) <= place, _order(one)))


def _order(one: CompartmentCoverage) -> tuple[bool, int, int, int, str, str]:
    return one.item_id is None, -one.needed, -one.missing, one.here, one.organiser, one.code


def _place_of(db: sqlite3.Connection, compartment_id: int | None) -> tuple[str, str]:
    row = db.execute("SELECT organiser, code FROM compartment WHERE id = ?", (compartment_id,)).fetchone()
    return (row["organiser"], row["code"]) if row else ("", "")
