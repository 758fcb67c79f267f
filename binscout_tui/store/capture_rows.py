"""Captures as they are: one, many, a page of them, their numbers, and the attempts at one picture."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import msgspec

from binscout_tui.errors import NotFoundError
from binscout_tui.store import journal
from binscout_tui.store.images import SEEN

State = Literal["staged", "accepted", "superseded", "rejected", "failed"]
LIVE_STATES = ("staged", "accepted")


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that was captured, or an attempt that failed.

    `source`, `compartment` (its code), `item` and `name` are words for people. `sha256` is that of the image. A failed
    one has no image but `error_code` and `error`, also when it was rejected or taken again since. `owns_image` is
    False where the same picture was in the workspace before. `origin` says where it came from, safe to show; `path`
    is the file outside the workspace, if there is one. `checks` are those of `imaging.quality`, `codes` the texts
    that were read in the picture. `replaces` is the capture that this one was taken instead of, as `attempt` number.
    """

    id: int
    source_id: int | None
    source: str | None
    state: State
    image_id: int | None
    owns_image: bool
    sha256: str | None
    name: str
    compartment_id: int | None
    compartment: str | None
    item_id: int | None
    item: str | None
    attempt: int
    replaces: int | None
    origin: str
    path: Path | None
    fingerprint: str | None
    checks: dict[str, Any]
    codes: list[str]
    error_code: str | None
    error: str | None
    reason: str
    added_at: str
    uid: int
    decided_at: str | None
    decided_by: int | None


_SELECT = (
    "SELECT capture.*, image.sha256, coalesce(image.name, capture.origin) AS name, compartment.code AS compartment,"
    " item.name AS item, capture_source.name AS source FROM capture"
    " LEFT JOIN image ON image.id = capture.image_id"
    " LEFT JOIN compartment ON compartment.id = capture.compartment_id"
    " LEFT JOIN item ON item.id = capture.item_id"
    " LEFT JOIN capture_source ON capture_source.id = capture.source_id"
)


def get(db: sqlite3.Connection, capture_id: int) -> Capture:
    """The capture with `capture_id`. Raises NotFoundError, for one whose image is hidden too."""
    row = db.execute(f"{_SELECT} WHERE capture.id = ? AND {SEEN}", (capture_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"There is no capture {capture_id} in this workspace.", code="no_capture")
    return _capture(row)


def many(db: sqlite3.Connection, ids: Iterable[int]) -> list[Capture]:
    """These captures in their order; ids that do not exist are left out, and those of hidden images."""
    wanted = list(ids)
    rows = db.execute(
        f"{_SELECT} WHERE {SEEN} AND capture.id IN (SELECT value FROM json_each(?))",
        (json.dumps(wanted),),
    )
    found = {row["id"]: _capture(row) for row in rows}
    return [found[one] for one in wanted if one in found]


def page(
    db: sqlite3.Connection,
    *,
    state: State | None = None,
    item_id: int | None = None,
    compartment_id: int | None = None,
    beyond: int | None = None,
    limit: int = 100,
    newest: bool = True,
) -> list[Capture]:
    """Up to `limit` captures, newest or oldest first: those that follow the capture `beyond` in this order."""
    where, values = [SEEN], []
    filters = {"state": state, "item_id": item_id, "compartment_id": compartment_id}
    for column, value in filters.items():
        if value is not None:
            where.append(f"capture.{column} = ?")
            values.append(value)
    if beyond is not None:
        where.append(f"capture.id {'<' if newest else '>'} ?")
        values.append(beyond)
    order = "DESC" if newest else "ASC"
    rows = db.execute(
        f"{_SELECT} WHERE {' AND '.join(where)} ORDER BY capture.id {order} LIMIT ?",
        (*values, limit),
    )
    return [_capture(row) for row in rows]


def counts(db: sqlite3.Connection) -> dict[str, int]:
    """How many captures are in each state, but for those of hidden images; kept, so that asking costs nothing."""
    return {row[0]: row[1] for row in db.execute("SELECT state, captures FROM capture_count")}


def chain_ids(db: sqlite3.Connection, capture_id: int) -> list[int]:
    """The ids of all attempts at the picture of this capture, oldest first."""
    rows = db.execute(
        "WITH RECURSIVE up (id, replaces) AS (SELECT id, replaces FROM capture WHERE id = ?"
        "  UNION SELECT older.id, older.replaces FROM up JOIN capture AS older ON older.id = up.replaces),"
        " down (id) AS (SELECT id FROM up WHERE replaces IS NULL"
        "  UNION SELECT newer.id FROM down JOIN capture AS newer ON newer.replaces = down.id)"
        " SELECT id FROM down ORDER BY id",
        (capture_id,),
    )
    return [int(found) for (found,) in rows]


def chain(db: sqlite3.Connection, capture_id: int) -> list[Capture]:
    """All attempts at the picture of this capture, oldest first. Raises NotFoundError."""
    get(db, capture_id)
    return many(db, chain_ids(db, capture_id))


def live(db: sqlite3.Connection, capture_id: int) -> int | None:
    """The one attempt at this capture's picture that is staged or accepted, if there is one."""
    row = db.execute(
        "SELECT id FROM capture WHERE id IN (SELECT value FROM json_each(?)) AND state IN ('staged', 'accepted')",
        (json.dumps(chain_ids(db, capture_id)),),
    ).fetchone()
    return int(row["id"]) if row else None


def history(db: sqlite3.Connection, capture_id: int) -> list[journal.Entry]:
    """Every decision on this capture and the other attempts at its picture, oldest first."""
    attempts = [one.id for one in many(db, chain_ids(db, capture_id))]
    # A limit below 0 is none.
    found = (journal.history(db, area="capture", target=one, limit=-1) for one in attempts)
    return sorted((entry for entries in found for entry in entries), key=lambda entry: entry.id)


def of_image(db: sqlite3.Connection, image_id: int) -> list[Capture]:
    """The captures that brought this image, oldest first."""
    return [_capture(row) for row in db.execute(f"{_SELECT} WHERE image_id = ? ORDER BY capture.id", (image_id,))]


def by_fingerprint(db: sqlite3.Connection, fingerprint: str) -> Capture | None:
    """The capture of the file with this fingerprint, or None."""
    row = db.execute(f"{_SELECT} WHERE fingerprint = ?", (fingerprint,)).fetchone()
    return _capture(row) if row else None


def known(db: sqlite3.Connection, fingerprints: Iterable[str]) -> set[str]:
    """Those of `fingerprints` that have a capture, failed or not."""
    rows = db.execute(
        "SELECT fingerprint FROM capture WHERE fingerprint IN (SELECT value FROM json_each(?))",
        (json.dumps(list(fingerprints)),),
    )
    return {row["fingerprint"] for row in rows}


def failed_at(db: sqlite3.Connection, source_id: int, path: Path) -> int | None:
    """The failed capture of the file at `path` of this source, the newest if there are several, or None."""
    row = db.execute(
        "SELECT id FROM capture WHERE state = 'failed' AND source_id = ? AND path = ? ORDER BY id DESC LIMIT 1",
        (source_id, os.fsencode(path)),
    ).fetchone()
    return int(row["id"]) if row else None


def _capture(row: sqlite3.Row) -> Capture:
    values = dict(row)
    values["owns_image"] = bool(row["owns_image"])
    values["path"] = None if row["path"] is None else Path(os.fsdecode(row["path"]))
    values["checks"] = msgspec.json.decode(row["checks"])
    values["codes"] = msgspec.json.decode(row["codes"])
    return Capture(**values)
