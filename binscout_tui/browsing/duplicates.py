"""The groups of duplicates in order, the one that is looked at, and what is decided on it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from binscout_tui.operations.duplicates.library import JOB
from binscout_tui.store import duplicates, jobs, undoing
from binscout_tui.store.duplicates import Facts, Group, Kept
from binscout_tui.store.jobs import Job
from binscout_tui.store.journal import Entry
from binscout_tui.workspace import LiveWorkspace

MOST = 9
"""Images of a group that are shown, and decided on, together."""
PART = 20
"""Groups that are taken in one transaction, between which others may write and the person may stop."""
SURE = frozenset({"exact", "pixels"})


class DuplicatesDesk:
    """Reads the groups of the workspace; `groups` are those about which something is left to decide."""

    def __init__(self, workspace: LiveWorkspace) -> None:
        self._workspace = workspace
        self.groups: list[Group] = []
        self.facts: list[Facts] = []
        self.job: Job | None = None
        self.looked = False

    async def refresh(self) -> None:
        """Read the groups, and whether a look is under way or was ever done."""
        self.groups, self.job, self.looked = await self._workspace.db.read(_state)

    def find(self, key: str | None) -> Group | None:
        """The group with this id as text."""
        return next((group for group in self.groups if str(group.id) == key), None)

    @property
    def sure(self) -> list[Group]:
        """The groups that need no second look."""
        return [group for group in self.groups if group.kind in SURE]

    async def read(self, group: Group) -> list[Facts]:
        """What is known of the images of a group that are shown."""
        return await self._workspace.db.read(duplicates.facts, group.images[:MOST])

    async def keep(self, kept: int, others: Sequence[int]) -> Kept:
        """Keep one image. Raises NotFoundError, UsageError."""
        return await self._workspace.db.write(duplicates.keep, self._workspace.user.uid, kept, others)

    async def apart(self, image_ids: Sequence[int]) -> int:
        """Remember that these are no duplicates; how many pairs are new. Raises NotFoundError, UsageError."""
        change = await self._workspace.db.write(duplicates.set_apart, self._workspace.user.uid, image_ids)
        return change.changed

    async def take_sure(self, shown: Sequence[Group], on_progress: Callable[[int, int], bool]) -> int:
        """Keep the first of each of these groups, as one decision; how many images went to the trash.

        Groups that are not any more as they were `shown` stay. `on_progress` is told how many groups of how many are
        done, and answers whether to go on.
        """
        trashed, batch = 0, 0
        for start in range(0, len(shown), PART):
            part = shown[start : start + PART]
            change = await self._workspace.db.write(duplicates.keep_first, self._workspace.user.uid, part, batch)
            trashed, batch = trashed + change.changed, change.batch
            if not on_progress(start + len(part), len(shown)):
                break
        return trashed

    async def undo(self) -> Entry:
        """Take back the last decision. Raises NotFoundError."""
        return await self._workspace.db.write(undoing.undo, self._workspace.user.uid, duplicates.AREAS)

    async def redo(self) -> Entry:
        """Do again what was undone. Raises NotFoundError."""
        return await self._workspace.db.write(undoing.redo, self._workspace.user.uid, duplicates.AREAS)


def _state(db: sqlite3.Connection) -> tuple[list[Group], Job | None, bool]:
    ours = [job for job in jobs.open_jobs(db) if job.kind == JOB]
    looked = db.execute("SELECT 1 FROM duplicate_group LIMIT 1").fetchone() is not None
    done = any(job.kind == JOB and job.state == "done" for job in jobs.latest(db, 200))
    return duplicates.groups(db), ours[0] if ours else None, looked or done
