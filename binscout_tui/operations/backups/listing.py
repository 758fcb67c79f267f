"""The runs of a target: what lies there now or lay there at the last look, together with the work of this machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui.backup.archive import summary
from binscout_tui.backup.archive.layout import is_run_id, run_time
from binscout_tui.backup.archive.lease import Holder
from binscout_tui.backup.archive.repository import Listing, Repository, RunState
from binscout_tui.backup.progress import time_words
from binscout_tui.backup.transport.remote import Space
from binscout_tui.clock import from_text, to_text
from binscout_tui.errors import BinScoutError, StorageError
from binscout_tui.imaging import names
from binscout_tui.operations.backups import scheduling
from binscout_tui.operations.backups.asking import looker
from binscout_tui.operations.backups.opening import cache, find_target, opened
from binscout_tui.store import backup_jobs
from binscout_tui.store.jobs import Job
from binscout_tui.wording import counted
from binscout_tui.workspace import Workspace

Shown = Literal[
    "running",
    "committed",
    "warnings",
    "suspicious",
    "damaged",
    "abandoned",
    "uploading",
    "here only",
    "failed",
    "cancelled",
]
JOBS = 100
FAILED_SHOWN = 10
LONGEST = 500
ENDED = "its process has ended; `binscout jobs list` starts it again"
# A job tells its start by the clock of this machine, as the name of its run does; the name has whole seconds.
SLACK = timedelta(seconds=2)


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """A run as a list shows it. Times are UTC text, sizes bytes; None where they are not known. Texts obey no terminal.

    `run` is "" for work of this machine that left nothing on the target, `key` is there always. `words` say why the
    state is what it is. `verified_at` is the longest ago that any byte of it was read back.
    """

    key: str
    run: str
    at: str
    state: Shown
    words: str = ""
    verified: Literal["", "sizes", "read back"] = ""
    verified_at: str | None = None
    logical_bytes: int | None = None
    added_bytes: int | None = None
    stored_bytes: int | None = None
    files: int | None = None
    seconds: float | None = None
    missing: int = 0
    job: int | None = None
    progress: str = ""
    host: str = ""
    note: str = ""


class RunsView(msgspec.Struct, frozen=True, kw_only=True):
    """The runs of a target, newest first, as they were at `listed_at` (UTC; None: nobody has looked yet).

    `live` when that was now. Else `error` says why not, where it was tried, and `unreachable_since` since when.
    """

    target: str
    kind: str
    shown: str
    rows: list[RunRow]
    live: bool
    listed_at: str | None
    unreachable_since: str | None = None
    error: str = ""
    space: Space | None = None
    stored_bytes: int | None = None
    skew: str = ""
    next_at: str | None = None


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """A listing and how one came by it: `live`, or else why not (`error` is "" when nobody tried)."""

    listing: Listing | None
    live: bool
    error: BinScoutError | None = None


def runs(workspace: Workspace, target: str = "", live: bool = False) -> RunsView:
    """The runs of a target; with `live` the target itself is asked, and what it says is kept for the next time.

    A target out of reach is told in the view, beside what was seen last. Raises NotFoundError, UsageError about the
    target's name.
    """
    known = find_target(workspace, target)
    look = look_at(workspace, known.name, live=live)
    unreached = summary.read_unreached(cache(workspace, known.name))
    seen, wanted = look.listing, workspace.settings.backup
    why = look.error.sentence if look.error else "" if look.live or unreached is None else unreached.words
    return RunsView(
        target=known.name,
        kind=known.kind,
        shown=known.shown,
        rows=rows_of(workspace, known.name, seen),
        live=look.live,
        listed_at=None if seen is None else seen.at,
        unreachable_since=None if look.live or unreached is None else unreached.since,
        error=names.one_line(why, LONGEST),
        space=None if seen is None else seen.space,
        stored_bytes=None if seen is None else seen.stored_bytes,
        skew=skew_words(seen, wanted.skew_minutes),
        next_at=scheduling.status(workspace).next_at,
    )


def look_at(workspace: Workspace, target: str, *, live: bool) -> Look:
    """What lies on the target `target`: now with `live`, where it answers, else as it was seen last.

    A store that is not there yet is an empty one; one that may not be used is told as what is out of reach is.
    """
    if not live:
        return Look(listing=_kept(workspace, target), live=False)
    try:
        with opened(workspace, target, quick=True) as on:
            return Look(listing=on.repository.listing(), live=True)
    except BinScoutError as error:
        if error.code == "not_initialised":
            return Look(listing=_nothing_yet(cache(workspace, target)), live=True)
        summary.note_unreached(cache(workspace, target), error.sentence)
        return Look(listing=_kept(workspace, target), live=False, error=error)
    except OSError as error:
        # The lists of a run are kept on this disk while they are read.
        words = f"The lists of {target} cannot be kept on this disk: {error.strerror or error}."
        return Look(listing=_kept(workspace, target), live=False, error=StorageError(words, code="system"))


def _nothing_yet(folder: Path) -> Listing:
    at = to_text(datetime.now(UTC))
    with suppress(OSError):
        summary.keep(folder, at, [])
    return Listing(at=at, repo=None, runs=[])


def _kept(workspace: Workspace, target: str) -> Listing | None:
    return Repository.kept_in(cache(workspace, target))


def jobs_of(workspace: Workspace, target: str) -> list[Job]:
    """The newest work of this workspace on a target, newest first."""
    return [job for job in workspace.db.read(backup_jobs.latest, JOBS) if job.payload.get("target") == target]


def rows_of(workspace: Workspace, target: str, seen: Listing | None) -> list[RunRow]:
    """The rows of a list, as `rows` says, from a look and what this workspace knows."""
    unfinished_for = timedelta(hours=workspace.settings.backup.abandoned_hours)
    asking = looker(workspace)
    return rows(seen.runs if seen else [], jobs_of(workspace, target), datetime.now(UTC), unfinished_for, asking)


def rows(
    found: Sequence[RunState], jobs: Sequence[Job], now: datetime, unfinished_for: timedelta, asking: Holder
) -> list[RunRow]:
    """The rows of a list, newest first, from what the target has and the `jobs` of the workspace of `asking`. Pure.

    What somebody else says to be working on is `uploading` for so long, then `abandoned`.
    """
    makers = {run: job for job in jobs if job.kind == "backup" for run in _of(job, found, asking)}
    there = {one.run for one in found}
    shown = [_row(one, makers.get(one.run), now, unfinished_for, asking) for one in found]
    pruned = {run for job in jobs if job.kind == "backup-prune" and job.result for run in job.result.get("dropped", ())}
    used = {job.id for run, job in makers.items() if run in there}
    shown += [_job_row(job) for job in jobs if job.kind == "backup" and job.is_open and job.id not in used]
    ended = [job for job in jobs if job.kind == "backup" and not job.is_open and job.id not in used]
    shown += [row for job in ended if (row := _only_here(job, there | pruned)) is not None][:FAILED_SHOWN]
    return sorted(shown, key=lambda row: (row.at, row.key), reverse=True)


def _of(job: Job, found: Iterable[RunState], asking: Holder) -> list[str]:
    """The runs that a job made: the one that it tells of, else the unfinished ones of here begun while it worked."""
    if job.result is not None:
        return [str(job.result.get("run", ""))]
    if job.started_at is None:
        return []
    since = from_text(job.started_at) - SLACK
    until = from_text(job.finished_at) + SLACK if job.finished_at else datetime.max.replace(tzinfo=UTC)
    unfinished = (one for one in found if one.manifest is None and (one.by is None or one.by.is_beside(asking)))
    return [one.run for one in unfinished if since <= run_time(one.run) <= until]


def _row(one: RunState, job: Job | None, now: datetime, unfinished_for: timedelta, asking: Holder) -> RunRow:
    made = one.manifest
    if made is None:
        state, words = _unfinished(one, job, now, unfinished_for, asking)
        return RunRow(
            key=one.run,
            run=one.run,
            at=to_text(run_time(one.run)),
            state=state,
            words=names.one_line(words, LONGEST),
            missing=one.missing,
            job=None if job is None else job.id,
            progress=job.message if job is not None and job.is_open and not words else "",
        )
    return RunRow(
        key=one.run,
        run=one.run,
        at=to_text(run_time(one.run)),
        state=_state(one),
        words=names.one_line(_why(one), LONGEST),
        verified=one.verified,
        verified_at=one.verified_at,
        logical_bytes=made.logical_bytes,
        added_bytes=made.added_bytes,
        stored_bytes=made.stored_bytes,
        files=made.files.count,
        seconds=sum(made.durations.values()),
        missing=one.missing,
        job=None if job is None else job.id,
        host=names.one_line(made.host),
        note=names.one_line(made.note, LONGEST),
    )


def _state(one: RunState) -> Shown:
    if one.state != "committed" or one.manifest is None:
        return one.state
    return "suspicious" if one.manifest.suspicious else "warnings" if one.manifest.warnings else "committed"


def _why(one: RunState) -> str:
    made = one.manifest
    if one.reason or made is None:
        return one.reason
    if made.suspicious:
        return made.suspicious
    return "; ".join(made.warnings)


def _unfinished(
    one: RunState, job: Job | None, now: datetime, unfinished_for: timedelta, asking: Holder
) -> tuple[Shown, str]:
    if one.state == "damaged":
        return "damaged", one.reason
    if job is not None and job.is_open:
        ended = one.by is not None and one.by.is_gone(asking)
        return "running", ENDED if ended else ""
    if job is not None:
        return "abandoned", job.error or f"the job {job.id} was {job.state}"
    if one.by is None or one.by.is_gone(asking):
        return "abandoned", one.reason
    if one.by.is_beside(asking):
        return "running", f"by {one.by.words()}"
    if timedelta(0) <= now - run_time(one.run) < unfinished_for:
        return "uploading", f"by {one.by.words()}"
    return "abandoned", f"{one.reason}; it was begun by {one.by.words()}"


def _job_row(job: Job) -> RunRow:
    """Work that goes on here and is not seen on the target yet."""
    return RunRow(
        key=f"job-{job.id}",
        run="",
        at=job.started_at or job.queued_at,
        state="running",
        job=job.id,
        progress=job.message,
    )


def _only_here(job: Job, known: set[str]) -> RunRow | None:
    """Work that has ended here and of which the target has nothing; None where that is as it should be."""
    at = job.started_at or job.queued_at
    if job.state != "done":
        words = names.one_line(job.error or "", LONGEST)
        return RunRow(key=f"job-{job.id}", run="", at=at, state=job.state, words=words, job=job.id)  # type: ignore[arg-type]
    run = str((job.result or {}).get("run", ""))
    if not is_run_id(run) or run in known:
        return None
    words = "it was made here, and the target does not have it any more"
    return RunRow(key=run, run=run, at=to_text(run_time(run)), state="here only", words=words, job=job.id)


def skew_words(seen: Listing | None, most_minutes: float) -> str:
    """The warning about a clock that goes wrong, "" when it does not or nobody knows."""
    if seen is None or seen.skew_s is None or abs(seen.skew_s) <= most_minutes * 60:
        return ""
    way = "ahead of" if seen.skew_s > 0 else "behind"
    return f"The target's clock is {time_words(abs(seen.skew_s))} {way} this machine's."


def age_words(at: str | None, now: datetime) -> str:
    """How old a look at the target is, for example `listed 3 min ago`."""
    if at is None:
        return "never listed"
    seconds = (now - from_text(at)).total_seconds()
    if seconds < 0:
        return "listed in the future, by this clock"
    if seconds < 86_400:
        return f"listed {time_words(seconds)} ago"
    return f"listed {counted(int(seconds // 86_400), 'day')} ago"
