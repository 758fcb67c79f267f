"""One person's labelling: the image on the desk, those that come next, and decisions that are committed."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.errors import BinScoutError, ConflictError
from binscout_tui.filtering.errors import FilterError
from binscout_tui.imaging.previews import PREVIEW, preview_path
from binscout_tui.labelling import queue
from binscout_tui.labelling.checks import APART, Budget
from binscout_tui.labelling.orders import MIXED
from binscout_tui.labelling.queue import Candidate, Place, Slots, Step, Verdict
from binscout_tui.labelling.tally import Tally
from binscout_tui.store import label_checks, labels, models, places, reviews, undoing
from binscout_tui.store.journal import Entry
from binscout_tui.store.label_queue import Order, Wanted
from binscout_tui.store.labels import LabelClass
from binscout_tui.workspace import LiveWorkspace

AREAS = ("label", "trash", "suspect", "review", "note", "answer")
AHEAD = 12
LOW = 6
RECENT = 200
SEED: int | None = None
"""Of the draws which images are checks; None for others each time."""


class LabelDesk:
    """The image to decide on, read ahead so that the next one is there when a decision is committed.

    Methods that move return when `current` is the new image; they raise what the store raises and then nothing moved.
    """

    def __init__(self, workspace: LiveWorkspace) -> None:
        self.workspace = workspace
        self.current: Candidate | None = None
        self.upcoming: list[Candidate] = []
        self.model_id: str | None = None
        self.suggestions = True
        self.order: Order = "unlabelled"
        self.filter = ""
        self.trouble: BinScoutError | None = None
        """Why the filter cannot be answered any more."""
        self.tally = Tally()
        self.taken: deque[bool] = deque(maxlen=RECENT)
        """Whether the last suggestions that were shown were taken."""
        self._chance = random.Random(SEED)
        shares = workspace.settings.label
        self._budget = Budget(shares.gold_share, shares.reshow_share, self._chance)
        self._golds = 0
        self._anchor = 0
        self._trail: list[Step] = []
        self._left_at: dict[Order, int] = {}
        # A refresh for a change made elsewhere must not come between a key and its commit.
        self._turn = asyncio.Lock()

    @property
    def classes(self) -> list[LabelClass]:
        """The classes in order, with how many images have them."""
        return self.tally.classes

    @property
    def counts(self) -> dict[str, int]:
        """How many images are `unlabelled`, `class`, `empty` and `skipped`."""
        return self.tally.counts

    @property
    def left(self) -> int:
        """How many images are still to come until all are labelled, those among them that check the person too."""
        unlabelled = self.counts.get("unlabelled", 0)
        return unlabelled + self._budget.total if unlabelled and self.order in MIXED else unlabelled

    @property
    def skipped(self) -> int:
        """How many images are skipped."""
        return self.counts.get("skipped", 0)

    @property
    def wanted(self) -> Wanted:
        """What is gone over."""
        uid = self.workspace.user.uid
        return Wanted(order=self.order, uid=uid, model_id=self.model_id, filter=self.filter)

    def preview(self, candidate: Candidate) -> Path:
        """The larger preview of an image."""
        return preview_path(self.workspace.paths.previews, candidate.image.sha256, PREVIEW)

    async def open(self) -> None:
        """Begin where this person stopped, else with the first image of the order."""
        start = await self.workspace.db.read(queue.start, self.workspace.user.uid)
        place = start.place
        self.tally.take_over(start.classes, start.counts)
        self.model_id, self._golds, self._trail = start.model_id, start.golds, start.trail
        self.taken.extend(reversed(start.taken))
        self.suggestions, self.order, self.filter = place.suggestions, place.order, place.filter
        self._left_at, self._anchor = dict(place.left), place.anchor
        self._plan_checks()
        found = await self._look(Step(place.image, place.check)) if place.image is not None else None
        if found is not None and found.image.is_live:
            await self._put(found)
        else:
            await self._fill(0)
            self._next()
            if self.current is not None and self.current.check is not None:
                # Whoever leaves now and comes back is to find the same image, asked in the same way.
                await self._keep_place()

    # Deciding.

    async def decide(self, image_id: int, verdict: Verdict) -> None:
        """Commit `verdict` on `image_id`, then put the next image to go over on the desk.

        Raises ConflictError when another image is on the desk by now.
        """
        self.workspace.user.must_be("operator", "Labelling")
        async with self._turn:
            current = self._must_be(image_id)
            following = await self._following(current)
            suggested = self.shown_suggestion()
            place = self._place(following)
            answer = await self.workspace.db.write(
                queue.decide, self.workspace.user.uid, current, verdict, suggested, place
            )
            self._tell_apart(current, verdict, suggested)
            check = None if current.check is None else msgspec.structs.replace(current.check, id=answer)
            self._advance(Step(image_id, check), following)

    def _tell_apart(self, current: Candidate, verdict: Verdict, suggested: dict[str, Any] | None) -> None:
        """Count what was decided without asking the store between two keys."""
        before = current.label.name if current.label else None
        if current.kind is not None:
            self.tally.answered(before, verdict.name)
            if current.label is None:
                self._budget.spend(current.kind)
            return
        self.tally.labelled(current.state, verdict.state, before, verdict.name)
        if suggested is not None and suggested["model"] == self.model_id and verdict.state != "skipped":
            self.taken.append(suggested["label"] == verdict.name)

    async def dismiss(self, image_id: int) -> None:
        """Say that the suspect label of `image_id` is right, then on. Raises ConflictError, NotFoundError."""
        self.workspace.user.must_be("operator", "Dismissing a suspicion")
        async with self._turn:
            following = await self._following(self._must_be(image_id))
            place = self._place(following)
            await self.workspace.db.write(queue.dismiss, self.workspace.user.uid, image_id, place)
            self._advance(Step(image_id), following)

    async def trash(self, image_id: int) -> None:
        """Move `image_id` to the trash and put the next image on the desk. Raises ConflictError."""
        self.workspace.user.must_be("operator", "Labelling")
        async with self._turn:
            current = self._must_be(image_id)
            following = await self._following(current)
            await self.workspace.db.write(queue.trash, self.workspace.user.uid, image_id, self._place(following))
            if current.check is None:
                before = current.label.name if current.label else None
                self.tally.labelled(current.state, None, before, None)
            else:
                self.tally.take_over(*await self.workspace.db.read(queue.tallies))
            self._advance(Step(image_id, current.check), following)

    async def flag(self, image_id: int) -> bool:
        """Say that `image_id` needs review, or no more; whether it does now. Raises ConflictError."""
        self.workspace.user.must_be("operator", "Flagging for review")
        async with self._turn:
            on = not self._must_be(image_id).remarks.review
            await self.workspace.db.write(reviews.flag, self.workspace.user.uid, [image_id], on=on)
            self._remark(image_id, review=on)
            return on

    async def write_note(self, image_id: int, text: str) -> None:
        """Write a note on an image, empty for none. Raises UsageError for what cannot be one."""
        self.workspace.user.must_be("operator", "Writing notes")
        async with self._turn:
            kept = await self._hidden_note(image_id)
            whole = " · ".join(part for part in (kept, text.strip()) if part)
            await self.workspace.db.write(reviews.set_note, self.workspace.user.uid, image_id, whole)
            self._remark(image_id, note=text.strip())

    async def _hidden_note(self, image_id: int) -> str:
        """The note that a check does not show; who writes one there does not mean to replace it."""
        current = self.current
        if current is None or current.check is None or current.image.id != image_id or current.remarks.note:
            return ""
        return (await self.workspace.db.read(reviews.get, image_id)).note

    def _remark(self, image_id: int, **changed: Any) -> None:
        if self.current is not None and self.current.image.id == image_id:
            remarks = msgspec.structs.replace(self.current.remarks, **changed)
            self.current = msgspec.structs.replace(self.current, remarks=remarks)

    async def add_class(self, name: str) -> LabelClass:
        """Make the class `name`, or find it. Raises UsageError for a name that cannot be."""
        self.workspace.user.must_be("operator", "Making classes")
        made = await self.workspace.db.write(labels.add_class, name)
        self.tally.take_over(await self.workspace.db.read(labels.classes))
        return made

    # Undoing.

    async def undo(self) -> Entry:
        """Take back the last decision of this screen and put its image on the desk. Raises NotFoundError."""
        self.workspace.user.must_be("operator", "Labelling")
        async with self._turn:
            entry = await self.workspace.db.write(undoing.undo, self.workspace.user.uid, AREAS)
            return await self._turned(entry, undone=True)

    async def redo(self) -> Entry:
        """Do again what was undone last and put its image on the desk. Raises NotFoundError."""
        self.workspace.user.must_be("operator", "Labelling")
        async with self._turn:
            entry = await self.workspace.db.write(undoing.redo, self.workspace.user.uid, AREAS)
            return await self._turned(entry, undone=False)

    async def _turned(self, entry: Entry, *, undone: bool) -> Entry:
        self.tally.take_over(*await self.workspace.db.read(queue.tallies))
        step = queue.step_of(entry)
        if step.check is not None and not entry.stale:
            self._answer_turned(entry, step.check, undone=undone)
        target = await self._look(step)
        if target is not None and target.image.is_live:
            self._remember_way_to(step)
            await self._put(target)
        elif self.current is not None and self.current.image.id == step.image_id:
            await self._fill(self._anchor)
            self._next()
        await self._keep_place()
        return entry

    def _answer_turned(self, entry: Entry, check: label_checks.Check, *, undone: bool) -> None:
        before, after = (entry.after, entry.before) if undone else (entry.before, entry.after)
        said = [self.tally.name_of(state["said"][1]) if state else None for state in (before, after)]
        self.tally.answered(*said)
        if bool(before) != bool(after):
            self._budget.spend("gold" if check.kind == "gold" else "again", 1 if after else -1)

    # Moving.

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
            self._advance(Step(self.current.image.id, self.current.check), following)
            await self._keep_place()
            return True

    async def show(self, image_id: int) -> bool:
        """Put an image that another screen speaks of on the desk; False where it does not count any more.

        The order goes on from where it was, and `back` leads to the image that was on the desk.
        """
        async with self._turn:
            found = await self._look(Step(image_id))
            if found is None or not found.image.is_live:
                return False
            if self.current is not None and self.current.image.id != image_id:
                self._trail.append(Step(self.current.image.id, self.current.check))
            self.current = found
            self.upcoming = [one for one in self.upcoming if one.image.id != image_id]
            await self._keep_place()
            return True

    async def go_over(self, order: Order, filter_text: str = "") -> None:
        """Go over the images in another order, from where it was left where that is worth something."""
        async with self._turn:
            begin = 0 if order in ("skipped", "suspects", "diverse") else self._left_at.get(order, 0)
            if order == "filter" and filter_text != self.filter:
                begin = 0
            self._left_at[self.order] = self._anchor
            if self.current is not None:
                self._trail.append(Step(self.current.image.id, self.current.check))
            self.order, self.filter = order, filter_text or self.filter
            self.current, self._anchor = None, begin
            self._plan_checks()
            await self._fill(begin, including=True)
            if begin and not self.upcoming:
                await self._fill(0)
            self._next()
            await self._keep_place()

    async def toggle_suggestions(self) -> None:
        """Show or hide the model's suggestions, also after the next start."""
        self.suggestions = not self.suggestions
        await self._keep_place()

    async def refill(self) -> None:
        """Read ahead when little is left; called when the next image is on the screen."""
        async with self._turn:
            if self.current is not None and len(self.upcoming) < LOW:
                await self._fill(self._anchor)

    async def refresh(self, kinds: Collection[str]) -> None:
        """Take over changes of these kinds made elsewhere, without leaving the current image unless it is gone."""
        async with self._turn:
            db, uid = self.workspace.db, self.workspace.user.uid
            self.tally.take_over(*await db.read(queue.tallies))
            model = await db.read(models.active, queue.TASK)
            self.model_id = model.id if model else None
            if "gold" in kinds:
                self._golds = await db.read(label_checks.golds, uid)
            self._plan_checks()
            here = self.current
            self.current = await self._look(Step(here.image.id, here.check)) if here else None
            await self._fill(self._anchor)
            if self.current is None or not self.current.image.is_live:
                self._next()

    def shown_suggestion(self) -> dict[str, Any] | None:
        """What the journal says of the suggestion on the screen, None when none is shown."""
        current = self.current
        if current is not None and current.suspect is not None:
            suspect = current.suspect
            return {"label": suspect.likely, "score": suspect.likely_probability, "model": suspect.features}
        found = current.prediction if current and self.suggestions else None
        if found is None or found.label is None:
            return None
        return {"label": found.label, "score": found.score, "model": found.model_id}

    # The desk.

    def _must_be(self, image_id: int) -> Candidate:
        if self.current is None or self.current.image.id != image_id:
            raise ConflictError("Another image is shown by now; nothing was decided.", code="moved_on")
        return self.current

    async def _following(self, current: Candidate) -> Candidate | None:
        if not self.upcoming:
            await self._fill(self._anchor)
        return self.upcoming[0] if self.upcoming else None

    def _advance(self, done: Step, following: Candidate | None) -> None:
        self._trail.append(done)
        self.upcoming = self.upcoming[1:]
        self._lay(following)

    def _next(self) -> None:
        self._lay(self.upcoming.pop(0) if self.upcoming else None)

    def _lay(self, candidate: Candidate | None) -> None:
        self.current = candidate
        if candidate is not None and candidate.check is None:
            self._anchor = candidate.image.id

    async def _put(self, candidate: Candidate) -> None:
        self._lay(candidate)
        await self._fill(self._anchor)

    def _remember_way_to(self, step: Step) -> None:
        """Going back shortens the way that `back` walks, going on lengthens it."""
        there = [one.image_id for one in self._trail]
        if step.image_id in there:
            del self._trail[len(there) - 1 - there[::-1].index(step.image_id) :]
        elif self.current is not None and self.current.image.id != step.image_id:
            self._trail.append(Step(self.current.image.id, self.current.check))

    async def _fill(self, after: int, *, including: bool = False) -> None:
        here = self.current.image.id if self.current else None
        self.trouble = None
        try:
            found = await self.workspace.db.read(
                queue.ahead, after, self.wanted, AHEAD, including=including, slots=self._slots(), chance=self._chance
            )
        except FilterError as error:
            # A decision on what is on the desk must not fail for what would come after it.
            self.trouble, found = error, []
        self.upcoming = [candidate for candidate in found if candidate.image.id != here]

    def _plan_checks(self) -> None:
        self._budget.plan(self.counts.get("unlabelled", 0) if self.order in MIXED else 0, self._golds)

    def _slots(self) -> Slots | None:
        if not self._budget.total:
            return None
        recent = {step.image_id for step in self._trail[-APART:]}
        if self.current is not None:
            recent.add(self.current.image.id)
        return Slots(drawn=self._budget.draw(AHEAD, self.counts.get("unlabelled", 0)), avoid=recent)

    async def _look(self, step: Step) -> Candidate | None:
        return await self.workspace.db.read(queue.step, step, self.wanted)

    def _place(self, candidate: Candidate | None) -> Place:
        is_check = candidate is not None and candidate.check is not None
        return Place(
            image=candidate.image.id if candidate else None,
            check=candidate.check if candidate else None,
            anchor=self._anchor if is_check or candidate is None else candidate.image.id,
            suggestions=self.suggestions,
            order=self.order,
            filter=self.filter,
            left=self._left_at,
        )

    async def _keep_place(self) -> None:
        await self.workspace.db.write(places.keep, self.workspace.user.uid, queue.AREA, self._place(self.current))
