"""Showing an image to label and following what becomes of it; the keys that decide are in `label`."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from binscout_tui.commands.class_keys import reserved_keys
from binscout_tui.labelling.desk import LabelDesk
from binscout_tui.labelling.keys import class_keys
from binscout_tui.labelling.orders import MIXED
from binscout_tui.labelling.pace import per_minute
from binscout_tui.labelling.queue import Candidate
from binscout_tui.screens.deciding import DecidingScreen
from binscout_tui.screens.label_lines import (
    FINDING,
    empty_words,
    last_line,
    status_line,
    suggestion_line,
    suspect_line,
)
from binscout_tui.store.events import Event
from binscout_tui.store.labels import LabelClass
from binscout_tui.widgets.class_finder import ClassFinder
from binscout_tui.widgets.class_panel import ClassEntry, ClassPanel
from binscout_tui.widgets.filter_bar import FilterBar
from binscout_tui.widgets.picture import Picture

RELEVANT = frozenset(
    {"label", "image", "trash", "class", "prediction", "model", "activation"}
    | {"suspect", "suspects", "review", "note", "gold", "answer"}
)
PREFETCHED = 5
EARLY_S = 6.0
"""So long it is told that a key came too early."""


class ShowingImages(DecidingScreen):
    """An image on the desk and on the screen; keys count for it once its picture is there."""

    def __init__(self) -> None:
        super().__init__()
        self.desk: LabelDesk | None = None
        self.keys: dict[str, LabelClass] = {}
        self._moments: deque[float] = deque(maxlen=240)
        self._last: deque[str] = deque(maxlen=5)
        self._problem = ""
        self._forgetting: Timer | None = None

    def body(self) -> ComposeResult:
        """Status, picture beside classes, the last decisions."""
        yield Static(id="label-status", markup=False)
        yield FilterBar(id="label-filter")
        with Horizontal(id="label-work"):
            yield Picture(empty="opening…", id="label-picture")
            with Vertical(id="label-side"):
                yield ClassPanel(id="label-classes")
                yield ClassFinder(id="label-finder")
                yield Static(id="label-suggestion", markup=False)
        yield Static(id="label-empty", markup=False)
        yield Static(id="label-last", markup=False)

    # What the checks of the commands look at.

    @property
    def candidate(self) -> Candidate | None:
        """The image on the desk."""
        return self.desk.current if self.desk else None

    @property
    def has_image(self) -> bool:
        """Whether there is an image on the desk."""
        return self.candidate is not None

    @property
    def is_damaged(self) -> bool:
        """Whether its picture cannot be shown."""
        return self.has_image and self.picture.state == "damaged"

    @property
    def has_model(self) -> bool:
        """Whether a model is active."""
        return self.desk is not None and self.desk.model_id is not None

    @property
    def skipped(self) -> int:
        """How many images are skipped."""
        return self.desk.skipped if self.desk else 0

    @property
    def is_over_skipped(self) -> bool:
        """Whether the skipped images are gone over."""
        return self.desk is not None and self.desk.order == "skipped"

    @property
    def is_suspect(self) -> bool:
        """Whether the label of the image is probably wrong, and that is being looked at."""
        return self.candidate is not None and self.candidate.suspect is not None

    @property
    def suggestion(self) -> str | None:
        """The class that is suggested on the screen."""
        shown = self.desk.shown_suggestion() if self.desk else None
        return str(shown["label"]) if shown else None

    @property
    def no_suggestion(self) -> str:
        """Why nothing is suggested."""
        if not self.has_model:
            return "No model is active yet, so there are no suggestions."
        if self.desk is not None and not self.desk.suggestions:
            return "Suggestions are hidden; t shows them."
        return "The model has said nothing of this image."

    @property
    def picture(self) -> Picture:
        """The picture."""
        return self.query_one("#label-picture", Picture)

    # Opening, and changes made elsewhere.

    async def start(self) -> None:
        """Go to where the person stopped."""
        desk = LabelDesk(self.ws)
        await desk.open()
        self.desk = desk
        self._show()

    async def seek(self, sought: str) -> None:
        """Home counts unlabelled images: they are there, whatever was gone over before; `image:7` is that image."""
        desk = self.desk
        kind, _, number = sought.partition(":")
        if desk is not None and kind == "image" and number.isdigit():
            if not await desk.show(int(number)):
                self.frame.toast(f"Image {number} is not there to be labelled any more.", "warning")
            self._show()
            return
        if desk is None or not desk.counts.get("unlabelled"):
            return
        if desk.current is None or (sought == "labels" and desk.order not in MIXED):
            await desk.go_over("unlabelled")
            self._show()

    async def resume(self) -> None:
        """Take in what other screens did meanwhile."""
        await self._refresh(RELEVANT)

    async def changed(self, events: Sequence[Event]) -> None:
        """Somebody changed labels, images, classes or predictions."""
        kinds = RELEVANT.intersection(event.kind for event in events)
        if kinds and self.desk is not None:
            await self._refresh(kinds)

    async def _refresh(self, kinds: frozenset[str]) -> None:
        if self.desk is None:
            return
        here = self.candidate
        await self.desk.refresh(kinds)
        if here is None or self.candidate is None or here.image.id != self.candidate.image.id:
            self._show()
        else:
            self._tell()

    # Showing.

    def _show(self) -> None:
        """Show the image on the desk; keys count for it once it is on the screen."""
        self.waits()
        self._problem = ""
        self.early = 0
        candidate = self.candidate
        self.set_class(candidate is None, "-empty")
        self._tell()
        if self.desk is None or candidate is None:
            self.picture.show(None)
            # Nothing will come that a key could be too early for.
            self.seen()
            return
        path = self.desk.preview(candidate)
        self.picture.show(path)
        if self.picture.path == path and self.picture.state in ("shown", "damaged"):
            self.call_after_refresh(self._seen, candidate.image.id)

    @on(Picture.Shown)
    @on(Picture.Damaged)
    def _picture_settled(self, event: Picture.Shown | Picture.Damaged) -> None:
        candidate = self.candidate
        if self.desk is not None and candidate is not None and event.path == self.desk.preview(candidate):
            self.call_after_refresh(self._seen, candidate.image.id)
            if isinstance(event, Picture.Damaged):
                self.repair(candidate.image, partial(self._show_again, candidate))

    def _show_again(self, candidate: Candidate) -> None:
        if self.candidate is not None and self.candidate.image.id == candidate.image.id:
            self._show()

    async def _seen(self, image_id: int) -> None:
        if self.desk is None or self.candidate is None or self.candidate.image.id != image_id or self.is_seen:
            return
        self.seen()
        await self.desk.refill()
        self.picture.prefetch([self.desk.preview(following) for following in self.desk.upcoming[:PREFETCHED]])
        if self.is_damaged:
            self.frame.refresh_commands()

    def _tell(self) -> None:
        """Everything on the screen but the picture."""
        desk = self.desk
        if desk is None:
            return
        classes = desk.classes
        self.keys = class_keys(classes, reserved_keys(self.frame.key_changes))
        by_class = {item.id: key for key, item in self.keys.items()}
        panel = self.query_one(ClassPanel)
        panel.entries = tuple(ClassEntry(by_class.get(item.id, ""), item.name, item.images) for item in classes)
        panel.suggested = self.suggestion
        panel.given = desk.current.label.name if desk.current and desk.current.label else None
        self._tell_status(desk)
        self._say("#label-suggestion", self._suggested(desk))
        self._tell_last()
        if desk.current is None:
            trouble = desk.trouble.sentence if desk.trouble else ""
            said = empty_words(desk.counts, desk.order, trouble, key=self.frame.key)
            self.query_one("#label-empty", Static).update(Content(said))

    def _tell_status(self, desk: LabelDesk) -> None:
        status = status_line(
            desk.current,
            desk.left,
            per_minute(self._moments, time.monotonic()),
            order=desk.order,
            filter_text=desk.filter,
            skipped=desk.skipped,
            taken=desk.taken,
            key=self.frame.key,
        )
        self._say("#label-status", status)

    def _suggested(self, desk: LabelDesk) -> Content:
        current = desk.current
        if current is not None and current.suspect is not None:
            return suspect_line(current.suspect, key=self.frame.key)
        said = current.prediction if current else None
        return suggestion_line(said, shown=desk.suggestions, model=desk.model_id, key=self.frame.key)

    def came_early(self) -> None:
        """Say so where the decisions are listed, for a while."""
        if self._forgetting is not None:
            self._forgetting.stop()
        self._forgetting = self.set_timer(EARLY_S, self._forget_early)
        self._tell_last()

    def _forget_early(self) -> None:
        self.early = 0
        self._tell_last()

    def _tell_last(self) -> None:
        width = max(20, self.size.width - 2)
        line = last_line(self._last, self.early, self._problem, width=width, key=self.frame.key)
        if self.has_class("-finding"):
            line = Content.styled(FINDING, "$text-muted")
        self._say("#label-last", line)

    def _say(self, line: str, content: Content) -> None:
        """The lines have a fixed height, so that no key costs a new layout."""
        self.query_one(line, Static).update(content, layout=False)
