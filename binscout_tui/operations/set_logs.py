"""Logs of choosing and cropping for training, written from the journal with columns that never depend on the data."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Literal

import msgspec

from binscout_tui import atomic
from binscout_tui.errors import RefusedError, UsageError
from binscout_tui.imaging.grouping.by_stage import read_stage
from binscout_tui.imaging.names import display_name
from binscout_tui.operations.originals import cannot_write
from binscout_tui.store import set_decisions
from binscout_tui.store.set_decisions import Member, SetDecision
from binscout_tui.workspace import Workspace

Format = Literal["select-crop", "selection-only"]
SELECT_CROP = (
    "journal",
    "session",
    "set_key",
    "directory",
    "image_count",
    "chosen_index",
    "chosen_path",
    "chosen_sha256",
    "crop_x1",
    "crop_y1",
    "crop_x2",
    "crop_y2",
    "state",
    "status",
    "suggested_index",
    "suggested_by",
    "suggested_score",
    "suggestion_shown",
    "suggestion_taken",
    "uid",
    "user",
    "timestamp",
    "images",
)
SELECTION_ONLY = ("session", "set_key", "chosen_path", "negatives", "timestamp")
COLUMNS: dict[Format, tuple[str, ...]] = {"select-crop": SELECT_CROP, "selection-only": SELECTION_ONLY}
Row = dict[str, Any]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """`everything`: also decisions that were undone or superseded; `replace`: an existing file may go."""

    format: Format = "select-crop"
    lines: Literal["csv", "jsonl"] = "csv"
    everything: bool = False
    replace: bool = False


class Exported(msgspec.Struct, frozen=True):
    """How many lines were written where, and how many of them with which state."""

    path: str
    lines: int
    states: dict[str, int]


def export(workspace: Workspace, path: Path, wanted: Wanted = Wanted()) -> Exported:  # noqa: B008 - it is frozen
    """Write the log to `path`, whole or not at all; the same journal gives the same bytes.

    Raises UsageError for everything of the selection log, whose columns could not tell it apart, RefusedError when the
    file exists, StorageError when it cannot be written.
    """
    if wanted.everything and wanted.format == "selection-only":
        raise UsageError(
            "The selection log has no column for what was undone.", hint="Use --format select-crop.", code="all"
        )
    if path.exists() and not wanted.replace:
        raise RefusedError(
            f"{display_name(path)} is there already.", hint="--replace puts the new log in its place.", code="exists"
        )
    try:
        with atomic.writing(path) as handle:
            return workspace.db.read(_write, handle, path, wanted)
    except OSError as error:
        raise cannot_write(path.absolute().parent, error) from error


def _write(db: sqlite3.Connection, handle: BinaryIO, path: Path, wanted: Wanted) -> Exported:
    """One transaction around all of it, so that the log is of one moment."""
    states: dict[str, int] = {}
    db.execute("BEGIN")
    try:
        write = _writer(handle, wanted)
        for decision in set_decisions.decisions(db, everything=wanted.everything):
            row = row_of(decision, wanted.format)
            if row is not None:
                write(row)
                states[decision.state] = states.get(decision.state, 0) + 1
    finally:
        db.execute("ROLLBACK")  # nothing was written
    return Exported(display_name(path), sum(states.values()), dict(sorted(states.items())))


def row_of(decision: SetDecision, kind: Format) -> Row | None:
    """The line of a decision, None where this log has none for it. Pure."""
    return select_crop(decision) if kind == "select-crop" else selection_only(decision)


def select_crop(decision: SetDecision) -> Row:
    """The line of the select+crop log: None where there is nothing, never a whole picture for a crop."""
    chosen = _chosen(decision)
    crop = decision.crop or (None,) * 4
    said = decision.suggested or {}
    places = {member.id: place for place, member in enumerate(decision.members)}
    values = (
        decision.journal_id,
        decision.session,
        decision.set_key,
        _directory(decision.members),
        len(decision.members),
        places.get(chosen.id) if chosen else None,
        display_name(chosen.path) if chosen else None,
        chosen.sha256 if chosen else None,
        *crop,
        decision.state,
        decision.status,
        places.get(said.get("image", 0)),
        said.get("by"),
        said.get("score"),
        said.get("shown"),
        said.get("taken"),
        decision.uid,
        decision.user,
        decision.at,
        [_image(member) for member in decision.members],
    )
    return dict(zip(SELECT_CROP, values, strict=True))


def selection_only(decision: SetDecision) -> Row | None:
    """The line of the selection log: what was chosen and what was not. A skipped set says nothing and has none."""
    if decision.state not in ("done", "rejected"):
        return None
    chosen = _chosen(decision)
    return {
        "session": decision.session,
        "set_key": decision.set_key,
        "chosen_path": display_name(chosen.path) if chosen else None,
        "negatives": [display_name(member.path) for member in decision.members if member is not chosen],
        "timestamp": decision.at,
    }


def _chosen(decision: SetDecision) -> Member | None:
    return next((member for member in decision.members if member.id == decision.chosen_image_id), None)


def _directory(members: tuple[Member, ...]) -> str | None:
    """The folder that all members came from, as it was when they came; None where it is not one folder."""
    folders = {os.path.dirname(member.source) for member in members}  # noqa: PTH120 - escaped text, not a path any more
    return folders.pop() if len(folders) == 1 else None


def _image(member: Member) -> Row:
    staged = read_stage(member.name)
    return {
        "path": display_name(member.path),
        "sha256": member.sha256,
        "width": member.width,
        "height": member.height,
        "stage": staged.stage if staged else None,
        "ruled_out": member.ruled_out,
    }


def _writer(handle: BinaryIO, wanted: Wanted) -> Callable[[Row], None]:
    if wanted.lines == "jsonl":
        return lambda row: _put(handle, _json(row) + "\n")
    columns = COLUMNS[wanted.format]
    _put(handle, _csv(columns))
    return lambda row: _put(handle, _csv(_cell(row[column]) for column in columns))


def _put(handle: BinaryIO, text: str) -> None:
    handle.write(text.encode())


def _csv(cells: Any) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _cell(value: Any) -> Any:
    """A value as a cell: nothing is empty, yes and no are 1 and 0, lists are JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    return _json(value) if isinstance(value, list) else value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
