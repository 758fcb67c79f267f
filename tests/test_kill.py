"""The real app in a terminal is killed again and again in the middle of labelling; nothing acknowledged is lost.

A label is acknowledged when a person would take it as such: the screen shows the next image.
"""

from __future__ import annotations

import os
import pty
import random
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path

import pyte
import pytest

from binscout_tui import workspace
from binscout_tui.store import labels
from binscout_tui.workspace import Workspace

from .app.made_up import add_classes, add_images

RUNS = [
    pytest.param(300, 8, marks=pytest.mark.timeout(600)),
    pytest.param(2000, 200, marks=[pytest.mark.slow, pytest.mark.timeout(3600)]),
]
"""Images and kills."""
SIZE = (64, 16)
ALL_LABELS = "[label]\ngold_share = 0\nreshow_share = 0\n"
"""No image is shown again: every answer is a label."""
CLASSES = [f"class {number}" for number in range(1, 10)]
F5 = b"\x1b[15~"
STATUS = re.compile(r"^ (\d[\d,]*) left .*#(\d+) ")
PATIENCE_S = 60.0
LOOK_S = 0.08
STRIKE_S = 0.05
"""Within so long after a key a label is on its way to the disk."""
AGAIN_S = 4.0
"""Long enough that a busy machine has drawn what the first press did: else the second one is for another image."""


def truth(image_id: int) -> int:
    """The number of the class that this image is to have: neighbours differ, so that a slip by one is seen."""
    return image_id * 7 % 9 + 1


class Terminal:
    """A life of the app in a pseudo-terminal, and what its screen shows."""

    def __init__(self, root: Path) -> None:
        self.screen = pyte.Screen(*SIZE)
        self._stream = pyte.ByteStream(self.screen)
        self._master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "BINSCOUT_WORKSPACE": str(root)}
        for name in ("COLORTERM", "TMUX", "NO_COLOR"):
            environment.pop(name, None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "binscout_tui"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        # It answers questions, as terminals do; above all whether it has drawn what was written.
        self.screen.write_process_input = lambda data: self.press(data.encode())

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self._master, keys)

    def read(self, seconds: float) -> bool:
        """Take in what the app writes within `seconds`; False when it wrote nothing."""
        if not select.select([self._master], [], [], max(0.0, seconds))[0]:
            return False
        try:
            self._stream.feed(os.read(self._master, 65536))
        except OSError:
            return False
        return True

    def wait(self, done: Callable[[], bool], until: float) -> bool:
        """Read until `done()` or the moment `until`; whether it was done."""
        while not done():
            left = until - time.monotonic()
            if left <= 0:
                return False
            self.read(min(left, 0.5))
            assert self.process.poll() is None, "\n".join(self.screen.display)
        return True

    def status(self) -> tuple[int, int] | None:
        """(images left, image shown) on the label screen, None elsewhere."""
        found = STATUS.match(self.screen.display[1])
        return (int(found[1].replace(",", "")), int(found[2])) if found else None

    def is_done(self) -> bool:
        """Whether the screen says that there is nothing left."""
        return "Everything is labelled" in "".join(self.screen.display)

    def kill(self) -> None:
        """End it at once, without a chance to finish anything."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self._master)


@contextmanager
def life(root: Path) -> Iterator[Terminal]:
    """An app on its label screen; killed at the end."""
    terminal = Terminal(root)
    try:
        until = time.monotonic() + PATIENCE_S
        assert terminal.wait(lambda: "Home" in terminal.screen.display[0], until), "the app did not start"
        terminal.press(F5)
        assert terminal.wait(lambda: terminal.status() is not None or terminal.is_done(), until), (
            "the label screen did not open"
        )
        yield terminal
    finally:
        terminal.kill()


def label_until(terminal: Terminal, moment: float, acknowledged: dict[int, int]) -> None:
    """Label what the screen shows until `moment`; what the screen acknowledges is written down."""
    while time.monotonic() < moment:
        shown = terminal.status()
        if shown is None:
            return
        left, image_id = shown
        # No key counts for what was on the screen for a moment only.
        terminal.wait(lambda: False, min(time.monotonic() + LOOK_S, moment))
        terminal.press(str(truth(image_id)).encode())
        # A key that comes before the picture is there is refused and pressed again, as a person would.
        again = time.monotonic() + AGAIN_S

        def moved_on(left: int = left) -> bool:
            now = terminal.status()
            # A line that is only half there says nothing.
            return now[0] < left if now is not None else terminal.is_done()

        while not terminal.wait(moved_on, min(again, moment)):
            if time.monotonic() >= moment:
                return
            again = time.monotonic() + AGAIN_S
            terminal.press(str(truth(image_id)).encode())
        acknowledged[image_id] = truth(image_id)


def press_once_more(terminal: Terminal, wait_s: float) -> None:
    """Label what is shown, and go on for a moment without looking whether that was acknowledged."""
    shown = terminal.status()
    if shown is not None:
        terminal.wait(lambda: False, time.monotonic() + LOOK_S)
        if terminal.status() == shown:
            terminal.press(str(truth(shown[1])).encode())
            time.sleep(wait_s)


def stored(root: Path, images: int) -> dict[int, int]:
    """{image id: number of its class} as the database has it, which must be whole."""
    with Workspace(root) as ws:
        assert ws.db.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        found = {image: ws.db.read(labels.get, image) for image in range(1, images + 1)}
    return {image: CLASSES.index(label.name or "") + 1 for image, label in found.items() if label}


@pytest.mark.parametrize(("images", "kills"), RUNS)
def test_no_acknowledged_label_is_lost_and_none_is_on_a_wrong_image(tmp_path: Path, images: int, kills: int) -> None:
    root = tmp_path / "bins"
    workspace.create(root)
    (root / "settings.toml").write_text(ALL_LABELS)
    add_classes(root, CLASSES)
    assert add_images(root, images) == list(range(1, images + 1))
    chance = random.Random(20)
    acknowledged: dict[int, int] = {}
    unheard = 0
    for number in range(kills):
        with life(root) as terminal:
            label_until(terminal, time.monotonic() + chance.uniform(0.1, 1.2), acknowledged)
            if number % 2:
                press_once_more(terminal, chance.uniform(0, STRIKE_S))
        found = stored(root, images)
        assert acknowledged.items() <= found.items()
        assert found == {image: truth(image) for image in found}
        unheard += len(found) - len(acknowledged)
        acknowledged.update(found)
    print(f"{kills} kills, {len(acknowledged)} labels by then, {unheard} of them written but not yet on the screen")
    assert len(acknowledged) > kills, "too few labels were made for the kills to mean anything"
    with life(root) as terminal:
        label_until(terminal, time.monotonic() + images, acknowledged)
    assert stored(root, images) == {image: truth(image) for image in range(1, images + 1)}
