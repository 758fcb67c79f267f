"""Sets of candidate images, of which at most one is chosen, and the crop of the choice."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.store import events, journal, suggestions
from binscout_tui.store.boxes import Box as Box
from binscout_tui.store.boxes import checked_box as checked_box
from binscout_tui.store.images import HIDDEN_SETS, Image, from_row, must_be_live
from binscout_tui.store.names import LONGEST, composed, is_printable

SetState = Literal["pending", "done", "skipped", "rejected"]
_SEEN = f"id NOT IN ({HIDDEN_SETS})"
IS_HIDDEN = (
    "EXISTS (SELECT 1 FROM set_member AS its CROSS JOIN image AS its_image ON its_image.id = its.image_id"
    " WHERE its.set_id = image_set.id AND its_image.withheld = 'hidden')"
)
"""The condition, on the table `image_set`, of what has a hidden image, without reading all that are hidden."""


class Suggested(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal keeps of a suggestion beside a decision: `shown` on the screen or not, `taken` by its key."""

    by: str
    image: int
    score: float
    crop: list[float] | None = None
    shown: bool = False
    taken: bool = False


class ImageSet(msgspec.Struct, frozen=True, kw_only=True):
    """A set with its members in order; `crop` is the chosen image's box, normalised to the upright picture.

    `ruled_out` are ids of candidates that a person wants no more; they stay members and decide nothing. `suggested`
    is what a model says, or a rule where there is none.
    """

    id: int
    key: str
    name: str
    kind: str
    state: SetState
    chosen_image_id: int | None
    note: str
    crop: Box | None
    images: list[Image]
    ruled_out: tuple[int, ...] = ()
    suggested: Suggested | None = None


def set_key(hashes: Sequence[str]) -> str:
    """The identity of a set: a hash over its members' hashes, whatever their order."""
    return hashlib.sha256("\n".join(sorted(hashes)).encode()).hexdigest()[:32]


def add(db: sqlite3.Connection, *, name: str, kind: str, image_ids: Sequence[int]) -> tuple[int, bool]:
    """(id, added): make a set of images, or find the set that has the same ones.

    The same picture may stand in two sets, since it is kept once however often it was found.
    Raises UsageError for fewer than two images.
    """
    members = list(dict.fromkeys(image_ids))
    if len(members) < 2:
        raise UsageError(f"The set {name} would have {len(members)} image; a set has at least two.", code="small_set")
    marks = ", ".join("?" * len(members))
    hashes = [r[0] for r in db.execute(f"SELECT sha256 FROM image WHERE id IN ({marks})", members)]
    found = db.execute("SELECT id FROM image_set WHERE key = ?", (set_key(hashes),)).fetchone()
    if found:
        return int(found["id"]), False
    cursor = db.execute(
        "INSERT INTO image_set (key, name, kind, added_at) VALUES (?, ?, ?, ?)",
        (set_key(hashes), name, kind, utc_now()),
    )
    set_id = int(cursor.lastrowid or 0)
    db.executemany(
        "INSERT INTO set_member (set_id, image_id, position) VALUES (?, ?, ?)",
        [(set_id, image, i) for i, image in enumerate(members)],
    )
    events.emit(db, "set", set_id)
    return set_id, True


def get(db: sqlite3.Connection, set_id: int) -> ImageSet:
    """The set with its images in order. Raises NotFoundError, for one with a hidden image too."""
    row = db.execute(f"SELECT * FROM image_set WHERE id = ? AND NOT {IS_HIDDEN}", (set_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"There is no set {set_id} in this workspace.", code="no_set")
    members = db.execute(
        "SELECT image.* FROM set_member JOIN image ON image.id = image_id WHERE set_id = ? ORDER BY position",
        (set_id,),
    )
    return ImageSet(
        id=row["id"],
        key=row["key"],
        name=row["name"],
        kind=row["kind"],
        state=row["state"],
        chosen_image_id=row["chosen_image_id"],
        note=row["note"],
        crop=_crop(db, set_id),
        images=[from_row(member) for member in members],
        ruled_out=tuple(_ruled_out(db, set_id)),
        suggested=_suggested(db, set_id),
    )


def ids(db: sqlite3.Connection, state: SetState | None = None) -> list[int]:
    """The ids of all sets in order, or of those in one state."""
    if state is None:
        return [int(r[0]) for r in db.execute(f"SELECT id FROM image_set WHERE {_SEEN} ORDER BY id")]
    rows = db.execute(f"SELECT id FROM image_set WHERE state = ? AND {_SEEN} ORDER BY id", (state,))
    return [int(r[0]) for r in rows]


def states(db: sqlite3.Connection) -> dict[int, SetState]:
    """{id: state} of all sets in order."""
    return {row[0]: row[1] for row in db.execute(f"SELECT id, state FROM image_set WHERE {_SEEN} ORDER BY id")}


def by_key(db: sqlite3.Connection, key: str) -> int | None:
    """The id of the set with these members, or None."""
    row = db.execute("SELECT id FROM image_set WHERE key = ?", (key,)).fetchone()
    return int(row[0]) if row else None


def counts(db: sqlite3.Connection) -> dict[str, int]:
    """How many sets are in each state."""
    found = dict.fromkeys(("pending", "done", "skipped", "rejected"), 0)
    rows = db.execute(f"SELECT state, count(*) FROM image_set WHERE {_SEEN} GROUP BY state")
    found.update((r[0], r[1]) for r in rows)
    return found


def choose(
    db: sqlite3.Connection,
    uid: int,
    set_id: int,
    image_id: int | None,
    *,
    crop: Box | None = None,
    state: Literal["skipped", "rejected", "pending"] = "pending",
    suggested: Suggested | None = None,
) -> ImageSet:
    """The ONE place where a set's selection changes: keys, mouse, crops, suggestions and commands all come here.

    `image_id` None leaves no image chosen and puts the set into `state`; `pending` takes back what was ruled out too.
    A crop belongs to the chosen image, and choosing one that was ruled out ends that. Where there is a suggestion the
    journal keeps it beside the decision: as `suggested` says, else as one that nobody saw.
    Raises NotFoundError for an unknown set, UsageError for an image that is not a usable member or a bad box.
    """
    current = get(db, set_id)
    after = _wanted(current, image_id, crop, state)
    before = _read(db, set_id)
    if before != after:
        action = "choose" if image_id is not None else "reset" if state == "pending" else state
        _decide(db, uid, set_id, action, before, after, suggested or current.suggested)
    return get(db, set_id)


def import_choice(
    db: sqlite3.Connection,
    uid: int,
    set_id: int,
    image_id: int | None,
    *,
    crop: Box | None = None,
    log: Mapping[str, Any],
) -> bool:
    """Take over a choice that a log holds, or with None that all were rejected, and keep beside it where it stood.

    False when a person decided otherwise on this set here, also when that was undone. Journaled, but not for undo,
    which walks what a person decided here. Raises what `choose` raises.
    """
    after = _wanted(get(db, set_id), image_id, crop, "rejected")
    before = _read(db, set_id)
    if db.execute("SELECT 1 FROM journal WHERE area = 'set' AND target = ?", (set_id,)).fetchone():
        return before == after
    _write(db, set_id, after, uid)
    decision = journal.Decision(
        area="set", action="import", target=set_id, before=before, after=after | {"log": dict(log)}
    )
    journal.note(db, uid, decision)
    return True


def rule_out(db: sqlite3.Connection, uid: int, set_id: int, image_id: int, out: bool = True) -> ImageSet:
    """Note that a candidate is wanted no more, or is again; nothing is decided and nothing deleted by that.

    Raises NotFoundError, UsageError for a stranger to the set and for the chosen image.
    """
    current = get(db, set_id)
    _member(current, image_id)
    if out and image_id == current.chosen_image_id:
        raise UsageError(
            f"Image {image_id} is kept, so it is not ruled out.",
            hint="Keep another one, or take the set back to undecided.",
            code="is_kept",
        )
    ruled_out = set(current.ruled_out) - {image_id} | ({image_id} if out else set())
    before = _read(db, set_id)
    after = _state(current.state, current.chosen_image_id, before["crop"], ruled_out)
    if before != after:
        _decide(db, uid, set_id, "rule_out" if out else "rule_in", before, after, None)
    return get(db, set_id)


def write_note(db: sqlite3.Connection, uid: int, set_id: int, text: str) -> ImageSet:
    """Keep one line about a set; an empty text removes it. Raises NotFoundError, UsageError for an unfit text."""
    text = " ".join(composed(text).split())
    if text and not is_printable(text):
        raise UsageError(f"A note is one line of at most {LONGEST} printable characters.", code="bad_note")
    before, after = {"note": get(db, set_id).note}, {"note": text}
    if before != after:
        _write_note(db, set_id, after, uid)
        journal.record(
            db,
            uid,
            journal.Decision(
                area="set_note", action="note" if text else "forget", target=set_id, before=before, after=after
            ),
        )
    return get(db, set_id)


def _decide(
    db: sqlite3.Connection,
    uid: int,
    set_id: int,
    action: str,
    before: dict[str, Any],
    after: dict[str, Any],
    suggested: Suggested | None,
) -> None:
    _write(db, set_id, after, uid)
    said = None if suggested is None else msgspec.structs.asdict(suggested)
    journal.record(
        db,
        uid,
        journal.Decision(area="set", action=action, target=set_id, before=before, after=after, suggested=said),
    )


def _suggested(db: sqlite3.Connection, set_id: int) -> Suggested | None:
    found = suggestions.get(db, set_id)
    if found is None:
        return None
    crop = None if found.crop is None else list(found.crop)
    return Suggested(by=found.by, image=found.image_id, score=found.score, crop=crop)


def _wanted(current: ImageSet, image_id: int | None, crop: Box | None, state: str) -> dict[str, Any]:
    if image_id is None:
        if crop is not None:
            raise UsageError("A crop needs a chosen image.", code="crop_without_image")
        return _state(state, None, None, () if state == "pending" else current.ruled_out)
    member = _member(current, image_id)
    must_be_live(member)
    box = None if crop is None else list(checked_box(crop))
    return _state("done", image_id, box, set(current.ruled_out) - {image_id})


def _member(current: ImageSet, image_id: int) -> Image:
    member = next((image for image in current.images if image.id == image_id), None)
    if member is None:
        raise UsageError(f"Image {image_id} is not in set {current.id}.", code="not_in_set")
    return member


def _state(state: str, image: int | None, crop: list[float] | None, ruled_out: Iterable[int]) -> dict[str, Any]:
    """A set's selection as the journal holds it; "out" is there only where somebody ruled something out."""
    found: dict[str, Any] = {"state": state, "image": image, "crop": crop}
    if out := sorted(ruled_out):
        found["out"] = out
    return found


def _crop(db: sqlite3.Connection, set_id: int) -> Box | None:
    row = db.execute("SELECT x1, y1, x2, y2 FROM crop WHERE set_id = ?", (set_id,)).fetchone()
    return tuple(row) if row else None


def _ruled_out(db: sqlite3.Connection, set_id: int) -> list[int]:
    rows = db.execute("SELECT image_id FROM set_member WHERE set_id = ? AND ruled_out = 1", (set_id,))
    return [int(row[0]) for row in rows]


def _read(db: sqlite3.Connection, set_id: int) -> dict[str, Any]:
    """The selection as it is; empty for a set that is gone, which is like no state that anybody decided."""
    row = db.execute("SELECT state, chosen_image_id FROM image_set WHERE id = ?", (set_id,)).fetchone()
    if row is None:
        return {}
    crop = _crop(db, set_id)
    return _state(row["state"], row["chosen_image_id"], None if crop is None else list(crop), _ruled_out(db, set_id))


def _write(db: sqlite3.Connection, set_id: int, state: journal.State, uid: int) -> None:
    decided = (None, None) if state["state"] == "pending" else (utc_now(), uid)
    db.execute(
        "UPDATE image_set SET state = ?, chosen_image_id = ?, decided_at = ?, decided_by = ? WHERE id = ?",
        (state["state"], state["image"], *decided, set_id),
    )
    db.execute("DELETE FROM crop WHERE set_id = ?", (set_id,))
    if state["crop"] is not None:
        db.execute(
            "INSERT INTO crop (image_id, set_id, x1, y1, x2, y2, uid, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (state["image"], set_id, *state["crop"], uid, utc_now()),
        )
    out = frozenset(state.get("out", ()))
    members = db.execute("SELECT image_id FROM set_member WHERE set_id = ?", (set_id,)).fetchall()
    db.executemany(
        "UPDATE set_member SET ruled_out = ? WHERE set_id = ? AND image_id = ?",
        [(row[0] in out, set_id, row[0]) for row in members],
    )


def _read_note(db: sqlite3.Connection, set_id: int) -> dict[str, Any]:
    row = db.execute("SELECT note FROM image_set WHERE id = ?", (set_id,)).fetchone()
    return {} if row is None else {"note": row["note"]}


def _write_note(db: sqlite3.Connection, set_id: int, state: journal.State, uid: int) -> None:
    db.execute("UPDATE image_set SET note = ? WHERE id = ?", (state["note"], set_id))


journal.register("set", _read, _write)
journal.register("set_note", _read_note, _write_note)
