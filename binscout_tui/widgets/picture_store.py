"""What the picture widgets of one app share: finished payloads, their rows, and the ids of kitty pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from textual.app import App
from textual.strip import Strip

from binscout_tui.terminal.kitty import image_ids
from binscout_tui.terminal.payload import Payload, Payloads, Recent, Request
from binscout_tui.widgets.picture_rows import half_block_rows

_ROWS_BYTES = 32 * 1024 * 1024
_SEGMENT_BYTES = 250


class PictureStore:
    """Payloads and half-block rows made so far. `make` blocks; call it on a thread."""

    def __init__(self) -> None:
        self.payloads = Payloads()
        self.ids: Iterator[int] = image_ids()
        self._rows: Recent[Request, list[Strip]] = Recent(
            _ROWS_BYTES, lambda rows: _SEGMENT_BYTES * sum(len(row._segments) for row in rows)
        )

    def make(self, request: Request, wanted: Callable[[], bool]) -> Payload | None:
        """The payload, and for half blocks its rows; None when no longer wanted. Raises PictureError."""
        payload = self.payloads.make(request, wanted=wanted)
        if payload is not None and payload.runs is not None:
            self.rows(request, payload)
        return payload

    def rows(self, request: Request, payload: Payload) -> list[Strip]:
        """The strips of a payload of half blocks."""
        rows = self._rows.get(request)
        if rows is None:
            rows = half_block_rows(payload.runs or ())
            self._rows.put(request, rows)
        return rows


_stores: WeakKeyDictionary[App[Any], PictureStore] = WeakKeyDictionary()


def store_of(app: App[Any]) -> PictureStore:
    """The one store of `app`."""
    return _stores.setdefault(app, PictureStore())
