"""The gallery: stars, labels and export of what is marked, the bar about it, purge, the context menu."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events, on

from binscout_tui.capturing.choosing import Option
from binscout_tui.commands.dispatch import Commanded
from binscout_tui.commands.gallery_batch import BAR, MENU
from binscout_tui.dialogs.context_menu import ContextMenu, Entry
from binscout_tui.errors import NotFoundError
from binscout_tui.screens import gallery_batch_lines as lines
from binscout_tui.screens.base import dialog
from binscout_tui.screens.gallery_deciding import DecidingGrid
from binscout_tui.screens.live_keys import current_keys, keymap_of, perform
from binscout_tui.store import batch_labels, jobs, labels, stars
from binscout_tui.store.events import Event
from binscout_tui.store.journal import Change
from binscout_tui.widgets.footer import FooterKey
from binscout_tui.widgets.image_grid import RIGHT_BUTTON, ImageGrid

if TYPE_CHECKING:
    from binscout_tui.operations.purging import Report


class BatchGrid(DecidingGrid):
    """The grid with stars, labels, export, purge and the context menu."""

    def __init__(self) -> None:
        super().__init__()
        self._exports: set[int] = set()

    @property
    def may_purge(self) -> bool:
        """Whether the person may let go of images for ever."""
        return self.desk is not None and self.ws.user.role == "admin"

    # The bar.

    def tell_marks(self) -> None:
        """Bring the line about what is marked up to date."""
        bar = self.batch_bar
        bar.marked = self.marked
        bar.keys = self._bar_keys() if self.marked and not self.is_full else ()
        self.set_class(bool(self.marked), "-marked")
        self.set_class(self.is_deciding, "-deciding")

    def _bar_keys(self) -> tuple[FooterKey, ...]:
        keymap = keymap_of(self)
        return tuple(
            FooterKey(command.id, key, command.title)
            for command in sorted((one for one in self.SCOPE if one.id in BAR), key=lambda one: BAR.index(one.id))
            if (key := current_keys(command, keymap, 1)) and self.verdict(command) is True
        )

    # Marks with the mouse.

    @on(ImageGrid.Marked)
    def _clicked_with_key(self, event: ImageGrid.Marked) -> None:
        """With ctrl a click marks the tile or not, with shift all up to it."""
        if event.up_to:
            self.action_range()
        else:
            self._mark(event.id)
            self._tell()

    # Stars and labels.

    async def action_star(self) -> None:
        """A star for what is meant; where all have one they lose it."""
        wanted = self.meant
        on = not await self.ws.db.read(stars.all_starred, wanted)

        def decide(db: sqlite3.Connection, uid: int, ids: list[int], batch: int) -> Change:
            return stars.star(db, uid, ids, on=on, batch=batch)

        what = "Giving stars" if on else "Taking stars"
        await self.decide_marked(decide, what, partial(lines.starred, on), ids=wanted)

    @dialog(description="choosing a class")
    async def action_label(self) -> None:
        """Choose a class for what is meant."""
        from binscout_tui.dialogs.pick import Pick

        wanted = self.meant
        self.ws.user.must_be("operator", "Labelling")
        picked = await self.app.push_screen_wait(
            Pick(lines.of_images(len(wanted), "Class of"), self._class_options, empty=lines.NO_CLASS, asks=lines.TYPE)
        )
        if picked is None or picked.key is None:
            return
        name = picked.text

        def decide(db: sqlite3.Connection, uid: int, ids: list[int], batch: int) -> Change:
            return batch_labels.label(db, uid, ids, name, batch=batch)

        await self.decide_marked(decide, "Labelling", partial(lines.labelled, name), ids=wanted)

    async def _class_options(self) -> Sequence[Option]:
        found = await self.ws.db.read(labels.classes)
        return [Option(one.id, one.name, f"{one.images:,} images") for one in found]

    # Export.

    @dialog(description="exporting images")
    async def action_export(self) -> None:
        """Ask where to and how, and have a process write what is meant."""
        from binscout_tui.dialogs.export_images import ExportImages
        from binscout_tui.jobs.export import enqueue
        from binscout_tui.jobs.launch import launch

        wanted = self.meant
        self.ws.user.must_be("operator", "Exporting images")
        options = await self.app.push_screen_wait(ExportImages(lines.of_images(len(wanted), "Export")))
        if options is None:
            return
        job_id = await self.ws.db.write(enqueue, self.ws.user.uid, wanted, options)
        self._exports.add(job_id)
        await asyncio.to_thread(launch, self.ws.paths.root, job_id)
        self.frame.toast(lines.export_began(len(wanted), job_id))

    async def changed(self, events: Sequence[Event]) -> None:
        """An export that was begun here may have ended."""
        await super().changed(events)
        if any(event.kind == "job" and event.target in map(str, self._exports) for event in events):
            await self._look_at_exports()

    def on_screen_resume(self) -> None:
        """It may have ended while another area was shown."""
        if self._exports:
            self.run_worker(
                self._look_at_exports(), group="exports", exit_on_error=False, description="looking at exports"
            )

    async def _look_at_exports(self) -> None:
        for job_id in sorted(self._exports):
            try:
                job = await self.ws.db.read(jobs.get, job_id)
            except NotFoundError:
                self._exports.discard(job_id)
                continue
            if not job.is_open and job_id in self._exports:
                self._exports.remove(job_id)
                self.frame.toast(*lines.export_ended(job))

    # Purge.

    @dialog(description="deleting images for ever")
    async def action_purge(self) -> None:
        """Say what goes with what is meant, and delete it when the word is typed."""
        from binscout_tui.dialogs.typed import TypedConfirm
        from binscout_tui.operations.purge_words import consequences, done
        from binscout_tui.operations.purging import WORD
        from binscout_tui.store import purging

        wanted = self.meant
        affected = await self.ws.db.read(purging.affected, wanted)
        words = consequences(affected)
        if not affected.images:
            self.frame.toast(" ".join(words), "warning")
            return
        if not await self.app.push_screen_wait(TypedConfirm("Delete for ever?", "\n".join(words), WORD)):
            return

        async def then(report: Report) -> None:
            self.grid.marks -= set(wanted)
            await self.resume()
            self.frame.toast(" ".join(done(report)), "warning" if report.kept or report.left else "information")

        self.begin_beside(partial(_purge, self.ws.paths.root, wanted), "Deleting for ever", len(wanted), then)

    # The context menu.

    @on(ImageGrid.Asked)
    async def _right_clicked(self) -> None:
        await perform(self, "gallery.menu")

    async def on_click(self, event: events.Click) -> None:
        """The right button asks what can be done with the image in full."""
        if event.button == RIGHT_BUTTON and self.is_full:
            event.stop()
            await perform(self, "full.menu")

    @dialog(description="asking what to do")
    async def action_menu(self) -> None:
        """Show the commands that are allowed now, and carry out the chosen one on what was meant when it was asked."""
        meant, here = self.meant, self.here
        if here is None:
            return
        command_id = await self.app.push_screen_wait(ContextMenu(lines.menu_title(meant, here), self._entries()))
        if command_id is None:
            return
        if (self.meant, self.here) != (meant, here):
            self.frame.toast(lines.MENU_LATE, "warning")
            return
        await perform(self, command_id)

    def _entries(self) -> list[Entry]:
        """What is allowed now, each once: where the full view has a command of its own, that one."""
        keymap = keymap_of(self)
        nodes: tuple[Commanded, ...] = (self.full, self) if self.is_full else (self,)
        found: dict[str, Entry] = {}
        for node in nodes:
            for command in node.SCOPE:
                words = MENU.get(command.name)
                if words is not None and node.verdict(command) is True:
                    keys = tuple(keymap.get(command.id, ()))
                    found.setdefault(command.name, Entry(command.id, keys, command.title, words))
        return [found[name] for name in MENU if name in found]


def _purge(root: Path, wanted: Sequence[int], on_progress: Callable[[int, int], bool]) -> Report:
    """In a thread, with a connection of its own: files are slow."""
    from binscout_tui.operations.purging import purge
    from binscout_tui.workspace import Workspace

    with Workspace(root) as workspace:
        return purge(workspace, wanted, on_progress=on_progress)
