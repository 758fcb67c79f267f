"""A real xterm on a display of its own, typed to and photographed."""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.seeing.terminal import plain_environment

NEEDED = ("Xvfb", "xterm", "xdotool")
WIDTH, HEIGHT = 1680, 1080
LIMIT_S = 20.0
POLL_S = 0.05
_OPTIONS = ("-ti", "vt340", "-fa", "DejaVu Sans Mono", "-fs", "10")
"""A VT340 has sixel; all else is as people have it, so pictures of more than 1000 pixels are not shown."""


def missing() -> list[str]:
    """The programs that are needed and are not installed."""
    return [program for program in NEEDED if shutil.which(program) is None]


@dataclass(frozen=True)
class Display:
    """A virtual display; its pixels lie in a file that can be read at any time.

    What was on it when a wait failed is kept in `shots`.
    """

    name: str
    pixels: Path
    shots: Path

    def shot(self) -> NDArray[np.uint8]:
        """(h, w, 3) uint8 RGB: the whole display, read as the XWD file that Xvfb keeps."""
        data = self.pixels.read_bytes()
        header = struct.unpack(">25I", data[:100])
        width, height, line, colours = header[4], header[5], header[12], header[19]
        start = header[0] + colours * 12
        rows = np.frombuffer(data, dtype=np.uint8, count=height * line, offset=start).reshape(height, line)
        return rows[:, : width * 4].reshape(height, width, 4)[..., 2::-1].copy()


@dataclass(frozen=True)
class Window:
    """An xterm on a display."""

    display: Display
    process: subprocess.Popen[bytes]

    def wait_for(self, seen: Callable[[NDArray[np.uint8]], object], what: str, limit_s: float = LIMIT_S) -> None:
        """Look until `seen` says yes of a shot."""
        end = time.monotonic() + limit_s
        while not seen(shot := self.display.shot()):
            gone = self.process.poll() is not None
            if gone or time.monotonic() > end:
                kept = self.display.shots / f"{len(list(self.display.shots.iterdir()))}.png"
                Image.fromarray(shot).save(kept)
                raise AssertionError(f"{'it ended' if gone else f'{limit_s} s passed'} before {what}; see {kept}")
            time.sleep(POLL_S)

    def press(self, *keys: str) -> None:
        """Type keys by the names of X ("n", "Escape"); the pointer goes where it hides no picture."""
        command = ["xdotool", "mousemove", "60", "8", "key", *keys]
        subprocess.run(command, env=os.environ | {"DISPLAY": self.display.name}, check=True, timeout=LIMIT_S)


@contextlib.contextmanager
def display(shots: Path) -> Iterator[Display]:
    """Xvfb on a number that it chooses itself; shots of failures go to the folder `shots`."""
    with tempfile.TemporaryDirectory(prefix="binscout-display-") as folder:
        reading, writing = os.pipe()
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", folder]
        options = ["-nolisten", "tcp", "-noreset"]
        with (
            ended(subprocess.Popen([*command, *options], pass_fds=[writing], stderr=subprocess.DEVNULL)) as process,
            open(reading) as answer,
        ):
            os.close(writing)
            number = answer.readline().strip()
            assert number, f"Xvfb gave no display; it ended with {process.wait(LIMIT_S)}"
            yield Display(f":{number}", Path(folder) / "Xvfb_screen0", shots)


@contextlib.contextmanager
def xterm(on: Display, columns: int, rows: int, command: Sequence[object]) -> Iterator[Window]:
    """`command` in an xterm of that size in the upper left corner."""
    words = ["xterm", *_OPTIONS, "-geometry", f"{columns}x{rows}+0+0", "-e", *(str(word) for word in command)]
    settings = plain_environment() | {"DISPLAY": on.name}
    with ended(subprocess.Popen(words, env=settings, stderr=subprocess.DEVNULL)) as process:
        yield Window(on, process)


@contextlib.contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """End `process` and nothing else, kindly first."""
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
