"""Select: a set side by side, one of it is kept or none."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Static

from binscout_tui.commands import select as commands
from binscout_tui.imaging.crops import CropBox
from binscout_tui.screens.deciding import DecidingScreen
from binscout_tui.screens.select_lines import status_line
from binscout_tui.selecting.desk import Choice, SetDesk, refused
from binscout_tui.selecting.rows import MOST
from binscout_tui.store.events import Event
from binscout_tui.store.images import Image
from binscout_tui.store.journal import Entry
from binscout_tui.store.sets import ImageSet
from binscout_tui.widgets.crop_view import CropView
from binscout_tui.widgets.picture_frame import Member, PictureFrame
from binscout_tui.widgets.set_strip import SetStrip

RELEVANT = frozenset({"set", "image", "trash"})
NO_SETS = (
    "There are no sets yet.\n\nbinscout import FOLDER --sets folder   makes one of each folder of similar pictures"
)


class SelectScreen(DecidingScreen):
    """Shows a set; a key keeps one image, with or without a crop, and brings the next set."""

    SCOPE = commands.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/select.tcss"
    DECISIONS = commands.DECISIONS

    def __init__(self) -> None:
        super().__init__()
        self.desk: SetDesk | None = None
        self._clicked_position: int | None = None

    def body(self) -> ComposeResult:
        """Status, then the pictures or the crop."""
        yield Static(id="select-status", markup=False)
        yield SetStrip(id="select-strip")
        yield CropView(id="select-crop")
        yield Static(NO_SETS, id="select-empty", markup=False)

    # What the checks of the commands look at.

    @property
    def current(self) -> ImageSet | None:
        """The set on the desk."""
        return self.desk.current if self.desk else None

    @property
    def has_set(self) -> bool:
        """Whether there is a set on the desk."""
        return self.current is not None

    @property
    def skipped(self) -> int:
        """How many sets are skipped."""
        return self.desk.counts.get("skipped", 0) if self.desk else 0

    @property
    def is_cropping(self) -> bool:
        """Whether a crop is being edited."""
        return self.has_class("-cropping")

    @property
    def strip(self) -> SetStrip:
        """The pictures."""
        return self.query_one(SetStrip)

    # Opening, and changes made elsewhere.

    async def start(self) -> None:
        """Go to where the person stopped."""
        desk = SetDesk(self.ws)
        await desk.open()
        self.desk = desk
        self._show()

    async def resume(self) -> None:
        """Take in what other screens did meanwhile."""
        await self._refresh()

    async def changed(self, events: Sequence[Event]) -> None:
        """Somebody changed sets or images."""
        if not RELEVANT.isdisjoint(event.kind for event in events):
            await self._refresh()

    async def _refresh(self) -> None:
        if self.desk is None:
            return
        before = self.current
        await self.desk.refresh()
        if before != self.current and not self.is_cropping:
            self._show(cursor=self.strip.cursor if before and self.current and before.id == self.current.id else None)
        self._tell()

    # Showing.

    def _show(self, cursor: int | None = None) -> None:
        """Show the set on the desk; keys count for it once all its pictures are on the screen."""
        self.waits()
        self._clicked_position = None
        found = self.current
        self.set_class(found is None, "-empty")
        self._tell()
        if self.desk is None or found is None:
            # Nothing will come that a key could be too early for.
            self.seen()
            return
        members = [self._member(self.desk, image) for image in found.images[:MOST]]
        kept = next((i for i, image in enumerate(found.images) if image.id == found.chosen_image_id), None)
        self.strip.show(members, kept=kept, cursor=cursor if cursor is not None else kept or 0)
        if self.strip.is_settled:
            self.call_after_refresh(self._seen, found.id)

    def _member(self, desk: SetDesk, image: Image) -> Member:
        found = desk.current
        crop = found.crop if found and image.id == found.chosen_image_id else None
        return Member(desk.preview(image), refused(image), crop, (image.width, image.height))

    def _tell(self) -> None:
        found, desk = self.current, self.desk
        line = self.query_one("#select-status", Static)
        if found is None or desk is None:
            line.update("", layout=False)
            return
        width = max(20, self.size.width - 2)
        line.update(status_line(found, desk.position, desk.total, desk.counts, self.early, width), layout=False)

    def on_resize(self, event: events.Resize) -> None:
        """The counts stay at the right end."""
        self._tell()

    @on(SetStrip.Settled)
    def _settled(self) -> None:
        if self.current is not None:
            self.call_after_refresh(self._seen, self.current.id)

    @on(SetStrip.Damaged)
    def _damaged(self, event: SetStrip.Damaged) -> None:
        found = self.current
        if found is not None and event.position < len(found.images):
            self.repair(found.images[event.position], partial(self._show_again, found.id))

    def _show_again(self, set_id: int) -> None:
        if self.current is not None and self.current.id == set_id and not self.is_cropping:
            self._show(self.strip.cursor)

    def _seen(self, set_id: int) -> None:
        if self.desk is None or self.current is None or self.current.id != set_id or self.is_seen:
            return
        self.seen()
        if self.desk.following is not None:
            self.strip.prefetch([self.desk.preview(image) for image in self.desk.following.images[:MOST]])

    def came_early(self) -> None:
        """Say so in the status line."""
        self._tell()

    # Deciding: every path ends in `_choose`.

    async def action_keep(self, key: str = "") -> None:
        """Keep the image with this number."""
        if not key:
            self.frame.toast("Press the number of an image.")
            return
        await self._keep(int(key) - 1)

    async def action_keep_marked(self) -> None:
        """Keep the image under the cursor."""
        await self._keep(self.strip.cursor)

    async def action_reject(self) -> None:
        """Keep none."""
        await self._choose(Choice(state="rejected"))

    async def action_skip(self) -> None:
        """Decide later."""
        await self._choose(Choice(state="skipped"))

    @on(PictureFrame.Clicked)
    async def _clicked(self, event: PictureFrame.Clicked) -> None:
        if not self.has_set or self.is_cropping or not self.was_seen(event.time):
            return
        if event.position == self._clicked_position == self.strip.cursor:
            await self.told(self._keep(event.position), "select.keep")
        else:
            self._clicked_position = event.position
            self.strip.mark(kept=self.strip.kept, cursor=event.position, clicked=True)

    async def _keep(self, position: int, crop: CropBox | None = None) -> None:
        image = self._usable(position)
        if image is not None:
            await self._choose(Choice(image_id=image.id, crop=None if crop is None else (*crop,)))

    def _usable(self, position: int) -> Image | None:
        """The image at this position, or None after saying why it cannot be kept."""
        found = self.current
        if found is None:
            return None
        if position >= min(len(found.images), MOST):
            self.frame.toast(f"This set has {len(found.images)} images; there is no {position + 1}.")
            return None
        problem = self.strip.frames[position].problem
        if problem:
            self.frame.toast(f"Image {position + 1} cannot be kept: {problem}.", "warning")
            return None
        return found.images[position]

    async def _choose(self, choice: Choice) -> None:
        if self.desk is None or self.current is None:
            return
        await self.desk.choose(self.current.id, choice)
        self.early = 0
        self._show()

    # Cropping.

    def action_crop(self) -> None:
        """Edit a crop of the image under the cursor."""
        found, position = self.current, self.strip.cursor
        image = self._usable(position)
        if image is None or found is None or self.desk is None:
            return
        kept = image.id == found.chosen_image_id and found.crop is not None
        self.add_class("-cropping")
        view = self.query_one(CropView)
        view.edit(
            self.desk.preview(image),
            (image.width, image.height),
            position=position,
            crop=CropBox(*found.crop) if kept and found.crop else None,
        )
        view.focus()

    @on(CropView.Done)
    async def _cropped(self, event: CropView.Done) -> None:
        self._leave_crop()
        await self.told(self._keep(event.position, event.crop), "crop.done")

    @on(CropView.Left)
    def _crop_left(self) -> None:
        self._leave_crop()

    def go_up(self) -> bool:
        """Esc and q leave the crop as it was."""
        if self.is_cropping:
            self._leave_crop()
            return True
        return super().go_up()

    def on_descendant_blur(self) -> None:
        """A click elsewhere does not take the keys away from the crop."""
        if self.is_cropping and self.focused is None:
            self.query_one(CropView).focus()
        super().on_descendant_blur()

    def _leave_crop(self) -> None:
        self.remove_class("-cropping")
        self.query_one(CropView).end()
        self.set_focus(None)

    # Moving and undoing.

    async def action_previous(self) -> None:
        """The set before."""
        await self._step(-1)

    async def action_next(self) -> None:
        """The set after."""
        await self._step(1)

    async def _step(self, by: int) -> None:
        if self.desk is not None and await self.desk.step(1 if by > 0 else -1):
            self._show()
        else:
            self.frame.toast("This is the last set." if by > 0 else "This is the first set.")

    async def action_skipped(self) -> None:
        """The next skipped set."""
        if self.desk is not None and await self.desk.to_skipped():
            self._show()
        else:
            self.frame.toast("No other set is skipped.")

    async def action_undo(self) -> None:
        """Take back the last choice."""
        if self.desk is not None:
            self._turned(await self.desk.undo())

    async def action_redo(self) -> None:
        """Choose again what was undone."""
        if self.desk is not None:
            self._turned(await self.desk.redo())

    def _turned(self, entry: Entry) -> None:
        if entry.stale:
            self.frame.toast("This set was changed since by somebody; it stays as it is.", "warning")
        self.early = 0
        self._show()

    def _mark(self, right: int, down: int) -> None:
        self._clicked_position = None
        self.strip.move(right, down)

    def action_left(self) -> None:
        """Mark the image to the left."""
        self._mark(-1, 0)

    def action_right(self) -> None:
        """Mark the image to the right."""
        self._mark(1, 0)

    def action_up(self) -> None:
        """Mark the image above."""
        self._mark(0, -1)

    def action_down(self) -> None:
        """Mark the image below."""
        self._mark(0, 1)
