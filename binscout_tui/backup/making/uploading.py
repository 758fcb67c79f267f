"""Sending stored files beside the one who makes them: some at once, tried again, read back, written down."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from binscout_tui.backup.faults import CancelledWork, DamagedError, RemoteError
from binscout_tui.backup.making.sent import Sent
from binscout_tui.backup.progress import size_words
from binscout_tui.backup.transport.remote import Remote
from binscout_tui.clock import utc_now

if TYPE_CHECKING:
    from binscout_tui.backup.transport.rclone import Watch

T = TypeVar("T")
PAUSES_S = (1.0, 4.0)
"""How long it is waited before the second and the third try."""
LOOK_S = 0.05
LET_GO_S = 0.9
Tick = Callable[[], None]


class Piece(msgspec.Struct, frozen=True):
    """A local file that is to be stored under `name`, whose hash is `sha256`; what is in it as `Sent` says.

    `is_temporary`: it goes away once it is stored. `anew`: what has the name now is wrong, and goes first. `is_same`
    tells after the transfer whether the local file is still what was hashed.
    """

    source: Path
    name: str
    sha256: str
    size: int
    members: list[tuple[str, int, int | None]] = []
    is_temporary: bool = False
    anew: bool = False
    is_same: Callable[[], bool] = lambda: True


class Sender:
    """Up to `transfers` pieces at once. All methods are for one thread.

    `finished` and `changed` are called in it as well: with what is stored now, and with the name of what was taken away
    again because its file was written meanwhile.
    """

    def __init__(
        self,
        remote: Remote,
        *,
        transfers: int,
        read_back: bool,
        finished: Callable[[Sent], None] = lambda sent: None,
        changed: Callable[[str], None] = lambda name: None,
        seen: Callable[[str], None] = lambda moment: None,
        pauses_s: tuple[float, ...] = PAUSES_S,
    ) -> None:
        self.remote, self._read_back, self._finished, self._seen = remote, read_back, finished, seen
        self._changed, self._pauses_s = changed, pauses_s
        self._most = transfers
        self._pool = ThreadPoolExecutor(transfers, thread_name_prefix="backup-send")
        self._open: set[Future[None]] = set()
        self._stop = threading.Event()
        self._moved: dict[str, float] = {}
        self._own: set[str] = set()
        self._done: queue.SimpleQueue[Sent] = queue.SimpleQueue()

    @property
    def moved(self) -> int:
        """Bytes that are done so far; reading back is half of the way."""
        return int(sum(list(self._moved.values())))

    def send(self, piece: Piece, tick: Tick, *, at_once: int | None = None) -> None:
        """Have a piece sent; waits while `at_once` (default: all transfers) are under way. Raises what went wrong."""
        self._wait_for(min(at_once or self._most, self._most) - 1, tick)
        self._open.add(self._pool.submit(self._work, piece))

    def finish(self, tick: Tick) -> None:
        """Wait for all. Raises what went wrong with the first that failed."""
        self._wait_for(0, tick)

    def look(self) -> None:
        """Take note of what has ended. Raises what went wrong."""
        ended = {one for one in self._open if one.done()}
        self._open -= ended
        with suppress(queue.Empty):
            while True:
                self._finished(self._done.get_nowait())
        for one in ended:
            try:
                one.result()
            except ChangedWhileSentError as error:
                self._changed(str(error))

    def close(self) -> None:
        """Stop what is under way and take away its half files."""
        self._stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        if wait(self._open, LET_GO_S).not_done:
            self.remote.rclone.close()  # a server that hangs keeps nobody
        self._pool.shutdown()
        with suppress(queue.Empty):
            while True:
                self._finished(self._done.get_nowait())

    def _wait_for(self, most: int, tick: Tick) -> None:
        """Until at most so many are under way."""
        self.look()
        while len(self._open) > most:
            wait(self._open, LOOK_S, FIRST_COMPLETED)
            tick()
            self.look()

    def _work(self, piece: Piece) -> None:
        try:
            if piece.anew:
                self._patiently(piece, lambda: self.remote.delete([piece.name]))
            self._patiently(piece, lambda: self._store(piece))
            self._moved[piece.name] = piece.size
            self._done.put(Sent(piece.name, piece.size, self._read_back, piece.members, utc_now()))
            self._seen("between")
        finally:
            if piece.is_temporary:
                piece.source.unlink(missing_ok=True)

    def _store(self, piece: Piece) -> None:
        share = 0.5 if self._read_back else 1.0
        reading = self._watch(piece, piece.size * share, share)
        self._upload(piece, share)
        if self._read_back and piece.name not in self._own:
            # Older runs may rely on it: one bad reading proves nothing, after a second one it is no loss.
            if any(self.remote.sha256(piece.name, reading) == piece.sha256 for _ in range(2)):
                return
            self.remote.delete([piece.name])
            self._upload(piece, share)
        if self._read_back:
            read_back(self.remote, piece.name, piece.sha256, reading)

    def _upload(self, piece: Piece, share: float) -> None:
        """Send it where nothing has its name; what was there before this stays, whatever becomes of the piece."""
        watch = self._watch(piece, 0, share)
        try:
            if self.remote.upload(piece.source, piece.name, watch, move=piece.is_temporary, size=piece.size):
                self._own.add(piece.name)
        except (FileNotFoundError, RemoteError) as error:
            if piece.is_same():
                raise
            raise ChangedWhileSentError(piece.name) from error
        if not piece.is_same():
            if piece.name in self._own:
                self.remote.delete([piece.name])
            raise ChangedWhileSentError(piece.name)

    def _watch(self, piece: Piece, before: float, share: float) -> Watch:
        def watch(moved: int) -> None:
            self._moved[piece.name] = before + min(moved, piece.size) * share
            if moved and not before:
                self._seen("upload")
            if self._stop.is_set():
                raise CancelledWork

        return watch

    def _patiently(self, piece: Piece, work: Callable[[], T]) -> T:
        return patiently(work, self.remote, piece.size, self._pause, self._pauses_s)

    def _pause(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise CancelledWork


def patiently(
    work: Callable[[], T],
    remote: Remote,
    needed: int,
    pause: Callable[[float], None],
    pauses_s: tuple[float, ...] = PAUSES_S,
) -> T:
    """Try again a little later what may be better then; `pause` waits so many seconds, and may raise to stop.

    Raises RemoteError with figures where the target has not the `needed` bytes of room.
    """
    for seconds in (*pauses_s, None):
        try:
            return work()
        except RemoteError as error:
            if seconds is None or not error.is_passing:
                raise told_with_room(error, remote, needed) from error
        pause(seconds)
    raise AssertionError("the last try returns or raises")


class ChangedWhileSentError(Exception):
    """A file that is stored by itself was written while it was sent; what was stored is taken away again."""


def read_back(remote: Remote, name: str, sha256: str, watch: Watch | None = None) -> None:
    """Read back what was just sent, and compare; it goes where it is wrong. Raises DamagedError, RemoteError."""
    if remote.sha256(name, watch) != sha256:
        with suppress(RemoteError):
            remote.delete([name])
        raise DamagedError(
            f"{name} on {remote.label} was read back otherwise than it was sent; it was taken away again.",
            hint="Look at the disk and the network of the target, then run the backup again.",
        )


def told_with_room(error: RemoteError, remote: Remote, needed: int) -> RemoteError:
    """The same error with figures where the target is full, which some servers only call a failure."""
    if error.code not in ("full", "remote", "quota", "denied"):
        return error
    try:
        space = remote.space()
    except RemoteError:
        return error
    if space is None or space.free is None or (error.code != "full" and space.free >= needed):
        return error
    return RemoteError(
        f"{remote.label} is full: the next file needs {size_words(needed)}, {size_words(space.free)} are free.",
        hint="Make room there, or `binscout backup prune` shows what may go; what was sent so far is kept.",
        code="full",
    )
