"""Taking over logs of choosing that older programs wrote, with a report on how far each line was trusted."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from binscout_tui.errors import BinScoutError, StorageError
from binscout_tui.imaging.names import display_name, one_line
from binscout_tui.imaging.outcomes import Refusal
from binscout_tui.imaging.reading import open_regular
from binscout_tui.operations import trust
from binscout_tui.operations.trust import Doubt, Judged, Logged, LoggedImage, Verdict
from binscout_tui.store import images, sets
from binscout_tui.store.images import Image
from binscout_tui.workspace import Workspace

BATCH = 200
PAGE = 1000


class LineReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one line, with stable codes and sentences; `set` is the id of its set, None in a dry run."""

    line: int
    last: int
    verdict: Verdict
    codes: tuple[str, ...]
    reasons: tuple[str, ...]
    set: int | None = None


class LogReport(msgspec.Struct, kw_only=True):
    """What an import did: numbers of lines by verdict, of sets that were new, and of lines that were known already."""

    path: str
    dry_run: bool
    trusted: int = 0
    repaired: int = 0
    refused: int = 0
    new_sets: int = 0
    known: int = 0
    lines: list[LineReport] = []


class _Matched(msgspec.Struct, frozen=True):
    """A line whose pictures were all found."""

    judged: Judged
    logged: Logged
    image_ids: tuple[int, ...]


class _DryRun(Exception):  # noqa: N818 - takes back what was only tried
    def __init__(self, result: object) -> None:
        super().__init__()
        self.result = result


def import_log(workspace: Workspace, path: Path, *, dry_run: bool = False) -> LogReport:
    """Make sets and choices of the lines of a log that can be trusted; a second time changes nothing.

    Needs an operator. Raises UsageError for a file that is no such log, StorageError when it cannot be read.
    """
    workspace.user.must_be("operator", "Importing a log")
    judged = trust.judge(_lines(path))
    report = LogReport(path=display_name(path), dry_run=dry_run, lines=[])
    matcher = _Matcher(workspace, path.absolute().parent, judged)
    for begin in range(0, len(judged), BATCH):
        batch = judged[begin : begin + BATCH]
        found = [_match(matcher, one) for one in batch]
        _enter(workspace, path, found, report)
    return report


def _lines(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as handle:
            return list(handle)
    except OSError as error:
        raise StorageError(f"{display_name(path)} cannot be read: {error.strerror or error}.", code="log") from error


def _match(matcher: _Matcher, judged: Judged) -> _Matched | Judged:
    if judged.logged is None:
        return judged
    try:
        found = tuple(matcher.find(image).id for image in judged.logged.images)
        if len(set(found)) < len(found):
            raise Doubt("same_picture", "Two of its images are the same picture here.")
    except Doubt as doubt:
        return _refused(judged, doubt)
    return _Matched(judged, judged.logged, found)


def _refused(judged: Judged, doubt: Doubt) -> Judged:
    return Judged(line=judged.line, last=judged.last, verdict="refused", codes=(doubt.code,), reasons=(doubt.reason,))


def _enter(workspace: Workspace, path: Path, batch: Sequence[_Matched | Judged], report: LogReport) -> None:
    """Write a batch down in one transaction, which a dry run takes back."""
    try:
        lines, new, known = workspace.db.write(_write, workspace.user.uid, path.name, batch, report.dry_run)
    except _DryRun as tried:
        lines, new, known = tried.result  # type: ignore[misc]
    report.lines += lines
    report.new_sets += new
    report.known += known
    for line in lines:
        setattr(report, line.verdict, getattr(report, line.verdict) + 1)


def _write(
    db: sqlite3.Connection, uid: int, name: str, batch: Iterable[_Matched | Judged], dry_run: bool
) -> tuple[list[LineReport], int, int]:
    lines, new, known = [], 0, 0
    for one in batch:
        set_id, added = None, False
        judged = one
        if isinstance(one, _Matched):
            judged = one.judged
            try:
                set_id, added, was_known = _write_line(db, uid, name, one)
                known += was_known
            except Doubt as doubt:
                judged = _refused(judged, doubt)
            except BinScoutError as error:
                judged = _refused(judged, Doubt(error.code, error.sentence))
        new += added
        lines.append(_reported(judged, None if dry_run else set_id))
    if dry_run:
        raise _DryRun((lines, new, known))
    return lines, new, known


def _write_line(db: sqlite3.Connection, uid: int, name: str, one: _Matched) -> tuple[int, bool, bool]:
    """(set, whether it is new, whether its choice was known). Raises Doubt, with nothing written by this line."""
    db.execute("SAVEPOINT line")
    try:
        logged = one.logged
        set_id, added = sets.add(db, name=one_line(logged.set_id) or "log", kind="hand", image_ids=one.image_ids)
        was_known = sets.get(db, set_id).state != "pending"
        chosen = None if logged.chosen is None else one.image_ids[logged.chosen]
        source = {
            "file": display_name(name),
            "line": one.judged.line,
            "session": one_line(logged.session),
            "at": one_line(logged.at),
        }
        if not sets.import_choice(db, uid, set_id, chosen, crop=logged.crop, log=source):
            raise Doubt("decided", f"Somebody decided otherwise on set {set_id} here; that stays.")
    except BaseException:
        db.execute("ROLLBACK TO line")
        raise
    finally:
        db.execute("RELEASE line")
    return set_id, added, was_known


def _reported(judged: Judged | _Matched, set_id: int | None) -> LineReport:
    if isinstance(judged, _Matched):
        raise TypeError(judged)
    return LineReport(
        line=judged.line,
        last=judged.last,
        verdict=judged.verdict,
        codes=judged.codes,
        reasons=tuple(one_line(reason, 400) for reason in judged.reasons),
        set=set_id if judged.verdict != "refused" else None,
    )


class _Matcher:
    """Finds the images that a log names: by the bytes of a file that is still there, else by path, else by name."""

    def __init__(self, workspace: Workspace, folder: Path, judged: Iterable[Judged]) -> None:
        self._workspace = workspace
        self._folder = folder
        self._sizes = workspace.db.read(images.sizes)
        self._by_file: dict[str, Image | None] = {}
        self._by_source: defaultdict[str, list[Image]] = defaultdict(list)
        self._by_name: defaultdict[str, list[Image]] = defaultdict(list)
        paths = {image.path for one in judged if one.logged for image in one.logged.images}
        self._read({display_name(path) for path in paths}, {display_name(os.path.basename(p)) for p in paths})  # noqa: PTH119

    def find(self, logged: LoggedImage) -> Image:
        """The image that is meant. Raises Doubt when it is unknown, ambiguous, of another size or not in use."""
        image = self._file(logged.path) or self._only(self._by_source[display_name(logged.path)], logged)
        if image is None:
            name = display_name(os.path.basename(logged.path))  # noqa: PTH119
            image = self._only(self._by_name[name], logged)
        if image is None:
            raise Doubt("missing", f"{display_name(logged.path)} is neither in the workspace nor a file that is.")
        known = (image.width, image.height)
        if logged.width and logged.height and (logged.width, logged.height) != known:
            raise Doubt(
                "size",
                f"{image.name} has {image.width}x{image.height} pixels here and {logged.width}x{logged.height} in the"
                " log: it may have been cropped since.",
            )
        if not image.is_live:
            raise Doubt("not_live", f"{image.name} is in the trash or was not accepted.")
        return image

    def _read(self, sources: set[str], names: set[str]) -> None:
        for trashed in (False, True):
            after = 0
            while page := self._workspace.db.read(images.page, after=after, limit=PAGE, trashed=trashed):
                after = page[-1].id
                for image in page:
                    if image.source in sources:
                        self._by_source[image.source].append(image)
                    if image.name in names:
                        self._by_name[image.name].append(image)

    def _only(self, found: Sequence[Image], logged: LoggedImage) -> Image | None:
        if len(found) > 1:
            raise Doubt("ambiguous", f"{len(found)} images are called {display_name(logged.path)}.")
        return found[0] if found else None

    def _file(self, path: str) -> Image | None:
        """The image with the bytes of the file at `path`, as seen from the log's folder."""
        if path not in self._by_file:
            self._by_file[path] = None
            with suppress(OSError, Refusal, ValueError), open_regular(self._folder / path) as handle:
                if os.fstat(handle.fileno()).st_size in self._sizes:
                    sha256 = hashlib.file_digest(handle, "sha256").hexdigest()  # type: ignore[arg-type]
                    self._by_file[path] = self._workspace.db.read(images.by_hash, sha256)
        return self._by_file[path]
