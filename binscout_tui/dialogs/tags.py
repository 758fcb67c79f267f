"""The tags: making, renaming, colouring, hiding, merging, deleting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from time import monotonic
from typing import Any

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input

from binscout_tui.capturing.choosing import Option, Picked
from binscout_tui.commands import gallery_tagging as commands
from binscout_tui.dialogs.ask import Ask
from binscout_tui.dialogs.base import Dialog
from binscout_tui.dialogs.colour import ColourPick
from binscout_tui.dialogs.confirm import Confirm
from binscout_tui.dialogs.pick import Pick
from binscout_tui.errors import BinScoutError
from binscout_tui.labelling.finding import Finder
from binscout_tui.store import named, undoing
from binscout_tui.store.named import TAG, Name
from binscout_tui.store.users import RANK
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.row_list import Row, RowList
from binscout_tui.widgets.text_line import TextLine
from binscout_tui.wording import counted
from binscout_tui.workspace import LiveWorkspace

SWATCH = "██"
COUNT, WORDS = 9, 18
BETWEEN_S = 0.6
"""A held key changes no second tag: what it changed may have left the list, and another one is under the cursor."""
NONE, NOTHING = "No tag yet.", "No tag has these letters."
_asking = partial(work, group="dialog", exclusive=True, exit_on_error=False)


class _Find(TextLine):
    """What is typed to find a tag."""


class TagsDialog(Dialog[str], inherit_bindings=False):
    """Answers the name of a tag whose images are to be shown."""

    SCOPE = commands.MANAGER
    BINDINGS = SCOPE.bindings()
    DEFAULT_CSS = """
    TagsDialog #dialog { width: 76; max-width: 100%; height: 90%; max-height: 100%; padding: 0 1; }
    TagsDialog #dialog-title { margin-bottom: 0; }
    TagsDialog #tags-status { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    TagsDialog _Find { width: 1fr; display: none; }
    TagsDialog.-finding _Find { display: block; }
    TagsDialog RowList { width: 1fr; height: 1fr; background: $surface; }
    """

    def __init__(self, workspace: LiveWorkspace) -> None:
        super().__init__("Tags")
        self._ws = workspace
        self._all: list[Name] = []
        self._finder = Finder([])
        self._loaded = False
        self._changed = "", 0.0

    def body(self) -> ComposeResult:
        """How many there are, the line to find on, the tags."""
        yield Line(id="tags-status")
        yield _Find(placeholder="a few letters of the name", compact=True)
        yield RowList(id="tags")

    # What the checks of the commands look at.

    @property
    def here(self) -> Name | None:
        """The tag under the cursor."""
        return next((one for one in self._all if str(one.id) == self._list.key), None)

    @property
    def is_on_tag(self) -> bool:
        """Whether there is a tag under the cursor."""
        return self.here is not None

    @property
    def can_merge(self) -> bool:
        """Whether there is another tag."""
        return len(self._all) > 1

    @property
    def is_viewer(self) -> bool:
        """Whether the person may only look."""
        return RANK[self._ws.user.role] < RANK["operator"]

    @property
    def _list(self) -> RowList:
        return self.query_one(RowList)

    @property
    def _find(self) -> _Find:
        return self.query_one(_Find)

    async def on_mount(self) -> None:
        """Load them."""
        await self._load()

    async def _load(self, wanted: int | None = None) -> None:
        self._all = await self._ws.db.read(named.listed, TAG, concealed=True)
        self._finder = Finder([one.name for one in self._all])
        self._loaded = True
        shown = [self._all[place] for place in self._finder.find(self._find.value)]
        if wanted is not None and all(one.id != wanted for one in shown):
            self._find.value, shown = "", self._all
            self._leave_line()
        self._show(shown, wanted)

    def _show(self, shown: Sequence[Name], wanted: int | None = None) -> None:
        key = None if wanted is None else str(wanted)
        self._list.show([Row(str(one.id), partial(line, one)) for one in shown], key=key)
        self.query_one("#tags-status", Line).say(status(self._all, len(shown)))

    # Finding.

    def action_find(self) -> None:
        """Type a few letters."""
        self.add_class("-finding")
        self._find.focus()

    @on(Input.Changed)
    def _typed(self) -> None:
        if self._loaded:
            self._show([self._all[place] for place in self._finder.find(self._find.value)])

    @on(Input.Submitted)
    def _leave_line(self) -> None:
        self.set_focus(None)
        self.set_class(bool(self._find.value), "-finding")

    def action_close(self) -> None:
        """Leave the line first, then the dialog."""
        if self._find.value or self.focused is self._find:
            self._find.value = ""
            self._leave_line()
        else:
            self.dismiss(None)

    # Moving.

    def action_up(self) -> None:
        """To the tag above."""
        self._move(-1)

    def action_down(self) -> None:
        """To the tag below."""
        self._move(1)

    def action_page_up(self) -> None:
        """A page up."""
        self._move(-max(1, self._list.size.height - 1))

    def action_page_down(self) -> None:
        """A page down."""
        self._move(max(1, self._list.size.height - 1))

    def action_first(self) -> None:
        """To the first tag."""
        self._move(-len(self._all))

    def action_last(self) -> None:
        """To the last tag."""
        self._move(len(self._all))

    def _move(self, by: int) -> None:
        self._changed = "", 0.0
        self._list.move(by)

    @on(RowList.Opened)
    def _clicked(self) -> None:
        self.action_show()

    def action_show(self) -> None:
        """Show its images; nobody is shown those that are hidden."""
        if (one := self.here) is None:
            return
        if one.hidden:
            self.frame.toast("Its images are hidden; {tags.hide} shows them again.", "warning")
        else:
            self.dismiss(one.name)

    # Changing. What is decided is decided on the tag that the question named.

    async def _change(self, name_id: int, change: Callable[..., Any], *arguments: object, **how: object) -> bool:
        """Whether it was done; why not is told."""
        try:
            await self._ws.db.write(change, self._ws.user.uid, TAG, name_id, *arguments, **how)
        except BinScoutError as error:
            self.frame.report(error, "tags")
            done = False
        else:
            done = True
        await self._load(name_id)
        return done

    async def _turn(self, what: str, change: Callable[..., Any], name_id: int, *, on: bool) -> None:
        """A change that a key makes without a question; a held key makes it once."""
        (before, at), self._changed = self._changed, (what, monotonic())
        if what != before or monotonic() - at >= BETWEEN_S:
            await self._change(name_id, change, on=on)
            self._changed = what, monotonic()

    async def _ask(self, question: Dialog[Any]) -> Any:
        return await self.app.push_screen_wait(question)

    @_asking(description="make a tag")
    async def action_new(self) -> None:
        """Make a tag."""
        name = await self._ask(Ask("New tag", "Its name:"))
        if name is not None:
            await self._told(self._add(name))

    async def _add(self, name: str) -> None:
        await self._load(await self._ws.db.write(named.add, self._ws.user.uid, TAG, name))

    @_asking(description="rename a tag")
    async def action_rename(self) -> None:
        """Ask for another name."""
        if (one := self.here) is not None:
            name = await self._ask(Ask("Rename", f"Another name for {one.name}; its images keep it.", one.name))
            if name is not None:
                await self._change(one.id, named.rename, name)

    @_asking(description="colour a tag")
    async def action_colour(self) -> None:
        """Ask for the colour."""
        if (one := self.here) is not None:
            colour = await self._ask(ColourPick(f"Colour of {one.name}", one.colour))
            if colour is not None:
                await self._change(one.id, named.set_colour, colour or None)

    async def action_hide(self) -> None:
        """Hide it with its images, or show them again."""
        if (one := self.here) is not None:
            await self._turn("hide", named.hide, one.id, on=not one.hidden)

    async def action_sensitive(self) -> None:
        """Let safe mode hide it, or not; while that is on it is gone from here too."""
        if (one := self.here) is not None:
            await self._turn("sensitive", named.set_sensitive, one.id, on=not one.sensitive)

    @_asking(description="merge two tags")
    async def action_merge(self) -> None:
        """Ask into which, say what would change, and merge."""
        if (one := self.here) is None:
            return
        others = [Option(other.id, other.name, "", f"{other.images:,}") for other in self._all if other.id != one.id]

        async def load() -> Sequence[Option]:
            return others

        picked: Picked | None = await self._ask(Pick(f"Merge {one.name} into", load, asks="type a few letters"))
        into = next((other for other in self._all if picked is not None and other.id == picked.key), None)
        if into is not None and await self._ask(Confirm("Merge tags", merge_question(one, into), yes="Merge")):
            await self._told(self._merge(one, into))

    async def _merge(self, one: Name, into: Name) -> None:
        await self._ws.db.write(named.merge, self._ws.user.uid, TAG, one.id, into.id)
        await self._load(into.id)
        self.frame.toast(f"{one.name} is {into.name} now; {{tags.undo}} takes it back.")

    @_asking(description="delete a tag")
    async def action_delete(self) -> None:
        """Say how many images have it, and delete it."""
        if (one := self.here) is None:
            return
        agreed = await self._ask(Confirm("Delete a tag", delete_question(one), yes="Delete"))
        if agreed and await self._change(one.id, named.delete):
            self.frame.toast(f"{one.name} is deleted; {{tags.undo}} brings it back with its images.")

    async def action_undo(self) -> None:
        """Take back the last change of a tag."""
        await self._turned(undoing.undo, "Undone")

    async def action_redo(self) -> None:
        """Do it again."""
        await self._turned(undoing.redo, "Done again")

    async def _turned(self, turn: Callable[..., Any], word: str) -> None:
        entry = await self._ws.db.write(turn, self._ws.user.uid, (TAG.own_area,))
        await self._load(entry.target if any(one.id == entry.target for one in self._all) else None)
        if entry.stale:
            self.frame.toast("This tag was changed since by somebody; it stays as it is.", "warning")
        else:
            self.frame.toast(f"{word}: {WHAT.get(entry.action, entry.action)}.")

    async def _told(self, decision: Awaitable[None]) -> None:
        """What a question led to; what it raises is told to the person."""
        try:
            await decision
        except BinScoutError as error:
            self.frame.report(error, "tags")


WHAT = {
    "add": "a new tag",
    "rename": "another name",
    "colour": "another colour",
    "hide": "hiding a tag",
    "show": "showing a tag",
    "sensitive": "a sensitive tag",
    "not_sensitive": "a tag that is not sensitive",
    "delete": "deleting a tag",
    "merge": "merging two tags",
}
"""What undo and redo say of a decision; names stay away from it, since what has them may be hidden now."""


def line(one: Name, width: int) -> Content:
    """One tag: colour, name, what hides it, how many images have it."""
    words = " ".join(word for word, holds in (("hidden", one.hidden), ("sensitive", one.sensitive)) if holds)
    quiet = "$text-muted" if one.hidden else ""
    room = max(8, width - len(SWATCH) - 1 - WORDS - COUNT)
    return Content.assemble(
        (SWATCH, one.colour) if one.colour else ("  ", ""),
        " ",
        Content.styled(one.name, quiet).truncate(room - 1, ellipsis=True, pad=True),
        " ",
        (f"{words:<{WORDS}}", "$warning"),
        (f"{'' if one.hidden else format(one.images, ','):>{COUNT}}", quiet),
    )


def status(found: Sequence[Name], shown: int) -> Content:
    """How many there are, and how many of them are shown."""
    if not found:
        return Content.styled(NONE, "$text-muted")
    if not shown:
        return Content.styled(NOTHING, "$warning")
    some = f"{shown:,} of " if shown < len(found) else ""
    return Content.styled(f"{some}{counted(len(found), 'tag')}", "$text-muted")


def merge_question(one: Name, into: Name) -> str:
    """What a merge would do, before it does."""
    lines = [f"{_images(one)} of", one.name, "get the tag", into.name, ""]
    if into.hidden and not one.hidden:
        lines.append("They are hidden then, everywhere.")
    return "\n".join([*lines, f"{one.name} is deleted. One undo takes all of it back."])


def delete_question(one: Name) -> str:
    """What deleting would do, before it does."""
    shown = "\nThey are shown again then." if one.hidden else ""
    return f"{_images(one)} {'has' if one.images == 1 else 'have'} the tag\n{one.name}\n\nThe images stay.{shown}"


def _images(one: Name) -> str:
    """In words; of what is hidden nobody is told how much there is."""
    return "The hidden images" if one.hidden else counted(one.images, "image")
