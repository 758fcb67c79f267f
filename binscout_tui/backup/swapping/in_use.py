"""Who has a workspace open, and the notice that asks everybody to let go of it for a moment.

Whoever opens a workspace holds a shared lock on one file in it; what puts a restored workspace in place holds that lock
alone. The few bytes of the file are the notice: who wants the workspace, or is moving its files. The file lies in the
workspace itself, since `backup/` belongs to one user and a workspace may have several. It is never removed or replaced.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui.backup.swapping.holders import Holder, began, holders
from binscout_tui.errors import RefusedError

LOCK = "in-use.lock"
JOURNAL = Path("backup") / "restore" / "journal.json"
OPEN_PATIENCE_S = 10.0
"""So long an opening waits for a workspace that is being put in place."""
SWAP_PATIENCE_S = 20.0
"""So long the swap waits until everybody has let go."""
LOOK_S = 0.05
_MOST = 1024


class Notice(msgspec.Struct, frozen=True):
    """What stands in the lock file: process `pid`, which began at `began`, wants the workspace or moves its files."""

    state: Literal["wanted", "moving"]
    pid: int
    began: str
    what: str

    @property
    def is_current(self) -> bool:
        """Whether the process that wrote it still lives."""
        return began(self.pid) == self.began


class Hold:
    """A shared hold on a workspace. `release` lets go of it; so does the end of the process, however it ends."""

    def __init__(self, descriptor: int | None) -> None:
        """Without a descriptor nothing is held: on a disk that nobody can write there is nothing to hold."""
        self._descriptor = descriptor

    @property
    def is_wanted(self) -> bool:
        """Whether a living process waits for everybody to let go. Costs one read of no bytes."""
        if self._descriptor is None:
            return False
        notice = _read(self._descriptor)
        return notice is not None and notice.is_current

    def release(self) -> None:
        """Let go; a second time changes nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            # Said explicitly: a child that was forked has the same open file, and the lock would stay with it.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)


class Turn:
    """The workspace is held by this process alone."""

    def __init__(self, descriptor: int, notice: Notice) -> None:
        self._descriptor = descriptor
        self._notice = notice

    def moving(self) -> None:
        """From now on files are moved: whoever finds this notice without its process has to put things right."""
        _write(self._descriptor, msgspec.structs.replace(self._notice, state="moving"))


def lock_path(root: Path) -> Path:
    """The file whose lock is meant."""
    return root / LOCK


def hold(
    root: Path, recover: Callable[[Path], object], *, writes: bool = True, patience_s: float = OPEN_PATIENCE_S
) -> Hold:
    """Hold the workspace in `root` as one of many. A swap that was cut off is settled by `recover(root)` first.

    Where one is on its way it is waited for. Raises RefusedError (`being_replaced`) when that takes too long, and, with
    `writes`, when the lock cannot be had by somebody who can write the database.
    """
    until = time.monotonic() + patience_s
    while True:
        found = try_hold(root, writes=writes)
        if isinstance(found, Hold):
            return found
        if found == "cut off":
            recover(root)
        elif time.monotonic() > until:
            raise _being_replaced(root)
        else:
            time.sleep(LOOK_S)


def try_hold(root: Path, *, writes: bool = True) -> Hold | Literal["wait", "cut off"]:
    """One try at `hold`: held, somebody else's turn, or a swap that has to be settled first."""
    descriptor = _opened(root, writes=writes)
    if descriptor is None:
        return Hold(None)
    kept = False
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return "wait"
        notice = _read(descriptor)
        # Nobody moves files while this is held, so a journal, or a notice of moving, is one that was left behind.
        if (notice is not None and notice.state == "moving") or _has_journal(root):
            return "cut off"
        if notice is not None and notice.is_current:
            return "wait"
        kept = True
        return Hold(descriptor)
    finally:
        if not kept:
            os.close(descriptor)


@contextmanager
def taken(
    root: Path,
    what: str,
    *,
    patience_s: float = SWAP_PATIENCE_S,
    waiting: Callable[[Sequence[Holder]], None] = lambda found: None,
    leaving: Callable[[BaseException | None], None] = lambda error: None,
) -> Iterator[Turn]:
    """Ask everybody to let go of the workspace, and hold it alone. This process must not hold it itself.

    `waiting` hears ten times a second who still has it; it may raise to give up. `leaving` is called at the end, before
    those who wait learn that it is over. Raises RefusedError: `in_use`, which names who did not let go, or
    `being_replaced`. Nothing was changed then.
    """
    descriptor = os.open(lock_path(root), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    notice = Notice("wanted", os.getpid(), began(os.getpid()), what)
    try:
        there = _read(descriptor)
        if there is not None and there.is_current:
            raise _being_replaced(root)
        _write(descriptor, notice)
        try:
            _wait_alone(root, descriptor, patience_s, waiting)
            if _read(descriptor) != notice:
                raise _being_replaced(root)
            yield Turn(descriptor, notice)
            leaving(None)
        except BaseException as error:
            leaving(error)
            raise
        finally:
            there = _read(descriptor)
            if there is not None and there.pid == notice.pid and not _has_journal(root):
                _clear(descriptor)
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


@contextmanager
def alone(root: Path, *, patience_s: float = OPEN_PATIENCE_S) -> Iterator[None]:
    """Hold a workspace alone whose swap was cut off, to settle it; the notice goes when no journal is left.

    Raises RefusedError (`being_replaced`).
    """
    descriptor = os.open(lock_path(root), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        until = time.monotonic() + patience_s
        while not _lock_alone(descriptor):
            if time.monotonic() > until:
                raise _being_replaced(root)
            time.sleep(LOOK_S)
        yield
        if not _has_journal(root):
            _clear(descriptor)
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def notice(root: Path) -> Notice | None:
    """The notice of a living process that wants the workspace in `root`, or moves its files."""
    try:
        descriptor = os.open(lock_path(root), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        found = _read(descriptor)
    finally:
        os.close(descriptor)
    return found if found is not None and found.is_current else None


def wait_over(root: Path, patience_s: float) -> bool:
    """Wait until nobody wants the workspace any more; False when somebody still does after so many seconds."""
    until = time.monotonic() + patience_s
    while notice(root) is not None:
        if time.monotonic() > until:
            return False
        time.sleep(LOOK_S)
    return True


def who(root: Path) -> list[Holder]:
    """Everybody who has the workspace in `root` open now."""
    return holders(lock_path(root))


def still_open(found: Sequence[Holder]) -> RefusedError:
    """The refusal (`in_use`) that names who has the workspace open."""
    names = ", ".join(holder.words for holder in found) or "somebody who cannot be seen from here"
    return RefusedError(
        f"The workspace is still open in {names}; nothing was changed.",
        hint="End that, or wait until it is done, and try again.",
        code="in_use",
    )


def _wait_alone(root: Path, descriptor: int, patience_s: float, waiting: Callable[[Sequence[Holder]], None]) -> None:
    until = time.monotonic() + patience_s
    while not _lock_alone(descriptor):
        found = who(root)
        waiting(found)
        if time.monotonic() > until:
            raise still_open(found)
        time.sleep(LOOK_S * 2)


def _lock_alone(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _being_replaced(root: Path) -> RefusedError:
    found = notice(root)
    what = f"{found.what} (process {found.pid})" if found is not None else "a restored workspace"
    return RefusedError(
        f"The workspace cannot be opened now: {what} is being put in place.",
        hint="Try again in a moment.",
        code="being_replaced",
    )


def _opened(root: Path, *, writes: bool) -> int | None:
    path = lock_path(root)
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError:
        pass
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        if writes:
            raise RefusedError(
                f"{path} cannot be opened ({error.strerror}), so nobody would know that the workspace is in use.",
                hint="Give everybody who may write the database the right to read that file.",
                code="no_lock",
            ) from error
        return None


def _has_journal(root: Path) -> bool:
    # Whoever may not look into `backup` finds the notice.
    with suppress(OSError):
        return (root / JOURNAL).exists()
    return False


def _read(descriptor: int) -> Notice | None:
    data = os.pread(descriptor, _MOST, 0)
    if not data:
        return None
    try:
        return msgspec.json.decode(data.partition(b"\n")[0], type=Notice)
    except msgspec.DecodeError:
        # Cut off while it was written: what it was about has to be looked at.
        return Notice("moving", 0, "-", "a restored workspace")


def _write(descriptor: int, notice: Notice) -> None:
    line = msgspec.json.encode(msgspec.structs.replace(notice, what=notice.what[:200])) + b"\n"
    # A reader takes the first line, so that what is left of a longer one does not matter.
    os.pwrite(descriptor, line, 0)
    os.ftruncate(descriptor, len(line))
    os.fsync(descriptor)


def _clear(descriptor: int) -> None:
    os.ftruncate(descriptor, 0)
    os.fsync(descriptor)
