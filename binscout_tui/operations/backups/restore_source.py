"""The run that is to be restored, as the target has it now, and whether it may be restored at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui.backup.archive.manifest import Manifest
from binscout_tui.backup.archive.repository import Listing, RunState
from binscout_tui.backup.faults import DamagedError
from binscout_tui.backup.progress import size_words
from binscout_tui.errors import NotFoundError, RefusedError, StorageError
from binscout_tui.imaging.names import one_line
from binscout_tui.operations.backups.naming import find_run
from binscout_tui.operations.backups.opening import Opened
from binscout_tui.store import jobs, users
from binscout_tui.store.jobs import Job
from binscout_tui.store.migrate import SchemaTooNewError, newest_schema
from binscout_tui.wording import counted
from binscout_tui.workspace import Workspace

ScopeKind = Literal["everything", "database", "items", "folder"]
RESERVE = 64 << 20
"""Bytes that a restore leaves free on the disk."""
DATABASE = "binscout.db"
SETTINGS = "settings.toml"


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be restored: everything, the database alone, single `items`, or all of it to another `folder`."""

    kind: ScopeKind = "everything"
    items: tuple[str, ...] = ()
    folder: str = ""


class Source(msgspec.Struct, frozen=True):
    """A run with a manifest that can be read, and what lies on the target beside it."""

    listing: Listing
    state: RunState
    manifest: Manifest

    @property
    def run(self) -> str:
        """Its id."""
        return self.manifest.run

    @property
    def database_bytes(self) -> int:
        """How large its database is."""
        part = self.manifest.members.get(DATABASE)
        return part.size if part is not None else 0


def source(on: Opened, run: str) -> Source:
    """The run that `run` means, seen on the target now.

    Raises NotFoundError, DamagedError when its manifest cannot be used, SchemaTooNewError when a newer program made it.
    """
    listing = on.repository.listing()
    state = find_run(listing.runs, run)
    if state.manifest is None:
        raise no_manifest(listing, state)
    if state.manifest.schema > newest_schema():
        raise SchemaTooNewError(
            f"Run {state.run} has schema {state.manifest.schema} (BinScout {state.manifest.app[:32]}) and this program"
            f" knows up to schema {newest_schema()}.",
            hint="Update BinScout; nothing was changed.",
        )
    return Source(listing, state, state.manifest)


def no_manifest(listing: Listing, state: RunState) -> NotFoundError | DamagedError:
    """The error for a run that was never finished, or whose manifest is of no use."""
    if state.state in ("abandoned", "uploading"):
        return NotFoundError(
            f"Run {state.run} was never finished and holds nothing to restore.",
            hint=instead(listing, state.run),
            code="not_committed",
        )
    return DamagedError(f"Run {state.run} is damaged: {state.reason}", hint=instead(listing, state.run))


def instead(listing: Listing, run: str) -> str:
    """Which other run can be had."""
    other = next((one for one in listing.runs if one.is_good and one.run != run), None)
    return f"Run {other.run} is good." if other is not None else "There is no other good run on this target."


def doubt(found: Source) -> str:
    """Why somebody would think twice before taking this run, with the one before it; "" where nothing is known."""
    if not found.state.is_good:
        why = f"damaged ({one_line(found.state.reason)})"
    elif found.manifest.suspicious:
        why = f"suspicious ({one_line(found.manifest.suspicious.rstrip('.'))})"
    else:
        return ""
    return f"Run {found.run} is {why}. {_one_before(found)}"


def _one_before(found: Source) -> str:
    good = [one for one in found.listing.runs if one.is_good and one.run < found.run and one.manifest is not None]
    if not good:
        return "No good run is before it."
    sound = [one for one in good if one.manifest is not None and not one.manifest.suspicious]
    if not sound:
        return f"Run {good[0].run} before it is suspicious."
    return f"The run before it that is good is {sound[0].run}."


def must_be_admin(workspace: Workspace, what: str) -> None:
    """Raise RefusedError, naming the role and who has it, unless the user may restore."""
    try:
        workspace.user.must_be("admin", what)
    except RefusedError as error:
        names = ", ".join(workspace.db.read(users.admins)) or "nobody"
        raise RefusedError(error.sentence, hint=f"Admin here: {names}.", code=error.code) from error


def must_be_whole(found: Source) -> None:
    """Raise RefusedError when the target does not have everything that the run names."""
    if not found.state.is_good:
        raise RefusedError(
            f"Run {found.run} is damaged ({found.state.reason}), so it is not put in place of what is here.",
            hint=f"`--to DIR --skip-damaged` restores what can be had. {instead(found.listing, found.run)}",
            code="damaged_run",
        )


def must_be_idle(open_jobs: list[Job], own: int | None) -> None:
    """Raise RefusedError, naming them, while other jobs than `own` wait or work."""
    others = [job for job in open_jobs if job.id != own]
    if others:
        named = ", ".join(f"{job.kind} {job.id} ({job.state})" for job in others[:5])
        raise RefusedError(
            f"{counted(len(others), 'job')} must end first: {named}{', …' if len(others) > 5 else ''}.",
            hint="`binscout jobs list` shows them, `binscout jobs cancel ID` ends one.",
            code="jobs_running",
        )


def idle(workspace: Workspace, own: int | None = None) -> None:
    """`must_be_idle` for a workspace that is open.

    Where its database is damaged this may not be known: a job that works has it open, and the swap sees that.
    """
    with though_damaged():
        must_be_idle(workspace.db.read(jobs.open_jobs), own)


@contextmanager
def though_damaged() -> Iterator[None]:
    """What cannot be read of a damaged database that is going to be replaced is done without."""
    try:
        yield
    except StorageError as error:
        if error.code != "damaged":
            raise


def free_bytes(place: Path) -> int:
    """Room on the disk that holds `place` or will hold it."""
    there = next(folder for folder in (place, *place.parents) if folder.exists())
    return shutil.disk_usage(there).free


def must_fit(place: Path, needed: int) -> None:
    """Raise RefusedError with numbers when the disk that is to hold `place` has not so many bytes to spare."""
    free = free_bytes(place)
    if free < needed + RESERVE:
        raise RefusedError(
            no_room(place, needed + RESERVE, free),
            hint="Make room, or restore to a folder on another disk with --to.",
            code="no_space",
        )


def no_room(place: Path, needed: int, free: int) -> str:
    """The sentence that a disk is too full."""
    return f"The restore needs {size_words(needed)} on the disk of {place}, and {size_words(free)} are free."


def database_room(found: Source) -> int:
    """Bytes that the records need while they are unpacked and brought to this program's schema."""
    unpacked = sum(part.size for part in found.manifest.members.values())
    older = found.manifest.schema < newest_schema()
    return found.manifest.records.size + unpacked + found.database_bytes * (2 if older else 1)
