"""One person's choosing: the set on the desk, the next one, and choices that are committed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui.errors import ConflictError
from binscout_tui.imaging.previews import PREVIEW, preview_path
from binscout_tui.selecting.order import SetOrder
from binscout_tui.selecting.place import Place, from_kept
from binscout_tui.store import crops, places, sets, undoing
from binscout_tui.store.boxes import Box
from binscout_tui.store.images import Image
from binscout_tui.store.journal import Entry
from binscout_tui.store.sets import ImageSet, SetState, Suggested
from binscout_tui.workspace import LiveWorkspace

AREAS = ("set", "set_note", crops.QUEUE)
"""What undo walks here."""
PLACE = "select"


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What is to become of a set: an image with or without a crop, or none and a state.

    `taken` says that it is the suggestion, by its own key.
    """

    image_id: int | None = None
    crop: Box | None = None
    state: Literal["skipped", "rejected", "pending"] = "pending"
    taken: bool = False


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the screen needs to open; `known` is the id of the set with the place's key."""

    states: dict[int, SetState]
    place: Place
    known: int | None


class SetDesk:
    """The set to choose from, and the one after it read ahead.

    Methods that move return when `current` is the new set; they raise what the store raises and then nothing moved.
    """

    def __init__(self, workspace: LiveWorkspace) -> None:
        self.workspace = workspace
        self.current: ImageSet | None = None
        self.following: ImageSet | None = None
        self.order = SetOrder({})
        self.suggestions = False
        self._advised: set[int] = set()
        # A refresh for a change made elsewhere must not come between a key and its commit.
        self._turn = asyncio.Lock()

    @property
    def counts(self) -> dict[str, int]:
        """How many sets are in each state."""
        return self.order.counts

    @property
    def position(self) -> int:
        """Which set in order is on the desk, from 1; 0 when there is none, or it is not among those gone through."""
        return self.order.position(self.current.id) if self.current else 0

    @property
    def total(self) -> int:
        """How many sets are gone through."""
        return len(self.order.listed)

    @property
    def suggestion(self) -> Suggested | None:
        """What is suggested for the set on the desk, where the image can still be chosen."""
        return suggestion_of(self.current)

    def preview(self, image: Image) -> Path:
        """The larger preview of an image."""
        return preview_path(self.workspace.paths.previews, image.sha256, PREVIEW)

    async def open(self) -> None:
        """Begin with the set where this person stopped, else with the next one that is to be decided."""
        async with self._turn:
            found = await self.workspace.db.read(start, self.workspace.user.uid)
            place = found.place
            self.order = SetOrder(found.states, place.only if place.only in found.states.values() else None)
            self.suggestions = place.suggestions
            wanted = place.set if place.set in self.order else found.known
            if wanted is None:
                wanted = self.order.following(place.set or 0)
            await self._put(wanted if wanted is not None else next(iter(self.order.listed), None))

    async def choose(self, set_id: int, choice: Choice) -> None:
        """Commit `choice` on `set_id` and put the next set that is to be decided on the desk; stay without one.

        Taking a set back to pending stays there. Raises ConflictError when another set is on the desk by now, and
        what `sets.choose` raises.
        """
        async with self._turn:
            current = self._must_be(set_id)
            reset = choice.image_id is None and choice.state == "pending"
            following = None if reset else self.order.following(set_id)
            place = self._place(current if following is None else self.following, following)
            seen = self._seen(choice)
            uid = self.workspace.user.uid
            after = await self.workspace.db.write(choose, uid, set_id, choice, seen, place)
            self.order.change(set_id, after.state)
            if following is None:
                self.current = after
            else:
                await self._put(following)

    async def rule_out(self, set_id: int, image_id: int) -> None:
        """Rule a candidate out, or take that back; the set stays on the desk. Raises as `choose` does."""
        async with self._turn:
            out = image_id not in self._must_be(set_id).ruled_out
            self.current = await self.workspace.db.write(sets.rule_out, self.workspace.user.uid, set_id, image_id, out)
            # What was suggested may be out now: another one is looked for.
            self._advised.discard(set_id)

    async def write_note(self, set_id: int, text: str) -> None:
        """Keep a line about the set. Raises as `choose` does."""
        async with self._turn:
            self._must_be(set_id)
            self.current = await self.workspace.db.write(sets.write_note, self.workspace.user.uid, set_id, text)

    async def queue_crops(self, image_ids: Sequence[int]) -> int:
        """Put images into the queue of those to crop; how many were not there yet."""
        self.workspace.user.must_be("operator", "Choosing")
        return await self.workspace.db.write(crops.enqueue, self.workspace.user.uid, image_ids)

    async def step(self, by: Literal[-1, 1]) -> bool:
        """Put the previous or next set in order on the desk; False at the end."""
        async with self._turn:
            wanted = self.order.step(self.current.id, by) if self.current else None
            return await self._go(wanted)

    async def to_skipped(self) -> bool:
        """Put the next skipped set on the desk, from the first one again at the end; False when no other is."""
        async with self._turn:
            here = self.current.id if self.current else 0
            return await self._go(SetOrder(self.order.states, "skipped").following(here))

    async def turn_filter(self) -> SetState | None:
        """Go through the sets of the next state that has some, after the last one through all; which it is now.

        The set on the desk stays where it belongs there, else the next one comes.
        """
        async with self._turn:
            self.order.narrow(self.order.next_filter())
            here = self.current.id if self.current else 0
            wanted = here if self.order.position(here) else self.order.step(here, 1) or self.order.step(here, -1)
            await self._go(wanted)
            return self.order.only

    async def show_suggestions(self, shown: bool) -> None:
        """Show what is suggested or not, here and at the next start."""
        async with self._turn:
            self.suggestions = shown
            await self._keep_place()

    @property
    def wants_advice(self) -> bool:
        """Whether suggestions are shown and nobody was asked about this set or the next yet."""
        shown = [found for found in (self.current, self.following) if found is not None]
        return self.suggestions and any(found.id not in self._advised for found in shown)

    async def advise(self) -> None:
        """Have the active model, or a rule, look at this set and the next, once each.

        It takes longer than a key may, so it runs beside what the keys do.
        """
        from binscout_tui.operations import suggesting

        for found in (self.current, self.following):
            if found is None or found.id in self._advised:
                continue
            self._advised.add(found.id)
            if await suggesting.for_set(self.workspace, found.id):
                async with self._turn:
                    await self._read_again(found.id)

    async def _read_again(self, set_id: int) -> None:
        if self.current is not None and self.current.id == set_id:
            self.current = await self.workspace.db.read(sets.get, set_id)
        if self.following is not None and self.following.id == set_id:
            self.following = await self.workspace.db.read(sets.get, set_id)

    async def undo(self) -> Entry:
        """Take back the last choice, note or queueing and put its set on the desk. Raises NotFoundError."""
        self.workspace.user.must_be("operator", "Choosing")
        async with self._turn:
            return await self._turned(await self.workspace.db.write(undoing.undo, self.workspace.user.uid, AREAS))

    async def redo(self) -> Entry:
        """Do again what was undone last and put its set on the desk. Raises NotFoundError."""
        self.workspace.user.must_be("operator", "Choosing")
        async with self._turn:
            return await self._turned(await self.workspace.db.write(undoing.redo, self.workspace.user.uid, AREAS))

    async def refresh(self) -> None:
        """Take over what was changed elsewhere without leaving the current set, while there is one."""
        async with self._turn:
            await self._read()
            here = self.current.id if self.current else 0
            wanted = here if here in self.order else self.order.following(here)
            await self._put(wanted if wanted is not None else next(iter(self.order.listed), None))

    def _must_be(self, set_id: int) -> ImageSet:
        self.workspace.user.must_be("operator", "Choosing")
        if self.current is None or self.current.id != set_id:
            raise ConflictError("Another set is shown by now; nothing was decided.", code="moved_on")
        return self.current

    def _seen(self, choice: Choice) -> Suggested | None:
        """What was suggested when the person decided, with whether they saw and took it."""
        found = self.suggestion
        if found is None:
            return None
        return msgspec.structs.replace(found, shown=self.suggestions, taken=choice.taken)

    def _place(self, found: ImageSet | None, set_id: int | None) -> Place:
        known = found is not None and set_id in (None, found.id)
        return Place(
            set=found.id if known and found else set_id,
            key=found.key if known and found else "",
            suggestions=self.suggestions,
            only=self.order.only,
        )

    async def _go(self, set_id: int | None) -> bool:
        if set_id is None:
            return False
        await self._put(set_id)
        await self._keep_place()
        return True

    async def _keep_place(self) -> None:
        place = msgspec.to_builtins(self._place(self.current, None))
        await self.workspace.db.write(places.keep, self.workspace.user.uid, PLACE, place)

    async def _turned(self, entry: Entry) -> Entry:
        await self._read()
        here = self.current.id if self.current else None
        target = entry.target if entry.area != crops.QUEUE and entry.target in self.order else here
        await self._put(target if target in self.order else self.order.following(0))
        await self._keep_place()
        return entry

    async def _read(self) -> None:
        self.order = SetOrder(await self.workspace.db.read(sets.states), self.order.only)

    async def _put(self, set_id: int | None) -> None:
        if set_id is None:
            self.current = self.following = None
            return
        if self.following is not None and self.following.id == set_id != (self.current and self.current.id):
            current = self.following
        else:
            current = await self.workspace.db.read(sets.get, set_id)
        after = self.order.following(set_id)
        following = None if after is None else await self.workspace.db.read(sets.get, after)
        self.current, self.following = current, following


def start(db: sqlite3.Connection, uid: int) -> Start:
    """Every set with its state, and where this person was."""
    place = from_kept(places.get(db, uid, PLACE))
    return Start(states=sets.states(db), place=place, known=sets.by_key(db, place.key) if place.key else None)


def choose(
    db: sqlite3.Connection, uid: int, set_id: int, choice: Choice, seen: Suggested | None, place: Place
) -> ImageSet:
    """Commit a choice and the place that follows it together."""
    after = sets.choose(db, uid, set_id, choice.image_id, crop=choice.crop, state=choice.state, suggested=seen)
    places.keep(db, uid, PLACE, msgspec.to_builtins(place))
    return after


def suggestion_of(found: ImageSet | None) -> Suggested | None:
    """What is suggested for a set, None where the image cannot be chosen any longer."""
    if found is None or found.suggested is None:
        return None
    image = next((image for image in found.images if image.id == found.suggested.image), None)
    return None if image is None or refused(image) else found.suggested


def refused(image: Image) -> str:
    """Why this image of a set cannot be chosen, or an empty text."""
    if image.trashed_at is not None:
        return "in the trash"
    if image.withheld is not None:
        return f"its capture is {image.withheld}"
    return {"missing": "its file is missing", "changed": "its file was changed"}.get(image.health, "")
