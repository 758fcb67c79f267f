"""What Home asks: what waits, what went wrong, what runs, and what was done today."""

from __future__ import annotations

import sqlite3

import msgspec

from binscout_tui.store import backup_jobs, captures, datasets, images, jobs, labels, models, places, runs, sets
from binscout_tui.store.jobs import Job
from binscout_tui.store.models import Gate, Model
from binscout_tui.store.runs import Run

RECENT_RUNS = 10
WEEK_DAYS = 7
# More decisions than eight days of work have; keeps the question cheap when the journal is years long.
_LOOK_BACK = 200_000


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions of one kind: since midnight, and a day in the mean of the week before."""

    today: int
    daily_mean: float


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a workspace at one moment.

    `last_place` is (area, moment); `unhealthy` counts in-place images by `missing` and `changed`;
    `gate` is the newest verdict on `newest_model`; `failed_backup` the newest job of backups, where it failed.
    """

    last_place: tuple[str, str] | None
    images: int
    unhealthy: dict[str, int]
    captures: dict[str, int]
    sets: dict[str, int]
    labels: dict[str, int]
    datasets: int
    known_good: int
    runs: list[Run]
    open_jobs: list[Job]
    failed_backup: Job | None
    active_model: Model | None
    newest_model: Model | None
    gate: Gate | None
    labelled: Done
    chosen: Done


def overview(db: sqlite3.Connection, uid: int, midnight: str, week_ago: str, *, task: str = "classify") -> Overview:
    """Everything Home shows to the user `uid`.

    `midnight` is when this person's day began and `week_ago` seven days before that, both as store text.
    """
    newest = next(iter(models.latest(db, task, limit=1)), None)
    return Overview(
        last_place=places.latest(db, uid),
        images=images.count(db),
        unhealthy=_unhealthy(db),
        captures=captures.counts(db),
        sets=sets.counts(db),
        labels=labels.counts(db),
        datasets=len(datasets.latest(db)),
        known_good=len(models.known_good(db, task)),
        runs=runs.latest(db, RECENT_RUNS),
        open_jobs=jobs.open_jobs(db),
        failed_backup=backup_jobs.failed(backup_jobs.latest(db, RECENT_RUNS)),
        active_model=models.active(db, task),
        newest_model=newest,
        gate=models.last_gate(db, newest.id) if newest else None,
        labelled=_done(db, uid, "label", midnight, week_ago),
        chosen=_done(db, uid, "set", midnight, week_ago),
    )


def _unhealthy(db: sqlite3.Connection) -> dict[str, int]:
    rows = db.execute(
        f"SELECT health, count(*) FROM image WHERE storage = 'in_place' AND health <> 'ok' AND {images.LIVE}"
        " GROUP BY health"
    )
    return {row[0]: row[1] for row in rows}


def _done(db: sqlite3.Connection, uid: int, area: str, midnight: str, week_ago: str) -> Done:
    """Decisions that stand: an undo takes one away, a redo brings it back; labels that came with files are not work."""
    today, week = db.execute(
        "SELECT coalesce(sum(worth) FILTER (WHERE at >= ?2), 0), coalesce(sum(worth) FILTER (WHERE at < ?2), 0)"
        " FROM (SELECT at, CASE action WHEN 'undo' THEN -1 ELSE 1 END AS worth FROM journal"
        " WHERE id > (SELECT coalesce(max(id), 0) - ?5 FROM journal) AND area = ?1 AND uid = ?4 AND at >= ?3"
        " AND action <> 'import')",
        (area, midnight, week_ago, uid, _LOOK_BACK),
    ).fetchone()
    return Done(today=max(0, today), daily_mean=max(0, week) / WEEK_DAYS)
