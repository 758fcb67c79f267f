"""A key that is held down: which images were on the screen, and when, beside what was decided on them."""

from __future__ import annotations

import hashlib
import re
import select
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from binscout_tui.imaging.previews import write_previews
from binscout_tui.store import images
from binscout_tui.store.images import NewImage
from binscout_tui.workspace import Workspace
from tests.seeing.kinds import Kind
from tests.seeing.looking import Box
from tests.seeing.screen import Screen
from tests.seeing.terminal import Terminal

FIELDS = (8, 4)
FIELD = 40
BITS = 16
QUESTION = re.compile(rb"\x1b\[2;(\d+)H\x1b\[6n")
LONGEST_QUESTION = b"\x1b[2;32H\x1b[6n"
CLOCK_S = 0.002
"""How exactly the journal says when something was decided."""


def coded(number: int) -> Image.Image:
    """A picture of `number` in black and white fields; the lower half is the negative of the upper one."""
    bits = np.array([number >> bit & 1 for bit in range(BITS)], dtype=np.uint8).reshape(2, FIELDS[0])
    fields = np.concatenate([bits, 1 - bits]) * 255
    return Image.fromarray(fields).resize((FIELDS[0] * FIELD, FIELDS[1] * FIELD), Image.Resampling.NEAREST)


def number_at(canvas: NDArray[np.uint8], box: Box) -> int | None:
    """The number of the picture at `box`, None where there is no whole one."""
    x, y, width, height = box
    across = (x + (np.arange(FIELDS[0]) + 0.5) * width / FIELDS[0]).astype(int)
    down = (y + (np.arange(FIELDS[1]) + 0.5) * height / FIELDS[1]).astype(int)
    fields = canvas[np.ix_(down, across)].mean(axis=2)
    if ((fields > 70) & (fields < 185)).any():
        return None
    bits = (fields > 127).reshape(2, BITS)
    if (bits[0] == bits[1]).any():
        return None
    return int((bits[0] << np.arange(BITS)).sum())


def add_coded(root: Path, count: int) -> dict[int, int]:
    """Enter images of the numbers from 1 to `count`; {id: number}."""
    with Workspace(root) as ws:
        new = [_new(number, ws.paths.previews) for number in range(1, count + 1)]
        return ws.db.write(
            lambda db: {images.add(db, ws.user.uid, item)[0]: number for number, item in enumerate(new, start=1)}
        )


def _new(number: int, previews: Path) -> NewImage:
    sha256 = hashlib.sha256(f"coded {number}".encode()).hexdigest()
    write_previews(coded(number).convert("RGB"), previews, sha256)
    return NewImage(
        sha256=sha256,
        storage="copy",
        path=Path("originals") / f"{sha256}.jpg",
        name=f"coded-{number:05d}.jpg",
        source="tests",
        bytes=1000,
        mtime_ns=0,
        width=FIELDS[0] * FIELD,
        height=FIELDS[1] * FIELD,
        format="JPEG",
        mode="RGB",
        source_group="tests",
    )


@dataclass(frozen=True)
class Frame:
    """What was to be seen from `moment` on: the number of the picture, and the words."""

    moment: float
    number: int | None
    text: str


class Recording(Terminal):
    """From `record` on it only notes what comes, and when; `frames` looks at it afterwards.

    So the moments are those at which the program had written something, however slow the emulator is.
    """

    def __init__(self, kind: Kind, columns: int, rows: int) -> None:
        super().__init__(kind, columns, rows)
        self._pieces: list[tuple[float, bytes]] | None = None
        self._asking = b""

    def record(self) -> None:
        """Begin."""
        with self._changed:
            self._pieces = []

    def _feed(self, data: bytes) -> None:
        with self._changed:
            if self._pieces is None:
                super()._feed(data)
                return
            self._pieces.append((time.time(), data))
            self._written += data
            self._asking += data
            for question in QUESTION.finditer(self._asking):
                self._type(b"\x1b[2;%bR" % question[1])
            # A question may come in two pieces.
            self._asking = QUESTION.sub(b"", self._asking)[-len(LONGEST_QUESTION) :]
            self._changed.notify_all()

    def press_now(self, key: str) -> float:
        """Press a key; the moment at which it was, between what came before and what comes after."""
        # On a busy machine the reader may not have got to what was written before the key.
        while select.select([self._master], [], [], 0)[0] and self._take():
            pass
        with self._taking, self._changed:
            moment = time.time()
            self.press(key)
            return moment

    def frames(self, box: Box) -> Iterator[Frame]:
        """Every whole frame, with what was to be seen at `box`."""
        with self._changed:
            pieces = self._pieces or []
            yield self._frame(self._screen, 0.0, box)
            for moment, data in pieces:
                self._screen.feed(data)
                if not self._screen.synchronizing:
                    yield self._frame(self._screen, moment, box)

    @staticmethod
    def _frame(screen: Screen, moment: float, box: Box) -> Frame:
        return Frame(moment, number_at(screen.canvas(), box), screen.text())


def hold(terminal: Recording, key: str, presses: int, hz: float) -> list[float]:
    """Press `key` again and again; the moments before each was written."""
    begun, moments = time.time(), []
    for number in range(presses):
        time.sleep(max(0.0, begun + number / hz - time.time()))
        moments.append(terminal.press_now(key))
    return moments


@dataclass(frozen=True)
class Decided:
    """A journal row: what was decided on, by its number, and when."""

    number: int
    moment: float


def decided(root: Path, area: str, numbers: dict[int, int]) -> list[Decided]:
    """What was decided, in order."""
    with Workspace(root) as ws:
        rows = ws.db.read(
            lambda db: db.execute("SELECT target, at FROM journal WHERE area = ? ORDER BY id", (area,)).fetchall()
        )
    return [Decided(numbers[target], datetime.fromisoformat(at).timestamp()) for target, at in rows]


class Seen(msgspec.Struct, frozen=True):
    """How many decisions there were on images that were on the screen before the key, and what was not taken.

    `unseen` are the numbers of images without such a key, `told` the frames that spoke of keys that came early.
    """

    decided: int
    refused: int
    unseen: list[int]
    told: int
    seconds: float

    @property
    def words(self) -> str:
        """The figures."""
        return f"{self.decided} decided, {self.decided / self.seconds:.1f} a second, {self.refused} early"


def judge(keys: Sequence[float], decisions: Sequence[Decided], frames: Sequence[Frame], words: str) -> Seen:
    """Give each decision, in order, a key that was pressed after its picture was there and before it was written.

    `words` are on the screen in frames that tell of keys that were not taken.
    """
    first_seen: dict[int, float] = {}
    for frame in frames:
        if frame.number is not None:
            first_seen.setdefault(frame.number, frame.moment)
    unseen, following = [], 0
    for one in decisions:
        shown = first_seen.get(one.number, float("inf"))
        while following < len(keys) and keys[following] < shown:
            following += 1
        if following < len(keys) and keys[following] <= one.moment + CLOCK_S:
            following += 1
        else:
            unseen.append(one.number)
    told = sum(words in frame.text for frame in frames)
    return Seen(len(decisions) - len(unseen), len(keys) - len(decisions), unseen, told, keys[-1] - keys[0])
