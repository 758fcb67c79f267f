"""How long it takes to freeze a dataset version, and to look at a large one.

    python benchmarks/datasets.py [--rows 100000] [--repeats 3] [--keep FOLDER]

Makes a workspace of rows (no pictures), arranges it, and freezes it: the whole transaction, from its begin to the end
of its commit, with the manifest written before. Beside it, in the same minute on the same disk, one transaction that
puts the same rows with executemany into a bare table with the same key: that is what SQLite and the disk need. Then
what looking at two such versions takes. Prints medians in milliseconds; a missed limit makes the exit code 1.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from binscout_tui import workspace as workspaces
from binscout_tui.operations import dataset_diff, dataset_health
from binscout_tui.operations.datasets import Arrangement, Wanted, arrange, freeze, gather, write_manifest
from binscout_tui.store import dataset_pages
from binscout_tui.store.connection import connect, transaction
from binscout_tui.store.dataset_pages import Wanted as Looked
from binscout_tui.workspace import Workspace

FREEZE_MS, PAGE_MS = 1000.0, 20.0
CLASSES, BURST = 40, 4
ALL_OF_IT = 1 << 40


def main() -> int:
    """Make, freeze, look."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="Make the workspace here and leave it.")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        root = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(dir="."))) / "workspace"
        workspaces.create(root)
        with Workspace(root) as workspace:
            return _run(workspace, options.rows, options.repeats)


def _run(workspace: Workspace, rows: int, repeats: int) -> int:
    workspace.db.write(_fill, rows)
    frozen, bare, arranged = [], [], []
    for repeat in range(repeats):
        workspace.db.write(_relabel, repeat)
        wanted = Wanted(name=f"v{repeat}", fill_known_good=False)
        begun = time.perf_counter()
        arrangement = arrange(workspace.db.read(gather, wanted.task), wanted)
        arranged.append(_since(begun))
        write_manifest(workspace.paths, arrangement)
        bare.append(_bare(workspace.paths.root / "bare.db", arrangement))
        frozen.append(_timed(lambda w=wanted, a=arrangement: _freeze(workspace, w, a)))
    ratio = statistics.median(frozen) / statistics.median(bare)
    print(f"{rows} rows: arranged {statistics.median(arranged):.0f} ms (outside the transaction)")
    print(f"frozen {_spread(frozen)} ms, limit {FREEZE_MS:.0f}; bare executemany {_spread(bare)} ms; ratio {ratio:.1f}")
    return int(statistics.median(frozen) > FREEZE_MS) | _look(workspace)


def _freeze(workspace: Workspace, wanted: Wanted, arrangement: Arrangement) -> None:
    workspace.db.write(freeze, workspace.paths, workspace.user.uid, wanted, arrangement)


def _bare(path: Path, arrangement: Arrangement) -> float:
    path.unlink(missing_ok=True)
    with contextlib.closing(connect(path)) as db:
        db.execute(
            "CREATE TABLE item (dataset_id TEXT, sha256 TEXT, label TEXT, split TEXT, source_group TEXT,"
            " PRIMARY KEY (dataset_id, sha256)) STRICT, WITHOUT ROWID"
        )
        items = sorted(arrangement.items, key=lambda item: item.sha256)
        lines = [(arrangement.version, item.sha256, item.label, item.split, item.source_group) for item in items]
        begun = time.perf_counter()
        with transaction(db):
            db.executemany("INSERT INTO item VALUES (?, ?, ?, ?, ?)", lines)
        return _since(begun)


def _look(workspace: Workspace) -> int:
    """What the screen reads: pages where a key waits, the rest beside the event loop."""
    db = workspace.db
    newest, older = (one.dataset.id for one in db.read(dataset_pages.versions)[:2])
    middle = db.read(dataset_pages.piece, newest, Looked(), 0, ALL_OF_IT)
    deep = middle[len(middle) // 2]
    asked = {
        "all": Looked(),
        "split val": Looked(split="val"),
        "class": Looked(label="class 7"),
        "class of val": Looked(split="val", label="class 7"),
        "filter": Looked(text="size>2000 -dup"),
        "class and filter": Looked(label="class 7", text="label:any"),
    }
    missed = 0
    for what, looked in asked.items():
        for place, beyond in (("first", 0), ("deep", deep)):
            took = sorted(
                _timed(lambda w=looked, b=beyond: db.read(dataset_pages.piece, newest, w, b, 60)) for _ in range(20)
            )
            missed += took[-2] > PAGE_MS
            print(f"page, {what}, {place}: p50 {took[10]:.2f} ms, p95 {took[-2]:.2f} ms; limit {PAGE_MS:.0f}")
    print(f"rows of a page: {_timed(lambda: db.read(dataset_pages.rows, newest, middle[:60])):.1f} ms")
    print(f"difference: {_timed(lambda: db.read(dataset_diff.compare, older, newest)):.0f} ms beside the loop")
    print(f"sizes: {_timed(lambda: db.read(dataset_pages.longer_sides, newest)):.0f} ms beside the loop")
    health = _timed(lambda: dataset_health.examine(db.read(dataset_health.gather, newest)))
    print(f"health: {health:.0f} ms beside the loop")
    return int(missed > 0)


def _timed(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return _since(begun)


def _since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.0f} ({min(values):.0f} to {max(values):.0f})"


def _fill(db: sqlite3.Connection, rows: int) -> None:
    rng = random.Random(5)
    db.executemany("INSERT INTO class (name) VALUES (?)", [(f"class {n}",) for n in range(1, CLASSES + 1)])
    db.executemany(
        "INSERT INTO image (id, sha256, origin, storage, path, name, source, bytes, mtime_ns, width, height, format,"
        " mode, source_group, phash, added_at, added_by) VALUES"
        " (?, ?, 'imported', 'copy', ?, ?, 'x', 9, 0, ?, 480, 'JPEG', 'RGB', ?, ?, '2026-11-01T00:00:00.000Z', ?)",
        (_image(rng, number) for number in range(1, rows + 1)),
    )
    db.executemany(
        "INSERT INTO label VALUES (?, 'class', ?, ?, '2026')",
        ((number, 1 + rng.randrange(CLASSES), _uid(db)) for number in range(1, rows + 1)),
    )


def _image(rng: random.Random, number: int) -> tuple[Any, ...]:
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    width = rng.choice((320, 640, 1920, 4000))
    phash = rng.getrandbits(64) - (1 << 63)
    return number, sha256, str(number).encode(), f"{number}.jpg", width, f"burst {number // BURST}", phash, 0


def _uid(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT min(uid) FROM user").fetchone()[0])


def _relabel(db: sqlite3.Connection, repeat: int) -> None:
    """A few labels change between versions."""
    db.execute("UPDATE label SET class_id = 1 + (class_id % ?) WHERE image_id % 997 = ?", (CLASSES, repeat))


if __name__ == "__main__":
    raise SystemExit(main())
