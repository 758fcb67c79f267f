"""What a run is given and what it gives back, and which earlier runs it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui.backup.archive import layout, lease
from binscout_tui.backup.archive.manifest import Manifest
from binscout_tui.backup.archive.records import Paper
from binscout_tui.backup.archive.repository import Listing, RunState
from binscout_tui.backup.making.preflight import Ground
from binscout_tui.backup.making.scan import Folder
from binscout_tui.backup.making.suspicion import Expected
from binscout_tui.backup.progress import Progress
from binscout_tui.clock import from_text

STAGES = ("check", "snapshot", "scan", "read back", "send", "records", "lists", "commit")
Report = Callable[[Progress], None]
At = Callable[[str], None]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What is backed up. `lock` is the folder of the lock; `lasting` names tables from which little ever goes.

    `expected` reads, from the copy of the database, which files there should be.
    """

    root: Path
    database: Path
    lock: Path
    folders: tuple[Folder, ...]
    papers: Callable[[], list[Paper]]
    expected: Callable[[Path], Iterator[Expected]]
    lasting: tuple[str, ...] = ()


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How, and who: sizes in bytes, `key` the fingerprint of the key where rclone encrypts.

    `accept_loss`: a person has seen that much is missing, and that is right.
    """

    pack_bytes: int
    object_bytes: int
    transfers: int
    read_back: Literal["added", "records", "all"]
    max_missing: float
    skew_s: float
    who: lease.Holder
    app: str
    key: str = ""
    accept_loss: bool = False
    note: str = ""


class RunDone(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is committed; bytes and files as in its manifest."""

    run: str
    parent: str | None
    files: int
    logical_bytes: int
    added_files: int
    added_bytes: int
    stored_bytes: int
    read_back: str
    seconds: float
    warnings: list[str]
    vanished: list[str]
    suspicious: str | None


def name_of(began: datetime, seen: Listing | None) -> str:
    """A name that sorts behind those of the same second."""
    last = seen.runs[0].run if seen is not None and seen.runs else ""
    names = (layout.new_run_id(began) for _ in range(1000))
    return next((name for name in names if name > last or name[:16] < last[:16]), layout.new_run_id(began))


def stages(options: Options) -> list[str]:
    """The stages in their order."""
    return [stage for stage in STAGES if stage != "read back" or options.read_back == "all"]


def is_own(made: Manifest, who: lease.Holder) -> bool:
    """Whether a run is one of the workspace of `who`; where it does not say which, whether it is of that machine."""
    return made.owner == (who.workspace if made.workspace else who.host)


def parent_of(listing: Listing, who: lease.Holder) -> RunState | None:
    """The last good run of this workspace."""
    return next((state for state in _own(listing, who) if state.is_good), None)


def reference_of(listing: Listing, who: lease.Holder) -> RunState | None:
    """The run against which a loss is measured: the last good one of this workspace about which there was no doubt."""
    return next((state for state in _sound(listing, who)), None)


def young_enough(listing: Listing, who: lease.Holder, age: timedelta, now: datetime) -> str:
    """The last such run that is younger than `age`, "" where a new one is due.

    A run from the future says that a clock was wrong, and not that one is done.
    """
    for state in _sound(listing, who):
        if state.manifest and timedelta(0) <= now - from_text(state.manifest.committed) < age:
            return state.run
    return ""


def _own(listing: Listing, who: lease.Holder) -> Iterator[RunState]:
    return (state for state in listing.runs if state.manifest is not None and is_own(state.manifest, who))


def _sound(listing: Listing, who: lease.Holder) -> Iterator[RunState]:
    """The good runs of this workspace about which there was no doubt, newest first."""
    own = _own(listing, who)
    return (state for state in own if state.is_good and state.manifest and not state.manifest.suspicious)


def to_read(ground: Ground, reference: RunState | None) -> list[RunState]:
    """The runs whose lists say where bytes lie: the newest one, also where part of it is missing, and `reference`."""
    newest = next((state for state in ground.listing.runs if state.manifest is not None), None)
    found = [state for state in (newest, reference) if state is not None]
    return found if len({state.run for state in found}) == len(found) else [*found[1:]]


def done(made: Manifest, later: Sequence[str] = ()) -> RunDone:
    """What is told of a committed run; `later` are warnings of what happened after the commit."""
    return RunDone(
        run=made.run,
        parent=made.parent,
        files=made.files.count,
        logical_bytes=made.logical_bytes,
        added_files=made.added_files,
        added_bytes=made.added_bytes,
        stored_bytes=made.stored_bytes,
        read_back=made.read_back,
        seconds=round(sum(made.durations.values()), 3),
        warnings=[*made.warnings, *later],
        vanished=made.vanished,
        suspicious=made.suspicious,
    )
