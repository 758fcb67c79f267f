"""One person's way through the images that wait for boxes, with boxes that are committed image by image."""

from __future__ import annotations

import asyncio
import sqlite3
from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import Any, Literal

import msgspec

from binscout_tui.errors import ConflictError
from binscout_tui.imaging.previews import PREVIEW, preview_path
from binscout_tui.store import crops, items, places, undoing
from binscout_tui.store.crops import Boxed, Drawn, TaskState
from binscout_tui.store.images import Image
from binscout_tui.store.items import Item
from binscout_tui.store.journal import Entry
from binscout_tui.workspace import LiveWorkspace

PLACE = "crops"
AREAS = (crops.BOXES,)
"""What undo walks here."""
KEYS = 9
"""So many items have a digit."""


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the screen needs to open: the queue with its states, the items, the image where one was."""

    states: dict[int, TaskState]
    items: list[Item]
    place: int | None


class CropDesk:
    """The image whose boxes are drawn; the queue goes by image, whatever was added or trashed meanwhile."""

    def __init__(self, workspace: LiveWorkspace) -> None:
        self.workspace = workspace
        self.current: Boxed | None = None
        self.following: Image | None = None
        self.states: dict[int, TaskState] = {}
        self.items: list[Item] = []
        self._turn = asyncio.Lock()

    @property
    def counts(self) -> dict[str, int]:
        """How many images of the queue are in each state."""
        found = list(self.states.values())
        return {state: found.count(state) for state in crops.TASK_STATES}

    @property
    def position(self) -> int:
        """Which image of the queue is on the desk, from 1; 0 when there is none."""
        return list(self.states).index(self.current.image.id) + 1 if self.current else 0

    @property
    def keyed(self) -> list[Item]:
        """The items that have a digit, the first one 1; they stay while the screen is open."""
        return self.items[:KEYS]

    def name_of(self, item_id: int | None) -> str:
        """The name of an item, "" for none."""
        return next((item.name for item in self.items if item.id == item_id), "" if item_id is None else f"#{item_id}")

    def preview(self, image: Image) -> Path:
        """The larger preview of an image."""
        return preview_path(self.workspace.paths.previews, image.sha256, PREVIEW)

    async def open(self) -> None:
        """Begin with the image where this person stopped while it is in the queue, else with the next that waits."""
        async with self._turn:
            found = await self.workspace.db.read(start, self.workspace.user.uid)
            self.states, self.items = found.states, found.items
            here = found.place
            wanted = here if here in self.states else self._next_waiting(here or 0)
            await self._put(wanted if wanted is not None else next(iter(self.states), None))

    async def keep(self, image_id: int, boxes: tuple[Drawn, ...], task: TaskState | None) -> bool:
        """Commit the boxes of an image; with a `task` the next one that waits comes, or this one stays.

        Whether anything changed. Raises ConflictError when another image is on the desk by now, and what
        `crops.keep` raises.
        """
        self.workspace.user.must_be("operator", "Cropping")
        async with self._turn:
            if self.current is None or self.current.image.id != image_id:
                raise ConflictError("Another image is shown by now; nothing was kept.", code="moved_on")
            following = self._next_waiting(image_id) if task else None
            place = following if following is not None else image_id
            changed, now = await self.workspace.db.write(keep, self.workspace.user.uid, image_id, boxes, task, place)
            if now.task is not None:
                self.states[image_id] = now.task
            if following is None:
                self.current = now
            else:
                await self._put(following)
            return changed

    async def make_item(self, name: str) -> int:
        """A new item of this name; its id. Raises UsageError."""
        self.workspace.user.must_be("operator", "Making an item")
        made = await self.workspace.db.write(items.add, self.workspace.user.uid, name)
        self.items = [*self.items, made]
        return made.id

    async def step(self, by: Literal[-1, 1]) -> bool:
        """Put the previous or next image of the queue on the desk; False at the end."""
        async with self._turn:
            here = self.current.image.id if self.current else 0
            ids = list(self.states)
            place = bisect_right(ids, here) if by > 0 else bisect_left(ids, here) - 1
            if not 0 <= place < len(ids):
                return False
            await self._put(ids[place])
            await self.workspace.db.write(places.keep, self.workspace.user.uid, PLACE, {"image": ids[place]})
            return True

    async def undo(self) -> Entry:
        """Take back the last decision on boxes and put its image on the desk. Raises NotFoundError."""
        self.workspace.user.must_be("operator", "Cropping")
        async with self._turn:
            return await self._turned(await self.workspace.db.write(undoing.undo, self.workspace.user.uid, AREAS))

    async def redo(self) -> Entry:
        """Do again what was undone last and put its image on the desk. Raises NotFoundError."""
        self.workspace.user.must_be("operator", "Cropping")
        async with self._turn:
            return await self._turned(await self.workspace.db.write(undoing.redo, self.workspace.user.uid, AREAS))

    async def refresh(self) -> None:
        """Take over what was changed elsewhere without leaving the image, while it is in the queue."""
        async with self._turn:
            await self._read()
            here = self.current.image.id if self.current else 0
            wanted = here if here in self.states else self._next_waiting(here)
            await self._put(wanted if wanted is not None else next(iter(self.states), None))

    async def _turned(self, entry: Entry) -> Entry:
        await self._read()
        here = self.current.image.id if self.current else 0
        wanted = entry.target if entry.target in self.states else here if here in self.states else None
        await self._put(wanted if wanted is not None else self._next_waiting(0))
        return entry

    async def _read(self) -> None:
        found = await self.workspace.db.read(start, self.workspace.user.uid)
        self.states = found.states
        known = {item.id: item for item in found.items}
        # Digits do not change their meaning under the fingers.
        kept = [known.pop(item.id) for item in self.items if item.id in known]
        self.items = kept + list(known.values())

    async def _put(self, image_id: int | None) -> None:
        self.current = None if image_id is None else await self.workspace.db.read(crops.get, image_id)
        after = None if image_id is None else self._next_waiting(image_id)
        self.following = None if after is None else (await self.workspace.db.read(crops.get, after)).image

    def _next_waiting(self, after: int) -> int | None:
        """The first image that waits after `after`, from the first one again at the end; never `after` itself."""
        waiting = [found for found, state in self.states.items() if state == "waiting" and found != after]
        return next((found for found in waiting if found > after), next(iter(waiting), None))


def start(db: sqlite3.Connection, uid: int) -> Start:
    """The queue, the items with those first that were drawn last, and where this person was."""
    place: Any = places.get(db, uid, PLACE)
    image = place.get("image") if isinstance(place, dict) else None
    latest = crops.items_by_use(db)
    known = items.items(db)
    known.sort(key=lambda item: latest.index(item.id) if item.id in latest else len(latest))
    return Start(
        states={image.id: state for image, state, _ in crops.tasks(db)},
        items=known,
        place=image if isinstance(image, int) else None,
    )


def keep(
    db: sqlite3.Connection, uid: int, image_id: int, boxes: tuple[Drawn, ...], task: TaskState | None, place: int
) -> tuple[bool, Boxed]:
    """Commit boxes and the place that follows them together."""
    changed = crops.keep(db, uid, image_id, boxes, task=task)
    places.keep(db, uid, PLACE, {"image": place})
    return changed, crops.get(db, image_id)
