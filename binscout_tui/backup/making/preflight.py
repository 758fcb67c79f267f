"""What has to be so before a run begins: the target answers, nobody prunes there, and there is room here."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from binscout_tui.backup.archive import layout, lease
from binscout_tui.backup.archive.repository import Listing, Repository
from binscout_tui.backup.faults import RemoteError
from binscout_tui.backup.progress import size_words, time_words
from binscout_tui.errors import StorageError

COPIES = 3
"""The database lies here as a copy, in the archive, and its largest table as CSV while that is written."""
SPARE = 16 << 20


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What a run stands on: the target as it is now, stored files that were read back wrong, and what is odd."""

    repo: str
    listing: Listing
    bad: dict[str, str]
    warnings: list[str]


def must_have_room(folder: Path, needed: int, what: str) -> None:
    """Raise StorageError `disk_full` with the figures where `folder` has less than `needed` bytes left."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError(
            f"The disk that holds {folder} has {size_words(free)} left; {size_words(needed)} are needed {what}.",
            hint="Free some space and try again; nothing was sent.",
            code="disk_full",
        )


def must_take(listing: Listing, label: str, needed: int) -> None:
    """Raise RemoteError `full` with the figures where the target says that it has less than `needed` bytes left."""
    free = listing.space.free if listing.space is not None else None
    if free is not None and free < needed:
        raise RemoteError(
            f"{label} is full: {size_words(needed)} are to be sent, {size_words(free)} are free.",
            hint="Make room there, or `binscout backup prune` shows what may go.",
            code="full",
        )


def room_for_database(database: Path) -> int:
    """Bytes that the copy of the database and the records need here."""
    return COPIES * sum(part.stat().st_size for part in (database, Path(f"{database}-wal")) if part.exists()) + SPARE


def prepare(
    repository: Repository,
    run: str,
    who: lease.Holder,
    *,
    key: str = "",
    skew_s: float = 300,
) -> Ground:
    """Make sure that the store is there and is ours, leave the mark of `run` in it, and look at all of it.

    A clock there that differs by more than `skew_s` is a warning. Raises RemoteError, RepoError, RefusedError `pruning`
    where somebody deletes there.
    """
    remote = repository.remote
    info = repository.open_or_create(key)
    warnings = _cleaned(repository)
    lease.announce(remote, run, who)
    lease.refuse_while_pruned(remote, who)
    listing = repository.listing()
    warnings += _skewed(repository, run, skew_s)
    return Ground(repo=info.id, listing=listing, bad=repository.proven(listing.checks).bad, warnings=warnings)


def _cleaned(repository: Repository) -> list[str]:
    """A bucket keeps uploads that were cut off, and bills them."""
    try:
        repository.remote.clean_pending()
    except RemoteError as error:
        if "NoSuchUpload" in error.sentence:  # some servers say so where there are none
            return []
        if not error.is_passing and error.code not in ("denied", "not_found"):
            raise
        return [f"uploads that were cut off earlier could not be cleaned: {error.sentence}"]
    return []


def _skewed(repository: Repository, run: str, limit_s: float) -> list[str]:
    """The mark of this run was written a moment ago: its time tells the clock of the target."""
    mark = layout.run_file(run, lease.RUNNING)
    for entry in repository.remote.list(layout.run_file(run, "").rstrip("/")):
        if entry.name == mark:
            ahead = (lease.moment(entry.modified) - datetime.now(UTC)).total_seconds()
            if abs(ahead) > limit_s:
                way = "ahead of" if ahead > 0 else "behind"
                return [f"the clock of {repository.remote.label} is {time_words(abs(ahead))} {way} this machine's"]
    return []
