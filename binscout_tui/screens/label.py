"""Label: one picture, one key, the next picture."""

from __future__ import annotations

import time

from textual import events, on

from binscout_tui.commands import label as commands
from binscout_tui.dialogs.ask import Ask
from binscout_tui.dialogs.order_menu import OrderMenu
from binscout_tui.errors import BinScoutError
from binscout_tui.labelling.arranging import arrange
from binscout_tui.labelling.desk import LabelDesk
from binscout_tui.labelling.orders import ORDERS
from binscout_tui.labelling.queue import Verdict, step_of
from binscout_tui.screens.base import dialog
from binscout_tui.screens.label_lines import turned
from binscout_tui.screens.label_showing import ShowingImages
from binscout_tui.store.journal import Entry
from binscout_tui.widgets.class_finder import ClassFinder
from binscout_tui.widgets.filter_bar import FilterBar
from binscout_tui.workers.filter_words import FilterWords

TURNED = {"trash": "trashing", "restore": "restoring", "dismiss": "dismissal", "note": "note"} | dict.fromkeys(
    ("flag", "unflag"), "review"
)
"""What is undone, by the journal's word; all else is a label as far as anybody sees."""


class LabelScreen(ShowingImages):
    """Shows an image and the classes; a key labels and brings the next image."""

    SCOPE = commands.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/label.tcss"
    DECISIONS = commands.DECISIONS
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-normal"), (120, "-wide")]

    # Deciding.

    def decision(self, key: str) -> tuple[str, ...] | None:
        """Letters of classes decide too."""
        return ("label.choose", key) if key in self.keys else super().decision(key)

    async def on_key(self, event: events.Key) -> None:
        """What is typed before the line for filters has the focus belongs to it all the same."""
        self.query_one(FilterBar).take_ahead(event)

    async def action_choose(self, key: str = "") -> None:
        """Label with the class of `key`."""
        item = self.keys.get(key)
        if item is None:
            self.frame.toast(
                f"No class has the key {key}; / finds or makes a class." if key else "Press a class's key."
            )
            return
        await self._decide(Verdict("class", item.name))

    async def action_take(self) -> None:
        """Label with what is suggested."""
        name = self.suggestion
        if name is not None and self.desk is not None:
            if all(item.name != name for item in self.desk.classes):
                self.frame.toast(f"There is no class {name} any more; / makes it.", "warning")
                return
            await self._decide(Verdict("class", name))

    async def action_right(self) -> None:
        """A suspect label is right."""
        if self.desk is not None and self.candidate is not None:
            await self.desk.dismiss(self.candidate.image.id)
            self._decided("right")

    async def action_empty(self) -> None:
        """Label as empty."""
        await self._decide(Verdict("empty"))

    async def action_skip(self) -> None:
        """Pass by."""
        await self._decide(Verdict("skipped"))

    async def action_trash(self) -> None:
        """To the trash."""
        if self.desk is not None and self.candidate is not None:
            name = self.candidate.image.name
            await self.desk.trash(self.candidate.image.id)
            self._last.append("trash")
            self._show()
            self.frame.toast(f"{name} is in the trash; {{label.undo}} brings it back.")

    async def _decide(self, verdict: Verdict, image_id: int | None = None) -> None:
        if self.desk is None or self.candidate is None:
            return
        try:
            await self.desk.decide(self.candidate.image.id if image_id is None else image_id, verdict)
        except BinScoutError as error:
            self._problem = f"not labelled: {error.sentence}"
            self._tell_last()
            raise
        self._decided(verdict.words)

    def _decided(self, words: str) -> None:
        self._moments.append(time.monotonic())
        self._last.append(words)
        self._show()

    # Remarks.

    async def action_review(self) -> None:
        """Flag the image for review, or not."""
        if self.desk is not None and self.candidate is not None:
            on = await self.desk.flag(self.candidate.image.id)
            self._last.append("needs review" if on else "no review")
            self._tell()

    @dialog(description="write a note")
    async def action_note(self) -> None:
        """Ask for one line about the image."""
        found, desk = self.candidate, self.desk
        if found is None or desk is None:
            return
        text = f"One line about {found.image.name}; an empty one removes the note."
        note = await self.app.push_screen_wait(Ask("Note", text, found.remarks.note, may_be_empty=True))
        if note is not None and note != found.remarks.note:
            await self.told(desk.write_note(found.image.id, note), "label.note")
            self._tell()

    # Moving and undoing.

    async def action_next(self) -> None:
        """On, without deciding."""
        if self.desk is not None and await self.desk.forward():
            self._show()
        else:
            what = {"skipped": "No other image is skipped.", "unlabelled": "No other image is unlabelled."}
            order = self.desk.order if self.desk else "unlabelled"
            self.frame.toast(what.get(order, "Nothing follows in this order; {label.order} chooses another."))

    async def action_previous(self) -> None:
        """Back, without deciding."""
        if self.desk is not None and await self.desk.back():
            self._show()
        else:
            self.frame.toast(self.loading_words if self.desk is None else "There is no earlier image.")

    async def action_skipped(self) -> None:
        """Go over the skipped images, or on with the unlabelled ones."""
        if self.desk is not None:
            await self.desk.go_over("unlabelled" if self.is_over_skipped else "skipped")
            self._show()

    async def action_undo(self) -> None:
        """Take back the last decision."""
        if self.desk is not None:
            self._turned(await self.desk.undo(), "undone")

    async def action_redo(self) -> None:
        """Decide again what was undone."""
        if self.desk is not None:
            self._turned(await self.desk.redo(), "redone")

    def _turned(self, entry: Entry, word: str) -> None:
        if entry.stale:
            self.frame.toast(
                f"Image {step_of(entry).image_id} was changed since by somebody; it stays as it is.", "warning"
            )
        else:
            what = turned(TURNED.get(entry.action, "label"), len(set(entry.turned)), word)
            self._last.append(what)
            if len(entry.turned) > 1 or entry.left:
                others = f"; {entry.left:,} changed since and stay as they are" if entry.left else ""
                self.frame.toast(f"{what[0].upper()}{what[1:]}{others}.")
        self._show()

    # Orders.

    @dialog(description="choose an order")
    async def action_order(self) -> None:
        """Choose what is gone over."""
        desk = self.desk
        if desk is None:
            return
        order = await self.app.push_screen_wait(OrderMenu(ORDERS.values(), desk.order))
        if order == "filter":
            self.query_one(FilterBar).open(FilterWords(self.ws), desk.filter)
        elif order is not None:
            if order == "diverse":
                self.frame.toast("Working out which images are unlike…")
                await arrange(self.ws)
            await desk.go_over(order)
            self._show()
            self.frame.refresh_commands()

    @on(FilterBar.Applied)
    async def _filtered(self, event: FilterBar.Applied) -> None:
        if self.desk is not None:
            await self.told(self._go_over_filtered(self.desk, event.text), "label.order")

    async def _go_over_filtered(self, desk: LabelDesk, text: str) -> None:
        await desk.go_over("filter", text)
        self._show()

    @on(FilterBar.Cleared)
    async def _unfiltered(self) -> None:
        if self.desk is not None:
            await self.desk.go_over("unlabelled")
            self._show()

    # Suggestions, and other ways to label.

    async def action_suggestions(self) -> None:
        """Show or hide what the model says."""
        if self.desk is not None:
            await self.desk.toggle_suggestions()
            self._tell()

    def action_predict(self) -> None:
        """Have the model look at all unlabelled images; its words come in one by one."""
        self.frame.ask_model()

    def action_verify(self) -> None:
        """Whole pages of what the model says."""
        self.frame.go_to("verify")

    def action_boxes(self) -> None:
        """Boxes and counts."""
        self.frame.go_to("boxes")

    def action_classes(self) -> None:
        """The set of classes."""
        self.frame.go_to("classes")

    # Finding a class.

    def action_find(self) -> None:
        """Type to find a class for this image."""
        if self.desk is not None and self.candidate is not None:
            self.add_class("-finding")
            used_first = sorted(self.desk.classes, key=lambda item: -item.images)
            self.query_one(ClassFinder).open(self.candidate.image.id, [item.name for item in used_first])
            self._tell_last()

    @on(ClassFinder.Found)
    async def _found(self, event: ClassFinder.Found) -> None:
        self._close_finder()
        await self.told(self._settle(event), "label.find")

    async def _settle(self, event: ClassFinder.Found) -> None:
        if self.desk is None:
            return
        name = (await self.desk.add_class(event.name)).name if event.is_new else event.name
        await self._decide(Verdict("class", name), event.image_id)

    def go_up(self) -> bool:
        """Esc leaves the finder."""
        if self.has_class("-finding"):
            self._close_finder()
            return True
        return super().go_up()

    def on_descendant_blur(self) -> None:
        """A click elsewhere leaves the finder too."""
        if self.focused is None and self.has_class("-finding"):
            self.remove_class("-finding")
            self._tell_last()
        super().on_descendant_blur()

    def _close_finder(self) -> None:
        self.remove_class("-finding")
        self.set_focus(None)
        self._tell_last()
