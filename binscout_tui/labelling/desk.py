"""One person's labelling: the image on the desk, those that come next, and decisions that are committed."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.errors import ConflictError, NotFoundError
from binscout_tui.imaging.previews import PREVIEW, preview_path
from binscout_tui.labelling import queue
from binscout_tui.labelling.queue import Candidate, Verdict, Which
from binscout_tui.store import labels, models, places, undoing
from binscout_tui.store.journal import Entry, State
from binscout_tui.store.labels import LabelClass
from binscout_tui.workspace import LiveWorkspace

AREAS = ("label", "trash")
AHEAD = 12
LOW = 6


class LabelDesk:
    """The image to decide on, read ahead so that the next one is there when a decision is committed.

    Methods that move return when `current` is the new image; they raise what the store raises and then nothing moved.
    """

    def __init__(self, workspace: LiveWorkspace) -> None:
        self.workspace = workspace
        self.current: Candidate | None = None
        self.upcoming: list[Candidate] = []
        self.classes: list[LabelClass] = []
        self.counts: dict[str, int] = {}
        self.model_id: str | None = None
        self.suggestions = True
        self.which: Which = "unlabelled"
        self._trail: list[int] = []
        self._left_at = 0
        # A refresh for a change made elsewhere must not come between a key and its commit.
        self._turn = asyncio.Lock()

    @property
    def left(self) -> int:
        """How many images are unlabelled."""
        return self.counts.get("unlabelled", 0)

    @property
    def skipped(self) -> int:
        """How many images are skipped."""
        return self.counts.get("skipped", 0)

    def preview(self, candidate: Candidate) -> Path:
        """The larger preview of an image."""
        return preview_path(self.workspace.paths.previews, candidate.image.sha256, PREVIEW)

    async def open(self) -> None:
        """Begin where this person stopped, else with the first unlabelled image."""
        db = self.workspace.db
        start = await db.read(queue.start, self.workspace.user.uid)
        self.classes, self.counts, self.model_id = start.classes, start.counts, start.model_id
        self.suggestions, self.which = start.suggestions, start.which
        self._trail = start.trail
        found = await self._look(start.place) if start.place is not None else None
        if found is not None and found.image.is_live:
            await self._put(found)
        else:
            await self._fill(0)
            self._next()

    async def decide(self, image_id: int, verdict: Verdict) -> None:
        """Commit `verdict` on `image_id`, then put the next image to go over on the desk.

        Raises ConflictError when another image is on the desk by now.
        """
        self.workspace.user.must_be("operator", "Labelling")
        async with self._turn:
            current = self._must_be(image_id)
            following = await self._following(current)
            await self.workspace.db.write(
                queue.decide,
                self.workspace.user.uid,
                image_id,
                verdict,
                self.shown_suggestion(),
                self._place(following),
            )
            self._count(state_of(current), verdict.state)
            self._count_class(current.label.name if current.label else None, verdict.name)
            self._advance(current, following)

    async def trash(self, image_id: int) -> None:
        """Move `image_id` to the trash and put the next unlabelled image on the desk. Raises ConflictError."""
        self.workspace.user.must_be("operator", "Labelling")
        async with self._turn:
            current = self._must_be(image_id)
            following = await self._following(current)
            await self.workspace.db.write(queue.trash, self.workspace.user.uid, image_id, self._place(following))
            self._count(state_of(current), None)
            self._advance(current, following)

    async def undo(self) -> Entry:
        """Take back the last label or trashing and put that image on the desk. Raises NotFoundError."""
        self.workspace.user.must_be("operator", "Labelling")
        async with self._turn:
            entry = await self.workspace.db.write(undoing.undo, self.workspace.user.uid, AREAS)
            return await self._turned(entry, entry.after, entry.before)

    async def redo(self) -> Entry:
        """Do again what was undone last and put that image on the desk. Raises NotFoundError."""
        self.workspace.user.must_be("operator", "Labelling")
        async with self._turn:
            entry = await self.workspace.db.write(undoing.redo, self.workspace.user.uid, AREAS)
            return await self._turned(entry, entry.before, entry.after)

    async def back(self) -> bool:
        """Put the image decided on or seen before the current one on the desk; False when there is none."""
        async with self._turn:
            here = self.current.image.id if self.current else None
            while self._trail:
                found = await self._look(self._trail.pop())
                if found is not None and found.image.is_live and found.image.id != here:
                    await self._put(found)
                    await self._keep_place()
                    return True
            return False

    async def forward(self) -> bool:
        """Leave the current image as it is and go on to the next one to go over; False when there is none."""
        async with self._turn:
            following = await self._following(self.current) if self.current else None
            if self.current is None or following is None:
                return False
            self._advance(self.current, following)
            await self._keep_place()
            return True

    async def go_over(self, which: Which) -> None:
        """Go over the skipped images from the first one, or on with the unlabelled ones where they were left."""
        async with self._turn:
            here = self.current.image.id if self.current else 0
            if which == "skipped":
                self._left_at = here
            if here:
                self._trail.append(here)
            self.which, self.current = which, None
            await self._fill(0 if which == "skipped" else max(0, self._left_at - 1))
            self._next()
            await self._keep_place()

    async def toggle_suggestions(self) -> None:
        """Show or hide the model's suggestions, also after the next start."""
        self.suggestions = not self.suggestions
        await self._keep_place()

    async def add_class(self, name: str) -> LabelClass:
        """Make the class `name`, or find it. Raises UsageError for a name that cannot be."""
        self.workspace.user.must_be("operator", "Making classes")
        made = await self.workspace.db.write(labels.add_class, name)
        self.classes = await self.workspace.db.read(labels.classes)
        return made

    async def refill(self) -> None:
        """Read ahead when little is left; called when the next image is on the screen."""
        async with self._turn:
            if self.current is not None and len(self.upcoming) < LOW:
                await self._fill(self.current.image.id)

    async def refresh(self, kinds: Collection[str]) -> None:
        """Take over changes of these kinds made elsewhere, without leaving the current image unless it is gone."""
        async with self._turn:
            db = self.workspace.db
            self.classes = await db.read(labels.classes)
            if not {"label", "image", "trash"}.isdisjoint(kinds):
                self.counts = await db.read(labels.counts)
            model = await db.read(models.active, queue.TASK)
            self.model_id = model.id if model else None
            here = self.current.image.id if self.current else 0
            self.current = await self._look(here) if here else None
            await self._fill(here)
            if self.current is None or not self.current.image.is_live:
                self._next()

    def shown_suggestion(self) -> dict[str, Any] | None:
        """What the journal says of the suggestion on the screen, None when none is shown."""
        found = self.current.prediction if self.current and self.suggestions else None
        if found is None or found.label is None:
            return None
        return {"label": found.label, "score": found.score, "model": found.model_id}

    def _must_be(self, image_id: int) -> Candidate:
        if self.current is None or self.current.image.id != image_id:
            raise ConflictError("Another image is shown by now; nothing was decided.", code="moved_on")
        return self.current

    async def _following(self, current: Candidate) -> Candidate | None:
        if not self.upcoming:
            await self._fill(current.image.id)
        return self.upcoming[0] if self.upcoming else None

    def _advance(self, current: Candidate, following: Candidate | None) -> None:
        self._trail.append(current.image.id)
        self.current = following
        self.upcoming = self.upcoming[1:]

    def _next(self) -> None:
        self.current = self.upcoming.pop(0) if self.upcoming else None

    async def _turned(self, entry: Entry, before: State, after: State) -> Entry:
        target = await self._look(entry.target)
        self.classes = await self.workspace.db.read(labels.classes)
        if len(entry.turned) > 1:
            self.counts = await self.workspace.db.read(labels.counts)
        elif target is not None and not entry.stale:
            self._recount(entry.area, target, before, after)
        if target is not None and target.image.is_live:
            self._remember_way_to(entry.target)
            await self._put(target)
        elif self.current is not None and self.current.image.id == entry.target:
            await self._fill(entry.target)
            self._next()
        await self._keep_place()
        return entry

    def _remember_way_to(self, image_id: int) -> None:
        """Going back shortens the way that `back` walks, going on lengthens it."""
        if image_id in self._trail:
            del self._trail[len(self._trail) - 1 - self._trail[::-1].index(image_id) :]
        elif self.current is not None and self.current.image.id != image_id:
            self._trail.append(self.current.image.id)

    async def _put(self, candidate: Candidate) -> None:
        self.current = candidate
        await self._fill(candidate.image.id)

    async def _fill(self, after: int) -> None:
        found = await self.workspace.db.read(queue.ahead, after, self.model_id, AHEAD, self.which)
        here = self.current.image.id if self.current else None
        self.upcoming = [candidate for candidate in found if candidate.image.id != here]

    async def _look(self, image_id: int) -> Candidate | None:
        try:
            return await self.workspace.db.read(queue.look, image_id, self.model_id)
        except NotFoundError:
            return None

    def _count(self, before: str, after: str | None) -> None:
        self.counts[before] = self.counts.get(before, 1) - 1
        if after is not None:
            self.counts[after] = self.counts.get(after, 0) + 1

    def _recount(self, area: str, target: Candidate, before: State, after: State) -> None:
        """Counting 100,000 labels takes longer than a key may; what changed is known."""
        if area == "trash":
            self.counts[state_of(target)] += -1 if after["trashed"] else 1
        elif target.image.is_live:
            self._count(before.get("state", "unlabelled"), after.get("state", "unlabelled"))

    def _count_class(self, before: str | None, after: str | None) -> None:
        """Keep the classes' counts without asking the database between two keys."""
        if before != after:
            change = {before: -1, after: 1}
            self.classes = [
                msgspec.structs.replace(item, images=item.images + change.get(item.name, 0)) for item in self.classes
            ]

    def _place(self, candidate: Candidate | None) -> dict[str, Any]:
        return {
            "image": candidate.image.id if candidate else None,
            "suggestions": self.suggestions,
            "which": self.which,
        }

    async def _keep_place(self) -> None:
        await self.workspace.db.write(places.keep, self.workspace.user.uid, queue.AREA, self._place(self.current))


def state_of(candidate: Candidate) -> str:
    """`unlabelled`, `class`, `empty` or `skipped`."""
    return "unlabelled" if candidate.label is None else candidate.label.state
