"""Two to four pictures side by side that are looked at together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Grid
from textual.message import Message

from binscout_tui.commands.gallery_comparing import MOST
from binscout_tui.selecting.rows import columns, rooms
from binscout_tui.terminal.scale import Detail
from binscout_tui.widgets.compare_frame import Compared, CompareFrame, Instead, MovedPicture
from binscout_tui.widgets.graphics_of import graphics_of
from binscout_tui.widgets.picture import Picture

COMPARE_BYTES = 60_000
"""What the drafts may send together: all of them are sent again with each key that moves or zooms."""
PAN = 0.25
"""Share of what is seen that one key moves."""


class CompareStrip(Grid):
    """Frames, of which one leads: what it looks at, all that are linked look at too, by shares of the upright picture.

    Frames are kept and shown again, because building widgets costs more than a key may. The node that holds it owns
    the keys.
    """

    DEFAULT_CSS = """
    CompareStrip { width: 1fr; height: 1fr; grid-gutter: 0; }
    """

    @dataclass
    class Settled(Message):
        """Every picture is on the screen, or says why not."""

    @dataclass
    class Damaged(Message):
        """The picture of a frame cannot be shown."""

        position: int

    @dataclass
    class Looked(Message):
        """Another part of the pictures is looked at."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.frames = [CompareFrame(position) for position in range(MOST)]
        self.cursor = 0
        self.reference = 0
        self.winner: int | None = None
        self.is_large = False
        self.unlinked: set[int] = set()

    def compose(self) -> ComposeResult:
        """All frames; those that are not needed are hidden."""
        yield from self.frames

    # What is shown.

    @property
    def count(self) -> int:
        """How many pictures are compared."""
        return sum(frame.compared is not None for frame in self.frames)

    @property
    def framed(self) -> CompareFrame:
        """The frame that leads."""
        return self.frames[self.cursor]

    @property
    def is_plain(self) -> bool:
        """Whether all pictures are shown, each in its frame."""
        return not self.is_large and all(frame.instead is None for frame in self.frames)

    @property
    def is_settled(self) -> bool:
        """Whether a person sees all there is to see."""
        return all(frame.is_settled for frame in self.frames if frame.display)

    @property
    def zoom_text(self) -> str:
        """How close the framed picture is, "" for the whole of it."""
        return self.framed.picture.zoom_text

    @property
    def other(self) -> int:
        """The one that the framed one is compared with."""
        if self.cursor != self.reference:
            return self.reference
        return 1 if self.cursor == 0 else 0

    def show(self, compared: Sequence[Compared], *, cursor: int, winner: int | None) -> None:
        """Show these; those that were shown keep what is looked at."""
        self.cursor, self.winner = max(0, min(cursor, len(compared) - 1)), winner
        self.reference = min(self.reference, max(0, len(compared) - 1))
        for position, frame in enumerate(self.frames):
            frame.picture.draft_bytes = COMPARE_BYTES // max(1, len(compared))
            frame.show(compared[position] if position < len(compared) else None)
        self._arrange()
        self.mark()

    def begin(self) -> None:
        """Nothing of an earlier comparison counts any more."""
        self.reference, self.winner, self.is_large = 0, None, False
        self.unlinked.clear()
        for frame in self.frames:
            frame.show(None)
            frame.paint()

    def frame_at(self, cursor: int) -> None:
        """Put the frame around another one; what it showed instead of its picture ends."""
        self.plain(large=self.is_large)
        self.cursor = cursor
        if self.is_large:
            self._arrange()
        self.mark()

    def plain(self, *, large: bool = False) -> None:
        """All pictures as they are, side by side; with `large` the framed one alone."""
        for frame in self.frames:
            if frame.instead is not None:
                frame.put(None)
        self.is_large = large
        self._arrange()
        self.mark()

    def put(self, position: int, instead: Instead | None) -> None:
        """Show something in a frame instead of its picture."""
        self.frames[position].put(instead)
        self.mark()

    def give_detail(self, path: Path, detail: Detail) -> None:
        """All pixels of a picture."""
        for frame in self.frames:
            frame.give_detail(path, detail)

    def mark(self) -> None:
        """The words and lines around the pictures, which are not sent again for it."""
        for position, frame in enumerate(self.frames):
            if frame.compared is not None:
                frame.mark(
                    cursor=position == self.cursor,
                    winner=position == self.winner,
                    title=self._title(position, frame.compared),
                    subtitle=self._subtitle(position, frame),
                )

    def _title(self, position: int, compared: Compared) -> str:
        cursor = "▸ " if position == self.cursor else ""
        return f"{cursor}{position + 1} {compared.title}"

    def _subtitle(self, position: int, frame: CompareFrame) -> str:
        alone = "moves alone" if position in self.unlinked else ""
        size = "{}x{}".format(*frame.compared.size) if frame.compared is not None else ""
        # No zoom: words that change with each step would have each frame and its picture painted twice.
        return " · ".join(part for part in (frame.instead.words if frame.instead else size, alone) if part)

    # Where it is shown.

    def on_resize(self, event: events.Resize) -> None:
        """Other room may want other rows."""
        self._arrange()

    def _arrange(self) -> None:
        """As large as there is room: side by side, stacked, or in two rows; or one alone."""
        shown = [frame for frame in self.frames if frame.compared is not None]
        for frame in self.frames:
            frame.display = frame in shown and (not self.is_large or frame is self.framed)
        there = [frame for frame in shown if frame.display]
        sizes = [frame.compared.size for frame in there if frame.compared is not None]
        cell = graphics_of(self.app).cell
        wide = columns(sizes, (self.size.width, self.size.height), cell) if self.size else columns(sizes)
        rows = -(-max(1, len(sizes)) // wide)
        # Set one by one they cost a message to every frame and what is in it, twice, between two keys.
        changed = [self.styles.set_rule("grid_size_columns", wide), self.styles.set_rule("grid_size_rows", rows)]
        if any(changed):
            # A frame's new layout is what makes the strip forget where its frames were.
            self.frames[0].refresh(layout=True)
        for frame, room in zip(there, rooms(wide, len(there), self.size), strict=True):
            frame.paint(room if min(room) > 0 else None)

    # Looking closely, together.

    def zoom(self, closer: bool) -> None:
        """One step."""
        picture = self.framed.picture
        if picture.zoom_in() if closer else picture.zoom_out():
            self.follow(self.cursor)

    def whole(self) -> None:
        """All of each."""
        self.framed.picture.whole()
        self.follow(self.cursor)

    def to_pixels(self) -> bool:
        """A pixel of the framed picture as one of the screen; False where it is enlarged as it is."""
        changed = self.framed.picture.zoom_to_pixels()
        self.follow(self.cursor)
        return changed

    def pan(self, right: int, down: int) -> None:
        """See more of a side."""
        self.framed.picture.pan(right * PAN, down * PAN)
        self.follow(self.cursor)

    def link(self) -> bool:
        """The framed one moves alone from now on, or with the others again; whether it is alone."""
        alone = self.cursor not in self.unlinked
        self.unlinked ^= {self.cursor}
        if not alone:
            linked = [place for place in range(self.count) if place not in self.unlinked and place != self.cursor]
            if linked:
                self.framed.look_at(self.frames[linked[0]].view)
        self.mark()
        return alone

    def follow(self, leader: int) -> None:
        """All that are linked look at what this one looks at."""
        view = self.frames[leader].picture.view
        self.frames[leader].view = view
        for position, frame in enumerate(self.frames):
            if frame.compared is not None and self._moves_with(leader, position):
                frame.look_at(view)
        self.post_message(self.Looked())

    def _moves_with(self, leader: int, position: int) -> bool:
        return position != leader and not self.unlinked & {leader, position}

    @on(MovedPicture.Moved)
    def _moved(self, event: MovedPicture.Moved) -> None:
        event.stop()
        for position, frame in enumerate(self.frames):
            if frame.picture is event.picture:
                self.follow(position)

    # What becomes of the pictures.

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
