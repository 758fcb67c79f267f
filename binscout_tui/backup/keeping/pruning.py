"""Deleting what no run needs any more: first what would go, as a plan with a hash, then exactly that.

A run is gone when its manifest is, so that is set aside first; then the other files of the run go, then what no
manifest names. It may be cut off anywhere and be done again. Nothing goes while a manifest cannot be read or was lost,
while a run goes on, while the newest run is suspicious, or where no run is good.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from binscout_tui.backup.archive import layout, lease, manifest
from binscout_tui.backup.archive.lease import Holder, Lease
from binscout_tui.backup.archive.manifest import Check
from binscout_tui.backup.archive.repository import Listing, Repository, RunState
from binscout_tui.backup.faults import DamagedError, RemoteError
from binscout_tui.backup.keeping import retention
from binscout_tui.backup.keeping.repairing import GIVE_UP, beside
from binscout_tui.backup.keeping.retention import Candidate, Kept, Rules
from binscout_tui.backup.progress import Progress
from binscout_tui.errors import ConflictError, RefusedError
from binscout_tui.wording import counted

LOOK, DELETE_RUNS, DELETE_FILES = "look", "delete runs", "delete files"
STAGES = (LOOK, DELETE_RUNS, DELETE_FILES)
AT_ONCE = 20
"""So many files are deleted between two looks at whether to stop."""
SHOWN = 3
HISTORY = timedelta(days=90)
"""So long a record of a look stays that later ones have overtaken."""


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How old things must be, by the target's clock: files that nobody needs, runs that were never finished."""

    grace: timedelta = timedelta(days=7)
    abandoned: timedelta = timedelta(hours=48)


class PrunePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a prune would do. `hash` names exactly this; "" where `refused` says why nothing may go.

    `keep` and `drop` are committed runs, newest first. `abandoned` were never finished. `blobs` stored files of `bytes`
    would go, `waiting` of `waiting_bytes` are needed by no run but still too young; `partial` are half uploads,
    `checks` records of looks that later ones have overtaken.
    """

    keep: list[Kept]
    drop: list[str]
    abandoned: list[str]
    blobs: int
    bytes: int
    waiting: int
    waiting_bytes: int
    partial: int
    checks: int = 0
    rules: str
    refused: str
    hash: str

    @property
    def is_empty(self) -> bool:
        """Whether nothing would go."""
        return not (self.drop or self.abandoned or self.blobs or self.partial or self.checks)


class Worklist(msgspec.Struct, frozen=True, kw_only=True):
    """A plan with the names of the files that would go."""

    plan: PrunePlan
    blobs: list[str]
    partial: list[str]
    checks: list[str]


class Pruned(msgspec.Struct, frozen=True, kw_only=True):
    """What was deleted: runs, and stored files with their bytes. `failed` could not be deleted."""

    dropped: list[str]
    blobs: int
    bytes: int
    failed: list[str]


def work_out(
    repository: Repository,
    listing: Listing,
    rules: Rules,
    patience: Patience,
    *,
    now: datetime,
    there: datetime,
    asking: Holder,
) -> Worklist:
    """What would go. `now` is this machine's time, `there` the target's; `asking` is who would do it.

    Raises RemoteError, and DamagedError where a time of the target is none.
    """
    unreadable = [run for run in listing.runs if run.state == "damaged" and run.manifest is None]
    # Of two clocks the slower one says what lies in the future: what is kept for that is kept too long at most.
    choice = retention.choose(_candidates(listing.runs), rules, min(now, there))
    refused = (
        _unreadable(unreadable)
        or choice.refused
        or _suspicious(listing.runs)
        or _running(lease.in_progress(repository.remote, there, patience.abandoned, asking))
        or _nobody(listing)
    )
    named: set[str] = set()
    if not refused:
        try:
            named = _named(repository, listing.runs, frozenset(choice.drop))
        except DamagedError as error:
            refused = f"It cannot be known what a run needs. {error.sentence}"
    if refused:
        return Worklist(plan=_nothing(listing.runs, rules, refused), blobs=[], partial=[], checks=[])
    looks = repository.looks(listing.checks)
    return _worklist(listing, choice, named, looks, rules, patience, there)


def carry_out(
    repository: Repository,
    again: Callable[[datetime], Worklist],
    plan_hash: str,
    held: Lease,
    progress: Progress,
) -> Pruned:
    """Delete what the plan with this hash says, while `held` is. `again` works it out anew for the target's time.

    Raises ConflictError `plan_changed` where it would be another plan, RefusedError where nothing may go, RemoteError,
    and what `progress` raises to stop; what is deleted by then stays so, and the rest is in the next plan.
    """
    progress.start(LOOK)
    wanted = again(held.now)
    if wanted.plan.refused:
        raise RefusedError(f"Nothing was deleted. {wanted.plan.refused}", code="prune_refused")
    if wanted.plan.hash != plan_hash:
        raise changed_plan()
    deleting = _Deleting(repository, held, progress)
    deleting.runs(wanted)
    # A run that came meanwhile, from a machine that did not see the lease, needs what it names.
    needed = _still_named(repository)
    blobs = [name for name in wanted.blobs if name not in needed]
    deleting.files([*blobs, *wanted.partial, *wanted.checks])
    failed = set(deleting.failed)
    return Pruned(
        dropped=deleting.dropped,
        blobs=sum(name not in failed for name in blobs),
        bytes=sum(deleting.sizes.get(name, 0) for name in blobs if name not in failed),
        failed=deleting.failed,
    )


def changed_plan() -> ConflictError:
    """The error for a plan that would be another one now."""
    return ConflictError(
        "What would be deleted is not what was shown any more; nothing was deleted.",
        hint="Look at the plan again.",
        code="plan_changed",
    )


class _Deleting:
    """Deletes in small steps, between which the lease is renewed and a wish to stop is heard."""

    def __init__(self, repository: Repository, held: Lease, progress: Progress) -> None:
        self._remote, self._held, self._progress = repository.remote, held, progress
        self.dropped: list[str] = []
        self.failed: list[str] = []
        self.sizes: dict[str, int] = {}

    def runs(self, wanted: Worklist) -> None:
        """Each manifest first, so that no run is seen whole that is not; a run whose manifest stays is left."""
        self._progress.start(DELETE_RUNS, files=len(wanted.plan.drop) + len(wanted.plan.abandoned))
        self.dropped = [run for run in wanted.plan.drop if self._set_aside(run)] + wanted.plan.abandoned
        for run in self.dropped:
            self._folder(run)
            self._progress.advance(files=1)

    def _set_aside(self, run: str) -> bool:
        """Whether the manifest has the name now that says to every machine that it was not lost."""
        self._held.beat()
        self._progress.tell()
        name = layout.run_file(run, layout.MANIFEST)
        try:
            self._remote.call_move(name, layout.run_file(run, layout.GIVEN_UP))
        except RemoteError as error:
            if error.code in GIVE_UP:
                raise
            self.failed.append(name)
            return False
        return True

    def _folder(self, run: str) -> None:
        """The manifest that was set aside stays until nothing else of the run is left."""
        last = layout.run_file(run, layout.GIVEN_UP)
        names = [entry.name for entry in self._remote.list(f"{layout.RUNS}/{run}")]
        before = len(self.failed)
        self._delete([name for name in names if name != last], 0)
        if last in names and len(self.failed) == before:
            self._delete([last], 0)

    def files(self, names: Sequence[str]) -> None:
        """Stored files."""
        self.sizes = {entry.name: entry.size for folder in _BLOBS for entry in self._remote.list(folder)}
        self._progress.start(DELETE_FILES, files=len(names))
        self._delete(names, 1)

    def _delete(self, names: Sequence[str], each: int) -> None:
        for start in range(0, len(names), AT_ONCE):
            self._held.beat()
            self._progress.tell()
            some = names[start : start + AT_ONCE]
            self.failed += self._remote.delete(some)
            self._progress.advance(files=len(some) * each)


_BLOBS = (layout.PACKS, layout.OBJECTS)


def _candidates(runs: Iterable[RunState]) -> list[Candidate]:
    return [
        Candidate(
            run=run.run,
            at=layout.run_time(run.run),
            flaw=_flaw(run),
            parent=run.manifest.parent,
            machine=run.manifest.host,
            owner=run.manifest.owner,
        )
        for run in runs
        if run.manifest is not None
    ]


def _flaw(run: RunState) -> str:
    if not run.is_good:
        return f"damaged: {run.reason}" if run.reason else "damaged"
    return "suspicious" if run.manifest is not None and run.manifest.suspicious else ""


def _unreadable(runs: Sequence[RunState]) -> str:
    if not runs:
        return ""
    names = ", ".join(run.run for run in runs[:SHOWN]) + (", …" if len(runs) > SHOWN else "")
    return (
        f"The manifest of {counted(len(runs), 'run')} cannot be read ({names}), so nobody knows what is needed;"
        " `binscout backup repair` may bring it back."
    )


def _suspicious(runs: Sequence[RunState]) -> str:
    """Whether the newest run of a workspace is suspicious, by name."""
    readable = {run.run: run.manifest for run in runs if run.manifest is not None}
    newest: dict[str, str] = {}
    for one in retention.newest_first(_candidates(runs)):
        newest.setdefault(one.owner, one.run)
    odd = next((run for run in newest.values() if readable[run].suspicious), None)
    return f"The newest run {odd} is suspicious, so every run stays until a next one is not." if odd else ""


def _nobody(listing: Listing) -> str:
    """Where no run is committed the manifests may be what is gone, and not what they name."""
    if any(run.manifest is not None for run in listing.runs) or not (listing.blobs or listing.runs):
        return ""
    return "No run is there whole, so nobody knows what is needed; the next `binscout backup run` makes one."


def _running(found: tuple[str, Holder | None] | None) -> str:
    if found is None:
        return ""
    run, who = found
    by = f" of {who.words()}" if who is not None else ""
    return f"The run {run}{by} goes on, and may need what others do not."


def _named(repository: Repository, runs: Iterable[RunState], without: frozenset[str]) -> set[str]:
    """The stored files that runs need. Raises DamagedError where a list cannot be read."""
    found: set[str] = set()
    for run in runs:
        if run.manifest is not None and run.run not in without:
            found.update(blob.name for blob in manifest.read_blobs(repository.blobs(run.run), run.manifest.blobs))
    return found


def _still_named(repository: Repository) -> set[str]:
    """What the runs need that are there now. Raises DamagedError where that cannot be known."""
    found = set[str]()
    for entry in repository.remote.list(layout.RUNS):
        folder, _, rest = entry.name.partition("/")
        run, _, name = rest.partition("/")
        if folder == layout.RUNS and name == layout.MANIFEST and layout.is_run_id(run):
            part = repository.manifest(run).blobs
            found.update(blob.name for blob in manifest.read_blobs(repository.blobs(run), part))
    return found


def _worklist(
    listing: Listing,
    choice: retention.Choice,
    named: set[str],
    looks: Mapping[str, Check],
    rules: Rules,
    patience: Patience,
    there: datetime,
) -> Worklist:
    def is_old(written: str, limit: timedelta) -> bool:
        return bool(written) and there - lease.moment(written) >= limit

    def is_awaited(sent_for: str) -> bool:
        """Whether a repair that was cut off may have brought what is missing there."""
        return (sent_for in named and sent_for not in listing.blobs) or _run_of(sent_for) in damaged

    damaged = {run.run for run in listing.runs if run.state == "damaged"}
    unfinished = [run for run in listing.runs if run.state == "abandoned"]
    abandoned = [run.run for run in unfinished if is_old(run.written, patience.abandoned)]
    unneeded = sorted(name for name in listing.blobs if name not in named)
    old = [name for name in unneeded if is_old(listing.written.get(name, ""), patience.grace)]
    partial = [
        name
        for name in listing.stray
        if name.endswith(".partial")
        and is_old(listing.written.get(name, ""), patience.abandoned)
        and not is_awaited(beside(name))
    ]
    overtaken = [name for name in idle_checks(looks, listing) if is_old(listing.checks[name], HISTORY)]
    old_bytes = sum(listing.blobs[name] for name in old)
    repo = listing.repo.id if listing.repo is not None else ""
    return Worklist(
        plan=PrunePlan(
            keep=choice.keep,
            drop=choice.drop,
            abandoned=abandoned,
            blobs=len(old),
            bytes=old_bytes,
            waiting=len(unneeded) - len(old),
            waiting_bytes=sum(listing.blobs[name] for name in unneeded) - old_bytes,
            partial=len(partial),
            checks=len(overtaken),
            rules=rules.words(),
            refused="",
            hash=_hash(repo, choice.drop, abandoned, old, partial, overtaken),
        ),
        blobs=old,
        partial=partial,
        checks=overtaken,
    )


def idle_checks(looks: Mapping[str, Check], listing: Listing) -> list[str]:
    """Those of the looks, which come in their order, that are not the last word on anything that is there."""
    last: dict[str, str] = {}
    for name, look in looks.items():
        if look.level == "read back":
            last |= dict.fromkeys((*look.good, *look.bad), name)
    runs = {run.run for run in listing.runs if run.manifest is not None}
    needed = {name for stored, name in last.items() if stored in listing.blobs or _run_of(stored) in runs}
    return [name for name in looks if name not in needed]


def _run_of(stored: str) -> str:
    folder, _, rest = stored.partition("/")
    return rest.partition("/")[0] if folder == layout.RUNS else ""


def _nothing(runs: Iterable[RunState], rules: Rules, refused: str) -> PrunePlan:
    keep = [Kept(run.run, "nothing goes") for run in runs if run.manifest is not None]
    return PrunePlan(
        keep=keep,
        drop=[],
        abandoned=[],
        blobs=0,
        bytes=0,
        waiting=0,
        waiting_bytes=0,
        partial=0,
        checks=0,
        rules=rules.words(),
        refused=refused,
        hash="",
    )


def _hash(*what: object) -> str:
    return hashlib.sha256(msgspec.json.encode(what)).hexdigest()[:16]
