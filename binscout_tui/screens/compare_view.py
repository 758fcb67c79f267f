"""Two to four images of the gallery side by side: looked at together, compared, and one of them chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from textual import events, on
from textual.app import ComposeResult
from textual.message import Message

from binscout_tui.commands.compare import SCOPE
from binscout_tui.errors import BinScoutError
from binscout_tui.screens import compare_lines as lines
from binscout_tui.screens.compare_words import WordsBelow
from binscout_tui.store.gallery import Row
from binscout_tui.store.images import Image
from binscout_tui.terminal.overlay import Box
from binscout_tui.widgets.compare_frame import Compared, CompareFrame, Instead
from binscout_tui.widgets.compare_strip import CompareStrip
from binscout_tui.widgets.line import Line

if TYPE_CHECKING:
    from binscout_tui.workers.differences import DifferenceMaker, Shown

LOOKING = "looking at all pixels…"


class CompareHost(Protocol):
    """The screen around it, which decides."""

    early: int

    def may_decide(self, command_id: str) -> bool:
        """Whether a command decides nothing, or what it decides on is on the screen."""

    def waits(self) -> None:
        """Something new is on its way to the screen."""

    async def choose_compared(self, *, trash: bool) -> None:
        """The framed image is the best one; with `trash` the others go to the trash."""

    async def trash_compared(self) -> None:
        """All but the chosen one to the trash."""

    async def action_undo(self) -> None:
        """Take back the last decision."""

    async def action_redo(self) -> None:
        """Do again what was undone."""

    def leave_compare(self) -> None:
        """Back to where one was."""


class CompareView(WordsBelow, can_focus=True):
    """Shows the images that the screen gives it; what is decided goes back to the screen."""

    SCOPE = SCOPE
    BINDINGS = SCOPE.bindings()

    @dataclass
    class Settled(Message):
        """Every picture is on the screen, or says why not."""

    @dataclass
    class Damaged(Message):
        """The preview of an image cannot be shown."""

        image: Image

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._line = Line(id="compare-line")
        self._said = ""
        self._differences: DifferenceMaker | None = None

    def compose(self) -> ComposeResult:
        """The pictures, what differs in words, and a line."""
        yield self._strip
        yield self._table
        yield self._line

    # What the checks of the commands look at.

    @property
    def has_all(self) -> bool:
        """Whether all pictures are shown as they are, side by side."""
        return bool(self.rows) and self._strip.is_plain

    @property
    def has_winner(self) -> bool:
        """Whether one of the images was chosen."""
        return self._strip.winner is not None

    @property
    def framed(self) -> Row | None:
        """The framed image."""
        return self.rows[self._strip.cursor] if self.rows else None

    @property
    def winner(self) -> int | None:
        """The image that was chosen."""
        place = self._strip.winner
        return self.rows[place].image.id if place is not None and place < len(self.rows) else None

    @property
    def is_settled(self) -> bool:
        """Whether a person sees all there is to see."""
        return bool(self.rows) and self._strip.is_settled

    # Showing.

    def begin(self, rows: Sequence[Row], framed: int) -> None:
        """Compare these images, the frame around the one with the id `framed`."""
        self._strip.begin()
        self._said = ""
        self.remove_class("-words")
        self.show(rows, framed=framed, winner=None)

    def show(self, rows: Sequence[Row], *, framed: int | None, winner: int | None) -> None:
        """The same comparison as the images are now; some may be there no more."""
        paths = [self.preview(row.image) for row in rows]
        changed = [row.image.id for row in rows] != self.ids
        self.rows = list(rows)
        if changed and self._strip.count:
            self._strip.plain()
        places = {row.image.id: place for place, row in enumerate(rows)}
        compared = [
            Compared(path, (row.image.width, row.image.height), lines.title(row))
            for path, row in zip(paths, rows, strict=True)
        ]
        cursor = places.get(framed, self._strip.cursor) if framed is not None else self._strip.cursor
        self._strip.show(compared, cursor=cursor, winner=places.get(winner) if winner is not None else None)
        if self.has_table:
            self._read_facts()
        self.tell()

    def end(self) -> None:
        """Nothing is compared any more; unpacked originals are given back."""
        self.rows = []
        self._strip.begin()
        self.remove_class("-words")
        for group in ("difference", "detail", "words"):
            self.workers.cancel_group(self, group)
        details, self._details, self._differences = self._details, None, None
        if details is not None:
            self.run_worker(details.close(), group="closing", exit_on_error=False, description="putting originals away")

    def tell(self, said: str | None = None) -> None:
        """The line below; `said` is what was found out, "" for nothing, None for what was said before."""
        self._said = self._said if said is None else said
        if len(self.rows) > 1:
            strip, width = self._strip, max(20, self.size.width - 2)
            self._line.say(
                lines.head(
                    len(self.rows),
                    strip.cursor,
                    strip.other,
                    width,
                    said=self._said,
                    early=self._host.early,
                    zoom=strip.zoom_text,
                )
            )

    def on_resize(self, event: events.Resize) -> None:
        """The words fit the room."""
        self._fit_table()
        self.tell()

    def _preview_of(self, place: int) -> Instead:
        row = self.rows[place]
        return Instead(
            self.preview(row.image),
            (row.image.width, row.image.height),
            f"shows {place + 1}",
            detail=self._strip.frames[place].detail,
        )

    @property
    def _host(self) -> CompareHost:
        return cast(CompareHost, self.screen)

    @on(CompareStrip.Settled)
    def _settled(self, event: CompareStrip.Settled) -> None:
        event.stop()
        self.post_message(self.Settled())

    @on(CompareStrip.Damaged)
    def _damaged(self, event: CompareStrip.Damaged) -> None:
        event.stop()
        if event.position < len(self.rows):
            self.post_message(self.Damaged(self.rows[event.position].image))

    @on(CompareStrip.Looked)
    def _looked(self, event: CompareStrip.Looked) -> None:
        event.stop()
        self.tell()
        self.frame.refresh_commands()

    @on(CompareFrame.Clicked)
    def _clicked(self, event: CompareFrame.Clicked) -> None:
        event.stop()
        self._frame_at(event.position)
        self.frame.refresh_commands()

    # Which one is framed.

    def action_frame(self, key: str = "") -> None:
        """The image with this number."""
        if not key:
            self.frame.toast("Press the number of an image.")
        elif int(key) > len(self.rows):
            self.frame.toast(f"{len(self.rows)} images are compared; there is no {key}.")
        else:
            self._frame_at(int(key) - 1)

    def action_next(self) -> None:
        """The one after it, or the first."""
        self._frame_at((self._strip.cursor + 1) % max(1, len(self.rows)))

    def action_previous(self) -> None:
        """The one before it, or the last."""
        self._frame_at((self._strip.cursor - 1) % max(1, len(self.rows)))

    def _frame_at(self, position: int) -> None:
        if not self._strip.is_plain:
            self._host.waits()
        self._strip.frame_at(position)
        self.tell("")
        self._look_again()

    def action_large(self) -> None:
        """The framed one alone, or all."""
        self._host.waits()
        self._strip.plain(large=not self._strip.is_large)
        self.tell("")
        self._look_again()

    def action_plain(self) -> None:
        """All pictures as they are."""
        if self._strip.is_plain:
            self.frame.toast("All pictures are shown side by side already.")
            return
        self._host.waits()
        self._strip.plain()
        self.tell("")
        self._look_again()

    def action_reference(self) -> None:
        """The others are compared with the framed one."""
        self._strip.reference = self._strip.cursor
        if self.has_table:
            self._read_facts()
        self.tell("")
        self.frame.toast(f"The others are compared with {self._strip.cursor + 1} now.")

    def _look_again(self) -> None:
        """Pictures that were there all the time tell nothing."""
        if self._strip.is_settled:
            self.post_message(self.Settled())

    # What differs.

    def action_blink(self) -> None:
        """The other image at the same place, or the framed one again."""
        framed, other = self._strip.framed, self._strip.other
        wanted = self._preview_of(other)
        shows_it = framed.instead is not None and framed.instead.path == wanted.path
        self._put(None if shows_it else wanted)
        self.tell("")

    def action_difference(self) -> None:
        """What differs from the other image, or the picture again."""
        framed = self._strip.framed
        if framed.instead is not None and framed.instead.path.name.startswith("difference"):
            self._put(None)
            self.tell("")
            return
        self.tell(LOOKING)
        self.run_worker(
            self._difference(self._strip.cursor, self._strip.other, self.ids),
            group="difference",
            exclusive=True,
            exit_on_error=False,
            description="comparing pictures",
        )

    async def _difference(self, position: int, other: int, ids: list[int]) -> None:
        if self._differences is None:
            from binscout_tui.workers.differences import DifferenceMaker

            self._differences = DifferenceMaker(self.maker(), self.frame.workspace.paths.previews)
        try:
            shown = await self._differences.make(self.rows[other].image, self.rows[position].image)
        except BinScoutError as error:
            if self._said == LOOKING:
                self.tell("")
            self.frame.report(error, "comparing pictures")
            return
        if self.ids == ids and (self._strip.cursor, self._strip.other) == (position, other) and self._said == LOOKING:
            self._show_difference(shown, position, other)

    def _show_difference(self, shown: Shown, position: int, other: int) -> None:
        found = shown.difference
        boxes = () if found.changed == 0 else (Box(*found.where),)
        self._put(Instead(shown.path, found.size, lines.instead_words(shown), boxes, shown.detail))
        self.tell(lines.found_words(shown, position, other))
        self.frame.refresh_commands()

    def _put(self, instead: Instead | None) -> None:
        self._host.waits()
        self._strip.put(self._strip.cursor, instead)
        self._look_again()

    # What the screen does.

    async def action_command(self, command_id: str, *arguments: str) -> None:
        """A command decides only on what is on the screen, however it was given."""
        if self._host.may_decide(command_id):
            await super().action_command(command_id, *arguments)

    async def action_winner(self) -> None:
        """The framed one is the best."""
        await self._host.choose_compared(trash=False)

    async def action_only(self) -> None:
        """The framed one is the best, the others are not needed."""
        await self._host.choose_compared(trash=True)

    async def action_trash(self) -> None:
        """The others are not needed."""
        await self._host.trash_compared()

    async def action_undo(self) -> None:
        """Take back the last decision."""
        await self._host.action_undo()

    async def action_redo(self) -> None:
        """Do again what was undone."""
        await self._host.action_redo()

    def action_leave(self) -> None:
        """Back to the grid."""
        self._host.leave_compare()
