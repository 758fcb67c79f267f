"""Waking up the reader of a growing file: by file notifications, or by the clock where those do not work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Literal, Protocol

import watchfiles

from binscout_tui.eventlog.reader import Batch

log = logging.getLogger(__name__)

Transport = Literal["watch", "poll"]
Deliver = Callable[[Batch], None]

WATCH_STEP_MS = 50
HEARTBEAT_MS = 1000
"""A lost or late notification delays a line by at most this long."""

REST_S = 0.004
"""Pause between two slices of a long catch-up, so that keys are handled in between."""

_REMOTE_TYPES = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "gluster", "lustre", "fuse.", "virtiofs", "vboxsf")


class Source(Protocol):
    """What can be followed: `LogReader`, `MetricsReader`, `RunFeed`."""

    path: Path

    def poll(self) -> Batch:
        """Take in what is new; raises StorageError."""


class RunFollower:
    """Polls `source` whenever its file changes and hands on what was found, at most every `interval_s` seconds.

    It prefers notifications and falls back to looking every `poll_s` seconds: while the folder does not
    exist, on file systems that do not report what other machines write, when the kernel's watches are used
    up, or when told to. What is new is decided by the source, so changing over neither doubles nor drops.
    """

    def __init__(
        self, source: Source, *, force_polling: bool = False, interval_s: float = 0.1, poll_s: float = 0.5
    ) -> None:
        self.source = source
        self.transport: Transport = "poll"
        self._force_polling = force_polling
        self._watch_failed = False
        self._interval_s = interval_s
        self._poll_s = poll_s
        self._delivered_at = float("-inf")
        self._interrupt = asyncio.Event()
        self._active = asyncio.Event()
        self._active.set()

    async def run(self, deliver: Deliver) -> None:
        """Follow until cancelled; nothing is left running then. Raises StorageError, and what `deliver` raises."""
        while True:
            await self._active.wait()
            self._interrupt.clear()
            await self._drain(deliver)
            try:
                async with aclosing(self._wakeups()) as wakeups:
                    async for _ in wakeups:
                        await self._drain(deliver)
            except _WatchFailed as failure:
                self._watch_failed = True
                log.warning("looking at %s by the clock: %s", self.source.path, failure)

    def pause(self) -> None:
        """Look no more until `resume()`, for a screen that is not shown."""
        self._active.clear()
        self._interrupt.set()

    def resume(self) -> None:
        """Catch up and go on."""
        self._active.set()

    def use_polling(self, polling: bool) -> None:
        """Change over to the clock, or back to notifications."""
        self._force_polling = polling
        self._watch_failed = False
        self._interrupt.set()

    def nudge(self) -> None:
        """Look now, without waiting for a change."""
        self._interrupt.set()

    def _wakeups(self) -> AsyncGenerator[None, None]:
        folder = self.source.path.parent
        by_clock = self._force_polling or self._watch_failed or not folder.is_dir() or is_remote(folder)
        self.transport = "poll" if by_clock else "watch"
        return self._ticks() if by_clock else self._notifications(folder)

    async def _ticks(self) -> AsyncGenerator[None, None]:
        """Wake at every tick, and come back to the choice of transport when the folder appears."""
        folder = self.source.path.parent
        had_folder = folder.is_dir()
        while not self._interrupt.is_set() and folder.is_dir() == had_folder:
            await _wait(self._interrupt, self._poll_s)
            yield

    async def _notifications(self, folder: Path) -> AsyncGenerator[None, None]:
        name = self.source.path.name
        changes = watchfiles.awatch(
            folder,
            watch_filter=lambda _change, path: Path(path).name == name,
            debounce=max(WATCH_STEP_MS, round(self._interval_s * 1000)),
            step=WATCH_STEP_MS,
            stop_event=self._interrupt,
            rust_timeout=HEARTBEAT_MS,
            yield_on_timeout=True,
            recursive=False,
        )
        async with aclosing(changes):
            while True:
                try:
                    await anext(changes)
                except StopAsyncIteration:
                    return
                except (OSError, RuntimeError) as error:
                    raise _WatchFailed(str(error)) from error
                yield

    async def _drain(self, deliver: Deliver) -> None:
        """Poll until nothing is left, in slices, handing on what has come together each interval."""
        found: Batch | None = None
        while self._active.is_set():
            batch = self.source.poll()
            found = batch if found is None else merge(found, batch)
            wait_s = self._delivered_at + self._interval_s - monotonic()
            if found.changed and wait_s <= 0:
                self._delivered_at = monotonic()
                deliver(found)
                found = None
            if batch.more:
                await asyncio.sleep(REST_S)
            elif found is not None and found.changed:
                await asyncio.sleep(wait_s)
            else:
                return
        if found is not None and found.changed:
            deliver(found)


class _WatchFailed(Exception):  # noqa: N818 - never leaves this module
    """The kernel or the file system gives no notifications."""


def merge(earlier: Batch, later: Batch) -> Batch:
    """Two batches in a row as one; after a clear or a reset only the lines of the later one count."""
    if later.generation != earlier.generation:
        return replace(later, reset=earlier.reset or later.reset, changed=True)
    return replace(
        later,
        first=earlier.first if earlier.added else later.first,
        added=earlier.added + later.added,
        reset=earlier.reset,
        changed=earlier.changed or later.changed,
    )


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def is_remote(folder: Path, mounts: Path = Path("/proc/self/mounts")) -> bool:
    """Whether `folder` lies on a file system that does not report what other machines write to it."""
    try:
        table = mounts.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return False
    real = folder.resolve()
    best, remote = -1, False
    for row in table.splitlines():
        fields = row.split(" ")
        if len(fields) < 3:
            continue
        point = Path(fields[1].encode("utf-8", "surrogateescape").decode("unicode_escape"))
        if len(point.parts) >= best and real.is_relative_to(point):
            best, remote = len(point.parts), fields[2].startswith(_REMOTE_TYPES)
    return remote
