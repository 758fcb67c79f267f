"""Making the vectors of the active classifier, of those images alone that have none."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from binscout_tui.errors import BinScoutError, ConflictError
from binscout_tui.imaging.previews import PREVIEW, preview_path
from binscout_tui.imaging.similar import vectors
from binscout_tui.imaging.similar.vectors import Appender, VectorFile, mark_of
from binscout_tui.operations.similar.catalogue import file_of, must_be_active, read_catalogue, way_of
from binscout_tui.store import jobs, similar
from binscout_tui.store.similar import ToDescribe
from binscout_tui.workspace import Paths, Workspace

JOB = "vectors"
CHUNK = 64
PART = 512
"""Images that are described between two looks at the store and two waits for the disk."""
THREADS = 2
OTHERS_KEPT = 1
"""Models beside the active one whose vectors stay: whoever rolls back has them at once."""
Stop = Callable[[int, int], bool]
Pixels = NDArray[np.uint8]
Describe = Callable[[Pixels], vectors.Vectors]


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """Somebody asked to stop; what was made is kept."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """`images` count, `made` have a vector now that had none, `had` had one.

    `waiting` are not decoded yet, and `unreadable` are the ids of those that cannot be looked at.
    """

    model: str
    images: int
    had: int
    made: int
    waiting: int
    unreadable: list[int]


def enqueue(db: sqlite3.Connection, uid: int) -> int:
    """Queue the making and return its job's id (a store function).

    Raises NotFoundError without an active classifier, ConflictError while another job makes them.
    """
    for job in jobs.open_jobs(db):
        if job.kind == JOB:
            raise ConflictError(
                f"Job {job.id} is making vectors already.", hint=f"`binscout jobs show {job.id}`", code="making"
            )
    must_be_active(db)
    return jobs.add(db, uid, JOB, {})


def make(workspace: Workspace, stop: Stop) -> Made:
    """Make what is missing. `stop` is called with (done, all that are to be made); True ends it with Stopped.

    Raises NotFoundError without an active classifier, BinScoutError for a model that cannot be loaded, OSError.
    """
    from binscout_tui.learning.embedding import embedding_kind

    model = workspace.db.read(must_be_active)
    missing, had = _missing(workspace, file_of(workspace.paths, model))
    if stop(0, len(missing)):
        raise Stopped
    made, waiting = 0, 0
    unreadable: list[int] = []
    if missing:
        kind = embedding_kind(workspace.paths.model(model.id), way_of(model))
        folder = workspace.paths.vectors / way_of(model)
        with _appending(folder, kind.width) as appender:
            work = _Work(workspace, appender, kind.side, kind.describe)
            for start in range(0, len(missing), PART):
                work.describe(missing[start : start + PART], partial(_told, stop, start, len(missing)))
            made, waiting, unreadable = work.made, work.waiting, work.unreadable
    vectors.drop_others(workspace.paths.vectors, way_of(model), OTHERS_KEPT)
    images = had + made + waiting + len(unreadable)
    return Made(model=model.id, images=images, had=had, made=made, waiting=waiting, unreadable=unreadable)


def _told(stop: Stop, before: int, total: int, done: int) -> bool:
    return stop(before + done, total)


def _missing(workspace: Workspace, file: VectorFile | None) -> tuple[list[int], int]:
    """(The images that have no vector, how many have one)."""
    catalogue = read_catalogue(workspace.db)
    if file is None:
        return catalogue.ids.tolist(), 0
    there = file.rows_of(catalogue.ids, catalogue.marks) >= 0
    return catalogue.ids[~there].tolist(), int(there.sum())


@contextmanager
def _appending(folder: Path, width: int) -> Iterator[Appender]:
    """The end of the files, or one sentence that says who writes there."""
    try:
        with vectors.appending(folder, width) as appender:
            yield appender
    except BlockingIOError as error:
        raise ConflictError(
            "Another process makes these vectors.", hint="`binscout jobs list` shows it.", code="making"
        ) from error


class _Work:
    """Pictures to vectors to the end of the file; `made`, `waiting` and `unreadable` are those of `Made`."""

    def __init__(self, workspace: Workspace, appender: Appender, side: int, describe: Describe) -> None:
        self._db = workspace.db
        self._paths = workspace.paths
        self._appender = appender
        self._side = side
        self._describe = describe
        self.made = 0
        self.waiting = 0
        self.unreadable: list[int] = []

    def describe(self, ids: Sequence[int], stop: Callable[[int], bool]) -> None:
        """Describe those of these images that still count; `stop` is told how many were looked at after each chunk.

        Raises Stopped when it says so; what was described by then is kept.
        """
        rows = self._db.read(similar.to_describe, ids)
        gone = len(ids) - len(rows)
        found: list[tuple[ToDescribe, vectors.Vectors]] = []
        is_over = False
        with ThreadPoolExecutor(THREADS) as pool:
            for begin in range(0, len(rows), CHUNK):
                found += self._seen(pool, rows[begin : begin + CHUNK])
                if is_over := stop(min(begin + CHUNK, len(rows)) + gone):
                    break
        if found:
            marks = np.array([mark_of(row.sha256) for row, _ in found], np.int64)
            ids_found = np.array([row.id for row, _ in found], np.int64)
            self._appender.append(ids_found, marks, np.stack([vector for _, vector in found]))
            self.made += len(found)
        if is_over:
            raise Stopped

    def _seen(self, pool: ThreadPoolExecutor, rows: Sequence[ToDescribe]) -> list[tuple[ToDescribe, vectors.Vectors]]:
        """The vectors of those of these images that can be looked at."""
        ready = [row for row in rows if row.examined]
        squares = pool.map(lambda row: square_of(self._paths, row, self._side) if row.there else None, ready)
        good = [(row, square) for row, square in zip(ready, squares, strict=True) if square is not None]
        made = self._describe(np.stack([square for _, square in good])) if good else ()
        # Numbers that are none are those of a picture that cannot be compared; kept, they would end every search.
        found = [(row, vector) for (row, _), vector in zip(good, made, strict=True) if np.isfinite(vector).all()]
        self.waiting += len(rows) - len(ready)
        self.unreadable += sorted({row.id for row in ready} - {row.id for row, _ in found})
        return found


def square_of(paths: Paths, row: ToDescribe, side: int) -> Pixels | None:
    """(side, side, 3) of an image, from its preview, which is read ten times as fast as an original; None without."""
    from binscout_tui.learning.pixels import read_square
    from binscout_tui.learning.sources import Pinned

    preview = preview_path(paths.previews, row.sha256, PREVIEW)
    for source in (preview, Pinned(paths.root / row.path, row.sha256)):
        try:
            return read_square(source, None, side)
        except (BinScoutError, OSError):
            continue
    return None
