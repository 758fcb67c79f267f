"""One person's capturing: what is captured for, the capture on the desk, and decisions that are committed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from binscout_tui.capturing import queue
from binscout_tui.capturing.choosing import Option
from binscout_tui.capturing.queue import FILTERS, Question, Spot, View, Which
from binscout_tui.errors import ConflictError, RefusedError, StorageError
from binscout_tui.imaging.previews import PREVIEW, preview_path
from binscout_tui.store import (
    capture_queue,
    capture_sources,
    captures,
    compartments,
    coverage,
    images,
    items,
    places,
    undoing,
)
from binscout_tui.store.capture_sources import Request, Source
from binscout_tui.store.captures import Capture
from binscout_tui.store.coverage import ItemCoverage
from binscout_tui.store.journal import Entry
from binscout_tui.workspace import LiveWorkspace

AREAS = ("capture",)
CHUNK = 1000
INBOX = "inbox"


class CaptureDesk:
    """The queue of captures of one state at a time, and the capture that is decided on.

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
        self._ahead: tuple[int, Spot | None] | None = None
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
        if current is None or _is_open(current):
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

    # Deciding.

    async def accept(self, capture_id: int) -> None:
        """Accept `capture_id` for what is captured for, then go to the next; after the last to the next compartment.

        Raises ConflictError when another capture is on the desk by now.
        """
        await self._decide(capture_id, "accepted")

    async def reject(self, capture_id: int) -> None:
        """Reject `capture_id` and go to the next. Raises ConflictError."""
        await self._decide(capture_id, "rejected")

    async def _decide(self, capture_id: int, state: Literal["accepted", "rejected"]) -> None:
        self.workspace.user.must_be("operator", "Deciding on captures")
        async with self._turn:
            current = self._must_be(capture_id)
            fill = self.spot if state == "accepted" and _is_open(current) and self.spot != Spot() else None
            uid = self.workspace.user.uid

            def commit(db: sqlite3.Connection) -> int | None:
                queue.decide(db, uid, capture_id, state, fill)
                following = queue.after(db, self.which, capture_id)
                if following is None and state == "accepted":
                    self._walk_on(db)
                return self._or_here(following, capture_id)

            await self._do(commit, writes=True)

    def _or_here(self, following: int | None, capture_id: int) -> int | None:
        """At the end of all captures one stays; where the filter is empty by now, the desk is."""
        return capture_id if following is None and self.which == "all" else following

    def _walk_on(self, db: sqlite3.Connection) -> None:
        """To the next compartment that needs pictures; only for somebody who goes from one to the next."""
        if self.stays or self.spot.compartment_id is None:
            return
        here, ahead = self.spot.compartment_id, self._ahead
        found = ahead[1] if ahead is not None and ahead[0] == here else queue.next_spot(db, self._target, here)
        self.spot = self.spot if found is None else found

    async def look_ahead(self) -> None:
        """Find out where one goes from here before a key waits for it; called when the picture is on the screen."""
        async with self._turn:
            here = self.shown_spot.compartment_id
            if here is not None and not self.stays:
                self._ahead = here, await self.workspace.db.read(queue.next_spot, self._target, here)

    async def accept_all(self, ids: list[int]) -> int:
        """Accept these captures as one decision, and say how many were not accepted before."""
        self.workspace.user.must_be("operator", "Deciding on captures")
        async with self._turn:
            changed: list[int] = []
            uid = self.workspace.user.uid

            def commit(db: sqlite3.Connection) -> int | None:
                changed.extend(captures.decide(db, uid, ids, "accepted"))
                return queue.first(db, self.which)

            await self._do(commit, writes=True)
            return len(changed)

    async def unwarned(self) -> tuple[list[int], int]:
        """The staged captures that no check warns of, and how many others there are."""
        ids: list[int] = []
        beyond, looked_at = 0, 0
        while True:
            found, last, number = await self.workspace.db.read(capture_queue.unwarned, beyond, CHUNK)
            if last is None:
                return ids, looked_at - len(ids)
            ids += found
            beyond, looked_at = last, looked_at + number

    async def undo(self) -> Entry:
        """Take back the last decision on captures and put that capture on the desk. Raises NotFoundError."""
        return await self._turn_back(undoing.undo)

    async def redo(self) -> Entry:
        """Do again what was undone last and put that capture on the desk. Raises NotFoundError."""
        return await self._turn_back(undoing.redo)

    async def _turn_back(self, turn: Callable[..., Entry]) -> Entry:
        self.workspace.user.must_be("operator", "Deciding on captures")
        async with self._turn:
            turned: list[Entry] = []
            uid = self.workspace.user.uid

            def commit(db: sqlite3.Connection) -> int | None:
                turned.append(turn(db, uid, AREAS))
                here = self.current.id if self.current else None
                return turned[0].target if turned[0].area == "capture" else here

            await self._do(commit, writes=True)
            return turned[0]

    # Shots.

    async def shoot(self) -> None:
        """Ask for a picture of what is captured for. Raises RefusedError while one is on its way."""
        await self._ask(replaces=None, reason="")

    async def retake(self, capture_id: int, reason: str = "") -> None:
        """Ask for a picture that takes the place of `capture_id`. Raises ConflictError, RefusedError."""
        self._must_be(capture_id)
        await self._ask(replaces=capture_id, reason=reason)

    async def _ask(self, replaces: int | None, reason: str) -> None:
        self.workspace.user.must_be("operator", "Capturing")
        async with self._turn:
            source = self.source
            if source is None:
                raise RefusedError("There is no source to take a picture with.", code="no_source")
            if any(ask.replaces == replaces for ask in self.waiting):
                raise RefusedError("A picture is on its way; wait for it.", code="busy_source")
            spot = self.shown_spot if replaces is not None else self.spot

            def ask(db: sqlite3.Connection) -> int:
                return capture_sources.ask(
                    db,
                    self.workspace.user.uid,
                    source.id,
                    compartment_id=spot.compartment_id,
                    item_id=spot.item_id,
                    replaces=replaces,
                    reason=reason,
                )

            request_id = await self.workspace.db.write(ask)
            self._asked[request_id] = await self.workspace.db.read(capture_sources.request, request_id)
            await self._stay()

    async def retry(self, ids: list[int]) -> None:
        """Ask for failed captures to be tried again."""
        self.workspace.user.must_be("operator", "Capturing")
        async with self._turn:
            asked = await self.workspace.db.write(capture_sources.ask_retries, self.workspace.user.uid, ids)
            if len(asked) == 1:
                self._asked[asked[0]] = await self.workspace.db.read(capture_sources.request, asked[0])
            await self._stay()

    async def failed(self) -> list[int]:
        """The ids of all captures that have failed."""
        ids: list[int] = []
        while found := await self.workspace.db.read(
            captures.page, state="failed", beyond=ids[-1] if ids else None, limit=CHUNK
        ):
            ids += [capture.id for capture in found]
        return ids

    # What is captured for.

    async def go_to(self, item_id: int) -> None:
        """Capture for an item, in the first compartment where it lives; the capture on the desk stays what it is."""

        def aim(db: sqlite3.Connection) -> Spot:
            found = next((one for one in compartments.compartments(db) if one.item_id == item_id), None)
            return queue.spot(db, found.id if found else None, item_id)

        await self._aim(aim, None)

    async def choose_compartment(self, compartment_id: int | None, code: str, capture_id: int | None) -> None:
        """Capture for a compartment and the item in it, made first where its id is None; capture `capture_id` is of it.

        Raises UsageError for an impossible code.
        """

        def aim(db: sqlite3.Connection) -> Spot:
            made = compartment_id or compartments.add(db, self.workspace.user.uid, code).id
            return queue.spot(db, made, None)

        await self._aim(aim, capture_id)

    async def choose_item(self, item_id: int | None, name: str, capture_id: int | None) -> None:
        """Capture for an item, made first where its id is None, in the compartment that is chosen."""
        here = self.shown_spot.compartment_id

        def aim(db: sqlite3.Connection) -> Spot:
            made = item_id or items.add(db, self.workspace.user.uid, name).id
            return queue.spot(db, here, made)

        await self._aim(aim, capture_id)

    async def place(self) -> None:
        """Note that the chosen item lives in the chosen compartment."""
        spot = self.shown_spot
        if spot.compartment_id is None or spot.item_id is None:
            return
        compartment_id, item_id = spot.compartment_id, spot.item_id

        def aim(db: sqlite3.Connection) -> Spot:
            compartments.place(db, self.workspace.user.uid, compartment_id, item_id)
            return queue.spot(db, compartment_id, None)

        await self._aim(aim, None)

    async def _aim(self, aim: Callable[[sqlite3.Connection], Spot], capture_id: int | None) -> None:
        self.workspace.user.must_be("operator", "Capturing")
        async with self._turn:
            here = self.current.id if self.current else None

            def commit(db: sqlite3.Connection) -> int | None:
                self.spot = aim(db)
                if capture_id is not None and captures.get(db, capture_id).state in ("staged", "accepted"):
                    captures.assign(
                        db,
                        self.workspace.user.uid,
                        [capture_id],
                        compartment_id=self.spot.compartment_id,
                        item_id=self.spot.item_id,
                    )
                return self._arrived(db) if here is None else here

            await self._do(commit, writes=True)

    # The lists to choose from.

    async def compartments(self) -> list[Option]:
        """The compartments that are in use."""
        found = await self.workspace.db.read(compartments.compartments)
        return [
            Option(one.id, one.code, " ".join(p for p in (one.organiser, one.name) if p), one.item or "")
            for one in found
        ]

    async def items(self) -> list[Option]:
        """The items that are in use, also by their number."""
        return [
            Option(one.id, one.name, one.number, one.class_name or "")
            for one in await self.workspace.db.read(items.items)
        ]

    async def source_options(self) -> list[Option]:
        """The sources that are not switched off, with what they say."""
        return [
            Option(one.id, one.name, one.kind, " ".join(p for p in (one.state, one.message) if p))
            for one in self.sources
        ]

    async def coverage(self) -> list[ItemCoverage]:
        """Every item, the one that needs most pictures first."""
        return await self.workspace.db.read(coverage.items, self._target)

    async def chain(self, capture_id: int) -> list[Capture]:
        """All attempts at the picture of a capture."""
        return await self.workspace.db.read(captures.chain, capture_id)

    # Sources.

    async def make_inbox(self) -> None:
        """Make the folder `inbox` in the workspace and a source that watches it. Raises StorageError."""
        self.workspace.user.must_be("operator", "Adding a source")
        folder = self.workspace.paths.root / INBOX
        try:
            await asyncio.to_thread(folder.mkdir, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{folder} cannot be made: {error.strerror or error}.", code="cannot_create") from error
        async with self._turn:
            uid = self.workspace.user.uid
            made = await self.workspace.db.write(capture_sources.add, uid, INBOX, "inbox", {"path": str(folder)})
            self.source_id = made.id
            await self._stay(writes=True)

    def inbox_words(self) -> str:
        """The folder of the inbox in use, or the one that `make_inbox` makes."""
        source = self.source
        path = source.config.get("path") if source is not None and source.kind == "inbox" else None
        return str(path or self.workspace.paths.root / INBOX)

    async def cut_out(self, capture: Capture) -> Path:
        """The picture of a capture without its background. Raises BinScoutError with what is missing."""
        from binscout_tui.operations.backgrounds import cut_out

        if capture.image_id is None:
            raise RefusedError("There is no picture.", code="no_picture")
        image = await self.workspace.db.read(images.get, capture.image_id)
        return await cut_out(self.workspace, self.workspace.paths.original(image), image.sha256)

    async def use_source(self, source_id: int) -> None:
        """Take pictures with this source from now on."""
        async with self._turn:
            self.source_id = source_id
            await self._stay(writes=True)

    async def toggle_stay(self) -> None:
        """Stay at the compartment after accepting, or go on to the next again."""
        async with self._turn:
            self.stays = not self.stays
            await self._stay(writes=True)

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
            self._follow_code(db, wanted)
            view = queue.look(db, self._question(db, wanted))
            if writes:
                self._keep_place(db, wanted)
            return view

        try:
            self.view = await (self.workspace.db.write(go) if writes else self.workspace.db.read(go))
        except BaseException:
            self.spot = before
            raise
        place = self.current.id if self.current else None
        if not writes and (place != here or self.spot != before):
            await self.workspace.db.write(self._keep_place, place)

    def _follow_code(self, db: sqlite3.Connection, capture_id: int | None) -> None:
        """A staged picture that says its compartment chooses it, also for what comes after it."""
        found = next(iter(captures.many(db, [capture_id])), None) if capture_id is not None else None
        if found is not None and found.state == "staged" and found.compartment_id is not None:
            self.spot = queue.spot(db, found.compartment_id, found.item_id)

    def _question(self, db: sqlite3.Connection, capture_id: int | None) -> Question:
        found = next(iter(captures.many(db, [capture_id])), None) if capture_id is not None else None
        item_id = self.spot.item_id if found is None or _is_open(found) else found.item_id
        return Question(
            which=self.which, capture_id=capture_id, item_id=item_id, asked=tuple(self._asked), target=self._target
        )

    def _keep_place(self, db: sqlite3.Connection, capture_id: int | None) -> None:
        place = {
            "which": self.which,
            "capture": capture_id,
            "compartment": self.spot.compartment_id,
            "item": self.spot.item_id,
            "source": self.source_id,
            "stays": self.stays,
        }
        places.keep(db, self.workspace.user.uid, queue.AREA, place)


def _is_open(capture: Capture) -> bool:
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
