"""The log view, driven as on a screen."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from binscout_tui.eventlog.cursor import START, Cursor
from binscout_tui.eventlog.feed import RunFeed
from binscout_tui.eventlog.reader import Batch, LogReader
from binscout_tui.widgets.log_view import FOLLOWING, NOT_FOLLOWING, LogView
from binscout_tui.workers.run_follower import RunFollower

WRITER = """
import json, os, sys, time
descriptor = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
for number in range(1000):
    os.write(descriptor, json.dumps({"type": "metric", "step": number, "loss": 0.5}).encode() + b"\\n")
    time.sleep(0.001)
"""


class LogApp(App[None]):
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, reader: LogReader) -> None:
        super().__init__()
        self.view = LogView(reader)
        self.reader = reader
        self.posted: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()

    def on_log_view_cleared(self, event: LogView.Cleared) -> None:
        self.posted.append(event)

    def on_log_view_all_shown(self, event: LogView.AllShown) -> None:
        self.posted.append(event)

    def on_log_view_restarted(self, event: LogView.Restarted) -> None:
        self.posted.append(event)


class Screen:
    """The app with its log, as a person sees it."""

    def __init__(self, app: LogApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot, self.view = app, pilot, app.view

    async def poll(self) -> None:
        """What a follower does when woken, until nothing is left."""
        while True:
            batch = self.app.reader.poll()
            self.view.apply(batch)
            if not batch.more:
                break
        await self.pilot.pause()

    async def painted(self) -> None:
        """Wait for what is pending to be painted."""
        await self.pilot.pause()
        done = asyncio.Event()
        self.view.call_after_refresh(done.set)
        await done.wait()

    def rows(self) -> list[str]:
        """The text on the screen from top to bottom, without the empty rows."""
        region = self.view.content_region
        strips = self.view.render_lines(region.reset_offset)
        return [text for strip in strips if (text := strip.text.rstrip())]


@asynccontextmanager
async def opened(path: Path, cursor: Cursor = START) -> AsyncIterator[Screen]:
    with LogReader(path, cursor) as reader:
        app = LogApp(reader)
        async with app.run_test(size=(60, 10)) as pilot:
            screen = Screen(app, pilot)
            await screen.poll()
            yield screen


def write(path: Path, *messages: str) -> None:
    lines = [json.dumps({"type": "log", "level": "info", "msg": message}) + "\n" for message in messages]
    with path.open("a") as handle:
        handle.write("".join(lines))


def write_raw(path: Path, data: bytes) -> None:
    with path.open("ab") as handle:
        handle.write(data)


def write_numbers(path: Path, first: int, stop: int) -> None:
    write(path, *(f"line {number}" for number in range(first, stop)))


def replace(path: Path, *messages: str) -> None:
    path.unlink()
    write(path, *messages)


def put_a_folder_in_place_of(path: Path) -> None:
    path.unlink()
    path.mkdir()


def count_lines(path: Path) -> int:
    return path.read_text().count("\n")


def count_lines_before(path: Path, offset: int) -> int:
    return path.read_bytes()[:offset].count(b"\n")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


async def test_the_last_line_is_visible_after_opening(path: Path) -> None:
    write_numbers(path, 0, 5000)
    async with opened(path) as screen:
        assert screen.rows()[-1].endswith("line 4999")
        assert len(screen.rows()) == 10
        assert screen.view.virtual_size.height == 5000
        assert screen.view.status == FOLLOWING


async def test_new_lines_scroll_into_view_while_at_the_end(path: Path) -> None:
    write_numbers(path, 0, 30)
    async with opened(path) as screen:
        for first in (30, 60, 90):
            write_numbers(path, first, first + 30)
            await screen.poll()
            assert screen.rows()[-1].endswith(f"line {first + 29}")
        assert screen.view.unseen == 0


async def test_scrolled_up_it_keeps_its_place_and_counts_what_is_new(path: Path) -> None:
    write_numbers(path, 0, 100)
    async with opened(path) as screen:
        await screen.pilot.press("pageup")
        before = screen.rows()
        assert screen.view.status == NOT_FOLLOWING
        write_numbers(path, 100, 1100)
        await screen.poll()
        assert screen.rows() == before
        await screen.pilot.press("up", "down")
        assert screen.rows() == before
        assert screen.view.unseen == 1000
        assert screen.view.status == "1,000 new"
        await screen.pilot.press("end")
        assert screen.rows()[-1].endswith("line 1099")
        assert (screen.view.following, screen.view.unseen, screen.view.status) == (True, 0, FOLLOWING)


async def test_older_lines_that_are_indexed_later_do_not_move_the_page(path: Path) -> None:
    write_numbers(path, 0, 40_000)
    with LogReader(path) as reader:
        app = LogApp(reader)
        async with app.run_test(size=(60, 10)) as pilot:
            screen = Screen(app, pilot)
            screen.view.apply(reader.poll(budget_s=0.0))
            await pilot.pause()
            assert screen.rows()[-1].endswith("line 39999")
            assert reader.line_count < 40_000
            await pilot.press("pageup", "pageup")
            before = screen.rows()
            await screen.poll()
            assert reader.line_count == 40_000
            await pilot.press("up", "down")
            assert screen.rows() == before
            await pilot.press("home")
            assert screen.rows()[0].endswith("line 0")


async def test_clear_hides_everything_up_to_now_for_good(path: Path) -> None:
    write_numbers(path, 0, 50)
    async with opened(path) as screen:
        screen.view.action_clear()
        await screen.pilot.pause()
        assert screen.rows() == ["No lines yet."]
        write(path, "after")
        await screen.poll()
        assert [row.split()[-1] for row in screen.rows()] == ["after"]
        (message,) = screen.app.posted
        assert isinstance(message, LogView.Cleared)
    async with opened(path, message.cursor) as reopened:
        assert [row.split()[-1] for row in reopened.rows()] == ["after"]
    assert count_lines(path) == 51


async def test_clear_while_scrolled_up_follows_again(path: Path) -> None:
    write_numbers(path, 0, 50)
    async with opened(path) as screen:
        await screen.pilot.press("home")
        screen.view.clear()
        write_numbers(path, 50, 90)
        await screen.poll()
        assert screen.rows()[-1].endswith("line 89")
        assert screen.view.following


async def test_show_all_brings_the_old_lines_back(path: Path) -> None:
    write_numbers(path, 0, 50)
    async with opened(path) as screen:
        screen.view.clear()
        write_numbers(path, 50, 52)
        await screen.poll()
        screen.view.action_show_all()
        await screen.pilot.pause()
        assert [row.split()[-1] for row in screen.rows()] == [str(number) for number in range(42, 52)]
        message = screen.app.posted[-1]
        assert isinstance(message, LogView.AllShown)
        assert message.cursor == START


async def test_new_lines_lay_nothing_out(path: Path) -> None:
    """A layout sends the whole screen again, which a slow link does not bear ten times a second."""
    write_numbers(path, 0, 100)
    async with opened(path) as screen:
        layouts: list[object] = []
        screen.app.screen.screen_layout_refresh_signal.subscribe(screen.view, layouts.append)
        await screen.painted()
        layouts.clear()
        for key, last in (("end", 200), ("pageup", 300)):
            await screen.pilot.press(key)
            write_numbers(path, last - 100, last)
            await screen.poll()
            await screen.painted()
        assert screen.view.unseen == 100
        assert layouts == []


async def test_a_replaced_file_starts_over_and_says_so(path: Path) -> None:
    write_numbers(path, 0, 50)
    async with opened(path) as screen:
        await screen.pilot.press("home")
        replace(path, "fresh")
        await screen.poll()
        assert [row.split()[-1] for row in screen.rows()] == ["fresh"]
        assert [type(message) for message in screen.app.posted] == [LogView.Restarted]


async def test_hostile_lines_are_shown_and_do_nothing(path: Path) -> None:
    write(path, "[red]not markup[/red] [@click=app.exit]no link[/]", "\x1b[2J\x1b]0;title\x07", "\u202egnp.exe")
    write_raw(path, b"not json \x1b[31m \xff\n")
    async with opened(path) as screen:
        text = "\n".join(screen.rows())
        assert "[red]not markup[/red] [@click=app.exit]no link[/]" in text
        assert r"\x1b[2J\x1b]0;title\x07" in text
        assert r"\u202egnp.exe" in text
        assert r"not json \x1b[31m \xff" in text
        assert all(character.isprintable() for character in text.replace("\n", ""))


async def test_long_lines_can_be_scrolled_sideways(path: Path) -> None:
    write(path, "x" * 100 + " the end")
    async with opened(path) as screen:
        assert "the end" not in screen.rows()[0]
        await screen.pilot.press("ctrl+pagedown")
        assert screen.rows()[0].endswith("the end")


async def test_resizing_stays_at_the_end(path: Path) -> None:
    write_numbers(path, 0, 50)
    async with opened(path) as screen:
        for size in ((60, 5), (60, 20), (40, 8)):
            await screen.pilot.resize_terminal(*size)
            assert screen.rows()[-1].endswith("line 49")
            assert screen.view.following


async def test_growing_until_all_fits_follows_again(path: Path) -> None:
    write_numbers(path, 0, 15)
    async with opened(path) as screen:
        await screen.pilot.press("home")
        assert screen.view.status == NOT_FOLLOWING
        await screen.pilot.resize_terminal(60, 30)
        assert len(screen.rows()) == 15
        assert screen.view.status == FOLLOWING


async def test_a_log_that_cannot_be_cleared_says_so_and_the_app_lives(path: Path) -> None:
    write_numbers(path, 0, 15)
    async with opened(path) as screen:
        put_a_folder_in_place_of(path)
        screen.view.action_clear()
        await screen.pilot.pause()
        assert ["cannot be read" in toast.message for toast in screen.app._notifications] == [True]
        assert screen.app.posted == []


async def test_a_fast_run_is_followed_cleared_and_left_at_once(path: Path) -> None:
    """The whole chain: another process writes, the follower wakes, the view paints."""
    feed = RunFeed(path)
    follower = RunFollower(feed)
    app = LogApp(feed.log)
    arrived = asyncio.Event()

    def take(batch: Batch) -> None:
        app.view.apply(batch)
        arrived.set()

    async with app.run_test(size=(60, 10)) as pilot:
        screen = Screen(app, pilot)
        worker = app.run_worker(follower.run(take), group="log", exit_on_error=False, description="follow the log")
        writer = await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, str(path))
        while feed.log.stop < 200:
            arrived.clear()
            await arrived.wait()
        await pilot.press("pageup")
        app.view.clear()
        cleared = app.view.reader.cursor if app.view.reader else START
        await writer.wait()
        while feed.metrics.progress.step != 999:
            arrived.clear()
            await arrived.wait()
        await pilot.pause()
        assert screen.rows()[-1].endswith("step 999 loss 0.5")
        assert feed.log.line_count == count_lines(path) - count_lines_before(path, cleared.offset)
    with pytest.raises(WorkerCancelled):
        await worker.wait()
    feed.close()


async def test_another_log_is_shown_from_its_end(path: Path, tmp_path: Path) -> None:
    write_numbers(path, 0, 50)
    other = tmp_path / "other.jsonl"
    write(other, "the other run")
    async with opened(path) as screen:
        await screen.pilot.press("home")
        with LogReader(other) as reader:
            reader.poll()
            screen.view.show(reader)
            await screen.pilot.pause()
            assert [row.split()[-1] for row in screen.rows()] == ["run"]
            screen.view.show(None)
            await screen.pilot.pause()
            assert screen.rows() == ["No lines yet."]


async def test_what_stands_there_without_lines_can_change(path: Path) -> None:
    write(path)
    async with opened(path) as screen:
        screen.view.empty_text = "starting…"
        await screen.painted()
        assert screen.rows() == ["starting…"]
