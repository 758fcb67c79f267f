"""What the picture widgets of one app share: finished payloads, what makes them, and what the terminal holds."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS
from textual.app import App
from textual.strip import Strip

from binscout_tui.terminal.held import Held
from binscout_tui.terminal.kitty import image_ids
from binscout_tui.terminal.making import Done, Made, MakingQueue, Wanted
from binscout_tui.terminal.payload import Payload, Payloads, Recent, Request
from binscout_tui.widgets.picture_rows import half_block_rows

_ROWS_BYTES = 10 * 1024 * 1024
_SEGMENT_BYTES = 700


class PictureStore:
    """Payloads and half-block rows made so far, the queue that makes more, and the pictures held by the terminal."""

    def __init__(self, colours: ColorSystem = ColorSystem.TRUECOLOR) -> None:
        self.payloads = Payloads()
        self._colours = colours
        self.held = Held(image_ids())
        self._rows: Recent[Request, list[Strip]] = Recent(
            _ROWS_BYTES, lambda rows: _SEGMENT_BYTES * sum(len(row._segments) for row in rows)
        )
        self._queue = MakingQueue(self.make)

    def ask(self, request: Request, done: Done, *, urgency: int = 0, wanted: Wanted = lambda: True) -> None:
        """Have a payload made beside the event loop; `done(request, payload or error)` is called on the loop.

        0 is for what somebody looks at, larger numbers for what may be looked at next. Where nobody wants it any
        longer when its turn comes, it is not made and nobody is told.
        """
        loop, context = asyncio.get_running_loop(), contextvars.copy_context()

        def told(request: Request, made: Made) -> None:
            loop.call_soon_threadsafe(_if_wanted, wanted, done, request, made, context=context)

        self._queue.ask(request, told, urgency=urgency, wanted=wanted)

    def make(self, request: Request, wanted: Callable[[], bool]) -> Payload | None:
        """The payload, and for half blocks its rows; None when no longer wanted. Blocks. Raises PictureError."""
        payload = self.payloads.make(request, wanted=wanted)
        if payload is not None and payload.runs is not None:
            self.rows(request, payload)
        return payload

    def ready(self, request: Request) -> Payload | None:
        """The payload if it can be put on the screen at once: made before, and for half blocks with its rows."""
        payload = self.payloads.ready(request)
        if payload is not None and payload.runs is not None and self._rows.get(request) is None:
            return None
        return payload

    def rows(self, request: Request, payload: Payload) -> list[Strip]:
        """The strips of a payload of half blocks."""
        rows = self._rows.get(request)
        if rows is None:
            rows = half_block_rows(payload.runs or (), self._colours)
            self._rows.put(request, rows)
        return rows

    def lost(self) -> None:
        """The terminal holds no picture any more; who shows some has to send them again."""
        self.held.forget()

    def close(self) -> str:
        """End the threads; what to write so that the terminal keeps nothing of ours."""
        self._queue.close()
        return self.held.clear()


def _if_wanted(wanted: Wanted, done: Done, request: Request, made: Made) -> None:
    if wanted():
        done(request, made)


_stores: WeakKeyDictionary[App[Any], PictureStore] = WeakKeyDictionary()


def store_of(app: App[Any]) -> PictureStore:
    """The one store of `app`."""
    if app not in _stores:
        _stores[app] = PictureStore(COLOR_SYSTEMS.get(app.console.color_system or "", ColorSystem.TRUECOLOR))
    return _stores[app]
