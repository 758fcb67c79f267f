"""The pictures of a set side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Grid
from textual.message import Message

from binscout_tui.selecting.rows import MOST, columns
from binscout_tui.widgets.picture import Picture
from binscout_tui.widgets.picture_frame import Member, PictureFrame


class SetStrip(Grid):
    """Up to nine frames; frames are kept and shown again, because building widgets costs more than a key may."""

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

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.frames = [PictureFrame(position) for position in range(MOST)]
        self.cursor = 0
        self.kept: int | None = None

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
        wide = columns(len(members))
        self.styles.grid_size_columns = wide
        self.styles.grid_size_rows = -(-len(members) // wide) if members else 1
        for position, frame in enumerate(self.frames):
            frame.show(members[position] if position < len(members) else None)
        self.mark(kept=kept, cursor=cursor)

    def mark(self, *, kept: int | None, cursor: int) -> None:
        """Mark the kept image and the cursor without touching the pictures."""
        self.kept, self.cursor = kept, cursor
        for position, frame in enumerate(self.frames):
            frame.mark(kept=position == kept, cursor=position == cursor)

    def move(self, right: int, down: int) -> None:
        """Move the cursor; it stops at the edges."""
        wide = columns(self.count)
        wanted = self.cursor + right + down * wide
        if 0 <= wanted < self.count:
            self.mark(kept=self.kept, cursor=wanted)

    def prefetch(self, paths: Sequence[Path]) -> None:
        """Make the pictures of the next set ready, each at the size of its frame."""
        for frame, path in zip(self.frames, paths, strict=False):
            frame.picture.prefetch([path])

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
