"""Key to last byte, bytes, start and memory of the real app, by protocol and view, beside the limits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from binscout_tui.bench.area import Area
from binscout_tui.bench.figures import KeyFigures, MemoryFigures, percentile
from binscout_tui.bench.running import Answer, RunningApp, command_for, running
from binscout_tui.store import places
from binscout_tui.terminal.graphics import Protocol
from binscout_tui.workspace import Workspace

QUIET_S = 0.1
PARTS = 10
AREA = "gallery"
# So many keys in a row without a picture: there is nothing more.
AT_THE_END = 3
HELD_HZ = 30


@dataclass(frozen=True)
class View:
    """A way the app is opened, and the key that goes on."""

    name: str
    words: tuple[str, ...]
    key: bytes


VIEWS = (View("full", ("open", "gallery", "--full"), b"n"), View("grid", ("open", "gallery"), b"n"))


def measure_keys(
    workspace: Path, protocol: Protocol, view: View, area: Area, *, presses: int, rate: float
) -> KeyFigures:
    """Open `view` and press its key `presses` times, `rate` times a second. Raises AppError."""
    go_to_the_beginning(workspace)
    begun = time.perf_counter()
    with running(command_for(workspace, view.words), protocol, area) as app:
        start_s = app.first_picture(begun)
        app.settle()
        found, slowed = [], []
        for answer in _pressed(app, view.key, presses, rate):
            found.append(answer)
            slowed.append(slowdown())
    shown = [answer for answer in found if answer.is_picture]
    last = [answer.last_ms for answer in shown]
    return KeyFigures(
        protocol=protocol,
        view=view.name,
        presses=presses,
        without_picture=presses - len(shown),
        start_s=start_s,
        first_byte_ms=percentile([answer.first_ms for answer in shown], 0.5),
        median_ms=percentile(last, 0.5),
        p95_ms=percentile(last, 0.95),
        bytes=int(percentile([answer.bytes for answer in shown], 0.5)),
        most_bytes=max((answer.bytes for answer in shown), default=0),
        later_bytes=int(percentile([answer.later_bytes for answer in shown], 0.5)),
        slowdown=percentile(slowed, 0.95),
    )


def slowdown(work_s: float = 0.005) -> float:
    """How many times longer than alone a little work takes now, because others use the processors: 1 is not at all."""
    begun, worked = time.perf_counter(), time.thread_time()
    while (done := time.thread_time() - worked) < work_s:
        continue
    return (time.perf_counter() - begun) / done


def _pressed(app: RunningApp, key: bytes, presses: int, rate: float) -> Iterator[Answer]:
    following = time.perf_counter()
    for _ in range(presses):
        following = max(following, time.perf_counter()) + 1 / rate
        yield app.press(key, following, QUIET_S)


def measure_memory(workspace: Path, protocol: Protocol, view: View, area: Area, presses: int) -> MemoryFigures:
    """Press the key of `view` `presses` times, each when a picture came, and read the memory.

    Ends earlier where nothing more comes, as after the last image. Raises AppError.
    """
    go_to_the_beginning(workspace)
    begun = time.perf_counter()
    shown: list[bool] = []
    memory: list[float] = []
    with running(command_for(workspace, view.words), protocol, area) as app:
        app.first_picture(begun)
        app.settle()
        while len(shown) < presses and (len(shown) < AT_THE_END or any(shown[-AT_THE_END:])):
            shown.append(app.press_quickly(view.key, 1 / HELD_HZ))
            memory.append(app.resident_mb())
    while 0 < len(shown) < presses and not shown[-1]:
        shown.pop()
    return MemoryFigures(
        protocol=protocol,
        view=view.name,
        asked=presses,
        presses=len(shown),
        without_picture=shown.count(False),
        mb=[memory[(len(shown) * part + PARTS - 1) // PARTS - 1] for part in range(1, PARTS + 1)] if shown else [],
        seconds=time.perf_counter() - begun,
    )


def go_to_the_beginning(workspace: Path) -> None:
    """Let the gallery open at its newest image with tiles of the usual size."""
    with Workspace(workspace) as opened:
        opened.db.write(places.keep, opened.user.uid, AREA, {"order": "newest", "size": "M"})


@contextmanager
def place_kept(workspace: Path) -> Iterator[None]:
    """The person is where they were, whatever is opened meanwhile."""
    with Workspace(workspace) as opened:
        before = opened.db.read(places.get, opened.user.uid, AREA)
    try:
        yield
    finally:
        with Workspace(workspace) as opened:
            opened.db.write(places.keep, opened.user.uid, AREA, before)
