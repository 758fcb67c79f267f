"""How long a page of Verify takes at a million images that a model has seen: reading one, committing one, undoing it.

    python benchmarks/verify.py [--images 1000000] [--keep FILE] [--tiles 24] [--times 100]

The database is made up: one model has seen every image, of twenty classes, and nine of ten images are labelled already,
those of which it is surest. Each commit is measured beside a bare write and fsync of as many bytes on the same disk;
the limit is 50 ms from the key to the acknowledgement.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from binscout_tui.clock import utc_now
from binscout_tui.labelling.verifying import Place, _take
from binscout_tui.store import labels, models, verifying
from binscout_tui.store.database import Database

LIMIT_MS = 50.0
CLASSES = 20
MODEL = "m-1"


def main() -> int:
    """Make the rows, measure, print; 1 when a commit misses the limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--tiles", type=int, default=24)
    parser.add_argument("--times", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        path = options.keep or Path(scratch) / "binscout.db"
        is_there = path.exists()
        db = Database(path)
        try:
            if not is_there:
                _fill(db, options.images)
            return _measure(db, path, options.tiles, options.times)
        finally:
            db.close()


def _fill(db: Database, images: int) -> None:
    chance = random.Random(1)
    now = utc_now()
    with db.in_bulk():
        db.write(_begin, now)
        for first in range(1, images + 1, 50_000):
            db.write(_images, range(first, min(first + 50_000, images + 1)), now, chance)
    print(f"{images:,} images made", file=sys.stderr)


def _begin(db, now: str) -> None:  # type: ignore[no-untyped-def]
    db.execute("INSERT INTO user VALUES (1, 'anna', 'admin', ?)", (now,))
    for number in range(CLASSES):
        labels.add_class(db, f"class {number}")
    models.add(db, 1, MODEL, run_id=None, task="classify", sha256="a" * 64, size=1, card={})


def _images(db, ids: range, now: str, chance: random.Random) -> None:  # type: ignore[no-untyped-def]
    scores = {image_id: chance.random() for image_id in ids}
    db.executemany(
        "INSERT INTO image (id, sha256, origin, storage, path, name, source, bytes, mtime_ns, width, height, format,"
        " mode, source_group, added_at, added_by)"
        " VALUES (?, ?, 'imported', 'copy', ?, ?, '', 1, 0, 640, 480, 'JPEG', 'RGB', 'g', ?, 1)",
        ((one, f"{one:064x}", f"{one}.jpg".encode(), f"{one}.jpg", now) for one in ids),
    )
    db.executemany(
        "INSERT INTO label VALUES (?, 'class', ?, 1, ?)",
        ((one, one % CLASSES + 1, now) for one in ids if scores[one] > 0.1),
    )
    db.executemany(
        "INSERT INTO prediction VALUES (?, ?, ?, ?, 0, NULL, ?)",
        ((one, MODEL, f"class {one % CLASSES}", scores[one], now) for one in ids),
    )


def _measure(db: Database, path: Path, tiles: int, times: int) -> int:
    log = path.with_name(f"{path.name}-wal")
    read, deep, commit, undo, bare = [], [], [], [], []
    for number in range(times):
        name = f"class {number % CLASSES}"
        read.append(_timed(lambda name=name: db.read(verifying.page, MODEL, name, limit=tiles)))
        middle = db.read(verifying.page, MODEL, name, limit=2000)[-1]
        deep.append(_timed(lambda name=name, at=middle: db.read(verifying.page, MODEL, name, beyond=at, limit=tiles)))
        said = db.read(verifying.page, MODEL, name, limit=tiles)
        take = (1, MODEL, Place(name=name), said[2:], said[:2])
        before = log.stat().st_size
        commit.append(_timed(lambda take=take: db.write(_take, *take)))
        grown = max(4096, log.stat().st_size - before)
        bare.append(_timed(lambda grown=grown: _bare(path.with_name("bare"), grown)))
        undo.append(_timed(lambda: db.write(verifying.undo, 1)))
    print(f"milliseconds, {times} pages of {tiles}; limit of a commit {LIMIT_MS:.0f} (p95)")
    for what, found in (
        ("first page", read),
        ("page 2,000 images on", deep),
        ("commit of a page", commit),
        ("bare write and fsync", bare),
        ("undo of a page", undo),
    ):
        print(f"{what:24} p50 {statistics.median(found):7.2f}  p95 {_p95(found):7.2f}")
    return 0 if _p95(commit) < LIMIT_MS else 1


def _bare(path: Path, size: int) -> None:
    with path.open("wb") as handle:
        handle.write(b"x" * size)
        handle.flush()
        os.fsync(handle.fileno())


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _p95(found: list[float]) -> float:
    return sorted(found)[int(len(found) * 0.95)]


if __name__ == "__main__":
    sys.exit(main())
