"""Everything worth knowing about one run."""

from __future__ import annotations

import shlex
from collections import deque
from pathlib import Path

import msgspec

from binscout_tui.backup.archive import layout, manifest
from binscout_tui.backup.archive.manifest import Check, Manifest
from binscout_tui.backup.archive.repository import Listing, Repository, RunState
from binscout_tui.backup.faults import DamagedError, RepoError
from binscout_tui.backup.restic import repository as restic_repository
from binscout_tui.backup.restic import target as restic_target
from binscout_tui.backup.target.known import CONFIG, Target
from binscout_tui.backup.target.sheet import below
from binscout_tui.errors import NotFoundError
from binscout_tui.operations.backups import listing, naming
from binscout_tui.operations.backups.file_index import FileIndex
from binscout_tui.operations.backups.listing import Look, RunRow, look_at
from binscout_tui.operations.backups.opening import cache, find_target, folder
from binscout_tui.operations.backups.run_difference import Lists, RunsDifference, between, committed
from binscout_tui.workspace import Paths, Workspace

LOG_LINES = 20
LOG_BYTES = 64 << 10


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """A time at which stored bytes of the run were looked at: how many of its stored files were good, how many bad."""

    at: str
    kind: str
    level: str
    by: str
    host: str
    good: int
    bad: dict[str, str]
    complete: bool


class RunDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A run, from the target when `live`, else as it was at `listed_at`; `error` says why not live, where it was tried.

    `manifest` is None where there is none that can be read. `previous` is the run to compare with. `log` are the last
    lines of its job, where that ran here. `by_hand` are shell commands that bring it back without this program.
    """

    target: str
    shown: str
    row: RunRow
    live: bool
    listed_at: str | None
    error: str
    manifest: Manifest | None
    previous: str | None
    looks: list[Looked]
    log: list[str]
    by_hand: list[str]


def detail(workspace: Workspace, target: str, run: str, *, live: bool = False) -> RunDetail:
    """The run that `run` names, or the row of a list with that key: work of this machine may have left no run.

    With `live` the target is asked, and what was seen last is taken where it is silent. Raises NotFoundError for a run
    that is not there, or where nothing was ever seen; UsageError.
    """
    known = find_target(workspace, target)
    look = look_at(workspace, known.name, live=live)
    rows = listing.rows_of(workspace, known.name, look.listing)
    row = next((one for one in rows if one.key == run), None)
    if row is None:
        look, found = seen(workspace, known.name, run, look)
        row = next(one for one in listing.rows_of(workspace, known.name, look.listing) if one.run == found.run)
    there = look.listing.runs if look.listing is not None else []
    state = next((one for one in there if one.run == row.run), None)
    made = None if state is None else state.manifest
    before = naming.before(there, state) if state is not None and made is not None else None
    return RunDetail(
        target=known.name,
        shown=known.shown,
        row=row,
        live=look.live,
        listed_at=None if look.listing is None else look.listing.at,
        error=look.error.sentence if look.error else "",
        manifest=made,
        previous=None if before is None else before.run,
        looks=_looks(cache(workspace, known.name), made),
        log=_log(workspace.paths, row.job),
        by_hand=by_hand(folder(workspace), known, row.run) if made is not None else [],
    )


def seen(workspace: Workspace, target: str, run: str, look: Look | None = None) -> tuple[Look, RunState]:
    """A look at a target in which there is the run that `run` names: `look` or the last one, else one now.

    Raises NotFoundError, UsageError, and why nobody can look where nobody ever did.
    """
    look = look or look_at(workspace, target, live=False)
    tried = look.live or look.error is not None
    if not tried and (look.listing is None or not _has(look.listing, run)):
        look = look_at(workspace, target, live=True)
    if look.listing is None:
        raise look.error or NotFoundError(f"There is no run {run!r}.", hint=naming.HINT, code="no_run")
    return look, naming.find_run(look.listing.runs, run)


def _has(look: Listing, run: str) -> bool:
    try:
        naming.find_run(look.runs, run)
    except NotFoundError:
        return False
    return True


def differs(workspace: Workspace, target: str, run: str, previous: str) -> RunsDifference:
    """How a run differs from the one before, both named by their ids. Raises as `seen` and `between`."""
    look, after = seen(workspace, target, run)
    assert look.listing is not None
    return between(workspace, target, naming.find_run(look.listing.runs, previous), after)


def file_index(workspace: Workspace, target: str, run: str) -> FileIndex:
    """The files of a run for looking at. Raises as `seen`, ConflictError, DamagedError, RemoteError."""
    _, found = seen(workspace, target, run)
    with Lists(workspace, target) as lists:
        return FileIndex(lists.files(committed(found)), cache(workspace, target))


def by_hand(folder: Path, target: Target, run: str) -> list[str]:
    """Commands of a shell that fetch a run and unpack its records; docs/backups.md goes on from there.

    `folder` is that of the targets.
    """
    if target.engine == "restic":
        return _by_restic(folder, target, run)
    rclone = f"rclone --config {shlex.quote(str(folder / CONFIG))} copy"
    inside = shlex.quote(target.fs)
    where = shlex.quote(below(target.fs, f"{layout.RUNS}/{run}"))
    here = f"store/{layout.RUNS}/{run}"
    names = r"""sed -n 's/.*"name":"\([^"]*\)".*/\1/p'"""
    return [
        f"{rclone} {where} {here} && tar -xzf {here}/{layout.RECORDS} -C {here}",
        f"zcat {here}/{layout.BLOBS} | {names} | {rclone} --files-from-raw - {inside} store",
    ]


def _by_restic(folder: Path, target: Target, run: str) -> list[str]:
    key = shlex.quote(str(restic_target.key_path(folder, target.name)))
    start = f"RCLONE_CONFIG={shlex.quote(str(folder / CONFIG))} restic -r {shlex.quote(f'rclone:{target.fs}')}"
    tags = (restic_repository.FILES_TAG, restic_repository.RUN_TAG)
    return [f"{start} --password-file {key} restore latest --tag {tag},{run} --target {run}" for tag in tags]


def _looks(folder: Path, run: Manifest | None) -> list[Looked]:
    """What the looks kept here have to say of a run, newest first."""
    if run is None:
        return []
    checks = [check for path in sorted((folder / layout.CHECKS).glob("*.json")) if (check := _check(path)) is not None]
    names = _names(folder, run) if checks else set()
    found = [_looked(check, names) for check in reversed(checks)]
    return [one for one in found if one.good or one.bad]


def _check(path: Path) -> Check | None:
    try:
        return manifest.decode_check(path.read_bytes(), path.name)
    except (OSError, DamagedError, RepoError):
        return None  # it proves nothing


def _names(folder: Path, run: Manifest) -> set[str]:
    """The names of all stored files of a run, of its own three alone where the list of the others is not here."""
    names = {layout.run_file(run.run, part.name) for part in (run.files, run.blobs, run.records)}
    kept = Repository.kept_part(folder, run.run, run.blobs)
    if kept is not None:
        names.update(blob.name for blob in manifest.read_blobs(kept, run.blobs))
    return names


def _looked(check: Check, names: set[str]) -> Looked:
    return Looked(
        at=check.at,
        kind=check.kind,
        level=check.level,
        by=check.by,
        host=check.host,
        good=sum(name in names for name in check.good),
        bad={name: reason for name, reason in check.bad.items() if name in names},
        complete=check.complete,
    )


def _log(paths: Paths, job: int | None) -> list[str]:
    """The last lines that the run's job wrote, none where it did not run here."""
    try:
        with (paths.logs / f"job-{job}.log").open("rb") as handle:
            handle.seek(max(0, handle.seek(0, 2) - LOG_BYTES))
            return list(deque(handle.read().decode(errors="replace").splitlines(), LOG_LINES))
    except OSError:
        return []
