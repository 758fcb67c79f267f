"""What a run is given and what it gives back, and which earlier runs it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui.backup import layout, lease
from binscout_tui.backup.manifest import Manifest
from binscout_tui.backup.preflight import Ground
from binscout_tui.backup.progress import Progress
from binscout_tui.backup.records import Paper
from binscout_tui.backup.repository import Listing, RunState
from binscout_tui.backup.scan import Folder
from binscout_tui.backup.suspicion import Expected

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


def reference_of(ground: Ground, host: str) -> RunState | None:
    """The run against which a loss is measured: the last good one of this machine about which there was no doubt."""
    for state in ground.listing.runs:
        found = state.manifest
        if state.is_good and found is not None and found.host == host and not found.suspicious:
            return state
    return None


def to_read(ground: Ground, reference: RunState | None) -> list[RunState]:
    """The runs whose lists say where bytes lie: the newest one, also where part of it is missing, and `reference`."""
    newest = next((state for state in ground.listing.runs if state.manifest is not None), None)
    found = [state for state in (newest, reference) if state is not None]
    return found if len({state.run for state in found}) == len(found) else [*found[1:]]


def done(made: Manifest) -> RunDone:
    """What is told of a committed run."""
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
        warnings=made.warnings,
        vanished=made.vanished,
        suspicious=made.suspicious,
    )
