"""Items and compartments from lists: files with comma-separated values, one thing a line."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.errors import BinScoutError, UsageError
from binscout_tui.imaging.names import display_name, one_line
from binscout_tui.store import compartments, items
from binscout_tui.store.users import User

LARGEST_BYTES = 16 << 20
ITEM_COLUMNS = ("name", "number", "class", "target", "note")
COMPARTMENT_COLUMNS = ("code", "name", "organiser", "item")

Outcome = str


class RefusedLine(msgspec.Struct, frozen=True):
    """A line that was not taken; lines are counted from 1, the one with the names of the columns."""

    line: int
    text: str
    code: str
    reason: str


class ListReport(msgspec.Struct):
    """What came of a list; nothing was changed for lines that were refused."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[RefusedLine] = []


def import_items(db: sqlite3.Connection, user: User, text: str) -> ListReport:
    """Make and change items as the lines say (a store function): name, and number, class, target, note if there.

    A value that is left empty is empty from then on; a column that is not there changes nothing. A later line of the
    same item wins. Raises RefusedError for a role, UsageError for what is no such list at all; then nothing changed.
    """
    user.must_be("operator", "Importing items")
    return _import(db, text, ITEM_COLUMNS, lambda row: _item(db, user.uid, row))


def import_compartments(db: sqlite3.Connection, user: User, text: str) -> ListReport:
    """Make, change and fill compartments as the lines say: code, and name, organiser, item (its name) if there.

    As `import_items`; the items must be there.
    """
    user.must_be("operator", "Importing compartments")
    return _import(db, text, COMPARTMENT_COLUMNS, lambda row: _compartment(db, user.uid, row))


def read_list(path: Path) -> str:
    """The text of the list at `path`. Raises UsageError when it is too large or not UTF-8, OSError."""
    with path.open("rb") as file:
        data = file.read(LARGEST_BYTES + 1)
    if len(data) > LARGEST_BYTES:
        raise UsageError(f"{display_name(path)} is larger than {LARGEST_BYTES >> 20} MiB.", code="too_large")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{display_name(path)} is not text in UTF-8 (line {line}).", code="not_utf8") from error


def _import(
    db: sqlite3.Connection, text: str, columns: tuple[str, ...], take: Callable[[dict[str, str]], Outcome]
) -> ListReport:
    report = ListReport()
    for line, row in _rows(text, columns):
        if not isinstance(row, dict):
            report.refused.append(RefusedLine(line, "", "bad_line", row))
            continue
        db.execute("SAVEPOINT line")
        try:
            outcome = take(row)
        except BinScoutError as error:
            db.execute("ROLLBACK TO line")
            report.refused.append(RefusedLine(line, one_line(",".join(row.values())), error.code, error.sentence))
        else:
            setattr(report, outcome, getattr(report, outcome) + 1)
        db.execute("RELEASE line")
    return report


def _rows(text: str, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str] | str]]:
    """(line, values by column), or (line, what is wrong with it). Raises UsageError for a bad first line."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        _must_be_columns(names, columns)
        for values in reader:
            if len(values) > len(names):
                yield reader.line_num, f"It has {len(values)} values for {len(names)} columns."
            elif any(value.strip() for value in values):
                padded = [*values, *[""] * (len(names) - len(values))]
                yield reader.line_num, dict(zip(names, padded, strict=True))
    except csv.Error as error:
        raise UsageError(f"Line {reader.line_num} is not comma-separated values: {error}.", code="bad_csv") from error


def _must_be_columns(names: list[str], columns: tuple[str, ...]) -> None:
    hint = f"The first line names the columns: {','.join(columns)}; only {columns[0]} must be there."
    unknown = [name for name in names if name not in columns]
    if unknown:
        raise UsageError(f"There is no column {one_line(unknown[0])!r}.", hint=hint, code="bad_columns")
    if columns[0] not in names or len(set(names)) < len(names):
        what = f"The column {columns[0]} is missing" if columns[0] not in names else "A column is there twice"
        raise UsageError(f"{what}.", hint=hint, code="bad_columns")


def _item(db: sqlite3.Connection, uid: int, row: dict[str, str]) -> Outcome:
    values: dict[str, Any] = {key: row[key] for key in ("number", "note") if key in row}
    if "class" in row:
        values["class_name"] = row["class"].strip() or None
    if "target" in row:
        values["target"] = _number(row["target"])
    before = items.by_name(db, row["name"])
    if before is None:
        items.add(db, uid, row["name"], **values)
        return "added"
    return "unchanged" if items.change(db, uid, before.id, **values) == before else "changed"


def _compartment(db: sqlite3.Connection, uid: int, row: dict[str, str]) -> Outcome:
    values = {key: row[key] for key in ("name", "organiser") if key in row}
    before = compartments.by_code(db, row["code"])
    if before is None:
        after = compartments.add(db, uid, row["code"], **values)
    else:
        after = compartments.change(db, uid, before.id, **values)
    if "item" in row:
        item = items.named(db, row["item"]).id if row["item"].strip() else None
        after = compartments.place(db, uid, after.id, item)
    return "added" if before is None else "unchanged" if after == before else "changed"


def _number(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise UsageError(f"{one_line(text, 40)!r} is not a number of pictures.", code="bad_target")
    return int(text)
