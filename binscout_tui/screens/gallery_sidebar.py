"""The gallery: views, collections, saved filters and safe mode."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from time import monotonic

import msgspec
from textual import events as textual_events

from binscout_tui.browsing.place import LEAST_SIDEBAR, sidebar_width
from binscout_tui.browsing.sidebar import Contents, Entry, Shelf, collection_of
from binscout_tui.commands.command import Command, Verdict
from binscout_tui.commands.dispatch import Commanded
from binscout_tui.commands.table import with_keys
from binscout_tui.errors import ConflictError
from binscout_tui.filtering.errors import FilterError
from binscout_tui.screens import sidebar_lines as lines
from binscout_tui.screens.base import dialog
from binscout_tui.screens.gallery_tagging import TaggingGrid
from binscout_tui.screens.words import counted
from binscout_tui.store import journal, named
from binscout_tui.store.journal import Change
from binscout_tui.store.named import COLLECTION
from binscout_tui.widgets.name_choosing import Choice, Chosen
from binscout_tui.widgets.sidebar import PASSED_ON, Sidebar

LOOK_S = 0.5
LOOKS = "entries"
PUTTING = "Putting images into collections"
KEPT_BACK = "That key is for the pictures; {sidebar.leave} goes back to them."
BETWEEN_S = 0.6
"""A held key deletes or hides no second one: between two changes there is as much time as a look takes."""
TOO_NARROW = "There is no room to pin it beside three columns of pictures; {gallery.sidebar} shows it over them."


class SidebarGrid(TaggingGrid):
    """The grid with views, collections, saved filters and safe mode."""

    def __init__(self) -> None:
        super().__init__()
        self._shelf: Shelf | None = None
        self._typed = ""
        self._asked = "", 0.0
        # What the filter of now is in the contents of now: it is asked with each key.
        self._found: tuple[str, Contents, Entry | None] | None = None
        self._listed: Entry | None = None

    # What the checks of the commands look at.

    @property
    def collection(self) -> str | None:
        """The collection that one looks into."""
        return collection_of(self.desk.wanted) if self.desk is not None else None

    @property
    def sidebar(self) -> Sidebar:
        """The list beside the pictures."""
        return self.query_one(Sidebar)

    @property
    def shelf(self) -> Shelf:
        """What the sidebar lists."""
        self._shelf = self._shelf or Shelf(self.ws)
        return self._shelf

    @property
    def view_name(self) -> str:
        """What people call the filter that holds now, where it is an entry of the sidebar."""
        entry = self._current()
        return entry.name if entry is not None and entry.filter else ""

    def _current(self) -> Entry | None:
        if self.desk is None:
            return None
        asked = self.desk.filter_text, self.shelf.contents
        if self._found is None or self._found[0] != asked[0] or self._found[1] is not asked[1]:
            self._found = *asked, self.shelf.contents.current(self.desk.wanted)
        return self._found[2]

    # While the sidebar has the keys, those of the pictures say so: none decides on what one does not look at. They go
    # as far as the app before that, since a dialog that the key before has opened may want them.

    def bound(self, key: str, *nodes: Commanded) -> tuple[Commanded, tuple[str, ...]] | None:
        """Which command a key is here."""
        found = super().bound(key, *nodes)
        return None if found is not None and self._is_kept_back(found[1][0]) else found

    def verdict(self, command: Command) -> Verdict:
        """Whether a command is allowed now."""
        return (
            with_keys(KEPT_BACK, self.frame.key_changes) if self._is_kept_back(command.id) else super().verdict(command)
        )

    def _is_kept_back(self, command_id: str) -> bool:
        return self._started and command_id not in PASSED_ON and self.sidebar.has_keys

    # Showing it.

    async def _begin_sidebar(self) -> None:
        """What is listed is known before anything is asked of it; where it was pinned, it is again."""
        await self.shelf.refresh()
        self._lay_out_sidebar()
        self._list()
        self.set_interval(LOOK_S, self._look_soon)

    def _fitting(self) -> int | None:
        return lines.fitting(self._room(), self._place.sidebar, LEAST_SIDEBAR)

    def _lay_out_sidebar(self) -> None:
        width = self._fitting()
        self.sidebar.set_class(self._place.is_pinned and width is not None, "-pinned")
        self.sidebar.styles.width = width or self._place.sidebar

    def _room(self) -> int:
        """Columns for sidebar and grid together."""
        panel = self.query("#gallery-details, #gallery-panel")
        return self.size.width - sum(one.outer_size.width for one in panel if one.display)

    def _list(self, key: str | None = None) -> None:
        self._listed = current = self._current()
        rows = lines.rows(self.shelf.contents, self._typed, current.key if current is not None else None)
        self.sidebar.show(rows, key)

    def _follow_view(self) -> None:
        """Another filter may hold now."""
        if self.sidebar.is_seen and self._current() != self._listed:
            self._list()

    def _look_soon(self) -> None:
        """Beside whatever the person does, and not before the last look is done."""
        is_wanted = self._started and self.is_current and self.sidebar.is_seen and not self.is_full
        if is_wanted and not any(one.group == LOOKS and not one.is_finished for one in self.workers):
            self.run_worker(
                self._look_at_entries(), group=LOOKS, exit_on_error=False, description="reading what the sidebar lists"
            )

    async def _look_at_entries(self) -> None:
        """Whoever changed something, in this process or another: what is seen of it follows."""
        if await self.shelf.is_old():
            await self._read_entries()

    async def _read_entries(self, key: str | None = None) -> None:
        await self.shelf.refresh()
        self._list(key)

    def on_resize(self, event: textual_events.Resize) -> None:
        """A pinned one keeps its place as long as there is room."""
        if self.desk is not None:
            self._lay_out_sidebar()

    def go_up(self) -> bool:
        """Esc and q lead out of the sidebar first."""
        return self.sidebar.go_up() or super().go_up()

    async def on_key(self, event: textual_events.Key) -> None:
        """Letters that came before the line was there belong to it."""
        self.sidebar.take_ahead(event)

    async def on_click(self, event: textual_events.Click) -> None:
        """Who clicks on the pictures has left it."""
        if self.sidebar.has_keys:
            self.leave_sidebar()

    async def action_sidebar(self) -> None:
        """Show it, with the cursor on what is shown now."""
        self._typed = ""
        # Before it is seen: what was hidden since it was read last must not flash up.
        await self.shelf.refresh()
        current = self._current()
        self._list(current.key if current is not None else None)
        self.sidebar.open()

    def action_pin(self) -> None:
        """Give it columns of its own, or take them away."""
        pinned = not self._place.is_pinned
        if pinned and self._fitting() is None:
            self.frame.toast(TOO_NARROW, "warning")
            return
        self._keep_sidebar(pinned, self._place.sidebar)
        if not pinned and self.sidebar.is_open:
            self.leave_sidebar()

    def widen_sidebar(self, by: int) -> None:
        """Another width, from the one that is seen."""
        width = self._fitting() or self._place.sidebar
        self._keep_sidebar(self._place.is_pinned, sidebar_width(width + by))

    def _keep_sidebar(self, pinned: bool, width: int) -> None:
        self.waits()
        self._place = msgspec.structs.replace(self._place, is_pinned=pinned, sidebar=width)
        self._lay_out_sidebar()
        self._tell()
        self._keep_soon()
        self._await_grid()

    def narrow_entries(self, typed: str) -> None:
        """List what holds these letters."""
        self._typed = typed
        self._list()
        self.sidebar.rows.move(0)

    def leave_sidebar(self) -> None:
        """The pictures have the keys again."""
        self._typed = ""
        self.sidebar.close()
        self._list()

    async def show_entry(self, key: str) -> None:
        """Its images, and back to them."""
        entry = self.shelf.contents.entry(key)
        if entry is None:
            return
        self.leave_sidebar()
        await self._filter(entry.filter)
        self._tell()

    # What is done with an entry.

    async def ask_of_entry(self, what: str, key: str) -> None:
        """Make, change or delete one."""
        entry = self.shelf.contents.entry(key)
        is_held = self._is_held(what)
        if what == "hidden":
            await self._turn_hidden()
        elif what == "new":
            self._ask(self._ask_new(), "making a collection")
        elif entry is not None and what == "rename":
            self._ask(self._ask_name(entry), "renaming")
        elif entry is not None and not is_held:
            await {"delete": self._delete, "hide": self._hide, "sensitive": self._turn_sensitive}[what](entry)
            self._asked = what, monotonic()

    def _is_held(self, what: str) -> bool:
        """Whether the same comes so soon again that its key is rather held."""
        (before, at), self._asked = self._asked, (what, monotonic())
        return what == before and monotonic() - at < BETWEEN_S

    async def _turn_hidden(self) -> None:
        self.shelf.shows_hidden = not self.shelf.shows_hidden
        await self._read_entries()
        shown = "are listed too" if self.shelf.shows_hidden else "are not listed any more"
        self.frame.toast(f"Hidden collections and tags {shown}.")

    def _ask(self, question: Coroutine[None, None, None], what: str) -> None:
        self.run_worker(question, group="dialog", exclusive=True, exit_on_error=False, description=what)

    async def _ask_new(self) -> None:
        from binscout_tui.dialogs.ask import Ask

        name = await self.frame.push_screen_wait(Ask("New collection", "Its name:"))
        if name:
            entry = await self.shelf.add(name)
            self._list(entry.key)
            self.frame.toast(f"Collection {entry.name} is there; {{gallery.collect}} puts images into it.")

    async def _ask_name(self, entry: Entry) -> None:
        from binscout_tui.dialogs.ask import Ask

        name = await self.frame.push_screen_wait(Ask(f"Rename {entry.name}", "Another name:", entry.name))
        if not name or name == entry.name:
            return
        was_shown = self._is_shown(entry)
        # What is read again when the dialog closes must not find the old name in the filter.
        async with self._coming_in:
            after = await self.shelf.rename(entry, name)
            if was_shown:
                await self._filter(after.filter)
        await self._entries_changed(after.key)

    async def _delete(self, entry: Entry) -> None:
        was_shown = self._is_shown(entry)
        await self.shelf.delete(entry)
        if was_shown and entry.kind != "filter":
            await self._filter("")
        await self._entries_changed()
        self.frame.toast(lines.deleted(entry))

    async def _hide(self, entry: Entry) -> None:
        was_shown = self._is_shown(entry)
        await self.shelf.hide(entry)
        if was_shown and not entry.hidden:
            await self._filter("")
        await self._entries_changed()
        self.frame.toast(lines.hidden(entry))

    async def _turn_sensitive(self, entry: Entry) -> None:
        await self.shelf.turn_sensitive(entry)
        await self._entries_changed()
        self.frame.toast(lines.turned_sensitive(entry))

    def _is_shown(self, entry: Entry) -> bool:
        current = self._current()
        return current is not None and current.key == entry.key

    async def _entries_changed(self, key: str | None = None) -> None:
        """Lists of names and images are as they are now."""
        await self._refresh()
        await self._read_entries(key)

    async def _refresh(self) -> None:
        """Take in what was changed elsewhere."""
        raise NotImplementedError

    async def _turn_back(self, turn: Callable[[], Awaitable[journal.Entry]], word: str) -> None:
        """Undo or redo; a name in the filter may go with it."""
        try:
            await super()._turn_back(turn, word)
        except FilterError:
            await self._drop_filter()
            await self._entries_changed()

    # Into collections and out of them.

    @dialog(description="putting images into a collection")
    async def action_collect(self) -> None:
        """Choose a collection, or make one."""
        from binscout_tui.dialogs.collection_pick import CollectionPick

        self.ws.user.must_be("operator", PUTTING)
        ids = self.meant
        title = f"Collection for {counted(len(ids), 'image', '')}"
        chosen = await self.frame.push_screen_wait(CollectionPick(title, len(ids), partial(self._choices, ids)))
        if chosen is not None:
            await self._collect(ids, chosen)

    async def _choices(self, ids: list[int]) -> list[Choice]:
        return await self.ws.db.read(_choices, ids)

    async def _collect(self, ids: list[int], chosen: Chosen) -> None:
        said = partial(lines.collected, chosen.name, put=not chosen.take)
        await self.decide_marked(_putting(chosen), PUTTING, said, ids=ids)

    async def action_remove(self) -> None:
        """Out of the collection that is shown."""
        name = self.collection
        if name is None:
            return
        found = await self.ws.db.read(named.find, COLLECTION, name)
        await self._collect(self.meant, Chosen(found.id, found.name, take=True))

    # Saved filters and safe mode.

    @dialog(description="keeping a filter")
    async def action_keep(self) -> None:
        """Ask for its name; one that is taken is replaced only when that is wanted."""
        from binscout_tui.dialogs.ask import Ask
        from binscout_tui.dialogs.confirm import Confirm

        if self.desk is None:
            return
        text = self.desk.filter_text
        name = await self.frame.push_screen_wait(Ask("Keep this filter", f"{text}\n\nIts name:"))
        if not name:
            return
        try:
            await self.shelf.keep(name, text)
        except ConflictError as error:
            question = Confirm(error.sentence, f"Keep this filter in its place?\n{text}", yes="Replace it")
            if not await self.frame.push_screen_wait(question):
                return
            await self.shelf.keep(name, text, replace=True)
        await self._read_entries()
        self._tell()
        self.frame.toast(f"The filter is kept: @{name} stands for it.")

    async def action_safe_mode(self) -> None:
        """Turn it on or off, everywhere."""
        found = await self.shelf.switch_safe_mode()
        await self.frame.look_at_safe_mode()
        await self._entries_changed()
        self.frame.toast(lines.switched(found))


def _choices(db: sqlite3.Connection, ids: list[int]) -> list[Choice]:
    held = named.shared(db, COLLECTION, ids)
    return [Choice(one.id, one.name, one.images, held.get(one.id, 0)) for one in named.listed(db, COLLECTION)]


def _putting(chosen: Chosen) -> Callable[[sqlite3.Connection, int, list[int], int], Change]:
    """The decision on a part of the images; a new collection is made with the first of them."""

    def decide(db: sqlite3.Connection, uid: int, ids: list[int], batch: int) -> Change:
        name_id = named.ensure(db, uid, COLLECTION, chosen.name) if chosen.id is None else chosen.id
        decision = named.take if chosen.take else named.put
        return decision(db, uid, COLLECTION, name_id, ids, batch=batch)

    return decide
