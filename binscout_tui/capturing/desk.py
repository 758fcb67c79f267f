"""One person's capturing: decisions that are committed, shots that are asked for, and what they are of."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Literal

from binscout_tui import workspace as workspaces
from binscout_tui.capturing import inbox, queue
from binscout_tui.capturing.queue import Spot
from binscout_tui.capturing.walk import QueueWalk, is_open
from binscout_tui.errors import RefusedError
from binscout_tui.operations.captures import accept_staged
from binscout_tui.store import capture_queue, capture_sources, captures, compartments, items, undoing
from binscout_tui.store.database import Database
from binscout_tui.store.journal import Entry
from binscout_tui.store.users import User
from binscout_tui.workspace import LiveWorkspace

AREAS = ("capture",)
CHUNK = 1000


class CaptureDesk(QueueWalk):
    """Decides on the capture on the desk, asks for pictures, and says what they are of."""

    def __init__(self, workspace: LiveWorkspace) -> None:
        super().__init__(workspace)
        self._ahead: tuple[int, Spot | None] | None = None

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
            fill = self.spot if state == "accepted" and is_open(current) and self.spot != Spot() else None
            uid = self.workspace.user.uid

            def commit(db: sqlite3.Connection) -> int | None:
                queue.decide(db, uid, capture_id, state, fill)
                following = queue.after(db, self.which, capture_id)
                if following is None and state == "accepted" and self.which in ("staged", "all"):
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
        """Accept these captures as one decision, and say how many were not accepted before.

        Thousands take seconds, in which other captures can be looked at and other decisions wait.
        """
        self.workspace.user.must_be("operator", "Deciding on captures")
        self._is_busy = True
        try:
            changed = await asyncio.to_thread(_accept, self.workspace.paths.database, self.workspace.user, ids)
        finally:
            self._is_busy = False
        async with self._turn:
            await self._do(lambda db: queue.first(db, self.which), writes=True)
        return changed

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
            if any(ask.replaces == replaces and ask.capture_id is None for ask in self.waiting):
                back = ", or take it back with Esc" if self.has_asked else ""
                raise RefusedError(f"A picture is on its way; wait for it{back}.", code="busy_source")
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

    @property
    def has_asked(self) -> bool:
        """Whether a picture that was asked for from here is not begun yet."""
        return any(ask.id in self._asked and ask.state == "waiting" for ask in (self.view.waiting if self.view else ()))

    async def withdraw(self) -> int:
        """Take back what was asked for from here and is not begun; how many that were."""
        async with self._turn:
            taken = [ask for ask in self._asked if await self.workspace.db.write(capture_sources.withdraw, ask)]
            for ask in taken:
                del self._asked[ask]
            await self._stay()
            return len(taken)

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

    async def make_inbox(self) -> None:
        """Make the folder `inbox` in the workspace and a source that watches it. Raises StorageError."""
        self.workspace.user.must_be("operator", "Adding a source")
        config = await asyncio.to_thread(inbox.new_inbox, self.workspace.paths.root)
        async with self._turn:
            uid = self.workspace.user.uid
            made = await self.workspace.db.write(capture_sources.add, uid, inbox.NAME, "inbox", config)
            self.source_id = made.id
            await self._stay(writes=True)

    def inbox_words(self) -> str:
        """The folder of the inbox in use, or the one that `make_inbox` makes."""
        source = self.source
        path = source.config.get("path") if source is not None and source.kind == "inbox" else None
        return str(path or self.workspace.paths.root / inbox.NAME)


def _accept(path: Path, user: User, ids: list[int]) -> int:
    """Accept captures over a connection of its own."""
    hold = workspaces.held(path.parent)
    try:
        with closing(Database(path)) as db:
            return len(accept_staged(db, user, ids).changed)
    finally:
        hold.release()
