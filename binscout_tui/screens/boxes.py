"""Boxes: what is where in an image, and how many; one image at a time, as large as there is room."""

from __future__ import annotations

import msgspec

from binscout_tui.commands import boxes as commands
from binscout_tui.commands.dispatch import Commanded
from binscout_tui.labelling.boxing import LabelEdit
from binscout_tui.labelling.boxing_queue import ORDERS
from binscout_tui.screens.boxes_asking import AskingBoxes
from binscout_tui.screens.boxes_lines import ORDERS as ORDER_WORDS
from binscout_tui.store import box_labels
from binscout_tui.store.journal import Entry


class BoxesScreen(AskingBoxes):
    """Boxes are drawn on the screen and kept as a draft; Enter makes them a decision and brings the next image."""

    SCOPE = commands.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/boxes.tcss"
    DECISIONS = commands.DECISIONS

    def taken(self, key: str) -> tuple[Commanded, tuple[str, ...]] | None:
        """All keys of the image and of its active box; letters of classes too."""
        if self.focused not in (None, self.view):
            return None
        if key in self.keys:
            return self, ("boxes.choose", key)
        return self.bound(key, self, self.view)

    # Boxes.

    def action_new(self) -> None:
        """One more box, in the middle of what is seen."""
        if self.shown is None:
            return
        place = self.view.picture.where()
        x1, y1, x2, y2 = place.region if place is not None else (0.0, 0.0, 1.0, 1.0)
        size = self.last_size
        if size is not None:
            size = min(size[0], x2 - x1), min(size[1], y2 - y1)
        elif (x1, y1, x2, y2) != (0.0, 0.0, 1.0, 1.0):
            size = (x2 - x1) / 2, (y2 - y1) / 2
        picture = self.shown.image.width, self.shown.image.height
        self.put(self.edit.new(((x1 + x2) / 2, (y1 + y2) / 2), size, picture))

    def action_again(self) -> None:
        """The same box beside itself."""
        if self.shown is not None:
            self.put(self.edit.doubled((self.shown.image.width, self.shown.image.height)))

    def action_delete(self) -> None:
        """Without the active box."""
        self.put(self.edit.removed())

    def action_turn(self) -> None:
        """The next box."""
        self.put(self.edit.turned(1))

    def action_turn_back(self) -> None:
        """The box before."""
        self.put(self.edit.turned(-1))

    def action_choose(self, key: str = "") -> None:
        """The class of this key."""
        item = self.keys.get(key)
        if item is None:
            self.frame.toast(f"No class has the key {key}; {{boxes.find}} finds or makes a class.")
            return
        self.put(self.edit.of_class(item.id))

    def action_no_class(self) -> None:
        """No class is known of the active box."""
        self.put(self.edit.of_class(None))

    def action_give_up(self) -> None:
        """The boxes as they are kept; a step, so that undo brings the draft back."""
        if self.shown is not None:
            self.put(LabelEdit.begun(self.shown.kept.boxes))

    # Deciding and moving.

    async def action_done(self) -> None:
        """All boxes of the image are there."""
        if self.desk is not None and self.shown is not None:
            await self.desk.keep(self.shown.image.id, self.edit.boxes)
            self._go_on()

    async def action_empty(self) -> None:
        """Nothing is there."""
        if self.desk is not None and self.shown is not None:
            await self.desk.keep(self.shown.image.id, ())
            self._go_on()

    async def action_skip(self) -> None:
        """Pass by."""
        if self.desk is not None and self.shown is not None:
            await self.desk.skip(self.shown.image.id)
            self._go_on()

    def _go_on(self) -> None:
        self.early = 0
        self.show()

    async def action_next(self) -> None:
        """On, without deciding."""
        if self.desk is not None and await self.desk.forward():
            self.show()
        else:
            self.frame.toast("There is no other image.")

    async def action_previous(self) -> None:
        """Back, without deciding."""
        if self.desk is not None and await self.desk.back():
            self.show()
        else:
            self.frame.toast("There is no earlier image.")

    async def action_order(self) -> None:
        """Go over other images."""
        if self.desk is not None:
            which = ORDERS[(ORDERS.index(self.desk.going.which) + 1) % len(ORDERS)]
            await self.desk.go_over(msgspec.structs.replace(self.desk.going, which=which))
            self.show()
            self.frame.toast(f"Images: {ORDER_WORDS[which]}.")

    # Undo: first what was drawn on this image, then decisions.

    async def action_undo(self) -> None:
        """Take back the last step, or the last decision."""
        if self.steps.past and self.shown is not None:
            self.step_to(self.steps.undone())
        elif self.desk is not None:
            self._turned(await self.desk.undo())

    async def action_redo(self) -> None:
        """Do again what was undone."""
        if self.steps.future and self.shown is not None:
            self.step_to(self.steps.redone())
        elif self.desk is not None:
            self._turned(await self.desk.redo())

    def _turned(self, entry: Entry) -> None:
        shown = self.desk.current if self.desk else None
        if entry.stale:
            self.frame.toast("This was changed since by somebody; it stays as it is.", "warning")
        elif shown is None or shown.image.id != entry.target:
            self.frame.toast(f"Image {entry.target} is as before; it is in the trash.")
        elif entry.area == box_labels.COUNTS:
            self.frame.toast("The count is as before.")
        self._go_on()
