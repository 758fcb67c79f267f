"""Duplicates: groups of images that show the same, side by side, and which one stays."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from binscout_tui.browsing.duplicates import MOST, DuplicatesDesk
from binscout_tui.commands import duplicates as commands
from binscout_tui.dialogs.typed import TypedConfirm
from binscout_tui.errors import BinScoutError
from binscout_tui.imaging.previews import PREVIEW, preview_path
from binscout_tui.jobs.launch import launch
from binscout_tui.operations.duplicates.finding import Near
from binscout_tui.operations.duplicates.library import enqueue
from binscout_tui.screens import duplicates_lines as lines
from binscout_tui.screens.base import dialog
from binscout_tui.screens.deciding import DecidingScreen
from binscout_tui.store.duplicates import Facts, Group
from binscout_tui.store.events import Event
from binscout_tui.store.journal import Entry
from binscout_tui.store.users import RANK
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.picture_frame import Member, PictureFrame
from binscout_tui.widgets.row_list import RowList
from binscout_tui.widgets.set_strip import SetStrip
from binscout_tui.wording import counted

RELEVANT = frozenset(
    {"duplicate", "not_duplicate", "trash", "image", "star", "tag", "collection", "label", "note", "title", "job"}
)
WORD = "keep"


class DuplicatesScreen(DecidingScreen):
    """A list of groups, the pictures of one of them, and what tells those apart in words."""

    SCOPE = commands.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/duplicates.tcss"
    DECISIONS = commands.DECISIONS

    def __init__(self) -> None:
        super().__init__()
        self.desk: DuplicatesDesk | None = None
        self.chosen: int | None = None
        self._is_viewer = False
        self._taken: tuple[int, int] | None = None
        self._stopping = False
        self._shown: Group | None = None
        self._facts: list[Facts] = []

    def body(self) -> ComposeResult:
        """Status, the groups beside the pictures, what is known of those."""
        yield Line(id="duplicates-status")
        with Horizontal(id="duplicates-room"):
            yield RowList(id="duplicates-list")
            yield SetStrip(id="duplicates-strip")
        yield Static(id="duplicates-facts", markup=False)
        yield Static(id="duplicates-empty", markup=False)

    # What the checks of the commands look at.

    @property
    def has_group(self) -> bool:
        """Whether a group is on the screen."""
        return self._shown is not None

    @property
    def has_choice(self) -> bool:
        """Whether somebody chose the image to keep."""
        return self.chosen is not None

    @property
    def sure(self) -> int:
        """How many groups may be taken together."""
        return len(self.desk.sure) if self.desk is not None else 0

    @property
    def is_looking(self) -> bool:
        """Whether a look is under way."""
        return self.desk is not None and self.desk.job is not None

    @property
    def is_taking(self) -> bool:
        """Whether the sure ones are being taken."""
        return self._taken is not None

    @property
    def is_viewer(self) -> bool:
        """Whether the person may only look."""
        return self._is_viewer

    @property
    def strip(self) -> SetStrip:
        """The pictures."""
        return self.query_one("#duplicates-strip", SetStrip)

    @property
    def _list(self) -> RowList:
        return self.query_one("#duplicates-list", RowList)

    # Opening, and changes made elsewhere.

    async def start(self) -> None:
        """Read the groups."""
        self._is_viewer = RANK[self.ws.user.role] < RANK["operator"]
        self.desk = DuplicatesDesk(self.ws)
        place = await self.kept_place()
        await self._refresh(place.get("group") if isinstance(place, dict) else None)

    async def resume(self) -> None:
        """Take in what other screens did meanwhile."""
        await self._refresh()

    async def changed(self, events: Sequence[Event]) -> None:
        """Somebody changed images, or looks for duplicates."""
        if not RELEVANT.isdisjoint(event.kind for event in events):
            await self._refresh()

    async def _refresh(self, key: str | None = None) -> None:
        if self.desk is None:
            return
        await self.desk.refresh()
        self._list.show(lines.rows(self.desk.groups), key=key)
        await self._show()

    # Showing.

    async def _show(self) -> None:
        """Show the group under the cursor; the same one again leaves its pictures alone."""
        desk = self.desk
        if desk is None:
            return
        group = desk.find(self._list.key)
        facts = await desk.read(group) if group is not None else []
        if group == self._shown and facts == self._facts and self.is_seen:
            self._tell()
            return
        if group is None or self._shown is None or group.images != self._shown.images:
            self.chosen = None
            self.waits()
        self._shown, self._facts = group, facts
        self.set_class(group is None, "-empty")
        self._tell()
        if group is None:
            self.strip.show([], kept=None, cursor=0)
            self.seen()
            return
        self.strip.show([self._member(one) for one in facts], kept=self.chosen, cursor=self.chosen or 0)
        if self.strip.is_settled:
            self.call_after_refresh(self._seen, group.id)

    def _member(self, one: Facts) -> Member:
        image = one.image
        path = preview_path(self.ws.paths.previews, image.sha256, PREVIEW)
        return Member(path, size=(image.width, image.height))

    def _tell(self) -> None:
        desk, group = self.desk, self._shown
        if desk is None:
            return
        place = next((index for index, one in enumerate(desk.groups) if group is not None and one.id == group.id), 0)
        more = max(0, len(group.images) - MOST) if group is not None else 0
        said = lines.status(
            desk.groups, place, desk.job, early=self.early, more=more, taken=self._taken, key=self.frame.key
        )
        self.query_one("#duplicates-status", Line).say(said)
        if group is None:
            words = lines.empty_words(looked=desk.looked, job=desk.job, key=self.frame.key)
            self.query_one("#duplicates-empty", Static).update(words)
        else:
            self.query_one("#duplicates-facts", Static).update(
                lines.facts(self._facts, group, self.chosen, self.frame.key)
            )
        self.frame.refresh_commands()

    def came_early(self) -> None:
        """Say so in the status line."""
        self._tell()

    @on(SetStrip.Settled)
    def _settled(self) -> None:
        if self._shown is not None:
            self.call_after_refresh(self._seen, self._shown.id)

    def _seen(self, group_id: int) -> None:
        if self._shown is not None and self._shown.id == group_id and self.strip.is_settled:
            self.seen()

    @on(SetStrip.Damaged)
    def _damaged(self, event: SetStrip.Damaged) -> None:
        if event.position < len(self._facts):
            self.repair(self._facts[event.position].image, self._show_again)

    def _show_again(self) -> None:
        self.strip.show([self._member(one) for one in self._facts], kept=self.chosen, cursor=self.strip.cursor)

    @on(PictureFrame.Clicked)
    async def _clicked(self, event: PictureFrame.Clicked) -> None:
        if self.was_seen(event.time):
            await self.action_command("duplicates.choose", str(event.position + 1))

    def on_resize(self, event: events.Resize) -> None:
        """The lines fit the room."""
        self._tell()

    # Moving.

    @on(RowList.Moved)
    async def _stands_elsewhere(self) -> None:
        if self.desk is not None and (self.desk.find(self._list.key) != self._shown or not self.is_seen):
            if self.is_seen:  # a key has said so already, a click has not
                self._moved()
            await self._show()
        # Keys must not wait for what is being written.
        place = self.keep_place({"group": self._list.key})
        self.run_worker(place, group="place", exclusive=True, exit_on_error=False, description="keeping the place")

    def _moved(self) -> None:
        """Another group is meant from now on, whatever still is on the screen."""
        self.early = 0
        self.chosen = None
        self.waits()

    def _move(self, steps: int) -> bool:
        """Move the cursor; whether it stands elsewhere. The next key is not meant for the group that is still shown."""
        before = self._list.key
        self._list.move(steps)
        if self._list.key == before:
            return False
        self._moved()
        return True

    def action_up(self) -> None:
        """To the group above."""
        self._move(-1)

    def action_down(self) -> None:
        """To the group below."""
        self._move(1)

    def action_page_up(self) -> None:
        """A page up."""
        self._move(-max(1, self._list.size.height - 1))

    def action_page_down(self) -> None:
        """A page down."""
        self._move(max(1, self._list.size.height - 1))

    def action_first(self) -> None:
        """To the first group."""
        self._move(-len(self.desk.groups) if self.desk else 0)

    def action_last(self) -> None:
        """To the last group."""
        self._move(len(self.desk.groups) if self.desk else 0)

    def action_skip(self) -> None:
        """To the next group, nothing decided."""
        if not self._move(1):
            self.frame.toast("This is the last group.")

    def action_look(self) -> None:
        """Look closely at all pictures."""
        if not self.strip.look():
            self.frame.toast("There is no picture here to look at more closely.")

    def action_open(self) -> None:
        """Show the image in the gallery."""
        if self._facts:
            image = self._facts[min(self.strip.cursor, len(self._facts) - 1)].image
            self.frame.go_to("gallery", sought=f"image:{image.id}")

    # Deciding.

    def action_choose(self, key: str = "") -> None:
        """This one stays."""
        if not key.isdigit() or not 0 < int(key) <= len(self._facts):
            self.frame.toast(f"This group has {counted(len(self._facts), 'image')}.")
            return
        self.chosen = int(key) - 1
        self.strip.mark(kept=self.chosen, cursor=self.chosen)
        self._tell()

    async def action_keep(self) -> None:
        """Keep the chosen one; the others that are shown go to the trash."""
        if self.desk is None or self.chosen is None:
            return
        ids = [one.image.id for one in self._facts]
        kept = ids.pop(self.chosen)
        done = await self.desk.keep(kept, ids)
        self.early = 0
        left = f" Not taken over: {', '.join(done.left)}." if done.left else ""
        said = f"Kept #{kept}, {counted(done.trashed, 'image')} in the trash; {{duplicates.undo}} takes it back."
        self.frame.toast(said + left, "warning" if left else "information")
        await self._refresh()

    async def action_apart(self) -> None:
        """Remember that they are no duplicates."""
        if self.desk is None or self._shown is None:
            return
        await self.desk.apart([one.image.id for one in self._facts])
        self.early = 0
        self.frame.toast("These will not be shown as duplicates again; {duplicates.undo} takes it back.")
        await self._refresh()

    async def action_undo(self) -> None:
        """Take back the last decision."""
        if self.desk is not None:
            await self._turned(self.desk.undo(), undone=True)

    async def action_redo(self) -> None:
        """Do again what was undone."""
        if self.desk is not None:
            await self._turned(self.desk.redo(), undone=False)

    async def _turned(self, turning: Awaitable[Entry], *, undone: bool) -> None:
        entry = await turning
        if entry.stale:
            self.frame.toast("This was changed since by somebody; it stays as it is.", "warning")
        self.early = 0
        await self._refresh()
        group = next((one for one in self.desk.groups if entry.target in one.images), None) if self.desk else None
        if group is not None and self.desk is not None:
            self._list.show(lines.rows(self.desk.groups), key=str(group.id))
        if not entry.stale:
            self.frame.toast(lines.turned_words(entry, undone=undone))

    @dialog(description="take sure duplicates")
    async def action_take_sure(self) -> None:
        """Keep the first of every group with the same bytes or pixels, after a typed word."""
        if self.desk is None:
            return
        sure = self.desk.sure
        gone = sum(len(group.images) - 1 for group in sure)
        text = (
            f"{counted(len(sure), 'group')} with the same bytes or pixels: the suggested image of each stays, with the"
            f" tags, collections, star, label and notes of the others. {counted(gone, 'image')} to the trash, from"
            " which they can be restored. Near groups are not touched."
        )
        if await self.frame.push_screen_wait(TypedConfirm("Take the sure ones", text, WORD)):
            await self._take(self.desk, sure)

    async def _take(self, desk: DuplicatesDesk, sure: Sequence[Group]) -> None:
        self._taken, self._stopping = (0, len(sure)), False
        self._tell()
        try:
            trashed = await desk.take_sure(sure, self._tell_taken)
        finally:
            self._taken = None
        self.frame.toast(f"{counted(trashed, 'image')} in the trash; {{duplicates.undo}} takes it back.")
        await self._refresh()

    def _tell_taken(self, done: int, total: int) -> bool:
        self._taken = (done, total)
        self._tell()
        return not self._stopping

    def go_up(self) -> bool:
        """Stop what takes long, if something does."""
        if self._taken is None:
            return super().go_up()
        self._stopping = True
        return True

    # Looking for duplicates.

    async def action_find(self) -> None:
        """Start a look at the library."""
        await self._find("strict")

    async def action_find_wide(self) -> None:
        """Start a look that finds other shots too."""
        await self._find("wide")

    async def _find(self, near: Near) -> None:
        try:
            job_id = await self.ws.db.write(enqueue, self.ws.user.uid, near)
        except BinScoutError as error:
            self.frame.report(error, "looking for duplicates")
            return
        launch(self.ws.paths.root, job_id)
        await self._refresh()
