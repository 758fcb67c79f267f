"""One person's choosing: the set on the desk, the next one, and choices that are committed."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any, Literal

import msgspec

from binscout_tui.errors import ConflictError
from binscout_tui.imaging.previews import PREVIEW, preview_path
from binscout_tui.store import journal, places, sets
from binscout_tui.store.images import Image
from binscout_tui.store.journal import Entry
from binscout_tui.store.sets import Box, ImageSet
from binscout_tui.workspace import LiveWorkspace

AREA = "set"
PLACE = "select"


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What is to become of a set: an image with or without a crop, or none and a state."""

    image_id: int | None = None
    crop: Box | None = None
    state: Literal["skipped", "rejected", "pending"] = "pending"


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the screen needs to open."""

    ids: list[int]
    pending: list[int]
    counts: dict[str, int]
    place: int | None


class SetDesk:
    """The set to choose from, and the one after it read ahead.

    Methods that move return when `current` is the new set; they raise what the store raises and then nothing moved.
    """

    def __init__(self, workspace: LiveWorkspace) -> None:
        self.workspace = workspace
        self.current: ImageSet | None = None
        self.following: ImageSet | None = None
        self.counts: dict[str, int] = {}
        self._ids: list[int] = []
        self._pending: set[int] = set()
        # A refresh for a change made elsewhere must not come between a key and its commit.
        self._turn = asyncio.Lock()

    @property
    def position(self) -> int:
        """Which set in order is on the desk, from 1; 0 when there is none."""
        return self._ids.index(self.current.id) + 1 if self.current and self.current.id in self._ids else 0

    @property
    def total(self) -> int:
        """How many sets there are."""
        return len(self._ids)

    def preview(self, image: Image) -> Path:
        """The larger preview of an image."""
        return preview_path(self.workspace.paths.previews, image.sha256, PREVIEW)

    async def open(self) -> None:
        """Begin with the set where this person stopped, else with the first one that is pending."""
        async with self._turn:
            await self._read()
            place = (await self.workspace.db.read(start, self.workspace.user.uid)).place
            wanted = place if place in self._ids else self._next_pending(0)
            await self._put(wanted if wanted is not None else next(iter(self._ids), None))

    async def choose(self, set_id: int, choice: Choice) -> None:
        """Commit `choice` on `set_id` and put the next pending set on the desk; stay when there is none.

        Raises ConflictError when another set is on the desk by now, and what `sets.choose` raises.
        """
        self.workspace.user.must_be("operator", "Choosing")
        async with self._turn:
            if self.current is None or self.current.id != set_id:
                raise ConflictError("Another set is shown by now; nothing was decided.", code="moved_on")
            before = self.current.state
            following = self._next_pending(set_id)
            place = following if following is not None else set_id
            after = await self.workspace.db.write(choose, self.workspace.user.uid, set_id, choice, place)
            self._count(set_id, before, after.state)
            if following is None:
                self.current = after
            else:
                await self._put(following)

    async def step(self, by: Literal[-1, 1]) -> bool:
        """Put the previous or next set in order on the desk; False at the end."""
        async with self._turn:
            wanted = self.position - 1 + by
            if self.current is None or not 0 <= wanted < len(self._ids):
                return False
            await self._put(self._ids[wanted])
            await self.workspace.db.write(places.keep, self.workspace.user.uid, PLACE, self._ids[wanted])
            return True

    async def to_skipped(self) -> bool:
        """Put the next skipped set on the desk, from the first one again at the end; False when no other is."""
        async with self._turn:
            here = self.current.id if self.current else 0
            skipped = [found for found in await self.workspace.db.read(sets.ids, "skipped") if found != here]
            wanted = next((found for found in skipped if found > here), next(iter(skipped), None))
            if wanted is None:
                return False
            await self._put(wanted)
            await self.workspace.db.write(places.keep, self.workspace.user.uid, PLACE, wanted)
            return True

    async def undo(self) -> Entry:
        """Take back the last choice and put that set on the desk. Raises NotFoundError."""
        self.workspace.user.must_be("operator", "Choosing")
        async with self._turn:
            return await self._turned(await self.workspace.db.write(journal.undo, self.workspace.user.uid, AREA))

    async def redo(self) -> Entry:
        """Do again what was undone last and put that set on the desk. Raises NotFoundError."""
        self.workspace.user.must_be("operator", "Choosing")
        async with self._turn:
            return await self._turned(await self.workspace.db.write(journal.redo, self.workspace.user.uid, AREA))

    async def refresh(self) -> None:
        """Take over what was changed elsewhere without leaving the current set."""
        async with self._turn:
            await self._read()
            here = self.current.id if self.current else None
            await self._put(here if here in self._ids else self._next_pending(0))

    async def _turned(self, entry: Entry) -> Entry:
        await self._read()
        await self._put(entry.target)
        await self.workspace.db.write(places.keep, self.workspace.user.uid, PLACE, entry.target)
        return entry

    async def _read(self) -> None:
        found = await self.workspace.db.read(start, self.workspace.user.uid)
        self._ids, self._pending, self.counts = found.ids, set(found.pending), found.counts

    async def _put(self, set_id: int | None) -> None:
        if set_id is None:
            self.current = self.following = None
            return
        if self.following is not None and self.following.id == set_id and set_id in self._pending:
            current = self.following
        else:
            current = await self.workspace.db.read(sets.get, set_id)
        after = self._next_pending(set_id)
        following = None if after is None else await self.workspace.db.read(sets.get, after)
        self.current, self.following = current, following

    def _next_pending(self, after: int) -> int | None:
        """The first pending set after `after` in order, from the first one again at the end; never `after` itself."""
        later = [set_id for set_id in self._ids if set_id in self._pending and set_id != after]
        return next((set_id for set_id in later if set_id > after), next(iter(later), None))

    def _count(self, set_id: int, before: str, after: str) -> None:
        self.counts[before] -= 1
        self.counts[after] += 1
        (self._pending.add if after == "pending" else self._pending.discard)(set_id)


def start(db: sqlite3.Connection, uid: int) -> Start:
    """Every set, the pending ones, the counts and where this person was."""
    place: Any = places.get(db, uid, PLACE)
    return Start(
        ids=sets.ids(db),
        pending=sets.ids(db, "pending"),
        counts=sets.counts(db),
        place=place if isinstance(place, int) else None,
    )


def choose(db: sqlite3.Connection, uid: int, set_id: int, choice: Choice, place: int) -> ImageSet:
    """Commit a choice and the place that follows it together."""
    after = sets.choose(db, uid, set_id, choice.image_id, crop=choice.crop, state=choice.state)
    places.keep(db, uid, PLACE, place)
    return after


def refused(image: Image) -> str:
    """Why this image of a set cannot be chosen, or an empty text."""
    if image.trashed_at is not None:
        return "in the trash"
    return {"missing": "its file is missing", "changed": "its file was changed"}.get(image.health, "")
