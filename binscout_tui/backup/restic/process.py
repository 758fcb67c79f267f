"""Running restic: what it says as it comes, stopping it with everything it started, and noticing that nothing moves.

restic starts an rclone of its own in another process group, and goes on trying for a quarter of an hour where a server
is gone. So a whole session is started, looked after, and ended.
"""

from __future__ import annotations

import ctypes
import os
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO

from binscout_tui.backup.faults import RemoteError

TICK_S = 0.2
STOP_S = 0.7
LOOK_S = 0.005
BLOCK = 1 << 18
LONGEST_LINE = 1 << 20
WORDS_KEPT = 100
LEAST_MOVED = 64 << 10
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)  # loaded before any fork: a child may not load it
# The kernel ends a child with the THREAD that started it; this one lives as long as the process.
_starter = ThreadPoolExecutor(1, thread_name_prefix="restic-starter")

Line = Callable[[bytes], None]
Tick = Callable[[], None]


class Running:
    """A process in a session of its own. `tick` is called some times a second; what it raises ends the session."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        cwd: Path | None = None,
        tick: Tick | None = None,
        stall_s: float = 60.0,
    ) -> None:
        """Start it. Raises RemoteError `no_program`."""
        try:
            self.child = _starter.submit(_spawned, command, environment, cwd).result()
        except OSError as error:
            raise RemoteError(f"restic could not be started: {error}.", code="no_program") from error
        self.words: deque[str] = deque(maxlen=WORDS_KEPT)
        self._tick, self._stall_s = tick, stall_s
        self._moved, self._moved_at, self._ticked = -LEAST_MOVED, time.monotonic(), 0.0
        self._half = b""
        self._selector = selectors.DefaultSelector()
        for stream, name in ((self.child.stdout, "out"), (self.child.stderr, "words")):
            assert stream is not None
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, selectors.EVENT_READ, name)

    def blocks(self) -> Iterator[bytes]:
        """What it writes, until it ends. Raises what `tick` raises, and RemoteError `hung` where nothing moves."""
        while self._selector.get_map():
            for key, _ in self._selector.select(TICK_S):
                stream: IO[bytes] = key.fileobj  # type: ignore[assignment]
                data = os.read(stream.fileno(), BLOCK)
                if not data:
                    self._selector.unregister(stream)
                elif key.data == "out":
                    yield data
                else:
                    self._hear(data)
            self._look()
        self.child.wait()

    def lines(self, line: Line) -> None:
        """Give each line that it writes to `line`, until it ends."""
        half = b""
        for block in self.blocks():
            *whole, half = (half + block).split(b"\n")
            for one in whole:
                line(one)
            if len(half) > LONGEST_LINE:
                raise RemoteError("restic wrote a line that has no end.")
        if half:
            line(half)

    def said(self) -> str:
        """What it said on its way, the last lines."""
        return "\n".join([*self.words, self._half.decode("utf-8", "replace")]).strip()

    def _hear(self, data: bytes) -> None:
        *whole, self._half = (self._half + data)[-LONGEST_LINE:].split(b"\n")
        self.words.extend(one.decode("utf-8", "replace")[:2000] for one in whole)

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._ticked < TICK_S:
            return
        self._ticked = now
        if self._tick is not None:
            self._tick()
        moved = sum(_moved_by(pid) for pid in session(self.child.pid))
        if abs(moved - self._moved) >= LEAST_MOVED:
            self._moved, self._moved_at = moved, now
        elif now - self._moved_at > self._stall_s:
            raise RemoteError(
                f"Nothing moved for {self._stall_s:.0f} s. {_last(self.said())}".strip(), hint="Try again.", code="hung"
            )

    def stop(self) -> None:
        """End it and all that it started; asked nicely first, so that it takes its lock away."""
        if self.child.poll() is None:
            with suppress(ProcessLookupError):
                self.child.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self.child.wait(STOP_S)
        until = time.monotonic() + STOP_S
        while (left := session(self.child.pid)) and time.monotonic() < until:
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.child.poll()
            time.sleep(LOOK_S)
        self.child.wait()
        self._selector.close()
        for stream in (self.child.stdout, self.child.stderr):
            if stream is not None:
                stream.close()


@contextmanager
def running(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    cwd: Path | None = None,
    tick: Tick | None = None,
    stall_s: float = 60.0,
) -> Iterator[Running]:
    """A process that has ended when the block does, with all that it started."""
    found = Running(command, environment, cwd=cwd, tick=tick, stall_s=stall_s)
    try:
        yield found
    finally:
        found.stop()


def session(leader: int) -> list[int]:
    """The living processes of the session that `leader` began, itself included."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == leader and fields[0] != "Z":
                    found.append(int(folder.name))
    return found


def _moved_by(pid: int) -> int:
    """Bytes that a process has read and written so far; work without any counts as a MiB for each second of it."""
    try:
        counts = dict(line.split(": ") for line in Path("/proc", str(pid), "io").read_text().splitlines())
        ticks = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return 0
    worked = (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")
    return int(counts.get("rchar", 0)) + int(counts.get("wchar", 0)) + int(worked * (1 << 20))


def _spawned(command: Sequence[str], environment: Mapping[str, str], cwd: Path | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environment),
        cwd=cwd or "/",
        start_new_session=True,
        preexec_fn=partial(_end_with, os.getpid()),
    )


def _last(words: str) -> str:
    lines = words.splitlines()
    return lines[-1][:300] if lines else ""


def _end_with(parent: int) -> None:
    """In the new child: be ended by the kernel when the parent is gone."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
