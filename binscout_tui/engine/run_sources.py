"""Reading the events of a run from an engine, here or elsewhere: as a stream, or page by page."""

from __future__ import annotations

import asyncio
import ipaddress
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import msgspec

from binscout_tui.engine import protocol
from binscout_tui.errors import BinScoutError, UsageError
from binscout_tui.eventlog import sse
from binscout_tui.eventlog.cursor import Cursor
from binscout_tui.eventlog.source import SourceLostError, SourceName, SourceUnfitError
from binscout_tui.eventlog.tail import Line, Taken

if TYPE_CHECKING:
    import httpx

CONNECT_S = 5.0
FIRST_S = 5.0
"""A stream whose beginning has not come through by then is held back by something in between."""
SILENCE_S = 30.0
"""Three pings: a stream that says nothing for so long is dead."""
POLL_S = 0.5
POLL_ANSWER_S = 30.0
FINAL = frozenset({"no_run", "bad_run_id", "bad_request"})
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class EngineAddress(msgspec.Struct, frozen=True):
    """Where an engine answers: a unix socket, or a port of this machine (such as one that ssh forwards)."""

    socket: Path | None
    url: str

    @classmethod
    def parse(cls, text: str) -> EngineAddress:
        """`unix:PATH` or `http://127.0.0.1:PORT`. Raises UsageError (`bad_engine`).

        Other machines are refused: nothing on that way is encrypted, and the engine asks nobody who they are.
        """
        if text.startswith("unix:") and len(text) > len("unix:"):
            return cls(Path(text.removeprefix("unix:")).expanduser().absolute(), "http://engine")
        if text.startswith("http://") and (port := _loopback_port(text)) is not None:
            return cls(None, f"http://{urlsplit(text).netloc}" if port else text)
        raise UsageError(
            f"{text!r} names no engine.",
            hint="Use unix:PATH or http://127.0.0.1:PORT; `ssh -L` brings an engine of another machine here.",
            code="bad_engine",
        )

    def client(self) -> httpx.AsyncClient:
        """A client that keeps no connection."""
        import httpx

        uds = None if self.socket is None else os.fspath(self.socket)
        transport = httpx.AsyncHTTPTransport(uds=uds, limits=httpx.Limits(max_keepalive_connections=0), verify=False)
        timeout = httpx.Timeout(None, connect=CONNECT_S)
        # Proxies of the environment would lead requests past the transport.
        return httpx.AsyncClient(transport=transport, base_url=self.url, trust_env=False, timeout=timeout)


def _loopback_port(text: str) -> int | None:
    """The port of an address of this machine, or None for any other."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return None
    plain = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    return port if here and plain and port else None


class SseSource:
    """The stream. A connection that says nothing for `silence_s` is dead; one that never begins is held back."""

    name: SourceName = "sse"

    def __init__(
        self, address: EngineAddress, run: str, *, first_s: float = FIRST_S, silence_s: float = SILENCE_S
    ) -> None:
        self._address = address
        self._path = _path(run)
        self._first_s, self._silence_s = first_s, silence_s

    async def follow(self, cursor: Cursor) -> AsyncGenerator[Taken, None]:
        """As `EventSource.follow`."""
        headers = {"Accept": sse.MEDIA_TYPE, "Last-Event-ID": str(cursor), "Cache-Control": "no-store"}
        decoder = sse.Decoder(str(cursor))
        async with _telling_failures_apart(decoder), self._address.client() as client:
            request = client.build_request("GET", self._path, headers=headers | {"Accept-Encoding": "identity"})
            answer = await _in_time(client.send(request, stream=True), self._first_s, "its stream does not begin")
            try:
                await self._check(answer)
                async with aclosing(answer.aiter_raw()) as pieces:
                    silence = self._first_s, "its stream is held back on the way"
                    while True:
                        try:
                            piece = await _in_time(anext(pieces), *silence)
                        except StopAsyncIteration:
                            return
                        silence = self._silence_s, "its stream went silent"
                        yield _taken(decoder.feed(piece))
            finally:
                await answer.aclose()

    async def _check(self, answer: httpx.Response) -> None:
        await _raise_for(answer)
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != sse.MEDIA_TYPE:
            raise SourceUnfitError(f"it answered with {kind or 'no type'} in place of a stream")


class PollSource:
    """Page by page, `poll_s` seconds apart while nothing comes: goes through whatever lets single answers through."""

    name: SourceName = "poll"

    def __init__(self, address: EngineAddress, run: str, *, poll_s: float = POLL_S, limit: int = 1000) -> None:
        self._address = address
        self._path = _path(run)
        self._poll_s, self._limit = poll_s, limit

    async def follow(self, cursor: Cursor) -> AsyncGenerator[Taken, None]:
        """As `EventSource.follow`."""
        async with _telling_failures_apart(), self._address.client() as client:
            while True:
                page = await _in_time(self._page(client, cursor), POLL_ANSWER_S, "it does not answer")
                lines, cursor = tuple(row.line() for row in page.lines), Cursor.parse(page.next)
                yield Taken(lines, page.reset, page.more)
                if not page.more:
                    await asyncio.sleep(self._poll_s)

    async def _page(self, client: httpx.AsyncClient, cursor: Cursor) -> _Page:
        query = {"after": str(cursor), "limit": str(self._limit)}
        async with client.stream("GET", self._path, params=query, headers={"Cache-Control": "no-store"}) as answer:
            await _raise_for(answer)
            return msgspec.json.decode(await answer.aread(), type=_Page)


class _Row(msgspec.Struct, frozen=True):
    id: str
    data: str | None = None
    base64: str = ""

    def line(self) -> Line:
        """The line. Raises ValueError."""
        data = sse.unpack(self.base64) if self.data is None else self.data.encode()
        return Line(Cursor.parse(self.id), data)


class _Page(msgspec.Struct, frozen=True):
    lines: list[_Row]
    next: str
    reset: bool
    more: bool


def _path(run: str) -> str:
    return f"/runs/{quote(run, safe='')}/events"


def _taken(messages: list[sse.Message]) -> Taken:
    """What a few events say together; after a reset only what follows it counts."""
    reset = False
    lines: list[Line] = []
    for message in messages:
        if message.event == sse.RESET_EVENT:
            reset, lines = True, []
        elif (line := sse.decode(message)) is not None:
            lines.append(line)
    return Taken(tuple(lines), reset)


async def _in_time(work: Any, seconds: float, reason: str) -> Any:
    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError as error:
        raise SourceUnfitError(reason) from error


async def _raise_for(answer: httpx.Response) -> None:
    """What an answer without lines means: wait, take another way, or tell the person."""
    status = answer.status_code
    if status == 200:
        return
    error = protocol.error_from(status, await answer.aread())
    if error.code in FINAL or status in (401, 403):
        raise error
    if status in PASSING:
        after = answer.headers.get("retry-after", "")
        raise SourceLostError(f"it answered {status}", float(after) if after.isdigit() else None)
    raise SourceUnfitError(f"it answered {status}")


@asynccontextmanager
async def _telling_failures_apart(decoder: sse.Decoder | None = None) -> AsyncIterator[None]:
    """Failures of the connection, and answers cut short or damaged, as SourceLostError."""
    import httpx

    try:
        yield
    except httpx.ConnectError as error:
        raise SourceLostError("nothing answers there", decoder.retry_s if decoder else None) from error
    except httpx.HTTPError as error:
        reason = f"the connection broke ({type(error).__name__})"
        raise SourceLostError(reason, decoder.retry_s if decoder else None) from error
    except (ValueError, BinScoutError) as error:
        if isinstance(error, BinScoutError):
            raise
        raise SourceLostError(f"what it sent makes no sense ({error})") from error
