"""Select: a set side by side, one of it is kept or none."""

from __future__ import annotations

from textual import on

from binscout_tui.commands import select as commands
from binscout_tui.commands.dispatch import Commanded
from binscout_tui.imaging.crops import CropBox
from binscout_tui.screens.base import dialog
from binscout_tui.screens.select_closely import LookingClosely
from binscout_tui.screens.select_grouping import GroupingIntoSets
from binscout_tui.screens.select_lines import FILTERS
from binscout_tui.screens.select_showing import corners
from binscout_tui.selecting.desk import Choice
from binscout_tui.selecting.rows import MOST
from binscout_tui.store.crops import QUEUE
from binscout_tui.store.images import Image
from binscout_tui.store.journal import Entry
from binscout_tui.widgets.crop_view import CropView
from binscout_tui.widgets.picture_frame import PictureFrame


class SelectScreen(LookingClosely, GroupingIntoSets):
    """Shows a set; a key keeps one image, with or without a crop, and brings the next set."""

    SCOPE = commands.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/select.tcss"
    DECISIONS = commands.DECISIONS

    # Keys, in their order: also those that are pressed while the pictures are looked at closely.

    def taken(self, key: str) -> tuple[Commanded, tuple[str, ...]] | None:
        """Keys that decide, with or without a close look."""
        if self.focused is self.strip:
            return self.bound(key, self, self.strip)
        return super().taken(key)

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

    async def action_take(self) -> None:
        """Keep what is suggested, with its crop."""
        said = self.desk.suggestion if self.desk is not None else None
        if said is not None:
            await self._choose(Choice(image_id=said.image, crop=corners(said.crop), taken=True))

    async def action_reject(self) -> None:
        """Keep none."""
        await self._choose(Choice(state="rejected"))

    async def action_skip(self) -> None:
        """Decide later."""
        await self._choose(Choice(state="skipped"))

    async def action_reset(self) -> None:
        """As if nobody had decided."""
        await self._choose(Choice(state="pending"))

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

    def _at(self, position: int) -> Image | None:
        """The image at this position, or None after saying that there is none."""
        found = self.current
        if found is None:
            return None
        if position >= min(len(found.images), MOST):
            self.frame.toast(f"This set has {len(found.images)} images; there is no {position + 1}.")
            return None
        return found.images[position]

    def _usable(self, position: int) -> Image | None:
        """The image at this position, or None after saying why it cannot be kept."""
        image = self._at(position)
        problem = self.strip.frames[position].problem if image is not None else ""
        if problem:
            self.frame.toast(f"Image {position + 1} cannot be kept: {problem}.", "warning")
            return None
        return image

    async def _choose(self, choice: Choice) -> None:
        if self.desk is None or self.current is None:
            return
        before = self.current.id
        await self.desk.choose(before, choice)
        self.early = 0
        self._show(cursor=self.strip.cursor if self.current.id == before else None)

    # What decides nothing.

    async def action_rule_out(self, key: str = "") -> None:
        """Rule the image with this number out, or not."""
        await self._rule_out(int(key) - 1)

    async def action_rule_out_marked(self) -> None:
        """Rule the image under the cursor out, or not."""
        await self._rule_out(self.strip.cursor)

    async def _rule_out(self, position: int) -> None:
        image = self._at(position)
        if image is None or self.desk is None or self.current is None:
            return
        if image.id == self.current.chosen_image_id:
            self.frame.toast(f"Image {position + 1} is kept, so it is not ruled out; keep another first.", "warning")
        else:
            await self.desk.rule_out(self.current.id, image.id)
            self._show(cursor=self.strip.cursor)

    async def action_suggestions(self) -> None:
        """Show what is suggested, or not."""
        if self.desk is not None:
            await self.desk.show_suggestions(not self.desk.suggestions)
            self._show(self.strip.cursor)

    @dialog(description="write a note")
    async def action_note(self) -> None:
        """Ask for one line about the set."""
        from binscout_tui.dialogs.ask import Ask

        found, desk = self.current, self.desk
        if found is None or desk is None:
            return
        text = f"One line about {found.name}; an empty one removes the note."
        note = await self.app.push_screen_wait(Ask("Note", text, found.note, may_be_empty=True))
        if note is not None:
            await desk.write_note(found.id, note)
            self._show(self.strip.cursor)

    async def action_queue(self) -> None:
        """The kept image, or the marked one, to the queue of images to crop."""
        found, desk = self.current, self.desk
        if found is None or desk is None:
            return
        kept = next((image for image in found.images if image.id == found.chosen_image_id), None)
        image = kept or self._usable(self.strip.cursor)
        if image is not None:
            number = found.images.index(image) + 1
            new = await desk.queue_crops([image.id])
            told = "waits in the crop queue now" if new else "waits in the crop queue already"
            self.frame.toast(f"Image {number} {told}.")

    async def action_filter(self) -> None:
        """The sets of the next state, or all."""
        if self.desk is not None:
            only = await self.desk.turn_filter()
            self.early = 0
            self._show()
            self.frame.toast(f"Going through {FILTERS[only]}: {self.desk.total}.")

    # Cropping.

    def action_crop(self) -> None:
        """Edit a crop of the image under the cursor."""
        found, position = self.current, self.strip.cursor
        image = self._usable(position)
        if image is None or found is None or self.desk is None:
            return
        kept = image.id == found.chosen_image_id and found.crop is not None
        self.strip.stop_looking()
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
        """Take back the last choice, note or queueing."""
        if self.desk is not None:
            self._turned(await self.desk.undo(), "out of the crop queue again")

    async def action_redo(self) -> None:
        """Do again what was undone."""
        if self.desk is not None:
            self._turned(await self.desk.redo(), "in the crop queue again")

    def _turned(self, entry: Entry, queued: str) -> None:
        if entry.stale:
            self.frame.toast("This was changed since by somebody; it stays as it is.", "warning")
        elif entry.area == QUEUE:
            self.frame.toast(f"Image {entry.target} is {queued}.")
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
