"""The same photo in the same cells by everybody, in turns, so that a busy machine is busy for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from binscout_tui.bench.area import Area
from binscout_tui.bench.figures import OURS, Encoding
from binscout_tui.bench.peers import (
    PEERS,
    TEXTUAL_IMAGE,
    Peer,
    PeerError,
    PlainTextualImage,
    plain_textual_image,
    timed,
)
from binscout_tui.bench.traffic import shown_in
from binscout_tui.terminal.graphics import Protocol
from binscout_tui.terminal.payload import Payload, Quality, Request, encode, scale

Sent = Callable[[Payload], bytes]
Once = Callable[[], tuple[float, bytes]]


@dataclass
class _Contestant:
    who: str
    protocol: Protocol
    source: str
    once: Once | None
    why_not: str = ""
    start: Callable[[], float] = lambda: 0.0
    ms: list[float] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    sent: bytes = b""

    def run(self) -> None:
        if self.once is None or self.why_not:
            return
        try:
            start = self.start()
            taken, self.sent = self.once()
        except PeerError as error:
            self.why_not = str(error)
            return
        shown = shown_in(self.sent)
        if shown is None or shown.protocol is not self.protocol:
            self.why_not = f"sent {shown.protocol if shown else 'no picture'} instead"
            return
        self.ms.append(taken)
        self.starts.append(start)

    def warm_up(self) -> None:
        """Once without counting: the first time reads files and libraries."""
        self.run()
        self.ms.clear()
        self.starts.clear()

    def figures(self) -> Encoding:
        """What came out of all turns."""
        shown = None if self.why_not else shown_in(self.sent)
        return Encoding(
            who=self.who,
            protocol=self.protocol,
            source=self.source,
            ms=[]
            if self.why_not
            else [all_of_it - start for all_of_it, start in zip(self.ms, self.starts, strict=True)],
            best_ms=0.0 if self.why_not else max(0.0, min(self.ms) - min(self.starts)),
            bytes=0 if self.why_not else len(self.sent),
            size=shown.size if shown else None,
            why_not=self.why_not,
        )


def compare(
    sources: dict[str, Path], area: Area, repeat: int, protocols: Sequence[Protocol], sent: Sent
) -> list[Encoding]:
    """Figures for every program, protocol and source (name → file).

    `sent` gives the bytes that the app writes to show a payload. Raises PictureError when ours cannot show a source.
    """
    with ExitStack() as stack:
        plain = stack.enter_context(plain_textual_image())
        contestants = [
            one
            for protocol in protocols
            for source, path in sources.items()
            for one in _contestants(protocol, source, path, area, sent, plain)
        ]
        for one in contestants:
            one.warm_up()
        for turn in range(repeat):
            # There and back, so that nobody is always the one after a process that emptied the caches.
            for one in contestants if turn % 2 == 0 else reversed(contestants):
                one.run()
    return [one.figures() for one in contestants]


def _contestants(
    protocol: Protocol, source: str, path: Path, area: Area, sent: Sent, plain: PlainTextualImage | None
) -> Iterator[_Contestant]:
    for quality in Quality:
        request = request_for(path, protocol, area, quality)
        yield _Contestant(f"{OURS} {quality}", protocol, source, _ours(request, sent))
    for peer in PEERS:
        if protocol in peer.options:
            yield _of_peer(peer, protocol, source, path, area)
    if plain is None:
        yield _Contestant(TEXTUAL_IMAGE, protocol, source, None, why_not="not installed")
    else:
        room = _room(path, protocol, area)
        once = _plain(plain, protocol, path, room)
        yield _Contestant(f"{TEXTUAL_IMAGE} {plain.version}", protocol, source, once)


def _of_peer(peer: Peer, protocol: Protocol, source: str, path: Path, area: Area) -> _Contestant:
    if not peer.is_there:
        return _Contestant(peer.who, protocol, source, None, why_not="not installed")
    command = peer.command(protocol, path, area)
    bare = peer.bare()
    return _Contestant(peer.who, protocol, source, lambda: timed(command, area), start=lambda: timed(bare, area)[0])


def request_for(path: Path, protocol: Protocol, area: Area, quality: Quality) -> Request:
    """What the app asks for to show `path` in `area`."""
    return Request(
        path=path,
        columns=area.columns,
        rows=area.rows,
        cell_width=area.cell_width,
        cell_height=area.cell_height,
        protocol=protocol,
        quality=quality,
    )


def _ours(request: Request, sent: Sent) -> Once:
    def once() -> tuple[float, bytes]:
        begun = time.perf_counter()
        data = sent(encode(scale(request), request))
        return (time.perf_counter() - begun) * 1000, data

    return once


def _room(path: Path, protocol: Protocol, area: Area) -> Area:
    """The cells that ours fills: textual-image wants to be told."""
    target = scale(request_for(path, protocol, area, Quality.FINE)).target
    return Area(target.columns, target.rows, area.cell_width, area.cell_height)


def _plain(plain: PlainTextualImage, protocol: Protocol, path: Path, room: Area) -> Once:
    return lambda: plain.encode(protocol, path, room)
