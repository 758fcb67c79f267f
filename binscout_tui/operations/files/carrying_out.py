"""Carrying out a plan: announce, move, note in the workspace, write down what became of it; group by group.

Groups are announced and closed in chunks, so that the log is synced twice a chunk and not twice a file.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import BinScoutError
from binscout_tui.operations.files import transfer
from binscout_tui.operations.files.plan import Group, Plan, Refused
from binscout_tui.operations.files.relocating import Places, Went
from binscout_tui.operations.operations_log import Event, Line, Log

CHUNK = 32
Progress = Callable[[int, int], None]


class Outcome(msgspec.Struct, kw_only=True):
    """What an operation did. `moved` counts files; `refused` were never touched, `failed` are where they were."""

    operation: str
    batch: str = ""
    moved: int = 0
    groups: int = 0
    relocated: int = 0
    refused: list[Refused] = []
    failed: list[Refused] = []


class Announced(msgspec.Struct, frozen=True):
    """A group with its number in the batch and the hashes of its files."""

    number: int
    group: Group
    sha256: tuple[str, ...]


def carry_out(log: Log, plan: Plan, places: Places, on_progress: Progress = lambda done, total: None) -> Outcome:
    """Move every group of `plan`; one that cannot be moved never stops the others.

    Raises StorageError when the log cannot be written; what was announced then is settled by the next command.
    """
    outcome = Outcome(operation=plan.operation, refused=list(plan.refused), failed=[])
    if plan.groups:
        _Batch(log, plan, places, outcome).run(on_progress)
    return outcome


class _Batch:
    def __init__(self, log: Log, plan: Plan, places: Places, outcome: Outcome) -> None:
        self.log = log
        self.plan = plan
        self.places = places
        self.outcome = outcome
        self.id = outcome.batch = new_batch()

    def run(self, on_progress: Progress) -> None:
        self.log.append([self._line("begin", files=self.plan.files, undoes=self.plan.undoes)])
        handled = 0
        numbered = list(enumerate(self.plan.groups, 1))
        for begin in range(0, len(numbered), CHUNK):
            chunk = numbered[begin : begin + CHUNK]
            self._chunk(chunk)
            handled += sum(len(group.moves) for _, group in chunk)
            on_progress(handled, self.plan.files)
        self.log.append([self._line("end", files=self.outcome.moved)])

    def _chunk(self, chunk: Sequence[tuple[int, Group]]) -> None:
        closing: list[Line] = []
        ready = list(self._ready(chunk, closing))
        self.log.append([line for one in ready for line in self._lines("intent", one)])
        moved: list[tuple[Announced, tuple[str, ...]]] = []
        try:
            for one in ready:
                try:
                    moved.append((one, transfer.transfer(one.group, one.sha256, self.id)))
                except (transfer.StoppedError, transfer.LostError) as error:
                    closing += self._failed(one, error)
            transfer.sync(path for one, _ in moved for path in _ends(one.group))
            try:
                self.outcome.relocated += self.places.follow([went for one, _ in moved for went in _went(one)])
            except (BinScoutError, OSError) as error:
                closing += self._taken_back(moved, error)
                moved = []
        except BaseException:
            moved = []  # interrupted before the workspace could follow: left open, so that the next command settles it
            raise
        finally:
            for one, kept in moved:
                closing += self._lines("done", one, kept)
                self.outcome.moved += len(one.group.moves)
                self.outcome.groups += 1
            self.log.append(closing)

    def _ready(self, chunk: Sequence[tuple[int, Group]], closing: list[Line]) -> Iterator[Announced]:
        for number, group in chunk:
            try:
                yield Announced(number, group, transfer.hashes(group))
            except transfer.StoppedError as error:
                closing += self._failed(Announced(number, group, ("",) * len(group.moves)), error)

    def _failed(self, one: Announced, error: BinScoutError) -> list[Line]:
        event: Event = "lost" if isinstance(error, transfer.LostError) else "failed"
        self.outcome.failed += [Refused(move.file.path, error.code, error.sentence) for move in one.group.moves]
        return self._lines(event, one, reason=error.sentence)

    def _taken_back(self, moved: Sequence[tuple[Announced, tuple[str, ...]]], cause: Exception) -> list[Line]:
        """Put groups back that the workspace could not follow, and say so."""
        why = cause.sentence if isinstance(cause, BinScoutError) else str(cause)
        error = transfer.StoppedError(f"The workspace could not note the new place: {why}", code="workspace")
        lines: list[Line] = []
        for one, kept in reversed(moved):
            try:
                transfer.back(one.group, kept)
            except transfer.LostError as lost:
                lines += self._failed(one, lost)
            else:
                lines += self._failed(one, error)
        return lines

    def _lines(self, event: Event, one: Announced, kept: Sequence[str] = (), reason: str = "") -> list[Line]:
        originals = kept or ("",) * len(one.group.moves)
        return [
            self._line(
                event,
                group=one.number,
                source=str(move.file.path),
                destination=str(move.destination),
                sidecar_of=str(move.sidecar_of or ""),
                bytes=move.file.bytes,
                sha256=sha256,
                kept=original,
                reason=reason or one.group.why,
            )
            for move, sha256, original in zip(one.group.moves, one.sha256, originals, strict=True)
        ]

    def _line(self, event: Event, **fields: object) -> Line:
        return self.log.line(event, self.id, self.plan.operation, **fields)


def new_batch() -> str:
    """A name for a batch that sorts by time and that no other has."""
    moment = "".join(character for character in utc_now()[:19] if character not in "-:")
    return f"{moment}Z-{secrets.token_hex(3)}"


def _ends(group: Group) -> Iterator[Path]:
    for move in group.moves:
        yield move.file.path
        yield move.destination


def _went(one: Announced) -> Iterator[Went]:
    for move, sha256 in zip(one.group.moves, one.sha256, strict=True):
        yield Went(move.file.path, move.destination, sha256)
