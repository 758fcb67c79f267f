"""Sources of captures, and the shots that people want from them.

The process that holds the cameras and everybody else talk through these rows alone.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from binscout_tui.clock import utc_now
from binscout_tui.errors import ConflictError, NotFoundError, RefusedError, UsageError
from binscout_tui.masking import masked_config
from binscout_tui.store import captures, compartments, events, items, journal
from binscout_tui.store.captures import NewCapture, NewFailure
from binscout_tui.store.names import composed, is_printable

Kind = Literal["inbox", "command", "http", "v4l2"]
SourceState = Literal["off", "ready", "working", "failing"]
RequestState = Literal["waiting", "working", "done", "failed"]
LONGEST_NAME = 100


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where pictures come from; `config` depends on the kind, `message` says why it fails or what it does."""

    id: int
    name: str
    kind: Kind
    config: dict[str, Any]
    enabled: bool
    state: SourceState
    message: str
    state_at: str


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A shot that a person wants, or, with `capture_id` while it is open, another try at that failed capture."""

    id: int
    source_id: int
    compartment_id: int | None
    item_id: int | None
    replaces: int | None
    reason: str
    state: RequestState
    capture_id: int | None
    error: str | None
    at: str
    uid: int


def add(db: sqlite3.Connection, uid: int, name: str, kind: Kind, config: dict[str, Any]) -> Source:
    """Make a source, enabled. Raises UsageError for a bad or taken name."""
    name = _checked_name(db, name)
    now = utc_now()
    cursor = db.execute(
        "INSERT INTO capture_source (name, kind, config, state_at, added_at, added_by) VALUES (?, ?, ?, ?, ?, ?)",
        (name, kind, msgspec.json.encode(config).decode(), now, now, uid),
    )
    made = get(db, int(cursor.lastrowid or 0))
    _note(db, uid, "add", made.id, {}, _values(made))
    return made


def get(db: sqlite3.Connection, source_id: int) -> Source:
    """The source with `source_id`. Raises NotFoundError."""
    row = db.execute(f"{_SOURCES} WHERE id = ?", (source_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"There is no capture source {source_id} in this workspace.", code="no_source")
    return _source(row)


def by_name(db: sqlite3.Connection, name: str) -> Source:
    """The source with this name. Raises NotFoundError."""
    row = db.execute(f"{_SOURCES} WHERE name = ?", (composed(name),)).fetchone()
    if row is None:
        hint = "`binscout capture source list` lists them."
        raise NotFoundError(f"There is no capture source {name!r}.", hint=hint, code="no_source")
    return _source(row)


def sources(db: sqlite3.Connection, *, enabled: bool | None = None) -> list[Source]:
    """All sources in the order they were made, or only those that are enabled or not."""
    rows = db.execute(f"{_SOURCES} WHERE ?1 IS NULL OR enabled = ?1 ORDER BY id", (enabled,))
    return [_source(row) for row in rows]


def configure(
    db: sqlite3.Connection,
    uid: int,
    source_id: int,
    *,
    name: str | UnsetType = UNSET,
    config: dict[str, Any] | UnsetType = UNSET,
    enabled: bool | UnsetType = UNSET,
) -> Source:
    """Change what is given of a source. Raises NotFoundError, and UsageError for a bad or taken name."""
    before = get(db, source_id)
    after = _values(before)
    if name is not UNSET and composed(name) != before.name:
        after["name"] = _checked_name(db, name)
    if config is not UNSET:
        after["config"] = config
    if enabled is not UNSET:
        after["enabled"] = enabled
    if after != _values(before):
        db.execute(
            "UPDATE capture_source SET name = ?, config = ?, enabled = ? WHERE id = ?",
            (after["name"], msgspec.json.encode(after["config"]).decode(), after["enabled"], source_id),
        )
        _note(db, uid, "change", source_id, _values(before), after)
    return get(db, source_id)


def remove(db: sqlite3.Connection, uid: int, source_id: int) -> None:
    """Forget a source; its captures stay, what was asked of it goes. Raises NotFoundError."""
    before = get(db, source_id)
    db.execute("DELETE FROM capture_source WHERE id = ?", (source_id,))
    _note(db, uid, "remove", source_id, _values(before), {})


def set_state(db: sqlite3.Connection, source_id: int, state: SourceState, message: str = "") -> None:
    """Say how a source does; one that was removed meanwhile says nothing."""
    changed = db.execute(
        "UPDATE capture_source SET state = ?1, message = ?2, state_at = ?3"
        " WHERE id = ?4 AND (state, message) <> (?1, ?2)",
        (state, message, utc_now(), source_id),
    ).rowcount
    if changed:
        events.emit(db, "source", source_id)


def ask(
    db: sqlite3.Connection,
    uid: int,
    source_id: int,
    *,
    compartment_id: int | None = None,
    item_id: int | None = None,
    replaces: int | None = None,
    reason: str = "",
    retry: int | None = None,
) -> int:
    """Want a shot, a retake with `replaces`, or with `retry` another try at a failed capture; its id.

    Raises NotFoundError for what does not exist, RefusedError for a source that is switched off or a capture that
    did not fail.
    """
    _must_be_on(db, source_id)
    _must_exist(db, compartment_id, item_id, replaces)
    if retry is not None:
        _must_have_failed(captures.get(db, retry))
        if (waiting := _open_retries(db).get(retry)) is not None:
            return waiting
    return _enter(db, uid, source_id, compartment_id, item_id, replaces, reason, retry)


def ask_retries(db: sqlite3.Connection, uid: int, capture_ids: Iterable[int]) -> list[int]:
    """Want another try at each of these failed captures, from the source that each came from; the requests' ids.

    Raises as `ask` does, and RefusedError for a capture whose source is gone.
    """
    asked, waiting = [], _open_retries(db)
    for capture_id in dict.fromkeys(capture_ids):
        capture = captures.get(db, capture_id)
        _must_have_failed(capture)
        if capture.source_id is None:
            raise RefusedError(
                f"Capture {capture_id} cannot be tried again: its source is gone.",
                hint="Reject it, or take the picture anew.",
                code="source_gone",
            )
        _must_be_on(db, capture.source_id)
        asked.append(waiting.get(capture_id) or _enter(db, uid, capture.source_id, retry=capture_id))
    return asked


def request(db: sqlite3.Connection, request_id: int) -> Request:
    """The request with `request_id`. Raises NotFoundError."""
    row = db.execute("SELECT * FROM capture_request WHERE id = ?", (request_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"There is no capture request {request_id}.", code="no_request")
    return Request(**dict(row))


def open_requests(db: sqlite3.Connection, source_id: int | None = None) -> list[Request]:
    """The requests that wait or are worked on, oldest first, of one source or of all."""
    rows = db.execute(
        "SELECT * FROM capture_request WHERE state IN ('waiting', 'working') AND (?1 IS NULL OR source_id = ?1)"
        " ORDER BY id",
        (source_id,),
    )
    return [Request(**dict(row)) for row in rows]


def open_retries(db: sqlite3.Connection, source_id: int, limit: int) -> list[Request]:
    """Up to `limit` of the open requests of one source that want a failed capture to be tried again, oldest first."""
    rows = db.execute(
        "SELECT * FROM capture_request WHERE state IN ('waiting', 'working') AND source_id = ?"
        " AND capture_id IS NOT NULL ORDER BY id LIMIT ?",
        (source_id, limit),
    )
    return [Request(**dict(row)) for row in rows]


def open_shots(db: sqlite3.Connection, source_id: int) -> list[Request]:
    """The open requests of one source that want a picture, oldest first."""
    rows = db.execute(
        "SELECT * FROM capture_request WHERE state IN ('waiting', 'working') AND source_id = ?"
        " AND capture_id IS NULL ORDER BY id",
        (source_id,),
    )
    return [Request(**dict(row)) for row in rows]


def next_request(db: sqlite3.Connection, source_ids: Collection[int] | None = None) -> Request | None:
    """Take the oldest waiting request, of these sources or of any: it is `working` from now on."""
    row = db.execute(
        "SELECT id FROM capture_request WHERE state IN ('waiting', 'working') AND state = 'waiting'"
        " AND (?1 IS NULL OR source_id IN (SELECT value FROM json_each(?1))) ORDER BY id LIMIT 1",
        (None if source_ids is None else json.dumps(list(source_ids)),),
    ).fetchone()
    if row is None:
        return None
    db.execute("UPDATE capture_request SET state = 'working' WHERE id = ?", (row["id"],))
    events.emit(db, "request", row["id"])
    return request(db, row["id"])


def deliver(db: sqlite3.Connection, request_id: int, came: NewCapture | NewFailure) -> int | None:
    """What came of a request: the capture is staged or failed and the request closed at once; the capture's id.

    Place, item, reason, what it replaces and who wanted it are those of the request. None where it was to try a
    capture again that is not failed any more: then nobody needs the picture. Raises NotFoundError.
    """
    wanted = request(db, request_id)
    came = msgspec.structs.replace(
        came,
        source_id=wanted.source_id,
        compartment_id=_first(wanted.compartment_id, came.compartment_id),
        item_id=_first(wanted.item_id, came.item_id),
        replaces=_first(wanted.replaces, came.replaces),
        reason=wanted.reason or came.reason,
    )
    try:
        capture_id = _take(db, wanted, came)
    except ConflictError as error:
        fail_request(db, request_id, error.sentence)
        return None
    _close(db, request_id, capture_id, came.error if isinstance(came, NewFailure) else None)
    return capture_id


def fail_request(db: sqlite3.Connection, request_id: int, error: str) -> None:
    """Note that a request cannot be met, in a sentence."""
    _close(db, request_id, None, error)


def release_requests(db: sqlite3.Connection) -> int:
    """Let requests that a dead process worked on wait again, and say how many.

    Only for the process that has just become the one that takes the shots.
    """
    released = [one.id for one in open_requests(db) if one.state == "working"]
    for request_id in released:
        db.execute("UPDATE capture_request SET state = 'waiting' WHERE id = ?", (request_id,))
        events.emit(db, "request", request_id)
    return len(released)


def withdraw(db: sqlite3.Connection, request_id: int) -> bool:
    """Take back a request that still waits; False when it is too late. Raises NotFoundError."""
    if request(db, request_id).state != "waiting":
        return False
    fail_request(db, request_id, "It was taken back.")
    return True


def _take(db: sqlite3.Connection, wanted: Request, came: NewCapture | NewFailure) -> int:
    if wanted.capture_id is not None:
        captures.retry_done(db, wanted.uid, wanted.capture_id, came)
        return wanted.capture_id
    if isinstance(came, NewFailure):
        return captures.fail(db, wanted.uid, came)[0]
    return captures.stage(db, wanted.uid, came)[0]


def _close(db: sqlite3.Connection, request_id: int, capture_id: int | None, error: str | None) -> None:
    db.execute(
        "UPDATE capture_request SET state = ?, capture_id = coalesce(?, capture_id), error = ? WHERE id = ?",
        ("done" if error is None else "failed", capture_id, error, request_id),
    )
    events.emit(db, "request", request_id)


def _enter(
    db: sqlite3.Connection,
    uid: int,
    source_id: int,
    compartment_id: int | None = None,
    item_id: int | None = None,
    replaces: int | None = None,
    reason: str = "",
    retry: int | None = None,
) -> int:
    cursor = db.execute(
        "INSERT INTO capture_request (source_id, compartment_id, item_id, replaces, reason, capture_id, at, uid)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (source_id, compartment_id, item_id, replaces, reason, retry, utc_now(), uid),
    )
    request_id = int(cursor.lastrowid or 0)
    events.emit(db, "request", request_id)
    return request_id


def _open_retries(db: sqlite3.Connection) -> dict[int, int]:
    """{capture: its open request} of those that are to be tried again."""
    return {one.capture_id: one.id for one in open_requests(db) if one.capture_id is not None}


def _must_be_on(db: sqlite3.Connection, source_id: int) -> None:
    source = get(db, source_id)
    if not source.enabled:
        hint = f"`binscout capture source on {source.name}` switches it on."
        raise RefusedError(f"The capture source {source.name} is switched off.", hint=hint, code="source_off")


def _must_have_failed(capture: captures.Capture) -> None:
    if capture.state != "failed":
        raise RefusedError(f"Capture {capture.id} did not fail: it is {capture.state}.", code="not_failed")


def _must_exist(
    db: sqlite3.Connection, compartment_id: int | None, item_id: int | None, capture_id: int | None
) -> None:
    if compartment_id is not None:
        compartments.get(db, compartment_id)
    if item_id is not None:
        items.get(db, item_id)
    if capture_id is not None:
        captures.get(db, capture_id)


def _first(wanted: int | None, came: int | None) -> int | None:
    return came if wanted is None else wanted


def _checked_name(db: sqlite3.Connection, name: str) -> str:
    name = composed(name)
    if not is_printable(name) or len(name) > LONGEST_NAME:
        raise UsageError(f"The name of a source has 1 to {LONGEST_NAME} printable characters.", code="bad_source_name")
    if db.execute("SELECT 1 FROM capture_source WHERE name = ?", (name,)).fetchone():
        raise UsageError(f"There is a capture source {name!r} already.", code="source_exists")
    return name


_SOURCES = "SELECT id, name, kind, config, enabled, state, message, state_at FROM capture_source"


def _source(row: sqlite3.Row) -> Source:
    values = dict(row)
    values["config"] = msgspec.json.decode(row["config"])
    values["enabled"] = bool(row["enabled"])
    return Source(**values)


def _told(values: dict[str, Any]) -> dict[str, Any]:
    """As it may stand in the journal, which is exported."""
    return {**values, "config": masked_config(values["config"])} if values else {}


def _values(source: Source) -> dict[str, Any]:
    return {"name": source.name, "kind": source.kind, "config": source.config, "enabled": source.enabled}


def _note(
    db: sqlite3.Connection, uid: int, action: str, target: int, before: dict[str, Any], after: dict[str, Any]
) -> None:
    told = journal.Decision(area="source", action=action, target=target, before=_told(before), after=_told(after))
    journal.note(db, uid, told)
