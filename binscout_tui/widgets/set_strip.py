"""The pictures of a set side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Grid
from textual.message import Message

from binscout_tui.commands.dispatch import Commanded
from binscout_tui.commands.select import LOOK
from binscout_tui.selecting.rows import MOST, columns, rooms
from binscout_tui.terminal.graphics import HALF_BLOCKS, TerminalGraphics
from binscout_tui.terminal.payload import DRAFT_BYTES
from binscout_tui.terminal.view import WHOLE, View
from binscout_tui.widgets.picture import Picture
from binscout_tui.widgets.picture_frame import Member, PictureFrame

CLOSER = 2.0
"""How close the first look is where the picture has no more pixels than its room."""
PAN = 0.25
"""Share of what is seen that one key moves."""
WAYS = {"left": (-1, 0), "down": (0, 1), "up": (0, -1), "right": (1, 0)}
WAYS |= {"H": (-1, 0), "J": (0, 1), "K": (0, -1), "L": (1, 0)}
"""(right, down) of the keys that pan."""
SET_BYTES = 2 * DRAFT_BYTES
"""What the drafts of a set may send together, so that the next one is there at once over a slow link too."""


def draft_share(count: int) -> int:
    """What each of `count` drafts may send."""
    return min(DRAFT_BYTES, SET_BYTES // max(1, count))


class SetStrip(Commanded, Grid):
    """Up to nine frames; frames are kept and shown again, because building widgets costs more than a key may.

    While the pictures are looked at closely the strip has the focus, and the marked picture leads: the others show
    the same place as it does.
    """

    SCOPE = LOOK
    BINDINGS = LOOK.bindings()
    FOOTER = "own first"
    DEFAULT_CSS = """
    SetStrip { width: 1fr; height: 1fr; grid-gutter: 0; }
    """

    @dataclass
    class Settled(Message):
        """Every picture of the set is on the screen, or says why not."""

    @dataclass
    class Damaged(Message):
        """The picture at `position` cannot be shown."""

        position: int

    @dataclass
    class Looked(Message):
        """Another part of the pictures is looked at, or they are whole again."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.can_focus = False
        self.frames = [PictureFrame(position) for position in range(MOST)]
        self.cursor = 0
        self.kept: int | None = None
        self._wide = 1

    def compose(self) -> ComposeResult:
        """All frames; those that are not needed are hidden."""
        yield from self.frames

    @property
    def count(self) -> int:
        """How many images are shown."""
        return sum(frame.member is not None for frame in self.frames)

    @property
    def is_settled(self) -> bool:
        """Whether a person sees all there is to see."""
        return all(frame.is_settled for frame in self.frames)

    def show(self, members: Sequence[Member], *, kept: int | None, cursor: int) -> None:
        """Show a set; `kept` is the position of the chosen image, `cursor` that of the marked one."""
        paths = [frame.member.path for frame in self.frames if frame.member is not None]
        if self.is_looking and paths != [member.path for member in members]:
            self.stop_looking()
        self._arrange([member.size for member in members])
        found = rooms(self._wide, len(members), self.size)
        for position, frame in enumerate(self.frames):
            if position < len(members):
                frame.picture.draft_bytes = draft_share(len(members))
                frame.show(members[position], found[position])
            else:
                frame.show(None)
        self.mark(kept=kept, cursor=cursor)

    def on_resize(self, event: events.Resize) -> None:
        """Other room may want other rows."""
        self._arrange([frame.member.size for frame in self.frames if frame.member is not None])

    def _arrange(self, sizes: Sequence[tuple[int, int]]) -> None:
        self._wide = self._columns(sizes)
        rows = -(-max(1, len(sizes)) // self._wide)
        # Set one by one they cost a message to every frame and what is in it, twice, between two keys.
        changed = [self.styles.set_rule("grid_size_columns", self._wide), self.styles.set_rule("grid_size_rows", rows)]
        if any(changed):
            # A frame's new layout is what makes the strip forget where its frames were.
            self.frames[0].refresh(layout=True)

    def _columns(self, sizes: Sequence[tuple[int, int]]) -> int:
        """How many pictures of these sizes lie side by side."""
        found = getattr(self.app, "graphics", None)
        graphics = found if isinstance(found, TerminalGraphics) else HALF_BLOCKS
        cell = (graphics.cell_width, graphics.cell_height)
        return columns(sizes, (self.size.width, self.size.height), cell) if self.size else columns(sizes)

    def mark(self, *, kept: int | None, cursor: int, clicked: bool = False) -> None:
        """Mark the kept image and the cursor without touching the pictures; `clicked` when a click put it there."""
        self.kept, self.cursor = kept, cursor
        for position, frame in enumerate(self.frames):
            here = position == cursor
            frame.mark(kept=position == kept, cursor=here, clicked=clicked and here)

    def move(self, right: int, down: int) -> None:
        """Move the cursor; it stops at the edges."""
        wanted = self.cursor + right + down * self._wide
        if 0 <= wanted < self.count:
            self.mark(kept=self.kept, cursor=wanted)

    def prefetch(self, members: Sequence[Member]) -> None:
        """Make the pictures of the next set ready, each at the size that its frame will have."""
        found = rooms(self._columns([member.size for member in members]), len(members), self.size)
        for frame, member, room in zip(self.frames, members, found, strict=False):
            if not member.refused:
                share = draft_share(len(members))
                frame.picture.prefetch([member.path], room=room, boxes=member.boxes, draft_bytes=share)

    # Looking closely.

    @property
    def is_looking(self) -> bool:
        """Whether the pictures are looked at closely."""
        return self.can_focus

    @property
    def zoom_text(self) -> str:
        """How close the leading picture is, "" for the whole of it."""
        return self._leader.zoom_text

    @property
    def _leader(self) -> Picture:
        shown = [frame for frame in self.frames if frame.member is not None and not frame.member.refused]
        here = self.frames[self.cursor]
        return (here if here in shown or not shown else shown[0]).picture

    def look(self, at: tuple[float, float] = (0.5, 0.5)) -> bool:
        """One pixel of the pictures is one of the screen, around the point `at`; False where there is none to see."""
        leader = self._leader
        if not leader.can_zoom:
            return False
        leader.zoom_to_pixels()
        leader.look_at(View(leader.view.zoom if leader.is_zoomed else CLOSER, *at))
        self.can_focus = True
        self.focus()
        self._follow()
        return True

    def stop_looking(self) -> None:
        """All pictures whole again."""
        if self.is_looking:
            self.can_focus = False
            if self.has_focus:
                self.screen.set_focus(None)
            self._look_at(WHOLE)

    def action_closer(self) -> None:
        """Zoom in."""
        self._leader.zoom_in()
        self._follow()

    def action_farther(self) -> None:
        """Zoom out, as far as the whole."""
        self._leader.zoom_out()
        if self._leader.is_zoomed:
            self._follow()
        else:
            self.stop_looking()

    def action_pan(self, key: str = "") -> None:
        """See more of one side."""
        if key not in WAYS:
            self.frame.toast("Press an arrow key to see more of a side.")
            return
        right, down = WAYS[key]
        self._leader.pan(right * PAN, down * PAN)
        self._follow()

    def action_leave(self) -> None:
        """Whole again."""
        self.stop_looking()

    def _follow(self) -> None:
        self._look_at(self._leader.view)

    def _look_at(self, view: View) -> None:
        for frame in self.frames:
            if frame.member is not None and frame.picture is not self._leader:
                frame.picture.look_at(view)
        self._leader.look_at(view)
        self.post_message(self.Looked())

    def on_picture_shown(self, event: Picture.Shown) -> None:
        """Tell when the last one is there."""
        event.stop()
        self._tell()

    def on_picture_damaged(self, event: Picture.Damaged) -> None:
        """A damaged picture says so itself; perhaps somebody can mend it."""
        event.stop()
        for frame in self.frames:
            if frame.picture is event.picture:
                self.post_message(self.Damaged(frame.position))
        self._tell()

    def _tell(self) -> None:
        if self.is_settled:
            self.post_message(self.Settled())
