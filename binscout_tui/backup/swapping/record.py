"""What is written down of a swap: the journal while it goes on, and afterwards the record beside the undo copy."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui import atomic
from binscout_tui.backup.swapping.in_use import JOURNAL
from binscout_tui.errors import StorageError

FOLDER = JOURNAL.parent
RECORD = "record.json"
OUTCOME = "outcome.json"
DATABASE = "binscout.db"
ENTRIES = (DATABASE, "settings.toml", "originals", "models", "runs", "datasets", "incoming")
_PARTS = {DATABASE: (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm")}
_COPY = re.compile(r"undo-\d{8}T\d{6}Z-[0-9a-f]{4}", re.ASCII)
_PLACE = re.compile(r"[\w.-]+(/[\w.-]+)*", re.ASCII)


class Expected(msgspec.Struct, frozen=True):
    """What must be found when it is in place: rows of tables, and (path in the workspace, bytes) of a few files."""

    rows: dict[str, int] = {}
    files: list[tuple[str, int]] = []


class SwapPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be put in place: `entries` of the workspace, `what` in words for people, `by` whom.

    `newest` is the last journal row of the database that is put in place, from which on decisions are new.
    """

    id: str
    kind: Literal["restore", "rollback"] = "restore"
    run: str
    scope: Literal["everything", "database"]
    entries: tuple[str, ...]
    by: str
    what: str
    expected: Expected = Expected()
    newest: int = 0


class Move(msgspec.Struct, frozen=True):
    """One rename, both paths relative to the workspace."""

    source: str
    target: str


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A swap: its plan, when it was, where the copy of what was before lies, and its renames in order.

    `keep_days` the copy is kept; of them `passed_s` seconds have passed as far as was seen, last at `looked`.
    """

    format: Literal[1] = 1
    plan: SwapPlan
    at: str
    copy: str
    until: str
    keep_days: float
    staged: str
    moves: list[Move]
    looked: str
    passed_s: float = 0.0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How the last swap of a workspace ended, in words, for those who let go of it meanwhile."""

    id: str
    at: str
    state: Literal["done", "not done"]
    words: str


def folder(root: Path) -> Path:
    """Where restores work; made for its owner alone."""
    for path in (root / FOLDER.parent, root / FOLDER):
        path.mkdir(mode=0o700, exist_ok=True)
    return root / FOLDER


def moves(root: Path, staged: Path, copy: str, entries: tuple[str, ...]) -> list[Move]:
    """The renames that put `staged` in place and what is there now into the undo copy; entry by entry."""
    return [move for name in entries for move in _entry_moves(root, staged, copy, name)]


def parts(name: str) -> tuple[str, ...]:
    """The names on the disk that belong to an entry."""
    return _PARTS.get(name, (name,))


def _entry_moves(root: Path, staged: Path, copy: str, name: str) -> Iterator[Move]:
    for part in parts(name):
        if os.path.lexists(root / part):
            yield Move(part, str(FOLDER / copy / part))
    for part in parts(name):
        if os.path.lexists(staged / part):
            yield Move(str(staged.relative_to(root) / part), part)


def read_journal(root: Path) -> Record | None:
    """The swap that is on its way, None when there is none. Raises StorageError when it cannot be understood."""
    return _read(root / JOURNAL)


def read_record(root: Path, copy: str) -> Record | None:
    """What is written down beside an undo copy, None when nothing is. Raises StorageError."""
    return _read(root / FOLDER / copy / RECORD)


def write(path: Path, value: msgspec.Struct) -> None:
    """Write it down durably. Raises OSError."""
    atomic.write_bytes(path, msgspec.json.format(msgspec.json.encode(value), indent=1), mode=0o600)


def copy_names(root: Path) -> list[str]:
    """The names of the folders of undo copies, oldest first."""
    try:
        names = [path.name for path in (root / FOLDER).iterdir()]
    except FileNotFoundError:
        return []
    return sorted(name for name in names if _COPY.fullmatch(name))


def _read(path: Path) -> Record | None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(
            f"A restore of this workspace was cut off, and {path} cannot be read: {error.strerror}.",
            hint="Whoever restored has to open the workspace first.",
            code="cut_off",
        ) from error
    try:
        record = msgspec.json.decode(data, type=Record)
        _check(record)
    except (msgspec.DecodeError, ValueError) as error:
        raise StorageError(
            f"{path}, which says what a restore has moved, cannot be understood: {error}.",
            hint=f"What was there before lies in {path.parent}.",
            code="cut_off",
        ) from error
    return record


def _check(record: Record) -> None:
    """Raise ValueError for what this program would not have written: a journal moves files."""
    allowed = {part for name in ENTRIES for part in parts(name)}
    if not _COPY.fullmatch(record.copy) or not _inside(record.staged):
        raise ValueError("it names folders outside of its own")
    for move in record.moves:
        out = move.source in allowed and move.target == str(FOLDER / record.copy / move.source)
        into = move.target in allowed and move.source == f"{record.staged}/{move.target}"
        if not (out or into):
            raise ValueError(f"it would move {move.source[:80]!r} to {move.target[:80]!r}")


def _inside(place: str) -> bool:
    path = Path(place)
    return bool(_PLACE.fullmatch(place)) and ".." not in path.parts and path.is_relative_to(FOLDER) and path != FOLDER
