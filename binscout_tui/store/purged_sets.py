"""What becomes of sets when candidates of theirs are deleted for ever.

A choice whose picture stays is kept, with its crop, also where no other candidate is left; nothing can be learned from
such a set, but what a person decided of the picture is not lost.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from itertools import groupby

import msgspec

from binscout_tui.store import events, sets

_WORTH = ("pending", "skipped", "rejected", "done")
"""What a person decided is worth more than what nobody did."""


class Fates(msgspec.Struct, frozen=True, kw_only=True):
    """`smaller` {set: its key then} stay with fewer candidates, `dissolved` go; `choices` is how many are lost.

    `notes` {set: its note then} are those that have the words of one that goes too.
    """

    smaller: dict[int, str]
    dissolved: tuple[int, ...]
    choices: int
    notes: dict[int, str]


class _Left(msgspec.Struct, frozen=True, kw_only=True):
    """A set as it will be; `chosen` stays, `loses` when what was chosen goes."""

    id: int
    key: str
    images: int
    state: str
    chosen: int | None
    cut: bool
    note: str
    loses: bool = False

    @property
    def worth(self) -> tuple[int, bool]:
        """Of two sets of the same candidates the one that is worth more stays."""
        return _WORTH.index(self.state), self.cut


def fates(db: sqlite3.Connection, image_ids: Collection[int]) -> Fates:
    """What becomes of the sets that these images are in, and of those that have the same candidates then.

    A set stays with two candidates, or with the chosen one. Of two that have the same ones then one stays: the one
    that was decided, else the one that had them before.
    """
    touched = _touched(db, image_ids)
    staying: dict[str, _Left] = {}
    notes: dict[int, str] = {}
    dissolved: list[_Left] = []
    for one in touched:
        if one.images < 2 and one.chosen is None:
            dissolved.append(one)
            continue
        other = staying.get(one.key) or _holder(db, one.key)
        winner, loser = (one, other) if other is None or one.worth > other.worth else (other, one)
        if loser is not None:
            dissolved.append(loser)
            if loser.note and loser.note != winner.note:
                winner = msgspec.structs.replace(winner, note=f"{winner.note}\n{loser.note}".strip())
                notes[winner.id] = winner.note
        staying[one.key] = winner
    lost = [one for one in dissolved if one.chosen is not None and staying[one.key].chosen != one.chosen]
    ours = {one.id for one in touched}
    return Fates(
        smaller={one.id: one.key for one in staying.values() if one.id in ours},
        dissolved=tuple(one.id for one in dissolved),
        choices=len(lost) + sum(one.loses for one in touched),
        notes={set_id: note for set_id, note in notes.items() if set_id in {one.id for one in staying.values()}},
    )


def leave(db: sqlite3.Connection, image_ids: Collection[int], found: Fates) -> None:
    """Take the images out of their sets as `fates` found. The crop of a set that goes stays as a free one of its image.

    Other processes are told.
    """
    ids = json.dumps(list(image_ids))
    for set_id in found.dissolved:
        db.execute(
            "UPDATE crop SET set_id = NULL WHERE set_id = ? AND image_id NOT IN (SELECT value FROM json_each(?))",
            (set_id, ids),
        )
        db.execute("UPDATE image_set SET state = 'pending', chosen_image_id = NULL WHERE id = ?", (set_id,))
        db.execute("DELETE FROM image_set WHERE id = ?", (set_id,))
    for set_id, key in found.smaller.items():
        db.execute(
            "UPDATE image_set SET state = 'pending', chosen_image_id = NULL, decided_at = NULL, decided_by = NULL"
            " WHERE id = ? AND chosen_image_id IN (SELECT value FROM json_each(?))",
            (set_id, ids),
        )
        for table in ("crop", "set_member"):
            db.execute(
                f"DELETE FROM {table} WHERE set_id = ? AND image_id IN (SELECT value FROM json_each(?))", (set_id, ids)
            )
        db.execute("UPDATE image_set SET key = ? WHERE id = ?", (key, set_id))
    for set_id, note in found.notes.items():
        db.execute("UPDATE image_set SET note = ? WHERE id = ?", (note, set_id))
    events.emit_all(db, "set", [*found.smaller, *found.dissolved, *found.notes])


def _touched(db: sqlite3.Connection, image_ids: Collection[int]) -> list[_Left]:
    """The sets of these images without them, in the order of ids."""
    rows = db.execute(
        "SELECT set_id, state, chosen_image_id, EXISTS (SELECT 1 FROM crop WHERE crop.set_id = there.set_id), note,"
        " there.image_id, sha256 FROM set_member AS there JOIN image_set ON image_set.id = set_id"
        " JOIN image ON image.id = there.image_id WHERE set_id IN (SELECT set_id FROM set_member WHERE image_id IN"
        " (SELECT value FROM json_each(?))) ORDER BY set_id",
        (json.dumps(list(image_ids)),),
    )
    going = frozenset(image_ids)
    found = []
    for (set_id, state, chosen, cut, note), members in groupby(rows, key=lambda row: tuple(row[:5])):
        left = [row[6] for row in members if row[5] not in going]
        loses = chosen in going
        found.append(
            _Left(
                id=set_id,
                key=sets.set_key(left),
                images=len(left),
                state="pending" if loses else state,
                chosen=None if loses else chosen,
                cut=bool(cut) and not loses,
                note=note,
                loses=loses,
            )
        )
    return found


def _holder(db: sqlite3.Connection, key: str) -> _Left | None:
    """The set that has these candidates already."""
    row = db.execute(
        "SELECT id, state, chosen_image_id, EXISTS (SELECT 1 FROM crop WHERE crop.set_id = image_set.id),"
        " (SELECT count(*) FROM set_member WHERE set_id = image_set.id), note FROM image_set WHERE key = ?",
        (key,),
    ).fetchone()
    if row is None:
        return None
    return _Left(id=row[0], key=key, state=row[1], chosen=row[2], cut=bool(row[3]), images=row[4], note=row[5])
