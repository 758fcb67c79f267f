"""What was odd in a run, and whether so much is missing that old runs should better be kept."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from binscout_tui.backup.archive.manifest import Kind, may_be_listed
from binscout_tui.backup.archive.repository import RunState
from binscout_tui.backup.making.reading import real_path
from binscout_tui.backup.making.scan import Found, found_at
from binscout_tui.backup.making.snapshot import Snapshot
from binscout_tui.backup.making.worklist import Lost, Worklist
from binscout_tui.imaging.names import display_name

MOST_WARNINGS, MOST_VANISHED, MOST_LETTERS = 200, 900, 1000
LEADS_OUT = "is named by a path that leads out of the workspace"
MISSING = "missing at the time of the backup, though the database names it"


class Expected(msgspec.Struct, frozen=True):
    """A file that the database names: its path, relative, or absolute where it stayed in place."""

    path: bytes
    in_place: bool


class Notes:
    """What is to be told of a run: sentences, and files that went away while it ran."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self._vanished: list[str] = []
        self._more_vanished = 0

    def warn(self, sentence: str) -> None:
        """Note something odd."""
        self.warnings.append(sentence)

    def skip(self, path: bytes, why: str) -> None:
        """A file could not be kept."""
        self.warn(f"{shown(path)}: left out, it {why if why.startswith('is ') else f'could not be read: {why}'}")

    def vanish(self, path: bytes) -> None:
        """A file was there and is gone."""
        if len(self._vanished) < MOST_VANISHED:
            self._vanished.append(shown(path))
        else:
            self._more_vanished += 1

    def look_for(self, expected: Iterable[Expected], work: Worklist, root: Path) -> Iterator[Found]:
        """Files that the database names and the list does not have yet; missing ones are noted.

        What is named by a path that no list may hold is noted and left out: it would make the whole list unreadable.
        """
        wanted = ((_inside(one.path, root), one.in_place) for one in expected)
        for path, in_place in work.without_file(wanted):
            kind: Kind = "original" if not in_place else "outside" if path.startswith(b"/") else "other"
            if not may_be_listed(path, kind):
                self.skip(path, LEADS_OUT)
                continue
            try:
                seen = os.stat(real_path(root, path))  # noqa: PTH116  names of files are bytes here
            except OSError:
                self.warn(f"{shown(path)}: {MISSING}")
                continue
            found = found_at(seen, path, kind, self.skip)
            if found is not None:
                yield found

    def all_warnings(self) -> list[str]:
        """As many sentences as a manifest takes; the last one says how many more there were."""
        found = [one[:MOST_LETTERS] for one in self.warnings]
        if self._more_vanished:
            found.insert(0, f"{self._more_vanished:,} more files went away than are named")
        if len(found) > MOST_WARNINGS:
            found[MOST_WARNINGS:] = [f"and {len(found) - MOST_WARNINGS:,} more"]
        return found

    def all_vanished(self) -> list[str]:
        """Files that went away."""
        return list(self._vanished)


def why_suspicious(lasting: Sequence[str], lost: Lost, before: RunState | None, snapshot: Snapshot, most: float) -> str:
    """Why a run is suspicious, "" when it is not: a damaged database, or more than the share `most` is missing.

    Compared is with the run `before`; of the tables only the `lasting` ones count.
    """
    if snapshot.problem:
        return snapshot.problem[:MOST_LETTERS]
    if before is None or before.manifest is None:
        return ""
    if lost.share > most:
        return f"{lost.files:,} of {lost.of_files:,} files of the run {before.run} are missing"
    for table in lasting:
        had, has = before.manifest.rows.get(table, 0), snapshot.rows.get(table, 0)
        if had - has > had * most:
            return f"{had - has:,} of {had:,} rows of the table {table} in the run {before.run} are missing"
    return ""


def shown(path: bytes) -> str:
    """A path for people, and for JSON: nothing in it that a terminal would obey."""
    return display_name(Path(os.fsdecode(path)))[:MOST_LETTERS]


def _inside(path: bytes, root: Path) -> bytes:
    """A path in place that lies in the workspace after all is one of the workspace; `..` leads up as on the disk."""
    if path.startswith(b"/") and b".." in path.split(b"/") and b"\0" not in path:
        folder, name = os.path.split(path)
        path, root = os.path.join(os.path.realpath(folder), name), root.resolve()  # noqa: PTH118  names are bytes
    here = os.fsencode(root) + b"/"
    return path.removeprefix(here) if path.startswith(here) else path
