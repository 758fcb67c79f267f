"""Putting a restored workspace in place of the present one, so that a cut at any moment leaves the one or the other.

All is renames on one disk. What they are is in a journal before the first of them; which of them are done is seen from
what lies where. The journal's own rename to the undo copy is what makes the swap count: before that, whoever opens the
workspace next finishes what was moved completely and is sound, and takes back everything else.
"""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui import atomic
from binscout_tui.backup.swapping import in_use
from binscout_tui.backup.swapping import record as swap_record
from binscout_tui.backup.swapping.health import healthy
from binscout_tui.backup.swapping.holders import Holder, holders
from binscout_tui.backup.swapping.in_use import JOURNAL, SWAP_PATIENCE_S
from binscout_tui.backup.swapping.record import (
    DATABASE,
    ENTRIES,
    FOLDER,
    OUTCOME,
    RECORD,
    Move,
    Outcome,
    Record,
    SwapPlan,
)
from binscout_tui.clock import to_text, utc_now
from binscout_tui.errors import BinScoutError, RefusedError, StorageError

MAGIC = b"SQLite format 3\0"
Step = Callable[[str], None]
AS_BEFORE = "The workspace is as it was before."
SAY_SO_THEMSELVES = frozenset({"in_use", "being_replaced", "disk_full", "cut_off"})


def swap(
    root: Path,
    staged: Path,
    plan: SwapPlan,
    *,
    undo_days: float,
    last_look: Callable[[], None] = lambda: None,
    check: Callable[[Path], None] = lambda root: None,
    waiting: Callable[[Sequence[Holder]], None] = lambda found: None,
    patience_s: float = SWAP_PATIENCE_S,
    step: Step = lambda name: None,
) -> Record:
    """Put the entries of `plan` that lie in `staged` in place; what they replace becomes the undo copy.

    An entry that `staged` lacks is missing afterwards. This process must not hold the workspace. `waiting` hears again
    and again who still has it open and may raise to give up; `last_look` is called when nobody has, before anything is
    moved; `check(root)` looks at what was put in place, after the looks that `plan.expected` asks for. `step` hears of
    every stage.

    Whatever is raised, everything is as it was: RefusedError (`in_use`, `being_replaced`, `other_disk`), StorageError
    (`disk_full`, `read_only`, `disk_error`, `unhealthy`), and what the callables raise.
    """
    check_movable(root, (staged,), plan.entries)

    def leaving(error: BaseException | None) -> None:
        if error is None:
            _tell(root, plan, "done", f"{_capital(plan.what)} is in place.")
        else:
            _tell(root, plan, "not done", _sentence(error))

    with (
        _in_words(root),
        in_use.taken(root, plan.what, patience_s=patience_s, waiting=waiting, leaving=leaving) as turn,
        _in_words(root),
    ):
        _settle(root)
        last_look()
        _nobody_else(root)
        record = _planned(root, staged, plan, undo_days)
        step("journal")
        turn.moving()
        _begin(root, record)
        _carry_out(root, record, check, step)
    return record


def recover(root: Path) -> bool:
    """Settle a swap that was cut off: finish it where all was moved and is sound, else take it back.

    True when it counts now; False when there was nothing to settle, or it was taken back. Raises RefusedError while
    somebody else has the workspace, StorageError when the disk does not let it be settled.
    """
    try:
        with _in_words(root), in_use.alone(root):
            return _settle(root)
    except StorageError as error:
        if error.code != "read_only":
            raise
        raise StorageError(
            f"A restore of {root} was cut off, and this user may not settle that. {error.sentence}",
            hint="Whoever restored has to open the workspace first.",
            code="cut_off",
        ) from error


def check_movable(root: Path, staged: Sequence[Path], entries: Sequence[str]) -> None:
    """Raise RefusedError (`other_disk`) unless the entries can be renamed within the workspace's disk."""
    disk = swap_record.folder(root).stat().st_dev
    for base in (root, *staged):
        for name in entries:
            path = base / name
            if path.is_symlink():
                raise _elsewhere(path, f"is a link to {path.readlink()}")
            if path.exists() and (path.stat().st_dev != disk or path.is_mount()):
                raise _elsewhere(path, "is a disk of its own")


def unfinished(root: Path, record: Record) -> list[Move]:
    """The renames of a swap that are not done, in order."""
    return [move for move in record.moves if not _is_done(root, record, move)]


def _planned(root: Path, staged: Path, plan: SwapPlan, undo_days: float) -> Record:
    unknown = [name for name in plan.entries if name not in ENTRIES]
    if unknown or not (staged / DATABASE).is_file() or DATABASE not in plan.entries:
        raise StorageError(f"{staged} holds no workspace that could be put in place.", code="unhealthy")
    now = datetime.now(UTC)
    copy = f"undo-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
    return Record(
        plan=plan,
        at=to_text(now),
        copy=copy,
        until=to_text(now + timedelta(days=undo_days)),
        keep_days=undo_days,
        staged=str(staged.relative_to(root)),
        moves=swap_record.moves(root, staged, copy, plan.entries),
        looked=to_text(now),
    )


def _nobody_else(root: Path) -> None:
    """Raise RefusedError (`in_use`) when a program that knows nothing of the lock has the database open.

    It would go on in a file that is moved away, and at its end delete the log of the one in its place. To leave the
    write-ahead log SQLite must be alone. What is no database is moved as it is.
    """
    path = root / DATABASE
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                return
    except FileNotFoundError:
        return
    found = holders(Path(f"{path}-shm"), "POSIX")
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=1.0)) as db:
            db.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname.startswith("SQLITE_BUSY"):
            raise in_use.still_open(found) from error
    except sqlite3.DatabaseError:
        return  # a damaged one is what one restores for


def _begin(root: Path, record: Record) -> None:
    """Write down what is going to be moved; when that fails nothing is left of it."""
    try:
        (root / FOLDER / record.copy).mkdir(mode=0o700)
        atomic.sync_folder(root / FOLDER)
        swap_record.write(root / JOURNAL, record)
    except BaseException:
        (root / JOURNAL).unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            (root / FOLDER / record.copy).rmdir()
        raise


def _carry_out(root: Path, record: Record, check: Callable[[Path], None], step: Step) -> None:
    try:
        for number, move in enumerate(record.moves, 1):
            step(f"move {number}")
            _rename(root, move.source, move.target)
        step("check")
        healthy(root, record.plan.expected)
        check(root)
        step("commit")
        _commit(root, record)
    except BaseException:
        # The journal is gone when it counts already.
        if (root / JOURNAL).exists():
            with _or_later(root):
                _take_back(root, record, step)
        raise
    step("after")


def _settle(root: Path) -> bool:
    record = swap_record.read_journal(root)
    if record is None:
        return False
    if not unfinished(root, record):
        try:
            healthy(root, record.plan.expected)
        except StorageError as error:
            _tell(root, record.plan, "not done", f"The restore was cut off. {error.sentence} {AS_BEFORE}")
        else:
            _commit(root, record)
            _tell(
                root,
                record.plan,
                "done",
                f"{_capital(record.plan.what)} is in place: it was cut off, and finished now.",
            )
            return True
    else:
        _tell(root, record.plan, "not done", f"The restore was cut off. {AS_BEFORE}")
    with _or_later(root):
        _take_back(root, record)
    return False


def _take_back(root: Path, record: Record, step: Step = lambda name: None) -> None:
    """Undo the renames that are done, last first; once begun it can be cut off and begun again."""
    for number, move in reversed(list(enumerate(record.moves, 1))):
        if _is_done(root, record, move):
            step(f"back {number}")
            _rename(root, move.target, move.source)
    step("forget")
    (root / JOURNAL).unlink()
    atomic.sync_folder(root / FOLDER)
    with suppress(OSError):
        (root / FOLDER / record.copy).rmdir()


def _commit(root: Path, record: Record) -> None:
    copy = root / FOLDER / record.copy
    (root / JOURNAL).rename(copy / RECORD)
    atomic.sync_folder(copy)
    atomic.sync_folder(root / FOLDER)


def _is_done(root: Path, record: Record, move: Move) -> bool:
    """Whether a rename is done, from what lies where.

    What was live is, when it lies in the undo copy. What was staged is, when it lies there no more, something lies in
    its place, and that is not what was live.
    """
    if not _is_into(move):
        return os.path.lexists(root / move.target)
    before = next((one for one in record.moves if one.source == move.target), None)
    is_out = before is None or os.path.lexists(root / before.target)
    return is_out and os.path.lexists(root / move.target) and not os.path.lexists(root / move.source)


def _is_into(move: Move) -> bool:
    return Path(move.source).is_relative_to(FOLDER)


def _rename(root: Path, source: str, target: str) -> None:
    """One durable rename; never over something that is there."""
    if os.path.lexists(root / target):
        raise StorageError(f"{root / target} is in the way.", hint="Move it away.", code="in_the_way")
    (root / target).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    (root / source).rename(root / target)
    for folder in {(root / target).parent, (root / source).parent}:
        atomic.sync_folder(folder)


def _tell(root: Path, plan: SwapPlan, state: Literal["done", "not done"], words: str) -> None:
    """Leave word of how it ended; where not even that can be written, those who come back see it from the copies."""
    with suppress(OSError):
        swap_record.write(root / FOLDER / OUTCOME, Outcome(id=plan.id, at=utc_now(), state=state, words=words))


def outcome(root: Path) -> Outcome | None:
    """How the last swap ended, None when that is not known or may not be known by this user."""
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode((root / FOLDER / OUTCOME).read_bytes(), type=Outcome)
    return None


def _sentence(error: BaseException) -> str:
    if isinstance(error, BinScoutError):
        return error.sentence if error.code in SAY_SO_THEMSELVES else f"{error.sentence} {AS_BEFORE}"
    return f"It was stopped ({type(error).__name__}). {AS_BEFORE}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


@contextmanager
def _or_later(root: Path) -> Iterator[None]:
    """What cannot be taken back now is taken back by the next who opens the workspace."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"What was begun could not be taken back now ({error.strerror or error}); {root} is between two states.",
            hint="Mend the disk and open the workspace: that settles it. Nothing is lost.",
            code="cut_off",
        ) from error


def _elsewhere(path: Path, why: str) -> RefusedError:
    return RefusedError(
        f"{path} {why}, and can therefore not be exchanged in one step.",
        hint="Restore to another folder (`--to DIR`) and move it there by hand.",
        code="other_disk",
    )


@contextmanager
def _in_words(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise _elsewhere(Path(error.filename or root), "is on another disk") from error
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(
                f"The disk that holds {root} is full; the workspace is as it was before.",
                hint="Free some space and try again.",
                code="disk_full",
            ) from error
        code = "read_only" if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM) else "disk_error"
        raise StorageError(
            f"Files of {root} cannot be moved: {error.strerror or error}"
            + (f" ({error.filename})." if error.filename else "."),
            hint="Check the disk and the permissions of the workspace.",
            code=code,
        ) from error
