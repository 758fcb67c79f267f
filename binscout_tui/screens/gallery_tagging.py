"""The gallery: tags."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from binscout_tui.capturing.tagging import Tagging, used_last
from binscout_tui.dialogs.by_name import ByName, Wanted
from binscout_tui.dialogs.tag_picker import Known, TagPicker
from binscout_tui.dialogs.tags import TagsDialog
from binscout_tui.filtering.words import quoted
from binscout_tui.screens.base import dialog
from binscout_tui.screens.gallery_batch import BatchGrid
from binscout_tui.store import named, places
from binscout_tui.store.journal import Change
from binscout_tui.store.named import TAG, Named
from binscout_tui.wording import counted
from binscout_tui.workers import by_name

if TYPE_CHECKING:
    from binscout_tui.operations.by_name.grouping import Group
    from binscout_tui.operations.by_name.making import Made

RECENT = "gallery:tags"
"""Where the tags that a person used last are kept."""
WHAT = "Tagging images"
GROUPING = "Grouping images by name"
NOTHING_NEW = "All these images were under their names already."


class TaggingGrid(BatchGrid):
    """The grid with tags."""

    @dialog(description="choose tags")
    async def action_tag(self) -> None:
        """Put tags on what is marked or here, or take them off; what was meant stays meant while one chooses."""
        ids = self.meant
        if self.desk is None or not ids:
            return
        self.ws.user.must_be("operator", WHAT)
        title = f"Tags of {counted(len(ids), 'image')}" if len(ids) > 1 else f"Tags of #{ids[0]}"
        found = await self.app.push_screen_wait(TagPicker(title, lambda: self._known(ids), len(ids)))
        if found:
            await self.told(self._tag(ids, found), "gallery.tag")

    async def _known(self, ids: Sequence[int]) -> Known:
        db = self.ws.db
        recent = await db.read(places.get, self.ws.user.uid, RECENT)
        return await db.read(named.listed, TAG), await db.read(named.shared, TAG, ids), recent or []

    async def _tag(self, ids: Sequence[int], wanted: Tagging) -> None:
        db, uid = self.ws.db, self.ws.user.uid
        made = [await db.write(named.ensure, uid, TAG, name) for name in wanted.new]
        put = [*made, *wanted.put]

        def decide(db: sqlite3.Connection, uid: int, part: list[int], batch: int) -> Change:
            return named.change(db, uid, TAG, part, put=put, take=wanted.take, batch=batch)

        before = await db.read(places.get, uid, RECENT)
        await db.write(places.keep, uid, RECENT, used_last(wanted, made, before or []))
        await self.decide_marked(decide, WHAT, _said, ids=ids)

    @dialog(description="manage the tags")
    async def action_tags(self) -> None:
        """Manage the tags; the one that was opened is what the grid shows."""
        name = await self.app.push_screen_wait(TagsDialog(self.ws))
        if name is not None:
            await self.told(self._filter(f"tag:{quoted(name)}"), "gallery.tags")

    @dialog(description="group by name")
    async def action_by_name(self) -> None:
        """Find names, ask which of them are to be collections or tags, and make those."""
        root = self.ws.paths.root

        async def load() -> Sequence[Group]:
            return await by_name.report(root, lambda: self.is_running)

        wanted = await self.app.push_screen_wait(ByName(load))
        if wanted is not None:
            self.ws.user.must_be("operator", GROUPING)

            async def then(made: Made) -> None:
                await self.resume()
                self.frame.toast(_made(made, wanted.kind))

            images = sum(len(one.images) for one in wanted.groups)
            self.begin_beside(partial(self._make, wanted), GROUPING, images, then)

    def _make(self, wanted: Wanted, on_progress: Callable[[int, int], bool]) -> Made:
        """In a thread; `on_progress` says to stop."""

        def goes_on(done: int, total: int) -> bool:
            return self.is_running and not on_progress(done, total)

        return by_name.make(self.ws.paths.root, wanted.kind, wanted.groups, goes_on)


def _made(made: Made, kind: Named) -> str:
    """What came of grouping by name."""
    if not made.put:
        return "Stopped before an image was put under a name." if made.stopped else NOTHING_NEW
    names, put = counted(made.names, kind.word), counted(made.put, "image")
    begins = "Stopped: " if made.stopped else ""
    return f"{begins}{put} put under {names}; {{gallery.undo}} takes it back."


def _said(changed: int, asked: int) -> str:
    """What came of it; nothing of it tells whether a tag hides."""
    if not changed:
        return "They had these tags already." if asked > 1 else "It had these tags already."
    return f"{counted(changed, 'image')} tagged."
