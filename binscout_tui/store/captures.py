"""Captures: staged, taken again, accepted, rejected, failed; the one place where their state changes.

A capture's `state` and the `withheld` of its image move together. Of all attempts at one picture at most one is staged
or accepted. Nothing is deleted: a superseded capture is kept and never used. Undoing a retake brings back what the
older capture was and leaves the newer one rejected, from where redoing, or a person, takes it up again.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from binscout_tui.clock import utc_now
from binscout_tui.errors import BinScoutError, ConflictError
from binscout_tui.imaging.outcomes import Told
from binscout_tui.store import compartments, events, images, items, journal, told
from binscout_tui.store.capture_rows import (
    Capture,
    State,
    by_fingerprint,
    chain,
    chain_ids,
    counts,
    failed_at,
    get,
    history,
    known,
    live,
    many,
    of_image,
    page,
)
from binscout_tui.store.capture_states import change_state, read_state, refusal_of, settle
from binscout_tui.store.images import NewImage
from binscout_tui.store.journal import Decision

__all__ = [
    "UNSET",
    "Capture",
    "Decided",
    "NewCapture",
    "NewFailure",
    "State",
    "Verdict",
    "accept_staged",
    "assign",
    "by_fingerprint",
    "chain",
    "chain_ids",
    "counts",
    "decide",
    "decide_some",
    "fail",
    "failed_at",
    "get",
    "history",
    "keep_checks",
    "keep_fingerprint",
    "known",
    "live",
    "many",
    "of_image",
    "page",
    "refusals",
    "retry_done",
    "stage",
]

Verdict = Literal["accepted", "rejected", "staged"]


class NewCapture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that came from a source: `image`, or `image_id` of one that is there; other fields as in `Capture`."""

    source_id: int | None = None
    image: NewImage | None = None
    image_id: int | None = None
    compartment_id: int | None = None
    item_id: int | None = None
    origin: str = ""
    path: Path | None = None
    fingerprint: str | None = None
    checks: dict[str, Any] = {}
    codes: Sequence[str] = ()
    replaces: int | None = None
    reason: str = ""
    told: Told | None = None


class NewFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that could not be taken or read: `code` for programs and `error` as a sentence."""

    code: str
    error: str
    source_id: int | None = None
    compartment_id: int | None = None
    item_id: int | None = None
    origin: str = ""
    path: Path | None = None
    fingerprint: str | None = None
    replaces: int | None = None
    reason: str = ""


class Decided(msgspec.Struct, frozen=True):
    """What came of a decision on many captures: those that changed, and why others could not.

    `batch` names it for more captures of the same decision, 0 while nothing has changed.
    """

    changed: list[int]
    refused: dict[int, BinScoutError]
    batch: int = 0


def stage(db: sqlite3.Connection, uid: int, new: NewCapture) -> tuple[int, bool]:
    """(id, added): let a picture wait for a decision; it is not used before.

    A file that was seen before (by `fingerprint`) is not added again, unless it failed: then the same capture is
    staged now. `replaces` makes it a retake: whatever attempt at that picture is in use becomes superseded.
    Without an item it gets the one that is placed in its compartment. Raises NotFoundError for an unknown capture,
    compartment, item or image.
    """
    seen = _seen(db, new.fingerprint)
    if seen is not None:
        if seen.state != "failed":
            return seen.id, False
        retry_done(db, uid, seen.id, new)
        return seen.id, True
    image_id, owns = _image(db, uid, new)
    values = {
        **_common(db, uid, new),
        "image_id": image_id,
        "owns_image": owns,
        "checks": _json(new.checks),
        "codes": _json(list(new.codes)),
    }
    capture_id = _insert(db, values, "staged")
    _into_use(db, uid, capture_id)
    return capture_id, True


def fail(db: sqlite3.Connection, uid: int, new: NewFailure) -> tuple[int, bool]:
    """(id, added): write down that a picture could not be had. A failed retake takes nothing out of use.

    The same file failing again (by `fingerprint`) gets the newer error. Raises NotFoundError as `stage` does.
    """
    seen = _seen(db, new.fingerprint)
    if seen is not None:
        if seen.state == "failed":
            _keep_error(db, seen, new)
        return seen.id, False
    capture_id = _insert(db, {**_common(db, uid, new), "error_code": new.code, "error": new.error}, "failed")
    events.emit(db, "capture", capture_id)
    return capture_id, True


def retry_done(db: sqlite3.Connection, uid: int, capture_id: int, came: NewCapture | NewFailure) -> None:
    """What came of trying a failed capture again: staged, as the retake it was to be, or failed once more.

    Where another attempt at the same picture came into use meanwhile, this one is superseded by it.
    Raises NotFoundError, and ConflictError when the capture is not failed any more.
    """
    capture = get(db, capture_id)
    if capture.state != "failed":
        raise ConflictError(f"Capture {capture_id} is {capture.state} by now.", code="not_failed")
    if isinstance(came, NewFailure):
        _keep_error(db, capture, came)
        return
    image_id, owns = _image(db, uid, came)
    in_use = live(db, capture_id)
    is_late = in_use not in (None, capture.replaces)
    state = "superseded" if is_late else "staged" if capture.replaces is None else "rejected"
    fingerprint = None if _seen(db, came.fingerprint) else came.fingerprint
    db.execute(
        "UPDATE capture SET state = ?, image_id = ?, owns_image = ?, error_code = NULL, error = NULL, checks = ?,"
        " codes = ?, origin = ?, path = coalesce(?, path), fingerprint = coalesce(?, fingerprint) WHERE id = ?",
        (
            state,
            image_id,
            owns,
            _json(came.checks),
            _json(list(came.codes)),
            came.origin or capture.origin,
            _bytes(came.path),
            fingerprint,
            capture_id,
        ),
    )
    if is_late:
        settle(db, capture_id)
        events.emit(db, "capture", capture_id)
    else:
        _into_use(db, uid, capture_id)


def decide(db: sqlite3.Connection, uid: int, ids: Iterable[int], state: Verdict, reason: str = "") -> list[int]:
    """Put captures into `state`, as ONE decision that one undo takes back; returns those that changed.

    An accepted picture whose item has a class gets that label, unless somebody said something of it before.
    Raises NotFoundError, and RefusedError for the first that cannot be decided on; then nothing is to be committed.
    """
    decided = decide_some(db, uid, ids, state, reason)
    for error in decided.refused.values():
        raise error
    return decided.changed


def decide_some(
    db: sqlite3.Connection, uid: int, ids: Iterable[int], state: Verdict, reason: str = "", batch: int = 0
) -> Decided:
    """As `decide`, but those that cannot be decided on are left as they are and named. Raises NotFoundError.

    With the `batch` of an earlier one it is more of that decision.
    """
    changed: list[int] = []
    refused: dict[int, BinScoutError] = {}
    decisions: list[Decision] = []
    for capture in [get(db, capture_id) for capture_id in dict.fromkeys(ids)]:
        refusal = refusal_of(db, capture, state)
        if refusal is not None:
            refused[capture.id] = refusal
        elif capture.state != state:
            changed.append(capture.id)
            change = {"state": state, "reason": reason or capture.reason}
            decisions += change_state(db, uid, capture.id, _ACTIONS[state], change)
    return Decided(changed, refused, journal.record_all(db, uid, decisions, batch))


def accept_staged(db: sqlite3.Connection, uid: int, ids: Iterable[int], reason: str = "", batch: int = 0) -> Decided:
    """Accept those of these captures that are staged still: a part of a decision on more than one transaction can hold.

    `batch` is that of the parts before, so that one undo takes all of them back.
    """
    rows = db.execute(
        "SELECT value FROM json_each(?) JOIN capture ON capture.id = value WHERE state = 'staged'"
        " ORDER BY json_each.id",
        (msgspec.json.encode(list(ids)).decode(),),
    )
    return decide_some(db, uid, [row["value"] for row in rows], "accepted", reason, batch)


def take_in(db: sqlite3.Connection, uid: int, capture_id: int) -> bool:
    """Accept what a watched folder brought, as its source says; False where somebody has to look at it.

    In the journal, but not for undo, which walks what a person decided. Raises NotFoundError.
    """
    capture = get(db, capture_id)
    if capture.state != "staged" or refusal_of(db, capture, "accepted") is not None:
        return False
    # While it is withheld no view counts it; a picture that was here before stays what it was.
    db.execute(
        "UPDATE image SET origin = 'imported' WHERE withheld IS NOT NULL"
        " AND id = (SELECT image_id FROM capture WHERE id = ? AND owns_image = 1)",
        (capture_id,),
    )
    for decision in change_state(db, uid, capture_id, "take_in", {"state": "accepted", "reason": WATCHED}):
        journal.note(db, uid, decision)
    return True


def refusals(db: sqlite3.Connection, ids: Iterable[int], state: Verdict) -> dict[int, BinScoutError]:
    """Why each of these captures that cannot be put into `state` cannot. Raises NotFoundError."""
    found = ((one, refusal_of(db, get(db, one), state)) for one in ids)
    return {one: refusal for one, refusal in found if refusal is not None}


def assign(
    db: sqlite3.Connection,
    uid: int,
    ids: Iterable[int],
    *,
    compartment_id: int | UnsetType | None = UNSET,
    item_id: int | UnsetType | None = UNSET,
) -> list[int]:
    """Say of which compartment and item captures are, as one decision; what is left out stays as it is.

    Returns those that changed. A label that came from accepting follows the item, any other stays.
    Raises NotFoundError.
    """
    change: dict[str, Any] = {}
    if compartment_id is not UNSET:
        change["compartment"] = compartments.get(db, compartment_id).id if compartment_id is not None else None
    if item_id is not UNSET:
        change["item"] = items.get(db, item_id).id if item_id is not None else None
    changed: list[int] = []
    decisions: list[Decision] = []
    for capture_id in [get(db, one).id for one in dict.fromkeys(ids)]:
        made = change_state(db, uid, capture_id, "assign", change)
        changed += [capture_id] if made else []
        decisions += made
    journal.record_all(db, uid, decisions)
    return changed


def keep_checks(db: sqlite3.Connection, capture_id: int, checks: dict[str, Any], codes: Sequence[str]) -> None:
    """Keep what was found in the picture since; nobody decided anything by that. Raises NotFoundError."""
    get(db, capture_id)
    db.execute("UPDATE capture SET checks = ?, codes = ? WHERE id = ?", (_json(checks), _json(list(codes)), capture_id))
    events.emit(db, "capture", capture_id)


def keep_fingerprint(db: sqlite3.Connection, capture_id: int, fingerprint: str) -> None:
    """The file of a capture was seen with the same content and another time; it is not looked at again for that."""
    if _seen(db, fingerprint) is None:
        db.execute("UPDATE capture SET fingerprint = ? WHERE id = ?", (fingerprint, capture_id))


WATCHED = "came by a watched folder"
_ACTIONS = {"accepted": "accept", "rejected": "reject", "staged": "stage"}


def _into_use(db: sqlite3.Connection, uid: int, capture_id: int) -> None:
    """Finish staging: a retake takes the place of what it replaces, undoably; its image is withheld."""
    state = read_state(db, capture_id)
    if state["replaced"] is None:
        settle(db, capture_id)
        events.emit(db, "capture", capture_id)
        return
    change = {"state": "staged", "replaced": "superseded"}
    journal.record_all(db, uid, change_state(db, uid, capture_id, "retake", change))


def _image(db: sqlite3.Connection, uid: int, new: NewCapture) -> tuple[int, bool]:
    """(id of the image of `new`, whether it came with it)."""
    if new.image is not None:
        image_id, added = images.add(db, uid, msgspec.structs.replace(new.image, origin="captured"))
        if added and new.told is not None:
            told.note(db, image_id, new.told, quietly=True)
        return image_id, added
    if new.image_id is None:
        raise ValueError("a capture has an image or the id of one")
    return images.get(db, new.image_id, concealed=True).id, False


def _common(db: sqlite3.Connection, uid: int, new: NewCapture | NewFailure) -> dict[str, Any]:
    """The columns that captured and failed attempts share; a retake is of the same place unless it says otherwise."""
    compartment, item, attempt, replaces = new.compartment_id, new.item_id, 1, None
    if new.replaces is not None:
        replaces = live(db, new.replaces) or new.replaces
        older = get(db, replaces)
        if compartment is None and item is None:
            compartment, item = older.compartment_id, older.item_id
        attempt = max(one.attempt for one in chain(db, replaces)) + 1
    if compartment is not None:
        there = compartments.get(db, compartment)
        item = there.item_id if item is None else item
    return {
        "source_id": new.source_id,
        "compartment_id": compartment,
        "item_id": items.get(db, item).id if item is not None else None,
        "attempt": attempt,
        "replaces": replaces,
        "origin": new.origin,
        "path": _bytes(new.path),
        "fingerprint": new.fingerprint,
        "reason": new.reason,
        "added_at": utc_now(),
        "uid": uid,
    }


def _insert(db: sqlite3.Connection, values: dict[str, Any], state: State) -> int:
    """A retake begins as rejected, which is also what undoing it leaves."""
    values["state"] = "rejected" if state == "staged" and values["replaces"] is not None else state
    columns, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    return int(db.execute(f"INSERT INTO capture ({columns}) VALUES ({marks})", values).lastrowid or 0)


def _seen(db: sqlite3.Connection, fingerprint: str | None) -> Capture | None:
    return None if fingerprint is None else by_fingerprint(db, fingerprint)


def _keep_error(db: sqlite3.Connection, capture: Capture, new: NewFailure) -> None:
    """The newer error, and the fingerprint of the file as it failed now: that is what a next look compares."""
    fingerprint = capture.fingerprint if _seen(db, new.fingerprint) else new.fingerprint or capture.fingerprint
    if (capture.error_code, capture.error, capture.fingerprint) != (new.code, new.error, fingerprint):
        db.execute(
            "UPDATE capture SET error_code = ?, error = ?, fingerprint = ? WHERE id = ?",
            (new.code, new.error, fingerprint, capture.id),
        )
        events.emit(db, "capture", capture.id)


def _bytes(path: Path | None) -> bytes | None:
    return None if path is None else os.fsencode(path)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
