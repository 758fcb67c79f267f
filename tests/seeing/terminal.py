"""A program in a pseudo-terminal whose other end is a played terminal."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tests.seeing.kinds import Kind
from tests.seeing.screen import Screen

LIMIT_S = 20.0
KEYS = {
    "escape": b"\x1b", "enter": b"\r", "tab": b"\t", "backspace": b"\x7f", "space": b" ",
    "up": b"\x1b[A", "down": b"\x1b[B", "right": b"\x1b[C", "left": b"\x1b[D",
    "home": b"\x1b[H", "end": b"\x1b[F", "pageup": b"\x1b[5~", "pagedown": b"\x1b[6~",
    "ctrl+l": b"\x0c", "ctrl+z": b"\x1a", "ctrl+q": b"\x11",
}  # fmt: skip
_LEFT_OUT = ("BINSCOUT_", "SSH_", "TMUX", "TERM", "COLORTERM", "STY", "KITTY_", "COLUMNS", "LINES", "NO_COLOR")
_BEGIN = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"


def plain_environment() -> dict[str, str]:
    """What a plain login has: nothing that tells of the terminal in which the tests run."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
    return {**inherited, "LC_ALL": "C.UTF-8"}


class Terminal:
    """Plays a terminal of `kind` for one program at a time; ends the program on `close` or at the end of `with`.

    A thread takes in what the program writes as fast as it comes, or `bytes_a_second` of it, and answers `delay_s`
    seconds later.
    """

    def __init__(
        self,
        kind: Kind,
        columns: int = 80,
        rows: int = 24,
        cell: tuple[int, int] = (10, 20),
        *,
        delay_s: float = 0.0,
        unwrap_tmux: bool = False,
        bytes_a_second: float | None = None,
    ) -> None:
        self._rate = bytes_a_second
        self._screen = Screen(kind, columns, rows, cell, unwrap_tmux=unwrap_tmux)
        self._delay_s = delay_s
        self._changed = threading.Condition()
        self._taking = threading.Lock()
        self._written = bytearray()
        self._due: list[tuple[float, bytes]] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._master = -1
        self._failed: BaseException | None = None
        self._closing = False
        self._reading = False

    # Life.

    def start(self, command: Sequence[object], env: Mapping[str, str] | None = None) -> Self:
        """Run `command` in the terminal, with `env` beside what a plain login has."""
        self._master, slave = pty.openpty()
        self._set_size()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _BEGIN, *(str(word) for word in command)],
                stdin=slave,
                stdout=slave,
                stderr=slave,
                start_new_session=True,
                env=plain_environment() | {"TERM": "xterm-256color"} | dict(env or {}),
            )
        finally:
            os.close(slave)
        self._reader = threading.Thread(target=self._read, name="played terminal", daemon=True)
        self._reading = True
        self._reader.start()
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the program as a terminal whose window is closed, then for good; a second time does nothing."""
        self._closing = True
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
        if self._process is not None:
            self._process.wait()
        if self._reader is not None:
            self._reader.join()
            self._reader = None
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    @property
    def pid(self) -> int:
        """The process of the program."""
        assert self._process is not None
        return self._process.pid

    def wait_end(self, limit_s: float = LIMIT_S) -> int:
        """Wait until the program ends; its exit code."""
        assert self._process is not None
        return self._process.wait(limit_s)

    # What a person does.

    def press(self, *keys: bytes | str) -> None:
        """Type: bytes as they are, a name of `KEYS`, or a text."""
        for key in keys:
            self._type(key if isinstance(key, bytes) else KEYS.get(key, key.encode()))

    def focus(self) -> None:
        """The window gets the focus again; told where the program asked for it."""
        with self._changed:
            told = 1004 in self._screen.modes
        if told:
            self._type(b"\x1b[I")

    def resize(self, columns: int, rows: int, cell: tuple[int, int] | None = None) -> None:
        """Another size of the window, or of the font."""
        with self._changed:
            report = self._screen.resize(columns, rows, cell)
            self._set_size()
        if report:
            self._type(report)

    def _type(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._master, data) :]

    def _set_size(self) -> None:
        columns, rows, (width, height) = self._screen.columns, self._screen.rows, self._screen.cell
        size = struct.pack("HHHH", rows, columns, columns * width, rows * height)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    # What a person sees.

    def wait_for(self, seen: Callable[[Screen], object], limit_s: float = LIMIT_S, what: str = "") -> Screen:
        """Wait until `seen` says yes of a whole frame. Fails with the text on the screen after `limit_s` seconds."""
        end = time.monotonic() + limit_s
        with self._changed:
            while True:
                self._check()
                if not self._screen.synchronizing and seen(self._screen):
                    return self._screen
                left = end - time.monotonic()
                if left <= 0 or not self._reading:
                    raise AssertionError(f"not seen in {limit_s} s: {what}\n{self._story()}")
                self._changed.wait(min(left, 1.0))

    def wait_quiet(self, quiet_s: float = 0.6, limit_s: float = LIMIT_S) -> Screen:
        """Wait until nothing was written for `quiet_s` seconds, longer than a fine picture lets wait for itself."""
        end = time.monotonic() + limit_s
        with self._changed:
            while time.monotonic() < end:
                self._check()
                before = len(self._written)
                self._changed.wait(quiet_s)
                if len(self._written) == before and not self._screen.synchronizing:
                    return self._screen
        raise AssertionError(f"never quiet in {limit_s} s\n{self._story()}")

    def canvas(self) -> NDArray[np.uint8]:
        """The pixels that are to be seen now, RGB."""
        with self._changed:
            return self._screen.canvas()

    def text(self) -> str:
        """The lines that are to be read now."""
        with self._changed:
            return self._screen.text()

    @property
    def errors(self) -> list[str]:
        """What a real terminal would have drawn wrongly or refused."""
        with self._changed:
            return self._screen.errors

    def forget_errors(self) -> None:
        """What went wrong so far had to: only what comes now counts."""
        with self._changed:
            self._screen.forget_errors()

    @property
    def held_ids(self) -> set[int]:
        """The kitty pictures in the terminal's memory."""
        with self._changed:
            return self._screen.held_ids

    def mark(self) -> int:
        """A place in what was written, for `bytes_since`."""
        with self._changed:
            return len(self._written)

    def bytes_since(self, mark: int) -> bytes:
        """What the program wrote since then."""
        with self._changed:
            return bytes(self._written[mark:])

    def _check(self) -> None:
        if self._failed is not None:
            raise AssertionError("the played terminal broke") from self._failed

    def _story(self) -> str:
        ended = None if self._process is None else self._process.poll()
        state = "still runs" if ended is None else f"ended with {ended}"
        return f"the program {state}; errors {self._screen.errors}\n{self._screen.text()}"

    # The thread.

    def _read(self) -> None:
        try:
            while not self._closing:
                self._answer_due()
                if select.select([self._master], [], [], 0.02)[0] and not self._take():
                    break
        except BaseException as error:  # noqa: BLE001  the test that waits tells it
            with self._changed:
                self._failed = error
                self._changed.notify_all()
        with self._changed:
            self._reading = False
            self._changed.notify_all()

    def _take(self) -> bool:
        """Read and note what is there; False at the end."""
        with self._taking:
            if not select.select([self._master], [], [], 0)[0]:
                return True  # somebody else has taken it meanwhile
            data = self._drain() if self._rate is None else self._trickle(self._rate)
            self._feed(data)
            return bool(data)

    def _drain(self) -> bytes:
        """Everything that is there: a program that writes much must not wait for the emulator."""
        data = b""
        with contextlib.suppress(OSError):
            while len(data) < 1 << 22:
                piece = os.read(self._master, 1 << 16)
                data += piece
                if not piece or not select.select([self._master], [], [], 0)[0]:
                    break
        return data

    def _trickle(self, rate: float) -> bytes:
        """What comes through a slow link; it takes its time."""
        with contextlib.suppress(OSError):
            data = os.read(self._master, 4096)
            time.sleep(len(data) / rate)
            return data
        return b""

    def _feed(self, data: bytes) -> None:
        with self._changed:
            self._written += data
            answer = self._screen.feed(data)
            if answer:
                self._due.append((time.monotonic() + self._delay_s, answer))
            self._changed.notify_all()

    def _answer_due(self) -> None:
        while self._due and self._due[0][0] <= time.monotonic():
            with contextlib.suppress(OSError):
                self._type(self._due.pop(0)[1])
