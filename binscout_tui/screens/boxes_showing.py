"""What is on the screen of Boxes: the image, its boxes as they are drawn, the steps back, the draft on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Static

from binscout_tui.commands.class_keys import reserved_keys
from binscout_tui.errors import ConflictError
from binscout_tui.labelling.boxing import LabelEdit, Steps, made
from binscout_tui.labelling.boxing_desk import BoxDesk
from binscout_tui.labelling.boxing_queue import Candidate
from binscout_tui.labelling.keys import class_keys
from binscout_tui.screens import boxes_lines as lines
from binscout_tui.screens.deciding import DecidingScreen
from binscout_tui.store.box_labels import LabelBox
from binscout_tui.store.events import Event
from binscout_tui.store.labels import LabelClass
from binscout_tui.terminal.overlay import Colour
from binscout_tui.widgets.filter_bar import FilterBar
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.picture import Picture
from binscout_tui.widgets.several_view import Drawing, SeveralView

if TYPE_CHECKING:
    from binscout_tui.workers.details import DetailMaker

RELEVANT = frozenset({"boxes", "counts", "image", "trash", "class", "prediction", "model", "activation"})
PREFETCHED = 3


class ShowingBoxes(DecidingScreen):
    """Shows the image on the desk. What is drawn belongs to the image that is shown, whatever the desk has by then."""

    def __init__(self) -> None:
        super().__init__()
        self.desk: BoxDesk | None = None
        self.keys: dict[str, LabelClass] = {}
        self.shown: Candidate | None = None
        self.steps = Steps(LabelEdit())
        self.last_size: tuple[float, float] | None = None
        self._saving = False
        self._details: DetailMaker | None = None

    def body(self) -> ComposeResult:
        """Status, the picture with its boxes, counts, classes."""
        yield Line(id="boxes-status")
        yield FilterBar(id="boxes-filter")
        yield SeveralView(id="boxes-view")
        yield Line(id="boxes-counts")
        yield Line(id="boxes-classes")
        yield Static(id="boxes-empty", markup=False)

    # What the checks of the commands look at.

    @property
    def is_loading(self) -> bool:
        """Whether the images are still being read."""
        return self.desk is None

    @property
    def is_viewer(self) -> bool:
        """Whether this person may only look."""
        return self.desk is not None and self.ws.user.role == "viewer"

    @property
    def has_image(self) -> bool:
        """Whether an image is shown."""
        return self.shown is not None

    @property
    def is_damaged(self) -> bool:
        """Whether its picture cannot be shown."""
        return self.has_image and self.view.picture.state == "damaged"

    @property
    def boxes_drawn(self) -> int:
        """How many boxes are on the screen."""
        return len(self.edit.boxes)

    @property
    def has_box(self) -> bool:
        """Whether a box is being edited."""
        return self.edit.active is not None

    @property
    def has_kept_boxes(self) -> bool:
        """Whether boxes of the image are kept."""
        return self.shown is not None and self.shown.kept.state == "boxes"

    @property
    def is_draft(self) -> bool:
        """Whether what is on the screen is not kept yet."""
        return self.shown is not None and not self.edit.says(self.shown.kept.boxes)

    @property
    def view(self) -> SeveralView:
        """The picture with the boxes."""
        return self.query_one(SeveralView)

    @property
    def edit(self) -> LabelEdit:
        """The boxes as they are on the screen."""
        found = self.view.several
        return found if isinstance(found, LabelEdit) else LabelEdit()

    # Opening, and changes made elsewhere.

    async def start(self) -> None:
        """Go to where the person stopped."""
        desk = BoxDesk(self.ws)
        try:
            await desk.open()
        finally:
            self.desk = desk
            self.view.locked = self.is_viewer
            self.show()

    async def resume(self) -> None:
        """Take in what other screens did meanwhile."""
        await self._refresh(RELEVANT)

    async def changed(self, events: Sequence[Event]) -> None:
        """Somebody changed boxes, counts, images or classes."""
        kinds = RELEVANT.intersection(event.kind for event in events)
        if kinds:
            await self._refresh(kinds)

    async def _refresh(self, kinds: frozenset[str]) -> None:
        if self.desk is None:
            return
        words = self.desk.words
        await self.desk.refresh(kinds)
        before, now = self.shown, self.desk.current
        if before is None or now is None or before.image.id != now.image.id:
            self.show()
            return
        self.shown = now
        # What is drawn here stays, whatever others keep meanwhile.
        if before.kept != now.kept and self.edit.says(before.kept.boxes):
            self.show()
        elif words != self.desk.words:
            self._draw(self.edit)
        else:
            self.tell()

    # Showing.

    def show(self) -> None:
        """Show the image on the desk; keys count for it once its picture is there."""
        self.waits()
        found = self.shown = self.desk.current if self.desk else None
        self.set_class(found is None, "-empty")
        if found is None or self.desk is None:
            self.view.end()
            if self.focused is self.view:
                self.set_focus(None)
            self._tell_empty()
            self.seen()
            return
        draft = found.draft
        kept = found.kept.boxes
        edit = LabelEdit.begun(kept) if draft is None else LabelEdit(draft.boxes, _within(draft.active, draft.boxes))
        self.steps = Steps.begun(kept, edit)
        self._draw(edit)
        if self.focused is None:
            self.view.focus()
        if self.view.picture.path == self.desk.preview(found.image) and self.view.picture.state in ("shown", "damaged"):
            self.call_after_refresh(self._seen, found.image.id)

    def _draw(self, edit: LabelEdit) -> None:
        found, desk = self.shown, self.desk
        if found is None or desk is None:
            return
        self.keys = class_keys(desk.words.usable, reserved_keys(self.frame.key_changes))
        classes, key = desk.look, self.frame.key

        def look(one: LabelBox) -> tuple[str, Colour]:
            return classes.name(one.class_id), classes.colour(one.class_id)

        drawing = Drawing(look, made, lambda several: lines.lead(several, classes, key))
        self.view.draw(desk.preview(found.image), (found.image.width, found.image.height), edit, drawing)
        self.tell()

    def tell(self) -> None:
        """Everything on the screen but the picture."""
        found, desk = self.shown, self.desk
        if found is None or desk is None:
            return
        width, key, edit = max(20, self.size.width - 2), self.frame.key, self.edit
        status = lines.status_line(
            found,
            len(edit.boxes),
            draft=lines.draft_word(found, edit, is_saved=desk.is_saved),
            going=desk.going,
            counts=desk.counts,
            early=self.early,
            width=width,
        )
        self.query_one("#boxes-status", Line).say(status)
        counted = lines.counts_line(
            found.counts, desk.look, model=desk.words.model_id, model_count=found.model_count, key=key
        )
        self.query_one("#boxes-counts", Line).say(counted)
        active = edit.here.class_id if edit.here is not None else None
        classes = lines.classes_line(self.keys, len(desk.words.usable), active, key, width)
        self.query_one("#boxes-classes", Line).say(classes)

    def _tell_empty(self) -> None:
        if self.desk is not None:
            words = lines.empty_words(self.desk.counts, self.desk.going, self.frame.key)
            self.query_one("#boxes-empty", Static).update(words)

    def on_resize(self, event: events.Resize) -> None:
        """The lines fit the width."""
        self.tell()

    @on(Picture.Shown)
    @on(Picture.Damaged)
    def _settled(self, event: Picture.Shown | Picture.Damaged) -> None:
        found = self.shown
        if found is None or self.desk is None or event.path != self.desk.preview(found.image):
            return
        self.call_after_refresh(self._seen, found.image.id)
        if isinstance(event, Picture.Damaged):
            self.repair(found.image, partial(self._show_again, found.image.id))

    def _show_again(self, image_id: int) -> None:
        if self.shown is not None and self.shown.image.id == image_id:
            self._draw(self.edit)

    async def _seen(self, image_id: int) -> None:
        if self.desk is None or self.shown is None or self.shown.image.id != image_id or self.is_seen:
            return
        self.seen()
        await self.desk.refill()
        self.view.picture.prefetch([self.desk.preview(image) for image in self.desk.upcoming[:PREFETCHED]])
        self.frame.refresh_commands()

    def came_early(self) -> None:
        """Say so in the status line."""
        self.tell()

    def on_descendant_blur(self) -> None:
        """A click elsewhere does not take the keys away from the boxes."""
        if self.focused is None and self.has_image:
            self.view.focus()
        super().on_descendant_blur()

    def go_up(self) -> bool:
        """Esc and q first leave the filter, or end looking around; the draft stays on the way out."""
        if self.focused not in (None, self.view):
            return super().go_up()
        if self.view.looking:
            self.view.action_look()
            return True
        return False

    # Drawing: every change is a step, and soon on the disk.

    @on(SeveralView.Changed)
    def _view_changed(self) -> None:
        self.note()

    def put(self, edit: LabelEdit) -> None:
        """Boxes that a key of this screen has changed."""
        self.view.change(edit)
        self.note()

    def note(self) -> None:
        """What is on the screen is a step that can be taken back."""
        self.steps = self.steps.noted(self.edit, self.view.gesture)
        self._write_down()

    def step_to(self, steps: Steps) -> None:
        """Go back or on to a step."""
        self.steps = steps
        self.view.change(steps.now)
        self._write_down()

    def _write_down(self) -> None:
        edit, found, desk = self.edit, self.shown, self.desk
        if found is None or desk is None:
            return
        if edit.here is not None:
            x1, y1, x2, y2 = edit.here.box
            self.last_size = x2 - x1, y2 - y1
        try:
            desk.drawn(found.image.id, edit.boxes, edit.active)
        except ConflictError:
            return  # the image is being taken away; `show` follows
        if not self._saving:
            self._saving = True
            self.run_worker(self._save(), group="draft", exit_on_error=False, description="write the draft down")
        self.tell()
        self.frame.refresh_commands()

    async def _save(self) -> None:
        try:
            while self.desk is not None and not self.desk.is_saved:
                await self.desk.save()
        finally:
            self._saving = False
            self.tell()

    # Looking closely.

    @on(Picture.DetailWanted)
    def _detail_wanted(self, event: Picture.DetailWanted) -> None:
        event.stop()
        found = self.shown
        if found is not None and self.desk is not None and event.path == self.desk.preview(found.image):
            self.run_worker(
                self._give_detail(found, event.picture),
                group="detail",
                exit_on_error=False,
                description=f"looking closely at {found.image.name}",
            )

    async def _give_detail(self, found: Candidate, picture: Picture) -> None:
        if self._details is None:
            from binscout_tui.operations.importing import decode_limits
            from binscout_tui.workers.details import DetailMaker

            self._details = DetailMaker(self.ws.paths, decode_limits(self.ws.settings.importing))
        detail = await self._details.make(found.image)
        if detail is not None and self.desk is not None:
            picture.give_detail(self.desk.preview(found.image), detail)

    async def on_unmount(self) -> None:
        """End what reads originals."""
        if self._details is not None:
            await self._details.close()
        await super().on_unmount()


def _within(active: int | None, boxes: Sequence[LabelBox]) -> int | None:
    return active if active is not None and 0 <= active < len(boxes) else 0 if boxes else None
