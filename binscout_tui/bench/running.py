"""The real app in a pseudo-terminal that plays the terminal: keys in, bytes and their times out."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from binscout_tui.bench.area import Area
from binscout_tui.bench.played import CHUNK, answers, open_raw
from binscout_tui.bench.traffic import has_picture
from binscout_tui.errors import BinScoutError
from binscout_tui.terminal.graphics import Protocol

PATIENCE_S = 30.0
SETTLED_S = 1.0
ENDING_S = 3.0
LAST_WORDS = 300
NO_ANSWER_S = 2.0


class AppError(BinScoutError):
    """The app did not do in its terminal what was asked."""

    code = "bench_app"


@dataclass(frozen=True)
class Answer:
    """What followed a key: milliseconds to the first and last byte of the answer, and its bytes.

    `later_bytes` came after the answer was over, for instance a finer picture after a rest. An answer without a
    picture has `is_picture` False.
    """

    first_ms: float
    last_ms: float
    bytes: int
    later_bytes: int
    is_picture: bool


def command_for(workspace: Path, words: Sequence[str]) -> list[str]:
    """How the app is started on `workspace`."""
    return [sys.executable, "-m", "binscout_tui", "--workspace", str(workspace), *words]


class RunningApp:
    """The app and its terminal. Use `running`."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int, protocol: Protocol, area: Area) -> None:
        self.process = process
        self.protocol = protocol
        self._terminal = terminal
        self._area = area
        self._unanswered = b""
        self._said_last = b""

    def read(self, until: float) -> bytes:
        """What comes next, or nothing when `until` (as `time.perf_counter`) has come. Raises AppError at the end."""
        left = until - time.perf_counter()
        if left <= 0 or not select.select([self._terminal], [], [], left)[0]:
            return b""
        try:
            data = os.read(self._terminal, CHUNK)
        except OSError:
            data = b""
        if not data:
            raise AppError(f"The app ended with {self.process.wait()}.", hint=self._last_words())
        self._said_last = (self._said_last + data)[-LAST_WORDS:]
        self._answer(data)
        return data

    def _answer(self, data: bytes) -> None:
        # A query may come in two pieces; what was looked at is cut so that nothing is answered twice.
        seen = self._unanswered + data
        said = answers(seen, self.protocol, self._area)
        self._unanswered = b"" if said else seen[-64:]
        if said:
            os.write(self._terminal, said)

    def _last_words(self) -> str:
        text = self._said_last.decode("utf-8", "replace")
        text = " ".join("".join(character if character.isprintable() else " " for character in text).split())
        return f"The last it wrote: {text}" if text else "It wrote nothing."

    def first_picture(self, begun: float, quiet_s: float = 0.25) -> float:
        """Seconds from `begun` to the last byte of the first frame with a picture. Raises AppError."""
        seen, last = b"", begun
        while data := self.read(begun + PATIENCE_S):
            seen, last = seen + data, time.perf_counter()
            if has_picture(seen, self.protocol):
                break
        if not has_picture(seen, self.protocol):
            raise AppError(f"No {self.protocol} picture came within {PATIENCE_S:.0f} s.", hint=self._last_words())
        while last < begun + PATIENCE_S and self.read(last + quiet_s):
            last = time.perf_counter()
        return last - begun

    def settle(self, quiet_s: float = SETTLED_S) -> None:
        """Wait until nothing came for `quiet_s`, at most for a while."""
        end = time.perf_counter() + PATIENCE_S
        while time.perf_counter() < end and self.read(min(end, time.perf_counter() + quiet_s)):
            continue

    def press(self, key: bytes, until: float, quiet_s: float) -> Answer:
        """Press `key` and follow the answer until `until` (as `time.perf_counter`), longer while no picture came.

        The answer is over when it has shown a picture and `quiet_s` went by without a byte.
        """
        begun = time.perf_counter()
        os.write(self._terminal, key)
        first = last = begun
        answer, later, is_picture, is_over = b"", 0, False, False
        while data := self.read(until if is_picture else max(until, begun + NO_ANSWER_S)):
            now = time.perf_counter()
            is_over = is_over or (is_picture and now - last > quiet_s)
            if is_over:
                later += len(data)
                continue
            first = now if not answer else first
            answer, last = answer + data, now
            is_picture = is_picture or has_picture(answer, self.protocol)
        return Answer((first - begun) * 1000, (last - begun) * 1000, len(answer), later, is_picture)

    def press_quickly(self, key: bytes, at_least_s: float) -> bool:
        """Press `key` and go on when a picture came, but not before `at_least_s`; False when none came."""
        begun = time.perf_counter()
        os.write(self._terminal, key)
        seen, is_picture = b"", False
        while data := self.read(begun + (at_least_s if is_picture else NO_ANSWER_S)):
            seen += data
            is_picture = is_picture or has_picture(seen, self.protocol)
        return is_picture

    def resident_mb(self) -> float:
        """Megabytes of memory that the app's process has in use now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024 / 1e6


@contextmanager
def running(command: Sequence[str], protocol: Protocol, area: Area) -> Iterator[RunningApp]:
    """The app started by `command` in a terminal of that kind and size; it is ended afterwards."""
    master, slave = open_raw(area)
    try:
        process = subprocess.Popen(
            list(command), stdin=slave, stdout=slave, stderr=slave, env=environment(), start_new_session=True
        )
    finally:
        os.close(slave)  # with the app's the last one, so that its end is seen
    app = RunningApp(process, master, protocol, area)
    try:
        yield app
    finally:
        _end(app)
        os.close(master)


def environment() -> dict[str, str]:
    """This process's environment without what says which terminal it is in."""
    foreign = ("TMUX", "STY", "TERM", "COLORTERM", "SSH_", "BINSCOUT_GRAPHICS", "KITTY_", "LINES", "COLUMNS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


def _end(app: RunningApp) -> None:
    """Ask it to end and go on reading, because it writes while it ends; kill it when it does not."""
    if app.process.poll() is None:
        app.process.send_signal(signal.SIGTERM)
        end = time.perf_counter() + ENDING_S
        with suppress(AppError):
            while app.process.poll() is None and time.perf_counter() < end:
                app.read(time.perf_counter() + 0.05)
    app.process.kill()
    app.process.wait()
