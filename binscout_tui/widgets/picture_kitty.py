"""The kitty picture of one widget: its pixels go out with the frame whose cells show them, never earlier."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from rich.style import Style
from textual.strip import Strip

from binscout_tui.terminal.held import Held
from binscout_tui.terminal.payload import Payload, Request
from binscout_tui.widgets.picture_rows import placeholder_rows


class KittyPlacing:
    """Sends what the terminal does not hold yet and keeps there what `owner` shows.

    A picture that is replaced before any frame showed it costs no bytes. What is deleted is deleted after the frame
    without it, so that nothing is blank between.
    """

    def __init__(self, owner: Hashable, held: Callable[[], Held], write: Callable[[str], None]) -> None:
        self._owner = owner
        self._held = held
        self._write = write
        self._shown: Request | None = None
        self._made: tuple[int, int, int, Style] | None = None
        self._rows: list[Strip] = []

    def rows(self, request: Request, payload: Payload, ground: Style) -> list[Strip] | None:
        """The cells for the frame that is being made; None when the terminal lost a picture that is not at hand."""
        image_id = self._send(request, payload)
        if image_id is None:
            return None
        made = (image_id, payload.columns, payload.rows, ground)
        if made != self._made:
            self._made, self._rows = made, placeholder_rows(payload, image_id, ground)
        return self._rows

    def frame_written(self, request: Request) -> None:
        """The frame with the cells of `request` is out: nothing else of ours is seen any more."""
        self._shown = request
        self._clean((request,))

    def hidden(self) -> None:
        """Nothing of ours is seen; the terminal keeps it until it needs the room."""
        self._shown = None
        self._clean(())

    def _send(self, request: Request, payload: Payload) -> int | None:
        held = self._held()
        if payload.picture is None:
            found = held.find(request)
            return found[0] if found is not None else None
        image_id, data = held.send(request, payload.picture)
        if data:
            held.show(self._owner, [shown for shown in (self._shown, request) if shown is not None])
            self._write(data)
        return image_id

    def _clean(self, shown: tuple[Request, ...]) -> None:
        held = self._held()
        held.show(self._owner, shown)
        if deletes := held.trim():
            self._write(deletes)
