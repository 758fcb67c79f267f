"""The events of a run over the engine's socket: as a stream that goes on, or page by page for those who cannot stream.

Both count as the file does: the id of a line is the byte offset after it with a fingerprint of what lies before, so a
reader goes on anywhere, by either way, also after the engine was started again.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from time import monotonic
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Send

from binscout_tui.engine import protocol
from binscout_tui.engine.model_files import MODEL_ID
from binscout_tui.errors import BinScoutError, NotFoundError, UsageError
from binscout_tui.eventlog import sse
from binscout_tui.eventlog.cursor import START, Cursor
from binscout_tui.eventlog.tail import Line, LogTail, Taken

EVENTS = "events.jsonl"
MOST_STREAMS = 64
MOST_LINES, USUAL_LINES = 10_000, 1000
PAGE_BYTES = 4 << 20


class RunEvents:
    """Serves the logs of the runs in the folder `runs`, and nothing else of them.

    A stream gets a line within about `look_s` seconds, and a ping after `ping_s` without one. Nothing is queued for a
    reader who does not keep up: the file is read on when what was sent has been taken, and a reader who takes nothing
    for `patience_s` is let go. Readers are asked to wait `retry_s` before they come back. `worked` is called when
    lines went out; `leaving` says that the process wants to end.
    """

    def __init__(
        self,
        runs: Path,
        *,
        worked: Callable[[], None] = lambda: None,
        leaving: Callable[[], bool] = lambda: False,
        look_s: float = 0.1,
        ping_s: float = 10.0,
        patience_s: float = 60.0,
        retry_s: float = 1.0,
    ) -> None:
        self._runs = runs
        self._worked = worked
        self._leaving = leaving
        self._look_s, self._ping_s, self._patience_s = look_s, ping_s, patience_s
        self._retry_s = retry_s
        self._streams = 0

    def route(self) -> Route:
        """Where this is served."""
        return Route("/runs/{run}/events", self.events, methods=["GET"])

    async def events(self, request: Request) -> Response:
        """`GET /runs/{run}/events`: a stream; with `after` or `limit` in the query a page.

        Raises UsageError (`bad_run_id`, `bad_request`), NotFoundError (`no_run`), StorageError.
        """
        log = self._log(request.path_params["run"])
        query = request.query_params
        if "after" in query or "limit" in query:
            return await self._page(log, _cursor(query.get("after", "0")), _limit(query.get("limit")))
        if self._streams >= MOST_STREAMS:
            full = BinScoutError(f"{MOST_STREAMS} streams are open.", hint="Close some.", code="queue_full")
            return _json(protocol.error_body(full), 503, {"Retry-After": "5"})
        tail = LogTail(log, _cursor(request.headers.get("last-event-id", "0")))
        return _Patient(self._stream(tail), self._patience_s)

    def _log(self, run: str) -> Path:
        if not MODEL_ID.fullmatch(run):
            raise UsageError(f"{run!r} is not the id of a run.", code="bad_run_id")
        folder = self._runs / run
        if not folder.is_dir():
            raise NotFoundError(f"There is no run {run!r} there.", hint="`binscout runs list` there.", code="no_run")
        return folder / EVENTS

    async def _stream(self, tail: LogTail) -> AsyncIterator[bytes]:
        self._streams += 1
        try:
            yield sse.greeting(self._retry_s) + sse.PING
            said = monotonic()
            while not self._leaving():
                taken = tail.take()
                if piece := _piece(taken):
                    self._worked()
                elif monotonic() - said >= self._ping_s:
                    piece = sse.PING
                if piece:
                    yield piece
                    said = monotonic()
                await asyncio.sleep(0 if taken.more or taken.lines else self._look_s)
        finally:
            self._streams -= 1
            tail.close()

    async def _page(self, log: Path, cursor: Cursor, limit: int) -> Response:
        """At most `limit` lines behind the cursor, at most about `PAGE_BYTES` of them."""
        tail = LogTail(log, cursor)
        lines: list[Line] = []
        size, reset, more = 0, False, True
        try:
            while more and len(lines) < limit and size < PAGE_BYTES:
                taken = tail.take()
                reset, more = reset or taken.reset, taken.more
                if taken.reset:
                    lines, size = [], 0
                lines += taken.lines
                size += sum(len(line.data) for line in taken.lines)
                await asyncio.sleep(0)
        finally:
            tail.close()
        cut = len(lines) > limit
        lines = lines[:limit]
        if lines:
            self._worked()
        reached = lines[-1].cursor if lines else START if reset else cursor
        rows = [_row(line) for line in lines]
        return _json({"lines": rows, "next": str(reached), "reset": reset, "more": more or cut})


class _Patient(StreamingResponse):
    """A stream that ends when the reader takes nothing for too long."""

    def __init__(self, content: AsyncIterator[bytes], patience_s: float) -> None:
        # Proxies are asked to hand each piece on at once.
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(content, headers=headers, media_type=sse.MEDIA_TYPE)
        self._patience_s = patience_s

    async def stream_response(self, send: Send) -> None:
        async def patiently(message: Any) -> None:
            async with asyncio.timeout(self._patience_s):
                await send(message)

        try:
            await super().stream_response(patiently)
        except TimeoutError:
            return
        finally:
            await self.body_iterator.aclose()  # type: ignore[attr-defined]


def _piece(taken: Taken) -> bytes:
    """What is sent of what was read."""
    return (sse.RESET if taken.reset else b"") + b"".join(map(sse.encode, taken.lines))


def _row(line: Line) -> dict[str, str]:
    if sse.is_text(line.data):
        return {"id": str(line.cursor), "data": line.data.decode("utf-8")}
    return {"id": str(line.cursor), "base64": base64.b64encode(line.data).decode("ascii")}


def _cursor(text: str) -> Cursor:
    try:
        return Cursor.parse(text)
    except ValueError as error:
        raise UsageError(f"{error}.", hint="Name the id of an event, or a byte offset.", code="bad_request") from error


def _limit(text: str | None) -> int:
    if text is None:
        return USUAL_LINES
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_LINES):
        raise UsageError(f"limit must be 1 to {MOST_LINES}.", code="bad_request")
    return int(text)


def _json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(protocol.encode(value) + b"\n", status, headers, "application/json")
