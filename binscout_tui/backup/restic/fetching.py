"""Bringing files of a run out of restic's repository: one stream of all of them, or one by one where few are wanted.

restic gives back what it stored; whether that is what was backed up is told by the list of the run, as for any target.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from binscout_tui.backup.archive.manifest import FileEntry, Part, read_files
from binscout_tui.backup.faults import DamagedError, RemoteError, RepoError
from binscout_tui.backup.progress import Progress
from binscout_tui.backup.restic.engine import Restic
from binscout_tui.backup.restic.tables import Wanted
from binscout_tui.backup.restoring.extract import BLOCK, write_exact
from binscout_tui.backup.restoring.fetching import CHANGING, READ_ONLY, UNUSABLE
from binscout_tui.backup.restoring.todo import Piece, State, Todo
from binscout_tui.backup.transport.remote import Remote

FEW = 5
"""So many files are asked for one by one: each costs a start of restic, and the stream has all files of the run."""
AWAY = ("hung", "gone", "unreachable", "refused_connection", "auth")
"""Errors about the target, and not about a file."""


class ResticReader(Remote):
    """The target of one run's files, as `Staging.fetch` wants it."""

    def __init__(self, remote: Remote, restic: Restic, snapshot: str, files: Path, part: Part) -> None:
        """`snapshot` holds the files that the list `files` names, which is as `part` says."""
        super().__init__(remote.rclone, restic.fs, remote.label)
        self._restic, self._snapshot, self._files, self._part = restic, snapshot, files, part

    def fetch(self, todo: Todo, staged: Path, progress: Progress) -> None:
        """Fetch what `todo` wants into `staged`; what cannot be had is marked as bad. Raises RemoteError, OSError."""
        with Wanted(todo.by_blob()) as wanted:
            wanted.name((stored_name(entry), entry.sha256) for entry in read_files(self._files, self._part))
            _mark(todo, wanted.nameless(), "the run does not list it")
            if len(wanted) > FEW:
                try:
                    self._stream(wanted, todo, staged, progress)
                except (DamagedError, RemoteError) as error:
                    if isinstance(error, RemoteError) and error.code in (
                        "hung",
                        "gone",
                        "unreachable",
                        "refused_connection",
                    ):
                        raise
            # restic ends its stream at the first thing that it cannot read: what is left may still be had.
            while (name := wanted.first()) is not None:
                self._single(name, wanted.of(name), todo, staged, progress)
                wanted.drop(name)

    def _stream(self, wanted: Wanted, todo: Todo, staged: Path, progress: Progress) -> None:
        with self._restic.members(self._snapshot, progress.tell) as archive:
            for member in archive:
                name = os.fsencode(member.name)
                pieces = wanted.of(name) if member.isreg() else []
                if not pieces:
                    continue
                source = archive.extractfile(member)
                assert source is not None  # it is a file
                blocks = iter(lambda source=source: source.read(BLOCK), b"")  # type: ignore[misc]
                _keep(blocks, pieces, todo, staged, progress)
                wanted.drop(name)

    def _single(self, name: bytes, pieces: list[Piece], todo: Todo, staged: Path, progress: Progress) -> None:
        try:
            path = "/" + name.decode()
            with self._restic.file(self._snapshot, path, progress.tell) as blocks:
                _keep(iter(blocks), pieces, todo, staged, progress)
        except UnicodeDecodeError:
            self._odd_name(name, pieces, todo, staged, progress)
        except (DamagedError, RepoError) as error:
            _mark(todo, pieces, error.sentence)
        except RemoteError as error:
            if error.code in AWAY:
                raise
            _mark(todo, pieces, error.sentence)

    def _odd_name(self, name: bytes, pieces: list[Piece], todo: Todo, staged: Path, progress: Progress) -> None:
        """A name that is no UTF-8 cannot be told to restic in every version: it is looked for in the stream."""
        with Wanted(pieces) as wanted:
            wanted.name([(name, pieces[0].sha256)])
            self._stream(wanted, todo, staged, progress)
            if len(wanted):
                _mark(todo, pieces, "it is not in the snapshot")


def stored_name(entry: FileEntry) -> bytes:
    """The name of a listed file inside of the snapshot; one outside of the workspace has its whole path there."""
    return entry.name().lstrip(b"/")


def _keep(blocks: Iterator[bytes], pieces: list[Piece], todo: Todo, staged: Path, progress: Progress) -> None:
    first: Path | None = None
    for piece in pieces:
        target = staged / os.fsdecode(piece.place)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if first is not None:
                with first.open("rb") as again:
                    _write(iter(lambda again=again: again.read(BLOCK), b""), target, piece, progress)  # type: ignore[misc]
            else:
                _write(blocks, target, piece, progress)
            first = target
            todo.set_state([piece.place], State.FETCHED)
        except DamagedError as error:
            _mark(todo, [piece], error.sentence)
        except OSError as error:
            if error.errno not in UNUSABLE:
                raise
            _mark(todo, [piece], f"it cannot be written here: {error.strerror}")
        progress.advance(0, 1)


def _write(blocks: Iterator[bytes], target: Path, piece: Piece, progress: Progress) -> None:
    mode = READ_ONLY if piece.place.startswith(b"originals/") else CHANGING
    facts = {"size": piece.size, "sha256": piece.sha256, "mode": mode, "mtime_ns": piece.mtime_ns}
    write_exact(blocks, target, watch=progress.advance, **facts)  # type: ignore[arg-type]


def _mark(todo: Todo, pieces: Iterable[Piece], reason: str) -> None:
    todo.set_state((piece.place for piece in pieces), State.BAD, reason)
