"""The events of a run over a socket: every line once and in order, wherever the connection breaks."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from itertools import count, repeat
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from binscout_tui.engine import address
from binscout_tui.engine.run_events import RunEvents
from binscout_tui.engine.run_sources import EngineAddress, PollSource, SseSource
from binscout_tui.engine.service import Service
from binscout_tui.errors import BinScoutError, UsageError
from binscout_tui.eventlog.cursor import START, Cursor
from binscout_tui.eventlog.following import EventReader, Patience
from binscout_tui.eventlog.source import EventSource, FileSource
from binscout_tui.eventlog.tail import LINE_BYTES, Taken

from .conftest import Client
from .cutting_proxy import Behaviour, proxy
from .fakes import LIMIT, eventually

QUICK = Patience(first_s=0.002, longest_s=0.01, losses=3, better_s=0.2, rounds=3)
MIXED = [
    b'{"type": "metric", "step": 1, "loss": 0.5}',
    '{"msg": "Schräubchen für 5 µm, 螺丝 🔩"}'.encode(),
    b"",
    b"half \xff\xfe of something",
    b"with a \r in it",
    b" begins with a space",
    b": no comment",
    b"data: not data",
    b"\xef\xbb\xbfmark",
    b"x" * 3000,
]


class Served:
    """A folder of runs and the sockets behind which it is."""

    def __init__(self, folder: Path, behaviour: Behaviour) -> None:
        self.log = folder / "runs" / "a-1" / "events.jsonl"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.behaviour = behaviour
        self.direct = EngineAddress.parse(f"unix:{folder / 'e.sock'}")
        self.cut = EngineAddress.parse(f"unix:{folder / 'p.sock'}")

    def write(self, *lines: bytes) -> None:
        with self.log.open("ab") as handle:
            for line in lines:
                handle.write(line + b"\n")

    def sources(self, **options: Any) -> list[EventSource]:
        poll = PollSource(self.cut, "a-1", poll_s=0.01, limit=options.pop("limit", 1000))
        return [SseSource(self.cut, "a-1", first_s=0.3, silence_s=0.3, **options), poll]


@asynccontextmanager
async def engine(folder: Path, **options: Any) -> AsyncIterator[uvicorn.Server]:
    """The engine's own handlers under uvicorn, on a socket in `folder`."""
    server: uvicorn.Server
    events = RunEvents(
        folder / "runs",
        **({"look_s": 0.005, "ping_s": 0.02, "retry_s": 0.002, "leaving": lambda: server.should_exit} | options),
    )
    nothing: Any = None
    app: Starlette = Service(nothing, nothing, nothing, "cpu", lambda: None).app(events.route())
    config = uvicorn.Config(
        app, uds=str(folder / "e.sock"), lifespan="off", http="h11", log_config=None, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    server.capture_signals = suppress  # type: ignore[assignment, method-assign]
    task = asyncio.create_task(server.serve())
    await eventually(lambda: server.started, "the server starts")
    try:
        yield server
    finally:
        server.should_exit = True
        async with asyncio.timeout(LIMIT):
            await task


@asynccontextmanager
async def served(folder: Path, behaviour: Behaviour | None = None, **options: Any) -> AsyncIterator[Served]:
    """The engine behind the proxy."""
    found = Served(folder, behaviour or Behaviour())
    async with engine(folder, **options), proxy(folder / "p.sock", folder / "e.sock", found.behaviour):
        yield found


class Reading:
    """Somebody who reads with an EventReader and keeps all that comes."""

    def __init__(self, reader: EventReader) -> None:
        self.reader = reader
        self.lines: list[bytes] = []
        self.resets = 0
        self.ended: BaseException | None = None

    async def run(self) -> None:
        try:
            async with aclosing(self.reader.follow()) as found:
                async for taken in found:
                    self.take(taken)
        except BinScoutError as error:
            self.ended = error

    def take(self, taken: Taken) -> None:
        if taken.reset:
            self.resets += 1
            self.lines = []
        self.lines += [line.data for line in taken.lines]


@asynccontextmanager
async def reading(
    sources: list[EventSource], cursor: Cursor = START, told: Callable[[str], None] = lambda sentence: None
) -> AsyncIterator[Reading]:
    found = Reading(EventReader(sources, cursor, patience=QUICK, told=told))
    task = asyncio.create_task(found.run())
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.wait([task])


async def has(found: Reading, lines: list[bytes]) -> None:
    """Wait until as many lines have come, and see that they are these."""
    await eventually(lambda: len(found.lines) >= len(lines) or found.ended, "the lines come")
    assert found.lines == lines


async def test_a_stream_gives_what_is_in_the_file_whatever_bytes_those_are(tmp_path: Path) -> None:
    async with served(tmp_path) as there:
        there.write(*MIXED)
        async with reading(there.sources()) as found:
            await has(found, MIXED)
            there.write(b"later")
            await has(found, [*MIXED, b"later"])
            assert found.reader.source.name == "sse"


async def test_pages_give_the_same_lines_with_the_same_ids(tmp_path: Path) -> None:
    async with served(tmp_path) as there:
        there.write(*MIXED)
        ids: list[list[Any]] = []
        for source in [*there.sources(limit=3), FileSource(there.log)]:
            got: list[Any] = []
            async with aclosing(source.follow(START)) as found:
                async for taken in found:
                    got += taken.lines
                    if len(got) == len(MIXED):
                        break
            ids.append(got)
        assert ids[0] == ids[1] == ids[2]


async def test_a_half_written_line_is_never_given_early(tmp_path: Path) -> None:
    async with served(tmp_path) as there:
        there.write(b"one")
        for source in [*there.sources(), FileSource(there.log, 0.005)]:
            async with reading([source]) as found:
                whole = list(there.log.read_bytes().splitlines())
                await has(found, whole)
                with there.log.open("ab", buffering=0) as handle:
                    for byte in "zwei µ".encode():
                        handle.write(bytes([byte]))
                        await asyncio.sleep(0.01)
                        assert found.lines == whole
                    handle.write(b"\n")
                await has(found, [*whole, "zwei µ".encode()])


def test_cut_anywhere_every_line_comes_once_and_in_order(tmp_path: Path) -> None:
    """All over an answer, so: in its head, in an event, in a letter, between two events, in a ping."""

    async def session() -> None:
        async with served(tmp_path) as there:
            there.write(*MIXED[:-1])
            for place in range(1, 1100, 13):
                there.behaviour.cuts = iter([place, place, place])
                async with reading(there.sources()) as found:
                    await has(found, MIXED[:-1])

    asyncio.run(session())


async def test_cut_in_a_ping_while_nothing_happens(tmp_path: Path) -> None:
    async with served(tmp_path, ping_s=0.005) as there:
        there.write(b"one")
        for extra in range(1, 40):
            there.behaviour.cuts = iter([])
            async with reading(there.sources()) as found:
                await has(found, [b"one"])
                before = len(there.behaviour.seen)
                start = bytes(there.behaviour.passed)
                there.behaviour.cuts = iter([start.index(b"data: one") + 18 + extra])
            async with reading(there.sources()) as found:
                await eventually(lambda before=before: len(there.behaviour.seen) >= before + 2, "it comes again")
                await has(found, [b"one"])


@settings(max_examples=25, deadline=None)
@given(
    lines=st.lists(st.one_of(st.sampled_from(MIXED), st.binary(max_size=60)), max_size=12),
    live=st.lists(st.one_of(st.sampled_from(MIXED), st.text(max_size=20).map(str.encode)), max_size=8),
    cuts=st.lists(st.integers(1, 2500), max_size=12),
    torn=st.binary(max_size=10).filter(lambda torn: b"\n" not in torn),
    order=st.permutations(range(3)),
)
def test_whatever_is_cut_the_lines_are_those_of_the_file(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[bytes],
    live: list[bytes],
    cuts: list[int],
    torn: bytes,
    order: list[int],
) -> None:
    folder = tmp_path_factory.mktemp("s")
    lines, live = ([line.replace(b"\n", b"~") for line in some] for some in (lines, live))

    async def session() -> None:
        async with served(folder, Behaviour(cuts=iter(cuts))) as there:
            there.write(*lines)
            sources = [*there.sources(limit=2), FileSource(there.log, 0.005)]
            async with reading([sources[place] for place in order]) as found:
                for line in live:
                    there.write(line)
                    await asyncio.sleep(0.002)
                with there.log.open("ab") as handle:
                    handle.write(torn)
                await has(found, lines + live)

    asyncio.run(session())


async def test_a_proxy_that_drops_or_doubles_bytes_is_not_believed(tmp_path: Path) -> None:
    pieces = count()

    def drop(data: bytes) -> bytes:
        # Leaves one whole event out of each answer: nothing but the ids can tell.
        start = data.find(b"id: ", data.find(b"id: ") + 1)
        next(pieces)
        return data if start < 0 else data[:start] + data[data.index(b"\n\n", start) + 2 :]

    async with served(tmp_path, Behaviour(rewrite=drop)) as there:
        there.write(*MIXED)
        async with reading(there.sources()) as found:
            await has(found, MIXED)
    assert next(pieces) > 2


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_where_streams_are_refused_pages_do(tmp_path: Path, status: int) -> None:
    said: list[str] = []
    async with served(tmp_path, Behaviour(status=status)) as there:
        there.write(*MIXED)
        async with reading(there.sources(), told=said.append) as found:
            await has(found, MIXED)
            assert found.reader.source.name == "poll"
            assert f"it answered {status}" in said[0]
            # The refusal is lifted: it goes back to the stream, and nothing comes twice.
            there.behaviour.status = None
            await eventually(lambda: found.reader.source.name == "sse", "the stream is tried again")
            there.write(b"later")
            await has(found, [*MIXED, b"later"])


async def test_a_proxy_that_holds_streams_back_is_noticed(tmp_path: Path) -> None:
    async with served(tmp_path, Behaviour(holds=True)) as there:
        there.write(*MIXED)
        async with reading(there.sources()) as found:
            await has(found, MIXED)
            assert found.reader.source.name == "poll"


async def test_an_answer_that_is_no_stream_is_noticed(tmp_path: Path) -> None:
    def other_type(data: bytes) -> bytes:
        return data.replace(b"text/event-stream", b"text/html")

    async with served(tmp_path, Behaviour(rewrite=other_type)) as there:
        there.write(*MIXED)
        async with reading(there.sources()) as found:
            await has(found, MIXED)
            assert found.reader.source.name == "poll"


async def test_a_connection_without_pings_is_dead(tmp_path: Path) -> None:
    said: list[str] = []
    async with served(tmp_path, ping_s=1000) as there:
        there.write(b"one")
        async with reading(there.sources(), told=said.append) as found:
            await has(found, [b"one"])
            await eventually(lambda: any("silent" in sentence for sentence in said), "it is noticed")
            there.write(b"two")
            await has(found, [b"one", b"two"])


async def test_a_server_that_is_started_again_is_found_again(tmp_path: Path) -> None:
    there = Served(tmp_path, Behaviour())
    there.write(b"one")
    async with proxy(tmp_path / "p.sock", tmp_path / "e.sock", there.behaviour):
        async with engine(tmp_path):
            task = reading(there.sources())
            found = await task.__aenter__()
            await has(found, [b"one"])
        there.write(b"two")
        async with engine(tmp_path):
            await has(found, [b"one", b"two"])
            await task.__aexit__(None, None, None)


@pytest.mark.parametrize("longer", [False, True])
@pytest.mark.parametrize("place", [0, 1, 2], ids=["sse", "poll", "file"])
async def test_another_file_in_its_place_begins_again(tmp_path: Path, longer: bool, place: int) -> None:
    async with served(tmp_path) as there:
        there.write(b"one", b"two", b"three")
        source = [*there.sources(), FileSource(there.log, 0.005)][place]
        async with reading([source]) as found:
            await has(found, [b"one", b"two", b"three"])
            fresh = [b"ONE", b"TWO", b"THREE", b"FOUR"][: 4 if longer else 1]
            other = there.log.with_suffix(".new")
            other.write_bytes(b"".join(line + b"\n" for line in fresh))
            other.replace(there.log)
            await eventually(lambda: found.resets, "the reset comes")
            await has(found, fresh)
            there.write(b"more")
            await has(found, [*fresh, b"more"])
            assert found.resets == 1


async def test_a_file_that_is_replaced_while_nobody_is_connected_begins_again(tmp_path: Path) -> None:
    there = Served(tmp_path, Behaviour())
    there.write(b"one", b"two")
    async with proxy(tmp_path / "p.sock", tmp_path / "e.sock", there.behaviour):
        async with engine(tmp_path):
            task = reading(there.sources())
            found = await task.__aenter__()
            await has(found, [b"one", b"two"])
        # Larger than before, so that neither size nor (on many systems) inode tells.
        there.log.write_bytes(b"ONE\nTWO\nTHREE\n")
        async with engine(tmp_path):
            await eventually(lambda: found.resets, "the reset comes")
            await has(found, [b"ONE", b"TWO", b"THREE"])
            await task.__aexit__(None, None, None)


async def test_from_an_offset(tmp_path: Path) -> None:
    async with served(tmp_path) as there:
        there.write(b"one", b"two", b"three")
        for source in [*there.sources(), FileSource(there.log, 0.005)]:
            for offset, expected in ((4, [b"two", b"three"]), (6, [b"two", b"three"]), (14, [])):
                async with reading([source], Cursor(offset)) as found:
                    there_is_more = [b"more %d" % offset]
                    before = there.log.read_bytes()
                    there.write(*there_is_more)
                    await has(found, [*expected, *there_is_more])
                    there.log.write_bytes(before)


async def test_many_lines_are_replayed_in_bounded_memory(tmp_path: Path) -> None:
    number = 200_000
    async with served(tmp_path) as there:
        there.write(*(b'{"type": "metric", "step": %d, "loss": 0.123456}' % step for step in range(number)))
        size, peak, seen = there.log.stat().st_size, 0, 0
        async with aclosing(SseSource(there.direct, "a-1").follow(START)) as found:
            async for taken in found:
                for line in taken.lines:
                    assert line.data.startswith(b'{"type": "metric", "step": %d,' % seen)
                    seen += 1
                if 100_000 <= seen < 105_000 and not tracemalloc.is_tracing():
                    tracemalloc.start()
                elif seen >= 105_000 and tracemalloc.is_tracing():
                    peak = tracemalloc.get_traced_memory()[1]
                    tracemalloc.stop()
                if seen == number:
                    break
    assert size > 9_000_000
    assert 0 < peak < 3_000_000


async def test_a_reader_who_takes_nothing_costs_nothing_and_is_let_go(tmp_path: Path) -> None:
    async with served(tmp_path, patience_s=0.2) as there:
        there.write(*repeat(b"x" * 1000, 20_000))
        reader, writer = await asyncio.open_unix_connection(there.direct.socket)
        writer.write(b"GET /runs/a-1/events HTTP/1.1\r\nHost: e\r\n\r\n")
        tracemalloc.start()
        await asyncio.sleep(0.4)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        async with asyncio.timeout(LIMIT):
            got = len(await reader.read(-1))
        writer.close()
        assert peak < 4_000_000
        assert got < 20_000_000


async def test_a_line_without_end_is_cut_alike_by_every_source(tmp_path: Path) -> None:
    async with served(tmp_path) as there:
        there.write(b"y" * (LINE_BYTES + 5), b"short")
        for source in [*there.sources(), FileSource(there.log, 0.005)]:
            async with reading([source]) as found:
                await has(found, [b"y" * LINE_BYTES, b"short"])


async def test_what_is_no_run_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "events.jsonl").write_text("no\n")
    async with served(tmp_path) as there:
        for run, code in (("b-1", "no_run"), ("..", "not_found"), ("../secret", "not_found"), (".a", "bad_run_id")):
            async with reading([SseSource(there.direct, run)]) as found:
                await eventually(lambda found=found: found.ended, "it ends")
                error = found.ended
                assert isinstance(error, BinScoutError)
                assert error.code in {code, "no_events"}
                assert found.lines == []
        transport = httpx.AsyncHTTPTransport(uds=str(there.direct.socket))
        async with httpx.AsyncClient(transport=transport, base_url="http://e") as http:
            for query in ("after=x", "limit=0", "limit=x", "limit=99999999", "after=-1"):
                answer = await http.get(f"/runs/a-1/events?{query}")
                assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request"), query


async def test_an_engine_that_is_not_there_ends_with_a_sentence(tmp_path: Path) -> None:
    nowhere = EngineAddress.parse(f"unix:{tmp_path / 'nothing.sock'}")
    async with reading([SseSource(nowhere, "a-1"), PollSource(nowhere, "a-1")]) as found:
        await eventually(lambda: found.ended, "it ends")
    assert "nothing answers there" in str(found.ended)


def test_only_engines_of_this_machine_are_named() -> None:
    assert EngineAddress.parse("unix:/run/e.sock").socket == Path("/run/e.sock")
    assert EngineAddress.parse("http://127.0.0.1:8000").url == "http://127.0.0.1:8000"
    assert EngineAddress.parse("http://[::1]:8000/").url == "http://[::1]:8000"
    for text in (
        "",
        "unix:",
        "http://10.0.0.1:80",
        "http://example.org:80",
        "https://127.0.0.1:1",
        "http://127.0.0.1",
        "http://127.0.0.1:80/x",
        "http://u@127.0.0.1:80",
        "http://127.0.0.1:99999",
        "/tmp/e.sock",
    ):
        with pytest.raises(UsageError):
            EngineAddress.parse(text)


async def test_the_real_engine_serves_the_runs_of_its_workspace_and_leaves_at_once(root: Path, client: Client) -> None:
    log = root / "runs" / "a-1" / "events.jsonl"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"one\n")
    owner = client()
    await owner.ensure()
    there = EngineAddress.parse(f"unix:{address.socket_path(root)}")
    async with reading([SseSource(there, "a-1"), PollSource(there, "a-1")]) as found:
        await has(found, [b"one"])
        with log.open("ab") as handle:
            handle.write(json.dumps({"type": "state", "state": "done"}).encode() + b"\n")
        await has(found, log.read_bytes().splitlines())
        begun = asyncio.get_running_loop().time()
        assert await owner.stop()
        assert asyncio.get_running_loop().time() - begun < 3, "an open stream does not keep the engine"
        log.write_bytes(log.read_bytes() + b"two\n")
        await owner.ensure()
        await has(found, log.read_bytes().splitlines())
