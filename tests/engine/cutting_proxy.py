"""A proxy between a reader and the engine that misbehaves in every way that a network can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

PIECE = 64 * 1024
SENTENCE = b"HTTP/1.1 %d No\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"


@dataclass
class Behaviour:
    """What happens to the next connections.

    `cuts`: after so many bytes of an answer the connection is cut, one number a connection, in order; later ones pass
    whole. `holds`: answers to streams are swallowed. `status`: streams are answered with it. `rewrite` changes bytes.
    """

    cuts: Iterator[int] = field(default_factory=lambda: iter(()))
    holds: bool = False
    status: int | None = None
    rewrite: Callable[[bytes], bytes] = lambda data: data
    seen: list[bytes] = field(default_factory=list)
    """The heads of the requests that came."""
    passed: bytearray = field(default_factory=bytearray)
    """What went through the last connection."""


@asynccontextmanager
async def proxy(listen: Path, upstream: Path, behaviour: Behaviour) -> AsyncIterator[None]:
    """Serve at `listen` what `upstream` serves, as far as `behaviour` lets it through."""

    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await _serve(reader, writer, upstream, behaviour)
        writer.transport.abort()

    server = await asyncio.start_unix_server(serve, listen)
    try:
        yield
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, upstream: Path, behaviour: Behaviour
) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    behaviour.seen.append(head)
    is_stream = b"?after=" not in head
    if is_stream and behaviour.status is not None:
        writer.write(SENTENCE % behaviour.status)
        await writer.drain()
        writer.close()
        return
    from_engine, to_engine = await asyncio.open_unix_connection(upstream)
    try:
        to_engine.write(head)
        room = next(behaviour.cuts, None)
        behaviour.passed.clear()
        gone = asyncio.create_task(reader.read())
        while data := await _next(from_engine, gone):
            data = behaviour.rewrite(data)
            if is_stream and behaviour.holds:
                continue
            piece = data if room is None else data[:room]
            behaviour.passed += piece
            writer.write(piece)
            await writer.drain()
            if room is not None:
                room -= len(piece)
                if room <= 0:
                    return
        gone.cancel()
    finally:
        to_engine.close()


async def _next(reader: asyncio.StreamReader, gone: asyncio.Task[bytes]) -> bytes:
    """The next piece, or nothing when either side has gone."""
    piece = asyncio.create_task(reader.read(PIECE))
    await asyncio.wait([piece, gone], return_when=asyncio.FIRST_COMPLETED)
    if piece.done():
        return piece.result()
    piece.cancel()
    return b""
