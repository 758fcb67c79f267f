"""One person's way through the queue of captures: what is captured for, and the capture on the desk."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from binscout_tui.capturing import queue
from binscout_tui.capturing.queue import FILTERS, Question, Spot, View, Which
from binscout_tui.errors import ConflictError
from binscout_tui.imaging.previews import PREVIEW, preview_path
from binscout_tui.store import capture_queue, capture_sources, captures, places
from binscout_tui.store.capture_sources import Request, Source
from binscout_tui.store.captures import Capture
from binscout_tui.workspace import LiveWorkspace


class QueueWalk:
    """The captures of one state at a time, one of them on the desk.

    Methods that move return when `current` is the new capture; they raise what the store raises and then nothing
    moved. What arrives from elsewhere never takes the place of the capture on the desk, with one exception: the
    picture that was asked for from here takes the place of one that is decided, or that it replaces.
    """

    def __init__(self, workspace: LiveWorkspace) -> None:
        self.workspace = workspace
        self.which: Which = "staged"
        self.spot = Spot()
        self.stays = False
        self.view: View | None = None
        self.source_id: int | None = None
        self._asked: dict[int, Request] = {}
        self._left_at: dict[Which, int] = {}
        self._is_busy = False
        self._kept: dict[str, Any] = {}
        # A refresh for a change made elsewhere must not come between a key and its commit.
        self._turn = asyncio.Lock()

    # What is there.

    @property
    def current(self) -> Capture | None:
        """The capture on the desk."""
        return self.view.capture if self.view else None

    @property
    def counts(self) -> dict[str, int]:
        """How many captures are in each state."""
        return self.view.counts if self.view else {}

    @property
    def total(self) -> int:
        """How many captures the filter shows."""
        return sum(self.counts.values()) if self.which == "all" else self.counts.get(self.which, 0)

    @property
    def sources(self) -> list[Source]:
        """The sources that are not switched off."""
        return [source for source in self.view.sources if source.enabled] if self.view else []

    @property
    def source(self) -> Source | None:
        """The source in use: the one that was chosen, else the first."""
        chosen = next((source for source in self.sources if source.id == self.source_id), None)
        return chosen or next(iter(self.sources), None)

    @property
    def waiting(self) -> list[Request]:
        """Shots of the source in use that are not taken yet."""
        source = self.source
        return [ask for ask in self.view.waiting if ask.source_id == source.id] if self.view and source else []

    @property
    def shown_spot(self) -> Spot:
        """Where the capture on the desk belongs; what is captured for where it does not say, or there is none."""
        current = self.current
        if current is None or is_open(current):
            return self.spot
        return _own(current)

    def preview(self, capture: Capture) -> Path | None:
        """The larger preview of a capture, None where there is no picture."""
        if capture.sha256 is None:
            return None
        return preview_path(self.workspace.paths.previews, capture.sha256, PREVIEW)

    # Opening, and changes made elsewhere.

    async def open(self) -> None:
        """Begin where this person stopped, else with what waits longest."""
        async with self._turn:
            await self._do(self._start)

    def _start(self, db: sqlite3.Connection) -> int | None:
        place = queue.kept(db, self.workspace.user.uid)
        self.which = place["which"] if place.get("which") in FILTERS else "staged"
        self.source_id, self.stays = _number(place.get("source")), place.get("stays") is True
        self.spot = queue.spot(db, _number(place.get("compartment")), _number(place.get("item")))
        # What this person asked for before the program ended can still be taken back, and comes to the desk.
        mine = (ask for ask in capture_sources.open_requests(db) if ask.uid == self.workspace.user.uid)
        self._asked = {ask.id: ask for ask in mine if ask.capture_id is None}
        wanted = _number(place.get("capture"))
        found = None if wanted is None else captures.many(db, [wanted])
        return wanted if found else queue.first(db, self.which)

    async def refresh(self) -> list[Request]:
        """Take over what was changed elsewhere; returns the shots asked for from here that have failed since."""
        async with self._turn:
            here = self.current.id if self.current else None
            await self._do(lambda db: here if here is not None else self._arrived(db))
            return await self._settle_asked()

    def _arrived(self, db: sqlite3.Connection) -> int | None:
        """What comes on an empty desk: what waits longest."""
        return capture_queue.edge(db, "staged", newest=False) if self.which in ("staged", "all") else None

    async def _settle_asked(self) -> list[Request]:
        failed = []
        for ask in self.view.asked if self.view else []:
            if ask.state == "failed":
                failed.append(ask)
            elif ask.state == "done":
                await self._follow(ask)
            if ask.state in ("failed", "done"):
                self._asked.pop(ask.id, None)
        return failed

    async def _follow(self, ask: Request) -> None:
        current = self.current
        moves = current is None or current.id == ask.replaces or current.state != "staged"
        if ask.capture_id is not None and moves:
            await self._do(lambda _: ask.capture_id)

    # Going through the queue.

    async def step(self, by: Literal[-1, 1]) -> bool:
        """Put the next or previous capture of the filter on the desk; False at the end."""
        async with self._turn:
            here = self.current
            if here is None:
                return False
            state = queue.state_of(self.which)
            wanted = await self.workspace.db.read(capture_queue.neighbour, here.id, by, state)
            if wanted is not None:
                await self._do(lambda _: wanted)
            return wanted is not None

    async def to_end(self, *, newest: bool) -> bool:
        """Put the oldest or newest capture of the filter on the desk; False when there is none."""
        async with self._turn:
            state = queue.state_of(self.which)
            wanted = await self.workspace.db.read(capture_queue.edge, state, newest=newest)
            if wanted is not None:
                await self._do(lambda _: wanted)
            return wanted is not None

    async def filter(self, by: Literal[-1, 1]) -> None:
        """Show the captures of the next or previous state: where one was among them, else where one begins."""
        async with self._turn:
            if self.current is not None:
                self._left_at[self.which] = self.current.id
            self.which = FILTERS[(FILTERS.index(self.which) + by) % len(FILTERS)]
            left_at = self._left_at.get(self.which)

            def find(db: sqlite3.Connection) -> int | None:
                there = captures.many(db, [left_at]) if left_at is not None else []
                fits = there and self.which in ("all", there[0].state)
                return left_at if fits else queue.first(db, self.which)

            await self._do(find)

    # Reading.

    @property
    def _target(self) -> int:
        return self.workspace.settings.capture.target

    def _must_be(self, capture_id: int) -> Capture:
        if self.current is None or self.current.id != capture_id:
            raise ConflictError("Another picture is shown by now; nothing was decided.", code="moved_on")
        return self.current

    async def _stay(self, *, writes: bool = False) -> None:
        here = self.current.id if self.current else None
        await self._do(lambda _: here, writes=writes)

    async def _do(self, step: Callable[[sqlite3.Connection], int | None], *, writes: bool = False) -> None:
        """Take one step that says which capture is on the desk after it, and read everything, in one go."""
        before, here = self.spot, self.current.id if self.current else None

        def go(db: sqlite3.Connection) -> View:
            wanted = step(db)
            self._follow_code(db, wanted, here)
            view = queue.look(db, self._question(db, wanted))
            if writes:
                self._keep_place(db, wanted)
            return view

        try:
            self.view = await (self.workspace.db.write(go) if writes else self.workspace.db.read(go))
        except BaseException:
            self.spot = before
            raise
        if not writes and self._place(self.current.id if self.current else None) != self._kept and not self._is_busy:
            await self.workspace.db.write(self._keep_place, self.current.id if self.current else None)

    def _follow_code(self, db: sqlite3.Connection, capture_id: int | None, before: int | None) -> None:
        """A staged picture that says its compartment chooses it when it comes, also for what comes after it."""
        comes = capture_id is not None and capture_id != before
        found = next(iter(captures.many(db, [capture_id])), None) if comes and capture_id is not None else None
        if found is not None and found.state == "staged" and found.compartment_id is not None:
            self.spot = queue.spot(db, found.compartment_id, found.item_id)

    def _question(self, db: sqlite3.Connection, capture_id: int | None) -> Question:
        found = next(iter(captures.many(db, [capture_id])), None) if capture_id is not None else None
        item_id = self.spot.item_id if found is None or is_open(found) else found.item_id
        return Question(
            which=self.which, capture_id=capture_id, item_id=item_id, asked=tuple(self._asked), target=self._target
        )

    def _place(self, capture_id: int | None) -> dict[str, Any]:
        return {
            "which": self.which,
            "capture": capture_id,
            "compartment": self.spot.compartment_id,
            "item": self.spot.item_id,
            "source": self.source_id,
            "stays": self.stays,
        }

    def _keep_place(self, db: sqlite3.Connection, capture_id: int | None) -> None:
        self._kept = self._place(capture_id)
        places.keep(db, self.workspace.user.uid, queue.AREA, self._kept)


def is_open(capture: Capture) -> bool:
    """Whether nothing has said yet where a staged capture belongs."""
    return capture.state == "staged" and capture.compartment_id is None and capture.item_id is None


def _own(capture: Capture) -> Spot:
    how: queue.How = "code" if capture.compartment in capture.codes else ""
    return Spot(
        compartment_id=capture.compartment_id,
        compartment=capture.compartment or "",
        item_id=capture.item_id,
        item=capture.item or "",
        how=how,
    )


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
