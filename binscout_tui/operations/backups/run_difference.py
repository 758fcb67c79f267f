"""What differs between two runs: their files, from lists that are read line by line, and the rows of their tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from binscout_tui.backup.archive import manifest
from binscout_tui.backup.archive.differing import WAYS, Difference, Way, difference
from binscout_tui.backup.archive.manifest import FileEntry, Manifest
from binscout_tui.backup.archive.repository import Repository, RunState
from binscout_tui.backup.transport.rclone import Watch
from binscout_tui.errors import ConflictError, UsageError
from binscout_tui.operations.backups.opening import cache, opened
from binscout_tui.workspace import LiveWorkspace, Workspace


class RunsDifference(msgspec.Struct, frozen=True, kw_only=True):
    """How the run `after` differs from `before`; `rows` has {table: (before, after)} of tables with another number."""

    before: str
    after: str
    files: Difference
    rows: dict[str, tuple[int, int]]


class Lists:
    """Lists of files of runs: the local copies where they are whole, else from the target, which is then asked once."""

    def __init__(self, workspace: Workspace | LiveWorkspace, target: str, watch: Watch | None = None) -> None:
        self._workspace, self._target, self._watch = workspace, target, watch
        self._stack = ExitStack()
        self._repository: Repository | None = None

    def path(self, run: Manifest) -> Path:
        """The list of a run, checked against its manifest. Raises DamagedError, RemoteError, OSError."""
        kept = Repository.kept_part(cache(self._workspace, self._target), run.run, run.files)
        return kept or self._asked().files(run.run, self._watch)

    def files(self, run: Manifest) -> Iterator[FileEntry]:
        """The files of a run, one after the other. Raises as `path`."""
        return manifest.read_files(self.path(run), run.files)

    def _asked(self) -> Repository:
        if self._repository is None:
            self._repository = self._stack.enter_context(opened(self._workspace, self._target, quick=True)).repository
        return self._repository

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


def between(
    workspace: Workspace,
    target: str,
    before: RunState,
    after: RunState,
    *,
    ways: Iterable[Way] = WAYS,
    skip: int = 0,
    limit: int = 0,
) -> RunsDifference:
    """How `after` differs from `before`, with a page of the changed files as `difference` says.

    Raises UsageError for a run and itself, ConflictError for one without a manifest, DamagedError, RemoteError.
    """
    if before.run == after.run:
        raise UsageError(f"{before.run} is the same run twice.", code="same_run")
    one, other = committed(before), committed(after)
    with Lists(workspace, target) as lists:
        files = difference(lists.files(one), lists.files(other), ways=ways, skip=skip, limit=limit)
    return RunsDifference(before=one.run, after=other.run, files=files, rows=row_changes(one.rows, other.rows))


def committed(run: RunState) -> Manifest:
    """The manifest of a run. Raises ConflictError where it has none that can be read."""
    if run.manifest is None:
        reason = f": {run.reason.removesuffix('.')}" if run.reason else ""
        raise ConflictError(
            f"The run {run.run} is {run.state}{reason}.",
            hint="`binscout backup list` shows which runs can be used.",
            code="no_manifest",
        )
    return run.manifest


def row_changes(before: dict[str, int], after: dict[str, int]) -> dict[str, tuple[int, int]]:
    """{table: (rows before, rows after)} where these differ; a table that is not there has none."""
    both = {table: (before.get(table, 0), after.get(table, 0)) for table in sorted(before | after)}
    return {table: counts for table, counts in both.items() if counts[0] != counts[1]}
