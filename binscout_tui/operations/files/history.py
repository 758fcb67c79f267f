"""What the operations log says: batches, their groups, and which files are still where a batch put them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from binscout_tui.operations.operations_log import Line

State = Literal["open", "done", "incomplete", "undone", "partly undone"]
OUTCOMES = ("done", "failed", "rolled_back", "lost")


class Batch(msgspec.Struct, kw_only=True):
    """One command's moves. `intents` are the lines before each file, `outcomes` those after, by group and source."""

    id: str
    operation: str
    at: str
    user: str
    undoes: str
    files: int
    ended: bool = False
    intents: dict[int, list[Line]] = {}
    outcomes: dict[tuple[int, str], Line] = {}

    def open_groups(self) -> list[int]:
        """Groups that were announced and of which the log does not say what became."""
        return [number for number, lines in self.intents.items() if not all(self._has(line) for line in lines)]

    def done(self) -> list[Line]:
        """The lines of all files that were moved, in order."""
        return [line for line in self.outcomes.values() if line.event == "done"]

    def _has(self, line: Line) -> bool:
        return (line.group, line.source) in self.outcomes


def batches(lines: Iterable[Line]) -> list[Batch]:
    """Every batch of the log, the oldest first."""
    found: dict[str, Batch] = {}
    for line in lines:
        batch = found.get(line.batch)
        if batch is None:
            batch = found[line.batch] = Batch(
                id=line.batch,
                operation=line.operation,
                at=line.at,
                user=line.user,
                undoes=line.undoes,
                files=line.files,
                intents={},
                outcomes={},
            )
        if line.event == "intent":
            batch.intents.setdefault(line.group, []).append(line)
        elif line.event in OUTCOMES:
            batch.outcomes[line.group, line.source] = line
        elif line.event == "end":
            batch.ended = True
    return list(found.values())


Holders = dict[str, list[Line]]


def in_place(lines: Sequence[Line]) -> Holders:
    """{path: the lines by which a file is there} for all files that are, by the log, still where they were put.

    Mostly that is one line. A file that was put back is there by its undoing and by all that had put it there before,
    so that one operation after the other can be taken back.
    """
    holders: Holders = {}
    undoes: dict[str, str] = {}
    left: dict[int, list[Line]] = {}
    for line in lines:
        if line.event == "begin":
            undoes[line.batch] = line.undoes
        elif line.event == "done":
            here = left[id(line)] = holders.pop(line.source, [])
            taken_back = next((one for one in here if one.batch == undoes.get(line.batch)), None)
            before = left[id(taken_back)] if taken_back is not None and taken_back.source == line.destination else []
            holders[line.destination] = [*before, line]
    return holders


def is_in_place(line: Line, holders: Holders) -> bool:
    """Whether the file is still where `line` says that it was put."""
    return any(one is line for one in holders.get(line.destination, ()))


def state(batch: Batch, holders: Holders) -> State:
    """What became of a batch, seen from now."""
    if not batch.ended:
        return "open"
    done = batch.done()
    still = sum(is_in_place(line, holders) for line in done)
    if done and still < len(done):
        return "partly undone" if still else "undone"
    return "done" if len(done) == batch.files else "incomplete"
