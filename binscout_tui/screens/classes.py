"""Classes: what one labels with, in order, with keys, colours, groups and parents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from binscout_tui.capturing.choosing import Option, Picked
from binscout_tui.commands import classes as commands
from binscout_tui.commands.class_keys import reserved_keys
from binscout_tui.dialogs.ask import Ask
from binscout_tui.dialogs.colour import ColourPick
from binscout_tui.dialogs.confirm import Confirm
from binscout_tui.dialogs.pick import Pick
from binscout_tui.errors import BinScoutError
from binscout_tui.labelling.keys import class_keys
from binscout_tui.screens import classes_rows as lines
from binscout_tui.screens.base import dialog
from binscout_tui.screens.deciding import DecidingScreen
from binscout_tui.store import classes, undoing
from binscout_tui.store.classes import ClassRow
from binscout_tui.store.events import Event
from binscout_tui.store.journal import Entry
from binscout_tui.store.labels import LabelClass
from binscout_tui.store.users import RANK, Role, User
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.row_list import RowList

RELEVANT = frozenset({classes.AREA, "label", "image", "trash"})
"""Kinds of events after which the classes, or how many images they have, are others."""
NO_GROUP, NO_PARENT = "(none)", "(below none)"


class ClassesScreen(DecidingScreen):
    """A list of the classes; each key changes one thing of the class under the cursor, as a decision of its own."""

    SCOPE = commands.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/classes.tcss"
    DECISIONS = commands.DECISIONS

    def __init__(self) -> None:
        super().__init__()
        self._all: list[ClassRow] = []
        self._archived = False
        self._user: User | None = None

    def body(self) -> ComposeResult:
        """Status, what stands in which column, the classes."""
        yield Line(id="classes-status")
        yield Line(id="classes-head")
        yield RowList(id="classes")
        yield Static(id="classes-empty", markup=False)

    # What the checks of the commands look at.

    @property
    def here(self) -> ClassRow | None:
        """The class under the cursor."""
        return next((one for one in self._shown if str(one.id) == self._list.key), None)

    @property
    def is_on_class(self) -> bool:
        """Whether there is a class under the cursor."""
        return self.here is not None

    @property
    def is_archived(self) -> bool:
        """Whether it is archived."""
        return self.here is not None and self.here.archived_at is not None

    @property
    def can_merge(self) -> bool:
        """Whether there is another class that is not archived."""
        return sum(one.archived_at is None for one in self._all) > 1

    def refusal(self, role: Role) -> str:
        """Why the user may not do what needs this role."""
        user = self._user
        if user is None:
            return "The classes are still being read."
        if RANK[user.role] >= RANK[role]:
            return ""
        return f"Changing classes so needs the role {role}; {user.name} is {user.role}."

    @property
    def _list(self) -> RowList:
        return self.query_one("#classes", RowList)

    @property
    def _shown(self) -> list[ClassRow]:
        return [one for one in self._all if self._archived or one.archived_at is None]

    # Opening, and changes made elsewhere.

    async def start(self) -> None:
        """Go to the class where the person was."""
        self._user = self.ws.user
        place = await self.kept_place()
        kept = place if isinstance(place, dict) else {}
        self._archived = kept.get("archived") is True
        await self._load(kept.get("class"))

    async def resume(self) -> None:
        """Take in what other screens did meanwhile."""
        await self._load()

    async def changed(self, events: Sequence[Event]) -> None:
        """Somebody changed classes or labels."""
        if not RELEVANT.isdisjoint(event.kind for event in events):
            await self._load()

    async def _load(self, wanted: object = None) -> None:
        before = self._list.key
        self._all = await self.ws.db.read(classes.all_classes, archived=True)
        self._show(wanted)
        if self._list.key != before:
            self._moved()

    def _show(self, wanted: object = None) -> None:
        used = [LabelClass(one.id, one.name, one.key, one.images) for one in self._all if one.archived_at is None]
        reserved = reserved_keys(self.frame.key_changes)
        keys = {one.id: key for key, one in class_keys(used, reserved).items()}
        names = {one.id: one.name for one in self._all}
        self._list.show(lines.rows(self._shown, keys, names), key=str(wanted) if wanted is not None else None)
        self._tell()
        if not self.is_seen:
            self.call_after_refresh(self.seen)

    def _tell(self) -> None:
        key = self.frame.key
        self.query_one("#classes-status", Line).say(
            lines.status(self._all, archived=self._archived, early=self.early, key=key)
        )
        self.query_one("#classes-head", Line).say(lines.head(max(20, self.size.width - 2)))
        self.set_class(not self._shown, "-empty")
        if not self._shown:
            words = lines.empty_words(some_archived=bool(self._all), key=key)
            self.query_one("#classes-empty", Static).update(words)

    def came_early(self) -> None:
        """Say so above the list."""
        self._tell()

    def on_resize(self) -> None:
        """The columns have other widths."""
        self._tell()

    # Moving.

    @on(RowList.Moved)
    async def _stands_elsewhere(self) -> None:
        self._moved()
        if (one := self.here) is not None:
            await self.keep_place({"class": one.id, "archived": self._archived})

    def _moved(self) -> None:
        """Another class is under the cursor: keys decide on it when it is seen there."""
        self.waits()
        self.call_after_refresh(self.seen)
        self.frame.refresh_commands()

    @on(RowList.Opened)
    async def _clicked(self) -> None:
        await self.action_command("classes.rename")

    def _move(self, by: int) -> None:
        self._list.move(by)
        self._moved()

    def action_up(self) -> None:
        """To the class above."""
        self._move(-1)

    def action_down(self) -> None:
        """To the class below."""
        self._move(1)

    def action_page_up(self) -> None:
        """A page up."""
        self._move(-max(1, self._list.size.height - 1))

    def action_page_down(self) -> None:
        """A page down."""
        self._move(max(1, self._list.size.height - 1))

    def action_first(self) -> None:
        """To the first class."""
        self._move(-len(self._all))

    def action_last(self) -> None:
        """To the last class."""
        self._move(len(self._all))

    def action_archived(self) -> None:
        """Archived classes too, or not."""
        self._archived = not self._archived
        self._show()
        self._moved()

    # Changing. What is decided is decided on the class that the question named, wherever the cursor is by then.

    async def _change(self, class_id: int, change: Callable[..., Any], *arguments: object, **named: object) -> None:
        await self.ws.db.write(change, self.ws.user.uid, class_id, *arguments, **named)
        self.early = 0
        await self._load(class_id)

    async def _ask(self, question: Ask | ColourPick | Pick | Confirm) -> Any:
        return await self.app.push_screen_wait(question)

    @dialog(description="make a class")
    async def action_new(self) -> None:
        """Make a class."""
        name = await self._ask(Ask("New class", "Its name:"))
        if name is not None:
            await self._told(self._add(name))

    async def _add(self, name: str) -> None:
        one = await self.ws.db.write(classes.add, self.ws.user.uid, name)
        await self._load(one.id)

    @dialog(description="rename a class")
    async def action_rename(self) -> None:
        """Ask for another name."""
        if (one := self.here) is not None:
            name = await self._ask(Ask("Rename", f"Another name for {one.name}; its labels stay.", one.name))
            if name is not None:
                await self._told(self._change(one.id, classes.rename, name))

    @dialog(description="set the key of a class")
    async def action_key(self) -> None:
        """Ask for the key."""
        if (one := self.here) is None:
            return
        text = f"The digit or letter that labels with {one.name}; empty: the program chooses."
        key = await self._ask(Ask("Key", text, one.key or "", may_be_empty=True))
        if key is not None:
            reserved = reserved_keys(self.frame.key_changes)
            await self._told(self._change(one.id, classes.set_key, key or None, reserved=reserved))

    @dialog(description="colour a class")
    async def action_colour(self) -> None:
        """Ask for the colour."""
        if (one := self.here) is not None:
            colour = await self._ask(ColourPick(f"Colour of {one.name}", one.colour))
            if colour is not None:
                await self._told(self._change(one.id, classes.set_colour, colour or None))

    @dialog(description="put a class into a group")
    async def action_group(self) -> None:
        """Ask for the group: one that there is, or a new one."""
        if (one := self.here) is None:
            return
        groups = sorted({other.group for other in self._all if other.group}, key=str.casefold)
        options = [Option(number, group) for number, group in enumerate(groups, 1)]
        picked = await self._pick(f"Group of {one.name}", [Option(0, NO_GROUP), *options], makes="group")
        if picked is not None:
            group = picked.text if picked.key is None else groups[picked.key - 1] if picked.key else ""
            await self._told(self._change(one.id, classes.set_group, group))

    @dialog(description="put a class below another")
    async def action_parent(self) -> None:
        """Ask for the class above."""
        if (one := self.here) is not None:
            options = [Option(0, NO_PARENT), *self._others(one)]
            picked = await self._pick(f"{one.name} is below", options)
            if picked is not None:
                await self._told(self._change(one.id, classes.set_parent, picked.key or None))

    @dialog(description="merge two classes")
    async def action_merge(self) -> None:
        """Ask into which, say what would move, and move it."""
        if (one := self.here) is None:
            return
        picked = await self._pick(f"Merge {one.name} into", self._others(one))
        if picked is None or picked.key is None:
            return
        into = await self.ws.db.read(classes.get, picked.key)
        load = await self.ws.db.read(classes.load, one.id)
        question = Confirm("Merge classes", lines.merge_question(one.name, into.name, load), yes="Merge")
        if await self._ask(question):
            await self._told(self._merge(one, into))

    async def _merge(self, one: ClassRow, into: ClassRow) -> None:
        images = await self.ws.db.write(classes.merge, self.ws.user.uid, one.id, into.id)
        await self._load(into.id)
        self.frame.toast(lines.merged(one.name, into.name, images))

    def _others(self, one: ClassRow) -> list[Option]:
        used = [other for other in self._all if other.archived_at is None and other.id != one.id]
        return [Option(other.id, other.name, other.group, f"{other.images:,}") for other in used]

    async def _pick(self, title: str, options: list[Option], *, makes: str = "") -> Picked | None:
        async def load() -> Sequence[Option]:
            return options

        found: Picked | None = await self._ask(Pick(title, load, makes=makes, asks="type a few letters"))
        return found

    async def action_archive(self) -> None:
        """Offer it no more."""
        if (one := self.here) is not None:
            await self._change(one.id, classes.archive)
            self.frame.toast(f"{one.name} is archived; {{classes.undo}} brings it back.")

    async def action_restore(self) -> None:
        """Offer it again."""
        if (one := self.here) is not None:
            await self._change(one.id, classes.archive, back=True)

    async def action_earlier(self) -> None:
        """Up in the order."""
        await self._put(-1)

    async def action_later(self) -> None:
        """Down in the order."""
        await self._put(1)

    async def _put(self, by: int) -> None:
        """Change places with the neighbour that is shown; those that are not shown stay where they are."""
        one, ids = self.here, [other.id for other in self._shown]
        place = ids.index(one.id) + by if one is not None else -1
        if one is None or not 0 <= place < len(ids):
            return
        order = [other.id for other in self._all]
        here, there = order.index(one.id), order.index(ids[place])
        order[here], order[there] = order[there], order[here]
        await self.ws.db.write(classes.put_in_order, self.ws.user.uid, order)
        await self._load(one.id)

    async def action_undo(self) -> None:
        """Take back the last change."""
        await self._turned(await self.ws.db.write(undoing.undo, self.ws.user.uid, (classes.AREA,)), "Undone")

    async def action_redo(self) -> None:
        """Do it again."""
        await self._turned(await self.ws.db.write(undoing.redo, self.ws.user.uid, (classes.AREA,)), "Done again")

    async def _turned(self, entry: Entry, word: str) -> None:
        self.early = 0
        await self._load(entry.target)
        if entry.stale:
            self.frame.toast("This class was changed since by somebody; it stays as it is.", "warning")
            return
        name = next((one.name for one in self._all if one.id == entry.target), "")
        self.frame.toast(f"{word}: {lines.turned(entry.action, name, left=entry.left)}")

    async def _told(self, decision: Awaitable[None]) -> None:
        """What a dialog led to; what it raises is told to the person."""
        try:
            await decision
        except BinScoutError as error:
            self.frame.report(error, "classes")
        self.frame.refresh_commands()
