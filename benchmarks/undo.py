"""A thousand decisions with keys, the app left and opened again between them, undone to the same bytes, and redone.

    python benchmarks/undo.py [--edits 1000] [--restarts 4] [--seed 7]

The real app without a terminal. Keys of classes, nothing, skip and trash in random order, also on images that were
decided on before; then `z` until nothing is left to undo, then `Z` until nothing is left to redo. What every format
exports is compared by its bytes: before with after the undo, and what was decided with after the redo. The exit code is
1 where a byte differs.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from label import build
from textual import events
from textual.pilot import Pilot

from binscout_tui.app import BinScoutApp
from binscout_tui.operations.label_exchange import Format, export
from binscout_tui.workspace import DATABASE, Workspace

FORMATS: tuple[Format, ...] = ("csv", "jsonl", "coco", "yolo")
KEYS = [*"123456789" * 3, *"000", "space", "space", "d"]
BACK = 0.2
"""So often an image that was decided on before gets another word."""
PATIENCE_S = 30.0
UNHEARD_S = 1.0
MOST_KEYS = 20
"""So often a key is pressed again that changed nothing within so long."""


def main() -> int:
    """Decide, undo, redo, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edits", type=int, default=1000)
    parser.add_argument("--restarts", type=int, default=4)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="binscout-undo-") as scratch:
        root = Path(scratch) / "bins"
        build(root, options.edits + 200)
        before = exported(root)
        took = []
        for _ in range(options.restarts):
            took += asyncio.run(decide(root, -(-options.edits // options.restarts), chance))
        tell(took, options.restarts, "decided")
        after = exported(root)
        tell(turn_all(root, "z", options.restarts), options.restarts, "undone")
        undone, left = exported(root), state(root)[0]
        tell(turn_all(root, "Z", options.restarts), options.restarts, "redone")
        redone = exported(root)
    good = before == undone and after == redone and before != after and left == 0
    for kind in FORMATS:
        same = "the same bytes" if before[kind] == undone[kind] else "OTHER BYTES"
        again = "the same bytes" if after[kind] == redone[kind] else "OTHER BYTES"
        print(f"{kind:6} after undo {same}, after redo {again}  {before[kind][:12]} {after[kind][:12]}")
    print(f"{left} rows left to undo; {'good' if good else 'NOT GOOD'}")
    return 0 if good else 1


def tell(took: list[float], restarts: int, what: str) -> None:
    """One line."""
    print(f"{len(took)} {what} in {restarts} lives of the app, {statistics.median(took) * 1000:.0f} ms each (median)")


def turn_all(root: Path, key: str, restarts: int) -> list[float]:
    """Undo with `z`, or redo with `Z`, all that can be, in several lives of the app; the seconds of each key."""
    took: list[float] = []
    rows = turnable(root, key)
    for place in range(1, restarts + 1):
        took += asyncio.run(turn(root, key, rows - rows * place // restarts))
    return took


def turnable(root: Path, key: str) -> int:
    """How many rows can be undone or redone; some decisions have two."""
    undoable, rows = state(root)
    return undoable if key == "z" else rows - undoable


async def decide(root: Path, number: int, chance: random.Random) -> list[float]:
    """So many decisions; the seconds of each."""
    app, took = BinScoutApp(root), []
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        for _ in range(number):
            if chance.random() < BACK:
                await pressed(pilot, "h")
            took.append(await turned(pilot, root, lambda: chance.choice(KEYS)))
    return took


async def turn(root: Path, key: str, until: int) -> list[float]:
    """Press `z` or `Z` until no more than so many rows are left; the seconds of each."""
    app, took = BinScoutApp(root), []
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        while turnable(root, key) > until:
            took.append(await turned(pilot, root, lambda: key))
    return took


async def turned(pilot: Pilot[Any], root: Path, key: Callable[[], str]) -> float:
    """Press keys until one has changed what can be undone; a key that says what was said already changes nothing."""
    begun, known = time.perf_counter(), state(root)
    for _ in range(MOST_KEYS):
        await pressed(pilot, key())
        until = time.perf_counter() + UNHEARD_S
        while time.perf_counter() < until:
            if state(root) != known:
                return time.perf_counter() - begun
            await pilot.pause(0.002)
    raise SystemExit(f"{MOST_KEYS} keys changed nothing; {known}")


async def opened(pilot: Pilot[Any]) -> None:
    """On the Label screen."""
    await pilot.pause()
    pilot.app.go_to("label")  # type: ignore[attr-defined]
    await ready(pilot)


async def pressed(pilot: Pilot[Any], key: str) -> None:
    """Press a key when it counts, and wait until the next one would."""
    await ready(pilot)
    pilot.app.post_message(events.Key(key, " " if key == "space" else key))
    await pilot.pause()
    await ready(pilot)


async def ready(pilot: Pilot[Any]) -> None:
    """Wait until what is to be decided on is on the screen, or nothing is."""
    async with asyncio.timeout(PATIENCE_S):
        while not getattr(pilot.app.screen, "takes_keys", False):
            await pilot.pause(0.002)


def state(root: Path) -> tuple[int, int]:
    """How many decisions can be undone and redone."""
    with closing(sqlite3.connect(f"file:{root / DATABASE}?mode=ro", uri=True)) as db:
        return tuple(db.execute("SELECT coalesce(sum(undone = 0), 0), count(*) FROM undo_entry").fetchone())


def exported(root: Path) -> dict[str, str]:
    """{format: the hash of all that an export in it writes}."""
    with Workspace(root) as workspace, tempfile.TemporaryDirectory() as folder:
        found = {}
        for kind in FORMATS:
            target = Path(folder) / kind
            export(workspace, target, kind, pictures="none")
            files = sorted([target] if target.is_file() else [one for one in target.rglob("*") if one.is_file()])
            whole = hashlib.sha256()
            for one in files:
                whole.update(bytes(one.relative_to(folder)) + b"\0" + one.read_bytes())
            found[kind] = whole.hexdigest()
        return found


if __name__ == "__main__":
    raise SystemExit(main())
