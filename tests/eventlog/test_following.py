"""Choosing among sources: what is tried when, how long it waits, and that no line is lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

import pytest

from binscout_tui.errors import BinScoutError
from binscout_tui.eventlog import following
from binscout_tui.eventlog.cursor import START, Cursor
from binscout_tui.eventlog.following import EventReader, Patience
from binscout_tui.eventlog.source import EventSource, SourceLostError, SourceName, SourceUnfitError
from binscout_tui.eventlog.tail import Line, Taken

LINES = tuple(Line(Cursor(4 * number, f"{number:016x}"), b"%03d" % number) for number in range(1, 9))
Step = Taken | Exception


class Scripted:
    """A source that does what it is told: one script for each time that it is followed, then silence."""

    def __init__(self, name: SourceName, *scripts: Sequence[Step]) -> None:
        self.name = name
        self.asked: list[Cursor] = []
        self._scripts = list(scripts)

    async def follow(self, cursor: Cursor) -> AsyncGenerator[Taken, None]:
        self.asked.append(cursor)
        for step in self._scripts.pop(0) if self._scripts else ():
            if isinstance(step, Exception):
                raise step
            yield step
        await asyncio.Event().wait()


def given(*numbers: int) -> Taken:
    """Lines by number."""
    return Taken(tuple(LINES[number - 1] for number in numbers))


LOST, UNFIT = SourceLostError("lost"), SourceUnfitError("unfit")


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses, which take no time."""
    found: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        found.append(seconds)
        await real(0)

    monkeypatch.setattr(following.asyncio, "sleep", sleep)
    monkeypatch.setattr(following.random, "uniform", lambda low, high: high)
    return found


async def read(sources: list[EventSource], count: int, **options: Any) -> tuple[list[bytes], EventReader]:
    """The first `count` lines that come."""
    reader = EventReader(sources, **options)
    lines: list[bytes] = []
    async with asyncio.timeout(10), aclosing(reader.follow()) as found:
        async for taken in found:
            lines = [*([] if taken.reset else lines), *(line.data for line in taken.lines)]
            if len(lines) >= count:
                break
    return lines, reader


async def test_a_lost_source_is_asked_again_behind_the_last_line(waits: list[float]) -> None:
    source = Scripted("sse", [given(1, 2), LOST], [LOST], [given(3)])
    lines, _ = await read([source], 3)
    assert lines == [b"001", b"002", b"003"]
    assert source.asked == [START, LINES[1].cursor, LINES[1].cursor]
    assert waits == [0.25, 0.5], "longer each time"


async def test_the_pause_grows_to_a_limit_and_varies() -> None:
    patience = Patience(first_s=1, longest_s=8)
    pauses = [[patience.pause(failures) for _ in range(50)] for failures in (1, 2, 3, 4, 9, 500)]
    for most, found in zip((1, 2, 4, 8, 8, 8), pauses, strict=True):
        assert all(most / 2 <= pause <= most for pause in found)
        assert len(set(found)) > 1


async def test_what_the_server_asks_for_is_waited(waits: list[float]) -> None:
    source = Scripted("sse", [given(1), SourceLostError("busy", 7.0)], [given(2)])
    await read([source], 2)
    assert waits == [7.0]


async def test_an_unfit_source_is_left_at_once_and_a_lost_one_after_three_times(waits: list[float]) -> None:
    sse, poll = Scripted("sse", [given(1), LOST], [LOST], [LOST]), Scripted("poll", [given(2), UNFIT])
    lines, reader = await read([sse, poll], 2)
    assert (lines, len(sse.asked), len(poll.asked)) == ([b"001", b"002"], 3, 1)
    assert reader.source is poll
    sse = Scripted("sse", [UNFIT])
    lines, reader = await read([sse, Scripted("poll", [given(1)])], 1)
    assert reader.source.name == "poll"


async def test_the_better_source_is_tried_again_after_a_time_and_takes_over(
    waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(following, "monotonic", lambda: now)

    class Later(Scripted):
        async def follow(self, cursor: Cursor) -> AsyncGenerator[Taken, None]:
            nonlocal now
            async for taken in super().follow(cursor):
                now += 20
                yield taken

    sse = Scripted("sse", [UNFIT], [UNFIT], [given(6)])
    poll = Later("poll", [given(1), given(2), given(3)], [given(3), given(4), given(5), given(6)])
    poll._scripts[1] = [given(3), given(4), given(5)]
    lines, reader = await read([sse, poll], 6, patience=Patience(better_s=30))
    assert lines == [b"001", b"002", b"003", b"004", b"005", b"006"]
    assert reader.source is sse
    assert sse.asked == [START, LINES[1].cursor, LINES[4].cursor], "after 30 seconds, then after twice as many"


@pytest.mark.parametrize("wrong", [given(3), given(1), given(2, 2), given(2, 4)], ids=["gap", "old", "double", "hole"])
async def test_lines_that_do_not_follow_are_not_taken(waits: list[float], wrong: Taken) -> None:
    source = Scripted("sse", [given(1), wrong], [given(2), given(3)])
    lines, _ = await read([source], 3)
    assert lines == [b"001", b"002", b"003"]


async def test_after_a_reset_it_begins_at_0(waits: list[float]) -> None:
    source = Scripted("sse", [given(1, 2, 3), Taken((LINES[0],), reset=True), LOST], [given(2, 3, 4)])
    lines, _ = await read([source], 4)
    assert lines == [b"001", b"002", b"003", b"004"]
    assert source.asked == [START, LINES[0].cursor]


async def test_none_that_ever_worked_ends_with_a_sentence(waits: list[float]) -> None:
    said: list[str] = []
    with pytest.raises(BinScoutError, match="cannot be read: unfit") as caught:
        await read([Scripted("sse", [LOST]), Scripted("poll", [UNFIT])], 1, told=said.append)
    assert caught.value.code == "no_events"
    assert said == ["sse: lost; trying poll in 0.2 s."]


async def test_once_it_worked_it_never_gives_up(waits: list[float]) -> None:
    scripts: list[Sequence[Step]] = [[given(1), LOST], *[[LOST]] * 50, [given(2)]]
    lines, _ = await read([Scripted("sse", *scripts)], 2)
    assert lines == [b"001", b"002"]
    assert max(waits) == 15.0


async def test_what_no_other_way_could_mend_is_told_at_once(waits: list[float]) -> None:
    with pytest.raises(BinScoutError, match="no run"):
        await read([Scripted("sse", [BinScoutError("There is no run.")]), Scripted("poll", [given(1)])], 1)
    assert waits == []


async def test_closing_it_closes_the_source() -> None:
    ended: list[str] = []

    class Noticing(Scripted):
        async def follow(self, cursor: Cursor) -> AsyncGenerator[Taken, None]:
            try:
                async for taken in super().follow(cursor):
                    yield taken
            finally:
                ended.append(self.name)

    tell: Callable[[str], None] = ended.append
    await read([Noticing("sse", [given(1)])], 1, told=tell)
    assert ended == ["sse"]
