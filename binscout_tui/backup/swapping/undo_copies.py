"""The copies of what was there before a restore: what there are, putting one back, letting old ones go."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from binscout_tui.backup.swapping import health
from binscout_tui.backup.swapping import record as swap_record
from binscout_tui.backup.swapping.holders import Holder
from binscout_tui.backup.swapping.in_use import SWAP_PATIENCE_S
from binscout_tui.backup.swapping.record import DATABASE, FOLDER, RECORD, Expected, Record, SwapPlan
from binscout_tui.backup.swapping.swap import Step, swap
from binscout_tui.clock import from_text, to_text
from binscout_tui.errors import NotFoundError, StorageError

DAY_S = 86_400.0
GOING = "going-"


def copies(root: Path) -> list[Record]:
    """The undo copies of a workspace that can be put back, newest first."""
    found = []
    for name in swap_record.copy_names(root):
        with suppress(StorageError):
            record = swap_record.read_record(root, name)
            if record is not None and (root / FOLDER / name / DATABASE).exists():
                found.append(record)
    return sorted(found, key=lambda record: record.at, reverse=True)


def find(root: Path, copy: str = "") -> Record:
    """The undo copy of that name, else the newest. Raises NotFoundError."""
    found = copies(root)
    if not found:
        raise NotFoundError(
            "No restore of this workspace can be taken back: there is no copy of what was before.",
            hint="`binscout backup list` shows what can be restored.",
            code="no_copy",
        )
    for record in found:
        if copy in ("", record.copy):
            return record
    raise NotFoundError(
        f"There is no undo copy {copy!r}.", hint=f"There are {', '.join(one.copy for one in found)}.", code="no_copy"
    )


def held_words(record: Record) -> str:
    """What an undo copy holds, in words."""
    until = f"what was there until {record.at[:16].replace('T', ' ')} UTC"
    return until if record.plan.kind == "rollback" else f"{until}, before {record.plan.what}"


def roll_back(
    root: Path,
    record: Record,
    *,
    by: str,
    newest: int,
    undo_days: float,
    last_look: Callable[[], None] = lambda: None,
    waiting: Callable[[Sequence[Holder]], None] = lambda found: None,
    patience_s: float = SWAP_PATIENCE_S,
    step: Step = lambda name: None,
) -> Record:
    """Put an undo copy back: the same swap, whose own copy is what is there now. `newest` as in `SwapPlan`.

    Raises what `swap` raises.
    """
    staged = root / FOLDER / record.copy
    plan = SwapPlan(
        id=f"rollback-{record.copy}",
        kind="rollback",
        run=record.plan.run,
        scope=record.plan.scope,
        entries=record.plan.entries,
        by=by,
        what=held_words(record),
        expected=_expected(staged),
        newest=newest,
    )
    done = swap(
        root,
        staged,
        plan,
        undo_days=undo_days,
        last_look=last_look,
        waiting=waiting,
        patience_s=patience_s,
        step=step,
    )
    # Nothing is left in it but its record.
    with suppress(OSError):
        _remove(root, record.copy)
    return done


def sweep(root: Path, now: datetime | None = None) -> list[str]:
    """Delete the undo copies whose days have passed; their names.

    A day counts when somebody looked: each look counts at most one, so that a clock which is wrong takes no copy along.
    """
    moment = now or datetime.now(UTC)
    gone = []
    for name in swap_record.copy_names(root):
        with suppress(StorageError, OSError):  # another process sweeps too, or the next one will
            record = swap_record.read_record(root, name)
            if record is not None and _is_over(root, record, moment):
                _remove(root, name)
                gone.append(name)
    _sweep_rest(root)
    return gone


def _is_over(root: Path, record: Record, now: datetime) -> bool:
    if not (root / FOLDER / record.copy / DATABASE).exists():
        return True  # it was put back, and nothing but its record is left
    if now < from_text(record.at):
        return False
    since = (now - from_text(record.looked)).total_seconds()
    # A clock that was ahead and is right again: from now on it counts again.
    passed = record.passed_s + min(max(since, 0.0), DAY_S)
    if passed >= record.keep_days * DAY_S:
        return True
    looked = msgspec.structs.replace(record, looked=to_text(now), passed_s=passed)
    with suppress(OSError):
        swap_record.write(root / FOLDER / record.copy / RECORD, looked)
    return False


def _remove(root: Path, name: str) -> None:
    """Delete a copy; one that is half deleted has another name, so that it is never put back."""
    going = root / FOLDER / f"{GOING}{name}"
    (root / FOLDER / name).rename(going)
    shutil.rmtree(going)


def _sweep_rest(root: Path) -> None:
    with suppress(OSError):
        for path in [*(root / FOLDER).glob(f"{GOING}*")]:
            shutil.rmtree(path, ignore_errors=True)


def _expected(copy: Path) -> Expected:
    """The rows of the copy's database; nothing of one that was damaged when it was replaced."""
    try:
        return Expected(rows=health.rows_of(copy / DATABASE))
    except sqlite3.Error:
        return Expected()
