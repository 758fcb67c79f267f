"""Following a file that another process writes, by either transport."""

from __future__ import annotations

import asyncio
import errno
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import watchfiles

from binscout_tui.errors import StorageError
from binscout_tui.eventlog.reader import Batch, LogReader
from binscout_tui.workers.run_follower import RunFollower, is_remote, merge

WRITER = """
import os, sys, time
descriptor = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
for number in range(int(sys.argv[2])):
    line = b"line %d\\n" % number
    cut = number % len(line)
    os.write(descriptor, line[:cut])
    os.write(descriptor, line[cut:])
    time.sleep(0.001)
"""


class Reader:
    """What a screen would do with batches: read the new lines."""

    def __init__(self, path: Path) -> None:
        self.log = LogReader(path)
        self.lines: list[bytes] = []
        self.batches: list[Batch] = []
        self.times: list[float] = []
        self._changed = asyncio.Event()

    def take(self, batch: Batch) -> None:
        self.times.append(asyncio.get_running_loop().time())
        self.batches.append(batch)
        self.lines += self.log.lines(batch.first, batch.first + batch.added)
        self._changed.set()

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not reached():
                self._changed.clear()
                await self._changed.wait()

    async def has(self, count: int) -> None:
        await self.until(lambda: len(self.lines) >= count)


@asynccontextmanager
async def following(path: Path, **options: Any) -> AsyncIterator[tuple[Reader, RunFollower]]:
    reader = Reader(path)
    follower = RunFollower(reader.log, poll_s=0.05, **options)
    task = asyncio.create_task(follower.run(reader.take))
    try:
        yield reader, follower
    finally:
        task.cancel()
        await asyncio.wait([task])
        reader.log.close()
    assert task.cancelled()


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as handle:
        handle.write(data)


def write_in_another_process(path: Path, count: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(count)])


def numbered(count: int) -> list[bytes]:
    return [b"line %d" % number for number in range(count)]


@pytest.mark.parametrize("polling", [False, True], ids=["watch", "poll"])
async def test_both_transports_give_the_same_lines_at_most_ten_times_a_second(tmp_path: Path, polling: bool) -> None:
    path = tmp_path / "events.jsonl"
    async with following(path, force_polling=polling) as (reader, follower):
        with write_in_another_process(path, 600):
            await reader.has(600)
        assert follower.transport == ("poll" if polling else "watch")
    assert reader.lines == numbered(600)
    assert len(reader.times) > 2
    assert all(later - earlier > 0.09 for earlier, later in zip(reader.times, reader.times[1:], strict=False))


async def test_changing_the_transport_in_mid_stream_neither_doubles_nor_drops(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    async with following(path) as (reader, follower):
        with write_in_another_process(path, 800):
            for count in range(50, 800, 50):
                await reader.has(count)
                follower.use_polling(follower.transport == "watch")
            await reader.has(800)
    assert reader.lines == numbered(800)


async def test_a_file_whose_folder_does_not_exist_yet_is_followed_once_it_does(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "7" / "events.jsonl"
    async with following(path) as (reader, follower):
        path.parent.mkdir(parents=True)
        append(path, b"one\n")
        await reader.has(1)
        for number in range(100):
            append(path, b"more\n")
            await reader.has(number + 2)
            if follower.transport == "watch":
                break
        assert follower.transport == "watch"


async def test_without_kernel_watches_it_looks_by_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_paths: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "OS file watch limit reached.")

    # The limit is the whole machine's: using it up for real would break other programs.
    monkeypatch.setattr(watchfiles.main, "RustNotify", exhausted)
    path = tmp_path / "events.jsonl"
    async with following(path) as (reader, follower):
        append(path, b"one\n")
        await reader.has(1)
        append(path, b"two\n")
        await reader.has(2)
        assert follower.transport == "poll"


async def test_paused_it_delivers_nothing_and_catches_up_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    async with following(path) as (reader, follower):
        append(path, b"one\n")
        await reader.has(1)
        follower.pause()
        append(path, b"two\n")
        async with following(path) as (other, _):
            await other.has(2)
        assert reader.lines == [b"one"]
        follower.resume()
        await reader.has(2)
    assert reader.lines == [b"one", b"two"]


def test_clearing_in_the_middle_of_a_catch_up_loses_no_later_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    append(path, b"old\n" * 50)
    with LogReader(path) as log:
        log.poll()
        append(path, b"old too\n")
        before = log.poll()
        log.clear()
        append(path, b"new\n")
        merged = merge(before, log.poll())
        assert log.lines(merged.first, merged.first + merged.added) == [b"new"]


async def test_a_long_log_is_indexed_without_a_flood_of_deliveries(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    append(path, b"a line of a log that is long\n" * 400_000)
    async with following(path) as (reader, _):
        await reader.until(lambda: reader.log.line_count == 400_000)
        assert len(reader.batches) <= 2 + (reader.times[-1] - reader.times[0]) / 0.1


async def test_a_log_that_cannot_be_read_ends_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").mkdir()
    reader = Reader(tmp_path / "events.jsonl")
    with pytest.raises(StorageError):
        await RunFollower(reader.log).run(reader.take)


@pytest.mark.parametrize("polling", [False, True], ids=["watch", "poll"])
def test_cancelling_leaves_nothing_running(tmp_path: Path, polling: bool) -> None:
    path = tmp_path / "events.jsonl"
    append(path, b"one\n")

    async def session() -> int:
        async with following(path, force_polling=polling) as (reader, _):
            await reader.has(1)
        return len(asyncio.all_tasks())

    before = threading.active_count(), _descriptors(), _native_threads()
    assert asyncio.run(session()) == 1
    # The thread of the notification library ends by itself a moment after it was told to.
    for _ in range(500):
        if (after := (threading.active_count(), _descriptors(), _native_threads())) <= before:
            break
        threading.Event().wait(0.01)
    assert after <= before


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _native_threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def test_remote_file_systems_are_recognised(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/sda1 / ext4 rw 0 0\n"
        "nas:/x /mnt/my\\040share nfs4 rw 0 0\n"
        "tmpfs /mnt/my\\040share/local tmpfs rw 0 0\n"
        "me@host: /home/me/far fuse.sshfs rw 0 0\n"
    )
    assert is_remote(Path("/mnt/my share/runs"), mounts)
    assert is_remote(Path("/home/me/far"), mounts)
    assert not is_remote(Path("/mnt/my share/local/runs"), mounts)
    assert not is_remote(Path("/home/me/farther"), mounts)
    assert not is_remote(Path("/"), tmp_path / "no such table")
