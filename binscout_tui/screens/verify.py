"""Verify: a page of images that a model says are of one class; mark the wrong ones, take the rest."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

import msgspec
from textual import events as textual_events
from textual import on
from textual.message import Message

from binscout_tui.capturing.choosing import Option
from binscout_tui.commands import verify as commands
from binscout_tui.labelling.checking import CheckDesk
from binscout_tui.labelling.verifying import Over, Place, VerifyDesk, from_kept, next_least
from binscout_tui.screens import verify_lines as lines
from binscout_tui.screens.base import dialog
from binscout_tui.screens.verify_grid import UNDONE, VerifyGridScreen
from binscout_tui.store.events import Event
from binscout_tui.store.verifying import Taken, Turned
from binscout_tui.widgets.image_grid import TileSize
from binscout_tui.widgets.marking_grid import MarkingGrid

RELEVANT = frozenset({"label", "image", "trash", "class", "prediction", "model", "activation", "verify"})
HELD_S = 1.1
"""A key that is pressed again within this time is held, or was pressed by mistake: the longest delay before a terminal
repeats a held key is a second, and nobody judges a page of pictures in less."""
TAKE = "verify.take"
DESKS: dict[Over, type[VerifyDesk]] = {"model": VerifyDesk, "labels": CheckDesk}


class VerifyScreen(VerifyGridScreen):
    """Pages of one class, the surest images first; a page is one decision."""

    SCOPE = commands.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/verify.tcss"
    DECISIONS = commands.DECISIONS

    def __init__(self) -> None:
        super().__init__()
        self._taken_at = 0.0

    # Opening, and changes made elsewhere.

    async def start(self) -> None:
        """Go to the class where the person stopped."""
        place = from_kept(await self.kept_place())
        self.grid.tile_size = TileSize(place.size) if place.size in TileSize.__members__ else TileSize.M
        await self._open(place)

    async def _open(self, place: Place) -> None:
        desk = DESKS[place.over](self.ws)
        await desk.open(place)
        desk.size = str(self.grid.tile_size)
        self.desk = desk
        # What is known of the tiles was said by another desk.
        self.grid.forget(desk.ids)
        self._show()

    def on_screen_resume(self) -> None:
        """The key that led here, or closed a dialog, may still be held."""
        self._taken_at = Message().time

    async def resume(self) -> None:
        """Take in what other screens did meanwhile."""
        await self._refresh()

    async def changed(self, events: Sequence[Event]) -> None:
        """Somebody changed labels, images, classes or what a model says."""
        if not RELEVANT.isdisjoint(event.kind for event in events):
            await self._refresh()

    async def _refresh(self) -> None:
        if self.desk is None:
            return
        page, empty = self.grid.page_ids, not self.desk.ids
        if await self.desk.refresh(page) or (empty and self.desk.ids):
            self._show()
            return
        self.grid.show(self.desk.ids)
        self.grid.forget(self.desk.ids)
        self._give(page)
        self.page_moved()
        self.tell()

    # Deciding. A held key must not take a page after the other.

    async def on_key(self, event: textual_events.Key) -> None:
        """The key that takes a page counts again only after a while without it."""
        found = self.decision(event.key) if self.focused is None else None
        if found is None or found[0] != TAKE or not self.has_list:
            return
        held = event.time - self._taken_at < HELD_S
        self._taken_at = event.time
        if held:
            event.stop()
            event.prevent_default()
            self.early += 1
            self.came_early()

    def decision(self, key: str) -> tuple[str, ...] | None:
        """Letters of classes decide too."""
        return ("verify.relabel", key) if key in self.keys else super().decision(key)

    async def action_take(self) -> None:
        """All that are open, shown and not marked are of the class; the marked ones are not."""
        desk, grid = self.desk, self.grid
        name = desk.name if desk is not None else None
        if desk is None or name is None:
            return
        page = [image_id for image_id in desk.open_ones(grid.page_ids) if image_id not in grid.without_picture]
        done = await desk.take(name, page, grid.marks) if page else Taken()
        if not done.taken and not done.ruled_out and not done.left:
            await self.action_page_next()
            return
        self._pages.append((time.monotonic(), len(done.taken) + len(done.ruled_out)))
        self._last, self.early = lines.decided(done, name), 0
        if said := lines.left_over(done):
            self.frame.toast(said, "warning")
        self._give(page)
        if not await self._turn_page():
            self.frame.toast("This was the last page; {verify.class_next} goes over the next class.")

    async def action_relabel(self, key: str = "") -> None:
        """Give the image under the cursor the class of `key`."""
        item = self.keys.get(key)
        if item is None:
            self.frame.toast(f"No class has the key {key}; {{verify.find}} finds one." if key else "Press its key.")
        elif self.here is not None:
            await self._relabel(self.here, item.name)

    async def _relabel(self, image_id: int, name: str) -> None:
        if self.desk is None:
            return
        await self.desk.relabel(image_id, name)
        self._last, self.early = f"#{image_id} {name} ✓", 0
        self.grid.marks -= {image_id}
        self._give([image_id])
        self.grid.move(columns=1)
        self.tell()

    @dialog(description="find a class")
    async def action_find(self) -> None:
        """Type to find a class for the image under the cursor."""
        from binscout_tui.dialogs.pick import Pick

        desk, here = self.desk, self.here
        if desk is None or here is None:
            return
        options = [Option(item.id, item.name) for item in desk.classes]
        picked = await self.app.push_screen_wait(Pick("Class of this image", partial(_given, options)))
        if picked is not None and desk.what(here) == "open":
            await self.told(self._relabel(here, picked.text), "verify.find")

    def action_mark(self) -> None:
        """Mark the image as wrong or not, and move on."""
        if self.here is not None:
            self.grid.marks ^= {self.here}
            self.grid.move(columns=1)
            self.page_moved()
            self.tell()

    @on(MarkingGrid.Clicked)
    def _clicked(self, event: MarkingGrid.Clicked) -> None:
        if self.is_open and event.id in self.grid.page_ids and self.was_seen(event.moment):
            self.grid.marks ^= {event.id}
            self.tell()

    def action_unmark(self) -> None:
        """Take all marks of the page away."""
        self.grid.marks -= frozenset(self.grid.page_ids)
        self.tell()

    async def action_undo(self) -> None:
        """Take back the last page or label."""
        if self.desk is not None:
            self._turned(await self.desk.undo(), UNDONE)

    async def action_redo(self) -> None:
        """Decide again what was undone."""
        if self.desk is not None:
            self._turned(await self.desk.redo(), "again")

    def _turned(self, turned: Turned, word: str) -> None:
        desk, entry = self.desk, turned.entry
        if desk is None:
            return
        if entry.stale:
            self.frame.toast(f"Image {entry.target} was changed since by somebody; it stays as it is.", "warning")
            return
        if entry.left:
            self.frame.toast(f"{entry.left} of them were changed since by somebody and stay as they are.", "warning")
        self._last, self.early = f"{len(entry.turned)} {word}", 0
        self.grid.marks |= frozenset(turned.ruled_out)
        if not any(map(desk.has, entry.turned)):
            self.frame.toast(f"The label of image {entry.target} is {word}; it does not wait here.")
            self._show(self.grid.page_ids[0] if self.grid.page_ids else None)
            return
        self._give(entry.turned)
        self._show(min(filter(desk.has, entry.turned), key=desk.place))

    # Which list.

    async def action_class_next(self) -> None:
        """The next class."""
        await self._step(1)

    async def action_class_previous(self) -> None:
        """The class before."""
        await self._step(-1)

    async def _step(self, by: int) -> None:
        if self.desk is not None and await self.desk.step(by):
            await self._begin()
        else:
            self.frame.toast("Nothing waits in another class.")

    @dialog(description="choose a class")
    async def action_choose(self) -> None:
        """Choose a class from a list, that with the most images first."""
        from binscout_tui.dialogs.pick import Pick

        desk = self.desk
        if desk is None:
            return
        options = [Option(place, one.name, hint=f"{one.images:,} wait") for place, one in enumerate(desk.waiting)]
        picked = await self.app.push_screen_wait(
            Pick("Class to go over", partial(_given, options), empty="nothing waits")
        )
        if picked is not None:
            await desk.choose(picked.text)
            await self._begin()

    async def action_sure(self) -> None:
        """Leave out what the model is less sure of."""
        if self.desk is not None:
            await self.desk.be_sure(next_least(self.desk.least))
            await self._begin()

    async def action_over(self) -> None:
        """Over what the model says, or over the labels that people gave."""
        if self.desk is not None:
            self.grid.marks, self._last = frozenset(), ""
            over: Over = "model" if self.over_labels else "labels"
            await self._open(msgspec.structs.replace(self.desk.kept, over=over))
            await self._keep()

    async def _begin(self) -> None:
        self.grid.marks = frozenset()
        self._show()
        await self._keep()

    def action_predict(self) -> None:
        """Have the model look at all unlabelled images."""
        self.frame.ask_model()

    def action_label(self) -> None:
        """Go to Label."""
        self.frame.go_to("label")


async def _given(options: Sequence[Option]) -> Sequence[Option]:
    return options
