"""A run in words: sections of named lines that the command line prints and the dialog shows. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import msgspec

from binscout_tui.backup.archive.differing import WAYS, Change
from binscout_tui.backup.archive.manifest import Manifest
from binscout_tui.backup.progress import size_words, time_words
from binscout_tui.clock import from_text
from binscout_tui.imaging import names
from binscout_tui.imaging.names import display_name
from binscout_tui.operations.backups.detail import Looked, RunDetail
from binscout_tui.operations.backups.listing import RunRow, age_words
from binscout_tui.operations.backups.run_difference import RunsDifference
from binscout_tui.wording import counted

Tone = Literal["", "muted", "good", "warning", "error"]
GOOD_STATES = frozenset({"committed"})
BAD_STATES = frozenset({"damaged", "failed"})
NAMED = 10
MEMBERS = 20
TABLES = "csv/"
LONGEST = 1000
KINDS = {
    "original": "originals",
    "model": "models",
    "run": "training runs",
    "dataset": "data sets",
    "incoming": "staged captures",
    "outside": "images in place",
    "other": "other files",
}


class Told(msgspec.Struct, frozen=True):
    """A line: its name (or ""), what it says, and how grave that is."""

    name: str
    text: str
    tone: Tone = ""


class Section(msgspec.Struct, frozen=True):
    """Lines with a heading."""

    title: str
    lines: list[Told]


def sections(found: RunDetail, now: datetime, between: RunsDifference | str | None = None) -> list[Section]:
    """All that is known of a run, at `now` (aware, in the zone to tell times in).

    `between` is how it differs from the run before, or why that cannot be said; None leaves it out.
    """
    made = found.manifest
    parts = [Section("Run", list(_head(found, now)))]
    if made is not None:
        parts += [
            Section("Size", _sizes(made)),
            Section("Files", _files(made)),
            Section("Rows", _rows(made, between if isinstance(between, RunsDifference) else None)),
        ]
    if between is not None:
        parts.append(Section(f"Since the run before ({found.previous})", difference_lines(between)))
    if made is not None:
        parts += [
            Section("Records", [Told("sha256", made.records.sha256), *_members(made)]),
            Section("Time", _times(made)),
            Section("Warnings", [Told("", one_line(text), "warning") for text in made.warnings]),
            Section("Gone before they were sent", _named(made.vanished)),
        ]
    parts += [
        Section("Read back", [line for one in found.looks for line in _looked(one, now)]),
        Section("Log of the job", [Told("", one_line(text), "muted") for text in found.log]),
        Section("By hand", [Told("", text, "muted") for text in found.by_hand]),
    ]
    return [part for part in parts if part.lines]


def _head(found: RunDetail, now: datetime) -> Iterator[Told]:
    row, made = found.row, found.manifest
    yield Told("id", row.run or "none: nothing of it is on the target")
    yield Told("target", f"{found.target}, {one_line(found.shown)}")
    yield Told("state", state_words(row), tone_of(row))
    if row.progress:
        yield Told("so far", one_line(row.progress))
    if row.verified:
        yield Told("verified", verified_words(row, now), "good" if row.verified == "read back" else "warning")
    if made is not None:
        yield Told("made", f"by {one_line(made.user)} on {one_line(made.host)}, BinScout {one_line(made.app)}")
        yield Told("database", f"schema {made.schema}")
        if made.note:
            yield Told("note", one_line(made.note))
    if not found.live:
        yield Told("seen", _seen(found, now), "warning" if found.error else "muted")


def _seen(found: RunDetail, now: datetime) -> str:
    return f"{found.error} " * bool(found.error) + age_words(found.listed_at, now)


def state_words(row: RunRow) -> str:
    """The state, with the reason where it needs one."""
    return f"{row.state}: {one_line(row.words)}" if row.words else row.state


def tone_of(row: RunRow) -> Tone:
    """How grave a state is."""
    return "good" if row.state in GOOD_STATES else "error" if row.state in BAD_STATES else "warning"


def verified_words(row: RunRow, now: datetime) -> str:
    """What is proven of a run: `read back 21 Nov 02:04`, that its sizes are right, or ""."""
    if row.verified == "read back" and row.verified_at is not None:
        return f"read back {moment(row.verified_at, now)}"
    return {"": "", "sizes": "sizes alone: not every byte of it was read back", "read back": "read back"}[row.verified]


def moment(at: str, now: datetime) -> str:
    """A UTC time as people here read it: `21 Nov 02:00`, with its year where that is another one."""
    here = from_text(at).astimezone(now.tzinfo)
    return f"{here:%d %b %H:%M}" if here.year == now.year else f"{here:%d %b %Y %H:%M}"


def _sizes(made: Manifest) -> list[Told]:
    new = counted(made.added_files, "file") if made.added_files else "no new file"
    return [
        Told("files", f"{size_words(made.logical_bytes)} in {counted(made.files.count, 'file')}"),
        Told("added", f"{size_words(made.added_bytes)} in {new}, its lists and its records"),
        Told("stored", f"{size_words(made.stored_bytes)} in {counted(made.blobs.count, 'pack or object', _PACKS)}"),
        Told("records", size_words(made.records.size)),
    ]


_PACKS = "packs and objects"


def _files(made: Manifest) -> list[Told]:
    return [
        Told(KINDS.get(kind, kind), f"{tally.files:>10,}   {size_words(tally.bytes):>8}")
        for kind, tally in made.kinds.items()
        if tally.files
    ]


def _rows(made: Manifest, between: RunsDifference | None) -> list[Told]:
    changed = between.rows if between is not None else {}
    lines = []
    for table, rows in sorted(made.rows.items()):
        since = f"   {rows - changed[table][0]:+,}" if table in changed else ""
        if rows or since:
            lines.append(Told(one_line(table), f"{rows:>10,}{since}"))
    return lines


def _members(made: Manifest) -> list[Told]:
    """What is in the records; the tables, of which there are dozens, on one line."""
    tables = [part.size for name, part in made.members.items() if name.startswith(TABLES)]
    others = {name: part for name, part in sorted(made.members.items()) if not name.startswith(TABLES)}
    lines = [Told(one_line(name), size_words(part.size)) for name, part in list(others.items())[:MEMBERS]]
    if len(others) > MEMBERS:
        lines.append(Told("", f"and {len(others) - MEMBERS:,} more"))
    return [
        *lines,
        *([Told(TABLES, f"{size_words(sum(tables))} in {counted(len(tables), 'table')}")] if tables else []),
    ]


def _times(made: Manifest) -> list[Told]:
    lines = [Told(one_line(stage), time_words(seconds)) for stage, seconds in made.durations.items()]
    return [*lines, Told("in all", time_words(sum(made.durations.values())))]


def _named(paths: list[str]) -> list[Told]:
    shown = [Told("", display_name(path), "warning") for path in paths[:NAMED]]
    return [*shown, *([Told("", f"and {len(paths) - NAMED:,} more", "warning")] if len(paths) > NAMED else [])]


def difference_lines(between: RunsDifference | str, *, largest: bool = True) -> list[Told]:
    """Counts and bytes of what was added, changed and went, and with `largest` the ten largest of these."""
    if isinstance(between, str):
        return [Told("", one_line(between), "muted")]
    files = between.files
    if files.is_empty:
        return [Told("", "the same files")]
    lines = [
        Told(way, f"{tally.files:>10,}   {size_words(tally.bytes):>8}")
        for way in (*WAYS, "same")
        if (tally := getattr(files, way)).files
    ]
    if not largest:
        return lines
    return [*lines, Told("", "the largest:", "muted"), *(Told(one.way, change_words(one)) for one in files.largest)]


def change_words(one: Change) -> str:
    """A changed file with its size, or both where it has another."""
    sizes = [size for size in (one.before, one.after) if size is not None]
    both = dict.fromkeys(size_words(size) for size in sizes)
    return f"{' → '.join(both)}  {display_name(one.path)}"


def _looked(one: Looked, now: datetime) -> Iterator[Told]:
    what = {"run": "by the run itself", "verify": "verify", "scrub": "scrub"}.get(one.kind, one.kind)
    how = "read back" if one.level == "read back" else "sizes of"
    text = f"{what}: {how} {counted(one.good + len(one.bad), 'stored file')}"
    text += "" if one.complete else ", broken off"
    text += f", {len(one.bad):,} bad" if one.bad else ", all good"
    yield Told(moment(one.at, now), f"{text} ({one_line(one.by)} on {one_line(one.host)})", "error" if one.bad else "")
    for name, reason in list(one.bad.items())[:NAMED]:
        yield Told("", f"{display_name(name)}: {one_line(reason)}", "error")


def one_line(text: str) -> str:
    """A text from a manifest or a log, with nothing in it that a terminal would obey."""
    return names.one_line(text, LONGEST)
