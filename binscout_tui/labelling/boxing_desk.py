"""One person's way through the images whose boxes they draw: the image on the desk, its draft, committed decisions."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.errors import BinScoutError, ConflictError, UsageError
from binscout_tui.imaging.previews import PREVIEW, preview_path
from binscout_tui.labelling import boxing_queue as queue
from binscout_tui.labelling.boxing import ClassLook
from binscout_tui.labelling.boxing_queue import AREA, AREAS, Candidate, Going, Words
from binscout_tui.store import box_labels, labels, places, undoing
from binscout_tui.store.box_labels import Boxes, LabelBox
from binscout_tui.store.images import Image
from binscout_tui.store.journal import Entry
from binscout_tui.store.labels import LabelClass
from binscout_tui.store.users import Role
from binscout_tui.workspace import LiveWorkspace

AHEAD = 12
LOW = 6
ROLE: tuple[Role, str] = ("operator", "Labelling")
TALLIED = frozenset({box_labels.BOXES, "image", "trash"})
"""Kinds of changes after which there are other numbers of images in the states."""


class BoxDesk:
    """The image whose boxes are drawn, with those that come next read ahead.

    What is drawn belongs to the image it was drawn on and to no other: every call names its image, and raises
    ConflictError when another one is on the desk by now. Methods that move return when `current` is the new image.
    """

    def __init__(self, workspace: LiveWorkspace) -> None:
        self.workspace = workspace
        self.current: Candidate | None = None
        self.upcoming: list[Image] = []
        self.going = Going()
        self.counts: dict[str, int] = {}
        self.words = Words(usable=[], known={}, model_id=None)
        self._trail: list[int] = []
        self._unsaved: tuple[Boxes, tuple[LabelBox, ...], int | None] | None = None
        # A refresh for a change made elsewhere, or a draft, must not come between a key and its commit.
        self._turn = asyncio.Lock()

    @property
    def look(self) -> ClassLook:
        """Names and colours of the classes."""
        return ClassLook(self.words.known)

    @property
    def is_saved(self) -> bool:
        """Whether all that was drawn is on the disk."""
        return self._unsaved is None

    def preview(self, image: Image) -> Path:
        """The larger preview of an image."""
        return preview_path(self.workspace.paths.previews, image.sha256, PREVIEW)

    async def open(self) -> None:
        """Begin where this person stopped, else with the next image to go over. Raises FilterError."""
        db, uid = self.workspace.db, self.workspace.user.uid
        start = await db.read(queue.start, uid)
        self.counts, self.words, self._trail = start.counts, start.words, start.trail
        self.current = await self._look(start.place) if start.place is not None else None
        self.going = start.going
        try:
            await self._fill()
        except BinScoutError:
            # A class of the filter may have got another name since.
            self.going = msgspec.structs.replace(start.going, filter="")
            await self._fill()
            raise
        finally:
            if self.current is None:
                await self._advance()

    # Deciding.

    async def keep(self, image_id: int, boxes: Sequence[LabelBox]) -> bool:
        """Commit all boxes of an image and put the next one on the desk; none at all says that it is empty.

        Whether anything changed. Raises ConflictError, and what `box_labels.set_boxes` raises; then nothing moved.
        """
        return await self._decide(image_id, list(boxes))

    async def skip(self, image_id: int) -> bool:
        """Pass by an image that has no boxes; its draft stays. Returns and raises as `keep`."""
        if self.current is not None and self.current.kept.state == "boxes":
            raise UsageError("This image has boxes, which stay as they are.", code="has_boxes")
        return await self._decide(image_id, None)

    async def _decide(self, image_id: int, boxes: list[LabelBox] | None) -> bool:
        self.workspace.user.must_be(*ROLE)
        async with self._turn:
            current = self._must_be(image_id)
            if boxes is None:
                await self._save()
            if not self.upcoming:
                await self._fill()
            place = self._place(self.upcoming[0].id if self.upcoming else None)
            uid = self.workspace.user.uid
            changed = await self.workspace.db.write(queue.decide, uid, image_id, boxes, place)
            self._unsaved = None
            if changed:
                self._count(current.kept.state, "skipped" if boxes is None else "boxes" if boxes else "empty")
            self._trail.append(image_id)
            await self._advance()
            return changed

    async def count(self, image_id: int, count: int | None, class_id: int | None) -> bool:
        """Enter a count of a class or of everything, None to take it away; the image stays. Returns as `keep`."""
        self.workspace.user.must_be("operator", "Counting")
        async with self._turn:
            self._must_be(image_id)
            uid, db = self.workspace.user.uid, self.workspace.db
            changed = await db.write(box_labels.set_count, uid, image_id, count, class_id=class_id)
            self.current = await self._look(image_id)
            return changed is not None

    async def undo(self) -> Entry:
        """Take back the last decision on boxes or counts and put its image on the desk. Raises NotFoundError."""
        return await self._turned(undoing.undo, back=True)

    async def redo(self) -> Entry:
        """Do again what was undone last and put its image on the desk. Raises NotFoundError."""
        return await self._turned(undoing.redo, back=False)

    async def _turned(self, turn: Any, *, back: bool) -> Entry:
        self.workspace.user.must_be(*ROLE)
        async with self._turn:
            await self._save()
            entry: Entry = await self.workspace.db.write(turn, self.workspace.user.uid, AREAS)
            if entry.area == box_labels.BOXES and not entry.stale:
                await self._recount(entry, back=back)
            here = self.current.image.id if self.current else None
            target = await self._look(entry.target)
            if target is not None and here is not None and here != entry.target:
                self._remember_way_to(entry.target, here)
            if target is not None or here is None:
                self.current = target
            else:
                self.current = await self._look(here)
            await self._fill()
            if self.current is None:
                await self._advance()
            await self._keep_place()
            return entry

    # Drafts.

    def drawn(self, image_id: int, boxes: Sequence[LabelBox], active: int | None) -> None:
        """This is on the screen now, for `save` to write down. Raises ConflictError."""
        self._unsaved = self._must_be(image_id).kept, tuple(boxes), active

    async def save(self) -> None:
        """Write down what was drawn last; when this returns it survives whatever happens to the program."""
        async with self._turn:
            await self._save()

    async def _save(self) -> None:
        drawn = self._unsaved
        if drawn is None:
            return
        await self.workspace.db.write(queue.keep_draft, self.workspace.user.uid, *drawn)
        if self._unsaved is drawn:
            self._unsaved = None

    # Moving.

    async def forward(self) -> bool:
        """Leave the image as it is and go on to the next one; False when there is none."""
        async with self._turn:
            await self._save()
            if not self.upcoming:
                await self._fill()
            if self.current is None or not self.upcoming:
                return False
            self._trail.append(self.current.image.id)
            await self._advance()
            await self._keep_place()
            return True

    async def back(self) -> bool:
        """Put the image seen or decided on before this one on the desk; False when there is none."""
        async with self._turn:
            await self._save()
            here = self.current.image.id if self.current else 0
            found = await self._before(here)
            if found is None:
                return False
            self.current = found
            await self._fill()
            await self._keep_place()
            return True

    async def _before(self, here: int) -> Candidate | None:
        while self._trail:
            last = self._trail.pop()
            if last != here and (found := await self._look(last)) is not None:
                return found
        if not here:
            return None
        earlier = await self.workspace.db.read(queue.ahead, self.going, after=here, limit=1, back=True)
        return await self._look(earlier[0].id) if earlier else None

    async def go_over(self, going: Going) -> None:
        """Go over other images from now on, from the first one. Raises FilterError; then nothing changes."""
        async with self._turn:
            await self._save()
            found = await self.workspace.db.read(queue.ahead, going, limit=AHEAD)
            if self.current is not None:
                self._trail.append(self.current.image.id)
            self.going, self.current, self.upcoming = going, None, found
            await self._advance()
            await self._keep_place()

    async def refill(self) -> None:
        """Read ahead when little is left; called when the next image is on the screen."""
        async with self._turn:
            if self.current is not None and len(self.upcoming) < LOW:
                await self._fill()

    async def refresh(self, kinds: Collection[str]) -> None:
        """Take over changes of these kinds made elsewhere, without leaving the image unless it is gone."""
        async with self._turn:
            self.words = await self.workspace.db.read(queue.words)
            if not TALLIED.isdisjoint(kinds):
                self.counts = await self.workspace.db.read(box_labels.tally)
            if self.current is not None:
                self.current = await self._look(self.current.image.id)
            await self._fill()
            if self.current is None:
                await self._advance()

    async def add_class(self, name: str) -> LabelClass:
        """Make the class `name`, or find it. Raises UsageError for a name that cannot be."""
        self.workspace.user.must_be("operator", "Making classes")
        made = await self.workspace.db.write(labels.add_class, name)
        self.words = await self.workspace.db.read(queue.words)
        return made

    def _must_be(self, image_id: int) -> Candidate:
        if self.current is None or self.current.image.id != image_id:
            raise ConflictError("Another image is shown by now; nothing was kept.", code="moved_on")
        return self.current

    async def _look(self, image_id: int) -> Candidate | None:
        return await self.workspace.db.read(queue.look, self.workspace.user.uid, image_id, self.words.model_id)

    async def _fill(self) -> None:
        if self._is_last:
            self.upcoming = []
            return
        here = self.current.image.id if self.current else 0
        found = await self.workspace.db.read(queue.ahead, self.going, after=here, limit=AHEAD)
        self.upcoming = [image for image in found if image.id != here]

    @property
    def _is_last(self) -> bool:
        """Whether the numbers say that no other image is left: finding none would mean reading all of them."""
        if self.going.filter or self.going.which == "all":
            return False
        state = (self.current.kept.state or "unlabelled") if self.current else ""
        return self.counts.get(self.going.which, 0) <= (state == self.going.which)

    async def _advance(self) -> None:
        """The next image as it is by now: others may have drawn on it since it was read ahead."""
        self.current = None
        while self.current is None and self.upcoming:
            self.current = await self._look(self.upcoming.pop(0).id)

    def _remember_way_to(self, image_id: int, here: int) -> None:
        """Going back shortens the way that `back` walks, going on lengthens it."""
        if image_id in self._trail:
            del self._trail[len(self._trail) - 1 - self._trail[::-1].index(image_id) :]
        else:
            self._trail.append(here)

    def _count(self, before: str | None, after: str | None) -> None:
        for state, by in ((before, -1), (after, 1)):
            self.counts[state or "unlabelled"] = self.counts.get(state or "unlabelled", 0) + by

    async def _recount(self, entry: Entry, *, back: bool) -> None:
        """Counting very many images takes longer than a key may; what changed is known."""
        if len(entry.turned) > 1:
            self.counts = await self.workspace.db.read(box_labels.tally)
            return
        before, after = (entry.after, entry.before) if back else (entry.before, entry.after)
        self._count(before.get("state"), after.get("state"))

    def _place(self, image_id: int | None) -> dict[str, Any]:
        return {"image": image_id, "which": self.going.which, "filter": self.going.filter}

    async def _keep_place(self) -> None:
        place = self._place(self.current.image.id if self.current else None)
        await self.workspace.db.write(places.keep, self.workspace.user.uid, AREA, place)
