"""What a restore would do, before anybody does it: files, rows, decisions that would be lost, and room."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from binscout_tui.backup.archive.layout import run_time
from binscout_tui.backup.archive.manifest import FileEntry, Tally, read_files
from binscout_tui.backup.restoring import compare as files
from binscout_tui.backup.restoring.compare import Files, Local, Named
from binscout_tui.clock import to_text
from binscout_tui.errors import NotFoundError, RefusedError
from binscout_tui.operations.backups import comparing_items, restore_source
from binscout_tui.operations.backups.material import folders
from binscout_tui.operations.backups.opening import Opened, opened
from binscout_tui.operations.backups.restore_source import Scope, Source
from binscout_tui.store import images, restored
from binscout_tui.store.images import Image
from binscout_tui.workspace import Workspace

PASSING = frozenset({"event", "job"})
"""Tables whose rows come and go by themselves."""
Meant = Callable[[FileEntry], bool]


class Change(msgspec.Struct, frozen=True):
    """So many files with so many bytes, and the ten largest of them."""

    files: int = 0
    bytes: int = 0
    largest: list[Named] = []


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What a restore of `run` (made at `at`, UTC) would do; nothing was changed to find out.

    Of a database alone no file changes: `absent` are those of the run that are not here as they were then.
    `outside` are files that lie outside of the workspace and stay as they are, `missing` those that the target does not
    have any more. `rows` are those of each table that lasts (now, then). `lost` counts by area what was decided here
    since then and would be gone. `download_bytes` come from the target at least, `needed_bytes` must be free on the
    disk. `refused` says why the run cannot be put in place now, "" when it can; `doubt` why one may not want to.
    """

    target: str
    run: str
    at: str
    scope: Scope
    add: Change
    replace: Change
    remove: Change
    absent: Tally
    same: Tally
    outside: Tally
    missing: Tally
    rows: dict[str, tuple[int, int]]
    lost: dict[str, int]
    lost_total: int
    download_bytes: int
    needed_bytes: int
    free_bytes: int
    undo_days: float
    refused: str
    doubt: str = ""


def compare(workspace: Workspace, target: str, run: str, scope: Scope | None = None) -> Comparison:
    """Compare a run with what is here. Raises NotFoundError, DamagedError, RemoteError, RefusedError (a newer run)."""
    with opened(workspace, target) as on:
        return compared(workspace, on, restore_source.source(on, run), scope or Scope())


def compared(workspace: Workspace, on: Opened, found: Source, scope: Scope) -> Comparison:
    """`compare` for a run that was found already."""
    told = _files(workspace, on, found, scope)
    of_files = scope.kind != "database"
    fetched = told.download if of_files else 0
    in_use = scope.kind in ("everything", "database")
    lost, rows = _since(workspace, found) if in_use else ({}, {})
    needed = restore_source.database_room(found) + fetched + restore_source.RESERVE
    free = restore_source.free_bytes(Path(scope.folder) if scope.kind == "folder" else workspace.paths.root)
    refusals = list(_refusals(workspace, found, scope))
    if scope.kind == "items" and (words := comparing_items.refusal(workspace, on, found, scope.items)):
        refusals.append(words)
    if free < needed:
        refusals.append(restore_source.no_room(workspace.paths.root, needed, free))
    return Comparison(
        target=on.target.name,
        run=found.run,
        at=to_text(run_time(found.run)),
        scope=scope,
        add=_change(told, "add", told.add) if of_files else Change(),
        replace=_change(told, "replace", told.replace) if of_files else Change(),
        remove=_change(told, "remove", told.remove),
        absent=Tally() if of_files else Tally(told.add.files + told.replace.files, told.download),
        same=told.same,
        outside=told.outside,
        missing=told.missing,
        rows=rows,
        lost=lost,
        lost_total=sum(lost.values()),
        download_bytes=found.manifest.records.size + fetched,
        needed_bytes=needed,
        free_bytes=free,
        undo_days=workspace.settings.backup.undo_days,
        refused=" ".join(refusals),
        doubt="" if in_use and not found.state.is_good else restore_source.doubt(found),
    )


def _files(workspace: Workspace, on: Opened, found: Source, scope: Scope) -> Files:
    """Of single items nothing is removed, and of a database alone nothing at all becomes of files."""
    entries = read_files(on.repository.files(found.run), found.manifest.files)
    blobs = found.listing.blobs
    return files.compared(
        entries,
        () if scope.kind == "folder" else _here(workspace),
        workspace.paths.root,
        is_there=lambda one: one.blob in blobs,
        wanted=_meant(workspace, scope.items) if scope.kind == "items" else lambda entry: True,
        removes=scope.kind == "everything",
    )


def _meant(workspace: Workspace, names: Sequence[str]) -> Meant:
    """Whether a file belongs to one of the items, as far as that is known without the database of the run."""
    hashes, paths, models = [], set(), set()
    for name in names:
        image = _image(workspace, int(name)) if name.isdecimal() and len(name) < 19 else None
        hashes += [image.sha256] if image is not None else [name] if re.fullmatch("[0-9a-f]{8,64}", name) else []
        paths |= {name, name.removeprefix(f"{workspace.paths.root}/")}
        models.add(f"models/{name}/")
    return lambda entry: (
        entry.path in paths
        or (entry.kind == "model" and any(entry.path.startswith(one) for one in models))
        or (entry.kind in ("original", "outside", "other") and any(entry.sha256.startswith(one) for one in hashes))
    )


def _image(workspace: Workspace, number: int) -> Image | None:
    try:
        return workspace.db.read(images.get, number)
    except NotFoundError:
        return None


def _here(workspace: Workspace) -> Iterable[Local]:
    kept = {folder.name.encode(): folder.without for folder in folders(workspace.settings.backup)}

    def left_out(name: bytes) -> bool:
        base = name.rpartition(b"/")[2]
        return base.startswith(b".tmp-") or base.decode("utf-8", "replace") in kept[name.partition(b"/")[0]]

    return files.walk(workspace.paths.root, kept, left_out)


def _change(told: Files, way: files.Way, tally: Tally) -> Change:
    return Change(tally.files, tally.bytes, told.largest[way])


def _since(workspace: Workspace, found: Source) -> tuple[dict[str, int], dict[str, tuple[int, int]]]:
    """Decisions since the run by area, and rows by table; of a damaged database here nothing is known."""
    lost: dict[str, int] = {}
    now: dict[str, int] = {}
    with restore_source.though_damaged():
        lost = workspace.db.read(restored.decided_since, found.manifest.began)
        now = workspace.db.read(restored.rows, found.manifest.rows)
    then = sorted(found.manifest.rows.items())
    return lost, {table: (now.get(table, 0), rows) for table, rows in then if table not in PASSING}


def _refusals(workspace: Workspace, found: Source, scope: Scope) -> Iterator[str]:
    checks: list[Callable[[], None]] = [lambda: restore_source.must_be_admin(workspace, "Restoring")]
    if scope.kind in ("everything", "database"):
        checks += [lambda: restore_source.must_be_whole(found), lambda: restore_source.idle(workspace)]
    for check in checks:
        try:
            check()
        except RefusedError as error:
            yield f"{error.sentence} {error.hint}".strip()
