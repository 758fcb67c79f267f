"""Fine kitty pictures on their way: in pieces, each only when the link is free, given up for whatever is newer."""

from __future__ import annotations

from collections.abc import Callable

from textual.timer import Timer
from textual.widget import Widget

from binscout_tui.terminal.held import Held
from binscout_tui.terminal.payload import Payload, Quality, Request
from binscout_tui.terminal.sending import Sending
from binscout_tui.widgets.graphics_of import tell_sent

CHECK_S = 0.005
PIECE = 16 * 1024
"""Characters: 16 ms of a link that carries 1 MB a second. Two may be on their way: one in the writer's hands."""
LARGEST_PIECE = 16 * PIECE


class SlowSending:
    """Sends one payload at a time for `widget`, then tells `sent(request, payload)`.

    `write` hands text to the app's writer, `is_busy` says that earlier text has not gone out. A link that is always
    free gets larger pieces. What another widget broke off begins anew.
    """

    def __init__(
        self,
        widget: Widget,
        held: Callable[[], Held],
        write: Callable[[str], None],
        is_busy: Callable[[], bool],
        sent: Callable[[Request, Payload], None],
    ) -> None:
        self._widget = widget
        self._held = held
        self._write = write
        self._is_busy = is_busy
        self._sent = sent
        self._wanted: tuple[Request, Payload] | None = None
        self._sending: Sending | None = None
        self._piece = PIECE
        self._was_busy = True
        self._timer: Timer | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether something is not sent yet."""
        return self._wanted is not None

    def takes(self, request: Request, payload: Payload) -> bool:
        """Whether it is worth sending in pieces: large, fine, and not yet in the terminal."""
        picture = payload.picture
        if picture is None or request.quality is not Quality.FINE or len(picture) <= PIECE:
            return False
        return request not in self._held()

    def begin(self, request: Request, payload: Payload) -> None:
        """Send this, and nothing begun earlier."""
        self.stop()
        self._wanted = request, payload
        self._wait()

    def stop(self) -> bool:
        """Give up what is not sent yet; whether there was something."""
        was_wanted, self._wanted = self._wanted is not None, None
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self._sending is not None:
            sending, self._sending = self._sending, None
            if end := self._held().stop(sending):
                self._write(end)
        return was_wanted

    def _wait(self) -> None:
        self._timer = self._widget.set_timer(CHECK_S, self._go_on)

    def _go_on(self) -> None:
        if self._wanted is None:
            return
        if self._is_busy():
            self._piece, self._was_busy = PIECE, True
        elif (sending := self._under_way(*self._wanted)) is not None:
            self._write(sending.piece(self._piece))
            self._piece = self._piece if self._was_busy else min(2 * self._piece, LARGEST_PIECE)
            self._was_busy = False
            if sending.is_complete:
                self._complete(*self._wanted)
                return
        self._wait()

    def _under_way(self, request: Request, payload: Payload) -> Sending | None:
        if self._sending is None or self._sending.is_broken_off:
            assert payload.picture is not None
            self._sending = self._held().begin(request, payload.picture)
            self._piece, self._was_busy = PIECE, True
        return self._sending

    def _complete(self, request: Request, payload: Payload) -> None:
        self._wanted = self._sending = self._timer = None
        self._sent(request, payload)
        tell_sent(self._widget.app)
