"""Bringing the bytes of many files from a target: whole packs where most is needed, parts where a few are."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import groupby
from pathlib import Path

import msgspec

from binscout_tui.backup.faults import CancelledWork, DamagedError, RemoteError
from binscout_tui.backup.progress import Progress
from binscout_tui.backup.restoring.extract import Cutter, write_exact
from binscout_tui.backup.restoring.todo import Piece, State, Todo
from binscout_tui.backup.transport.remote import Remote

GAP = 1 << 18
"""Bytes that are rather read and thrown away than asked around: another question costs a round trip."""
MOST = 2000
"""Files of one batch."""
WAITS_S = (1.0, 4.0)
LOOK_S = 0.1
LET_GO_S, END_S = 0.5, 3.0
UNUSABLE = frozenset({errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ})
"""The name cannot be had here; anything else that a disk says concerns all files."""
READ_ONLY, CHANGING = 0o444, 0o644
Bad = dict[bytes, str]


class Stretch(msgspec.Struct, frozen=True):
    """Bytes of a blob that are read in one go, and the files in them."""

    start: int
    length: int
    pieces: list[Piece]


def stretches(pieces: Iterable[Piece]) -> Iterator[Stretch]:
    """What to read of a blob for its `pieces`, which come in the order of their offsets.

    Neighbours are read together; when most of all bytes from the first to the last is needed, all of them are.
    """
    wanted = list(pieces)
    if not wanted:
        return
    end = max(piece.offset + piece.size for piece in wanted)
    if 2 * sum(piece.size for piece in wanted) >= end - wanted[0].offset:
        yield Stretch(wanted[0].offset, end - wanted[0].offset, wanted)
        return
    group, until = [wanted[0]], wanted[0].offset + wanted[0].size
    for piece in wanted[1:]:
        if piece.offset - until > GAP:
            yield Stretch(group[0].offset, until - group[0].offset, group)
            group = []
        group.append(piece)
        until = max(until, piece.offset + piece.size) if len(group) > 1 else piece.offset + piece.size
    yield Stretch(group[0].offset, until - group[0].offset, group)


class Fetcher:
    """Fetches what a `Todo` still wants into `staged`. `sizes` is what the target shows of its blobs now."""

    def __init__(self, remote: Remote, staged: Path, sizes: Mapping[str, int], transfers: int) -> None:
        self._remote, self._staged, self._sizes, self._transfers = remote, staged, sizes, transfers
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._moved = 0

    def fetch(self, todo: Todo, progress: Progress) -> None:
        """Fetch everything; what cannot be had is marked as bad.

        Raises RemoteError, OSError, and what `progress` raises.
        """
        pool = ThreadPoolExecutor(self._transfers, thread_name_prefix="fetch")
        try:
            self._run(pool, todo, progress)
        except BaseException:
            self._let_go(pool)
            raise
        pool.shutdown()

    def _run(self, pool: ThreadPoolExecutor, todo: Todo, progress: Progress) -> None:
        batches = _batches(todo.by_blob())
        going: dict[Future[Bad], list[Piece]] = {}
        files = 0
        while True:
            while len(going) <= self._transfers and (batch := next(batches, None)):
                going[pool.submit(self._batch, batch)] = batch
            if not going:
                return
            for done in wait(going, LOOK_S, FIRST_COMPLETED).done:
                pieces = going.pop(done)
                _note(todo, pieces, done.result())
                files += len(pieces)
            progress.at(min(self._moved, progress.total), files)

    def _let_go(self, pool: ThreadPoolExecutor) -> None:
        """End at once, also where a server hangs."""
        self._stop.set()
        pool.shutdown(wait=False, cancel_futures=True)
        threads = [one for one in threading.enumerate() if one.name.startswith("fetch")]
        if _alive_after(threads, LET_GO_S):
            self._remote.rclone.close()
            # Who hangs in a folder whose server is gone cannot be woken; what it does then, it does in vain.
            _alive_after(threads, END_S)

    def _batch(self, pieces: list[Piece]) -> Bad:
        """Fetch files of one blob; those that cannot be had, with why."""
        blob, bad = pieces[0].blob, Bad()
        if blob not in self._sizes:
            return dict.fromkeys((piece.place for piece in pieces), f"{blob} is not on the target any more")
        done: set[bytes] = set()
        for pause in (*WAITS_S, None):
            try:
                for stretch in stretches(piece for piece in pieces if piece.place not in done):
                    self._stretch(stretch, bad, done)
            except RemoteError as error:
                if error.code == "not_found":
                    return bad | {piece.place: error.sentence for piece in pieces if piece.place not in done}
                if pause is None or not error.is_passing or self._stop.wait(pause):
                    raise
            else:
                break
        return bad

    def _stretch(self, stretch: Stretch, bad: Bad, done: set[bytes]) -> None:
        with self._remote.open(stretch.pieces[0].blob, stretch.start, stretch.length) as blocks:
            cutter = Cutter(blocks, stretch.start)
            for piece in stretch.pieces:
                if piece.offset >= cutter.at:
                    self._keep(piece, cutter.take(piece.offset, piece.size), bad)
                else:  # the same bytes for another name, or a list that makes files overlap
                    with self._remote.open(piece.blob, piece.offset, piece.size) as again:
                        self._keep(piece, again, bad)
                done.add(piece.place)

    def _keep(self, piece: Piece, blocks: Iterator[bytes], bad: Bad) -> None:
        target = self._staged / os.fsdecode(piece.place)
        mode = READ_ONLY if piece.place.startswith(b"originals/") else CHANGING
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            write_exact(
                blocks,
                target,
                size=piece.size,
                sha256=piece.sha256,
                mode=mode,
                mtime_ns=piece.mtime_ns,
                watch=self._watch,
            )
        except DamagedError as error:
            bad[piece.place] = error.sentence
        except OSError as error:
            if error.errno not in UNUSABLE:
                raise
            bad[piece.place] = f"it cannot be written here: {error.strerror}"

    def _watch(self, moved: int) -> None:
        if self._stop.is_set():
            raise CancelledWork
        with self._lock:
            self._moved += moved


def _alive_after(threads: list[threading.Thread], seconds: float) -> bool:
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return any(thread.is_alive() for thread in threads)


def _batches(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    for _, group in groupby(pieces, lambda piece: piece.blob):
        batch: list[Piece] = []
        for piece in group:
            batch.append(piece)
            if len(batch) >= MOST:
                yield batch
                batch = []
        if batch:
            yield batch


def _note(todo: Todo, pieces: list[Piece], bad: Bad) -> None:
    todo.set_state((piece.place for piece in pieces if piece.place not in bad), State.FETCHED)
    for place, reason in bad.items():
        todo.set_state([place], State.BAD, reason)
