"""How long the next images take in each order of Label at a million images; p50 and p95 beside a limit of 20 ms.

    python benchmarks/label_queue.py [--images 1000000] [--keep FILE] [--times 40]

The rows are those of `benchmarks/filters.py`, with the labels taken off a part of the images: all but 200 are labelled
(`done`), or half of them are (`half`). Each order is asked for its first twelve images, and for those that follow an
image in its middle, as the label screen does: what was said of each image is read too. `undo` is taking back one of
100,000 decisions.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filters import _database

from binscout_tui.labelling import queue
from binscout_tui.labelling.orders import ORDERS
from binscout_tui.store import label_queue, labels, undoing
from binscout_tui.store.database import Database
from binscout_tui.store.label_queue import Order, Wanted

LIMIT_MS = 20.0
PAGE = 12
MODEL = "parts-1"
DECISIONS = 100_000
FILTER = "label:common conf<0.6"


def main() -> int:
    """Make the rows, measure, print a table; 1 when an order misses the limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--times", type=int, default=40)
    options = parser.parse_args()
    missed = 0
    with tempfile.TemporaryDirectory() as scratch:
        db = _database(options.keep or Path(scratch) / "binscout.db", options.images)
        db.write(_prepare)
        for state, share in (("done", 0.0), ("half", 0.5)):
            db.write(_take_off, share)
            print(f"{state}: {db.read(labels.counts)}; milliseconds, limit {LIMIT_MS:.0f} (p95)")
            missed += sum(_row(db, order, options.times) for order in ORDERS)
        missed += _say("undo", [_timed(lambda: db.write(undoing.undo, 1, ("label", "trash"))) for _ in range(40)], [])
        db.close()
    print(f"{missed} miss the limit")
    return 1 if missed else 0


def _prepare(db: Any) -> None:
    """Suspects, reviews, an order of unlike images, and a hundred thousand decisions that can be undone."""
    if db.execute("SELECT 1 FROM suspect LIMIT 1").fetchone():
        return
    db.execute(
        "INSERT INTO suspect SELECT image_id, class_id, 1 + class_id % 7, .1, .8, .15,"
        " row_number() OVER (ORDER BY image_id * 7919 % 1000003), 'rings-1', '' FROM label"
        " WHERE state = 'class' AND image_id % 4 = 0"
    )
    db.execute("INSERT INTO image_review SELECT id, 1, '' FROM image WHERE id % 1000 = 1")
    label_queue.keep_order(db, 1, list(range(3, 2_000, 7)))
    db.executemany(
        "INSERT INTO journal (at, uid, area, action, target, before, after)"
        " VALUES ('2026', 1, 'label', 'label', ?, '{}', '{\"class\":1,\"state\":\"class\"}')",
        ((number,) for number in range(1, DECISIONS + 1)),
    )
    db.execute("INSERT INTO undo_entry SELECT id, 1, area, 0, id FROM journal")


def _take_off(db: Any, share: float) -> None:
    if share:
        db.execute("DELETE FROM label WHERE image_id % 100 < ?", (int(share * 100),))


def _row(db: Database, order: Order, times: int) -> bool:
    wanted = Wanted(order=order, uid=1, model_id=MODEL, filter=FILTER)
    some = db.read(label_queue.page, wanted, limit=3_000)
    middle = some[len(some) // 2] if some else 0
    first = [_timed(lambda: db.read(queue.ahead, 0, wanted, PAGE)) for _ in range(times)]
    deep = [_timed(lambda: db.read(queue.ahead, middle, wanted, PAGE)) for _ in range(times)]
    return _say(f"{order} ({len(some)} or more)", first, deep)


def _say(what: str, first: list[float], deep: list[float]) -> bool:
    p95 = [sorted(took)[int(len(took) * 0.95)] for took in (first, deep) if took]
    beside = f"   further on p50 {statistics.median(deep):6.2f} p95 {p95[1]:6.2f}" if deep else ""
    missed = max(p95) > LIMIT_MS
    print(f"{what:32} p50 {statistics.median(first):6.2f} p95 {p95[0]:6.2f}{beside}{'   MISSED' if missed else ''}")
    return missed


def _timed(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    raise SystemExit(main())
