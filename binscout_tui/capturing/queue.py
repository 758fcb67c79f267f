"""What the capture screen reads and writes, one store call a user action."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from binscout_tui.errors import NotFoundError
from binscout_tui.store import capture_queue, capture_sources, captures, compartments, coverage, items, places
from binscout_tui.store.capture_queue import Need
from binscout_tui.store.capture_sources import Request, Source
from binscout_tui.store.captures import Capture
from binscout_tui.store.compartments import Compartment

AREA = "capture"
AHEAD = 5
NEWEST = 60
Which = Literal["staged", "accepted", "superseded", "rejected", "failed", "all"]
FILTERS: tuple[Which, ...] = ("staged", "accepted", "superseded", "rejected", "failed", "all")
How = Literal["", "placement", "chosen", "code"]


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """What is captured for: a compartment by its code and name, an item by its name; `how` says who chose the item."""

    compartment_id: int | None = None
    compartment: str = ""
    organiser: str = ""
    item_id: int | None = None
    item: str = ""
    how: How = ""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What the screen wants to know: of which captures, where it is, of which item and which shots."""

    which: Which
    capture_id: int | None
    item_id: int | None
    asked: tuple[int, ...]
    target: int


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on the screen at one moment.

    `position` counts from 1 among the captures of the filter; `following` are those to have ready; `asked` are the
    shots of this screen; `heir` is the capture that took the place of a superseded one.
    """

    capture: Capture | None
    position: int
    counts: dict[str, int]
    following: list[Capture]
    newest: list[Capture]
    sources: list[Source]
    waiting: list[Request]
    asked: list[Request]
    need: Need | None
    heir: int | None


def state_of(which: Which) -> captures.State | None:
    """The state that a filter shows, None for all of them."""
    return None if which == "all" else which


def look(db: sqlite3.Connection, question: Question) -> View:
    """Read the state of everything; the capture with `capture_id`, or None where it is None or gone."""
    state = state_of(question.which)
    found = _find(db, question.capture_id)
    here = 0 if found is None else found.id
    return View(
        capture=found,
        position=0 if found is None else capture_queue.position(db, here, state),
        counts=captures.counts(db),
        following=captures.page(db, state=state, beyond=here, limit=AHEAD, newest=False),
        newest=captures.page(db, state=state, limit=NEWEST),
        sources=capture_sources.sources(db),
        waiting=capture_sources.open_requests(db),
        asked=_requests(db, question.asked),
        need=None if question.item_id is None else capture_queue.need(db, question.item_id, question.target),
        heir=None if found is None or found.state != "superseded" else captures.live(db, found.id),
    )


def _find(db: sqlite3.Connection, capture_id: int | None) -> Capture | None:
    if capture_id is None:
        return None
    try:
        return captures.get(db, capture_id)
    except NotFoundError:
        return None


def _requests(db: sqlite3.Connection, ids: Sequence[int]) -> list[Request]:
    found = []
    for request_id in ids:
        try:
            found.append(capture_sources.request(db, request_id))
        except NotFoundError:
            continue
    return found


def first(db: sqlite3.Connection, which: Which) -> int | None:
    """Where one begins: what waits longest of the staged ones, the newest of all others."""
    return capture_queue.edge(db, state_of(which), newest=which != "staged")


def after(db: sqlite3.Connection, which: Which, capture_id: int) -> int | None:
    """The capture after one that was decided on: the next of the filter; of the staged ones the oldest at the end."""
    found = capture_queue.neighbour(db, capture_id, 1, state_of(which))
    if found is None and which in ("staged", "all"):
        found = capture_queue.edge(db, "staged", newest=False)
        return None if found == capture_id else found
    return found


def decide(
    db: sqlite3.Connection, uid: int, capture_id: int, state: Literal["accepted", "rejected"], fill: Spot | None
) -> None:
    """Accept or reject one capture; `fill` says where it belongs when nothing has said so before.

    Raises what `captures.decide` raises; then nothing has changed.
    """
    if fill is not None:
        captures.assign(db, uid, [capture_id], compartment_id=fill.compartment_id, item_id=fill.item_id)
    captures.decide(db, uid, [capture_id], state)


def next_spot(db: sqlite3.Connection, target: int, beyond: int | None) -> Spot | None:
    """The compartment that needs pictures next, after `beyond`; None when none does."""
    found = coverage.next(db, target, beyond)
    return None if found is None else spot_of(compartments.get(db, found.compartment_id))


def spot_of(compartment: Compartment) -> Spot:
    """A compartment and the item that is placed in it."""
    return Spot(
        compartment_id=compartment.id,
        compartment=compartment.code,
        organiser=compartment.organiser,
        item_id=compartment.item_id,
        item=compartment.item or "",
        how="placement" if compartment.item_id is not None else "",
    )


def spot(db: sqlite3.Connection, compartment_id: int | None, item_id: int | None, how: How = "chosen") -> Spot:
    """A spot by its ids; what is gone by now is left out."""
    found = Spot()
    try:
        if compartment_id is not None:
            found = spot_of(compartments.get(db, compartment_id))
    except NotFoundError:
        pass
    if item_id is None or item_id == found.item_id:
        return found
    try:
        item = items.get(db, item_id)
    except NotFoundError:
        return found
    return msgspec.structs.replace(found, item_id=item.id, item=item.name, how=how)


def kept(db: sqlite3.Connection, uid: int) -> dict[str, Any]:
    """Where this person was; an empty place where they never were."""
    value = places.get(db, uid, AREA)
    return value if isinstance(value, dict) else {}
