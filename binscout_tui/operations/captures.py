"""What a person may do with captures: accept, reject, take again, try again, shoot (mostly store functions)."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence

from binscout_tui.errors import NotFoundError, RefusedError, UsageError
from binscout_tui.store import capture_queue, capture_sources, captures, compartments, items
from binscout_tui.store.capture_sources import Source
from binscout_tui.store.captures import UNSET, Decided, Verdict
from binscout_tui.store.database import Database
from binscout_tui.store.names import composed, is_printable
from binscout_tui.store.users import User

PAGE = 1000
# So many decisions hold the lock of the database for a few tenths of a second.
PART = 1000
# SQLite looks for the lock every tenth of a second at least: only so does whoever waits for it get it in between.
BETWEEN_S = 0.11
_DECIDING = {"accepted": "Accepting captures", "rejected": "Rejecting captures", "staged": "Reopening captures"}


def decide(db: sqlite3.Connection, user: User, ids: Iterable[int], state: Verdict, reason: str = "") -> list[int]:
    """Accept, reject or reopen captures as one decision, all or none; those that changed.

    Raises RefusedError for a role or a capture that does not allow it, NotFoundError, UsageError for a bad reason.
    """
    user.must_be("operator", _DECIDING[state])
    return captures.decide(db, user.uid, ids, state, checked_reason(reason))


def accept_all(database: Database, user: User, *, only_unwarned: bool = False, reason: str = "") -> Decided:
    """Accept all that are staged, or those that no quality check warns of; what changed, and what could not be.

    Raises RefusedError for a role that may not, UsageError for a bad reason. See `accept_staged` for the rest.
    """
    ids = database.read(_unwarned) if only_unwarned else database.read(_all, "staged")
    return accept_staged(database, user, ids, reason)


def accept_staged(database: Database, user: User, ids: Sequence[int], reason: str = "") -> Decided:
    """Accept those of these captures that are staged, as one decision that one undo takes back.

    Not in one transaction: it would keep everybody else from writing for seconds. What was accepted before an error, or
    before the program was ended, stays accepted, and one undo takes just that back. It blocks. Raises RefusedError,
    UsageError.
    """
    user.must_be("operator", _DECIDING["accepted"])
    reason = checked_reason(reason)
    whole = Decided([], {})
    for first in range(0, len(ids), PART):
        if first:
            time.sleep(BETWEEN_S)
        part = ids[first : first + PART]
        done = database.insist(captures.accept_staged, user.uid, part, reason, whole.batch)
        whole = Decided(whole.changed + done.changed, {**whole.refused, **done.refused}, done.batch)
    return whole


def assign(
    db: sqlite3.Connection, user: User, ids: Iterable[int], *, compartment: str | None = None, item: str | None = None
) -> list[int]:
    """Say of which compartment (its code) and item (its name) captures are, an empty text for none; what is not given
    stays. Returns those that changed. Raises NotFoundError, RefusedError.
    """
    user.must_be("operator", "Assigning captures")
    return captures.assign(
        db,
        user.uid,
        ids,
        compartment_id=UNSET if compartment is None else _compartment(db, compartment),
        item_id=UNSET if item is None else _item(db, item),
    )


def shoot(
    db: sqlite3.Connection,
    user: User,
    *,
    source: str | None = None,
    compartment: str | None = None,
    item: str | None = None,
    reason: str = "",
) -> int:
    """Want a shot, from the source with this name or from the only one there is; the request's id.

    Raises NotFoundError, RefusedError, and UsageError where several sources could be meant.
    """
    user.must_be("operator", "Capturing")
    return capture_sources.ask(
        db,
        user.uid,
        source_for(db, source).id,
        compartment_id=None if compartment is None else _compartment(db, compartment),
        item_id=None if item is None else _item(db, item),
        reason=checked_reason(reason),
    )


def retake(db: sqlite3.Connection, user: User, capture_id: int, *, source: str | None = None, reason: str = "") -> int:
    """Want another shot instead of a capture, from where it came if no source is named; the request's id.

    The capture stays as it is until the new one is there. Raises as `shoot` does.
    """
    user.must_be("operator", "Capturing")
    older = captures.get(db, capture_id)
    wanted = source_for(db, older.source if source is None else source)
    return capture_sources.ask(db, user.uid, wanted.id, replaces=capture_id, reason=checked_reason(reason))


def retry(db: sqlite3.Connection, user: User, ids: Iterable[int]) -> list[int]:
    """Want failed captures to be tried again; the requests' ids. Raises NotFoundError, RefusedError."""
    user.must_be("operator", "Capturing")
    return capture_sources.ask_retries(db, user.uid, ids)


def retry_all(db: sqlite3.Connection, user: User) -> list[int]:
    """Want every failed capture to be tried again whose source is there and switched on; the requests' ids."""
    user.must_be("operator", "Capturing")
    able = {one.id for one in capture_sources.sources(db, enabled=True)}
    failed = captures.many(db, _all(db, "failed"))
    return capture_sources.ask_retries(db, user.uid, [one.id for one in failed if one.source_id in able])


def source_for(db: sqlite3.Connection, name: str | None) -> Source:
    """The source with this name; without one, the only source that is switched on, or the only camera among them."""
    if name is not None:
        return capture_sources.by_name(db, name)
    able = capture_sources.sources(db, enabled=True)
    if not able:
        hint = "`binscout capture source add` makes one, `… on` switches one on."
        raise NotFoundError("There is no capture source that is switched on.", hint=hint, code="no_source")
    cameras = [one for one in able if one.kind != "inbox"]
    if len(cameras or able) > 1:
        names = ", ".join(one.name for one in cameras or able)
        raise UsageError(f"There are several capture sources: {names}.", hint="Name one.", code="which_source")
    return (cameras or able)[0]


def checked_reason(reason: str) -> str:
    """`reason` in composed form without outer spaces. Raises UsageError when it is not one line of text."""
    reason = composed(reason)
    if reason and not is_printable(reason):
        raise UsageError("A reason is one line of at most 200 printable characters.", code="bad_reason")
    return reason


def _compartment(db: sqlite3.Connection, code: str) -> int | None:
    if not code:
        return None
    found = compartments.coded(db, code)
    if found.archived_at is not None:
        raise RefusedError(
            f"The compartment {found.code} is archived: nothing is captured for it.",
            hint=f"`binscout compartment archive {found.code} --undo` takes it back into use.",
            code="archived",
        )
    return found.id


def _item(db: sqlite3.Connection, name: str) -> int | None:
    return items.named(db, name).id if name else None


def _all(db: sqlite3.Connection, state: captures.State) -> list[int]:
    found: list[int] = []
    while page := captures.page(db, state=state, beyond=found[-1] if found else None, limit=PAGE, newest=False):
        found += [one.id for one in page]
    return found


def _unwarned(db: sqlite3.Connection) -> list[int]:
    found: list[int] = []
    beyond: int | None = 0
    while beyond is not None:
        ids, beyond, _ = capture_queue.unwarned(db, beyond, PAGE)
        found += ids
    return found
