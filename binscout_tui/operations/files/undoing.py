"""Planning: a batch of the operations log back to where its files were, as far as they are still what they were."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from binscout_tui.errors import NotFoundError
from binscout_tui.operations.files import history, listing
from binscout_tui.operations.files.history import Batch, Holders
from binscout_tui.operations.files.plan import Group, Move, Plan, Refused, plan
from binscout_tui.operations.operations_log import Line


def undo(lines: Iterable[Line], batch_id: str | None = None) -> Plan:
    """The plan that takes a batch back, the newest one that can be when none is named.

    Files that were changed, moved on or replaced stay, and so does what goes with them. Hashes are compared when the
    plan is carried out. Raises NotFoundError.
    """
    known = list(lines)
    holders = history.in_place(known)
    batch = _chosen(history.batches(known), holders, batch_id)
    groups: list[Group] = []
    refused: list[Refused] = []
    by_group: dict[int, list[Line]] = {}
    for line in batch.done():
        by_group.setdefault(line.group, []).append(line)
    for number in sorted(by_group, reverse=True):
        _add(by_group[number], holders, groups, refused)
    if not groups and not refused:
        raise NotFoundError(
            f"Nothing of {batch.id} is where it was put: it was taken back, or moved on since.", code="nothing_to_undo"
        )
    root = _root(groups)
    return plan("undo", root, groups, listing.there(root, groups), refused, undoes=batch.id)


def _chosen(batches: list[Batch], holders: Holders, batch_id: str | None) -> Batch:
    if batch_id is not None:
        for batch in batches:
            if batch.id == batch_id:
                return batch
        raise NotFoundError(
            f"The operations log has no batch {batch_id}.", hint="`binscout files log` lists them.", code="no_batch"
        )
    for batch in reversed(batches):
        if batch.operation != "undo" and any(history.is_in_place(line, holders) for line in batch.done()):
            return batch
    raise NotFoundError("There is no file operation left to undo.", code="nothing_to_undo")


def _add(lines: list[Line], holders: Holders, groups: list[Group], refused: list[Refused]) -> None:
    still = [line for line in lines if history.is_in_place(line, holders)]
    if not still:
        return  # taken back, or moved on
    moves, problem = [], "" if len(still) == len(lines) else "A file that goes with it was moved on since."
    now = {line.source: line.destination for line in lines}
    for line in lines:
        move = _back(line, now.get(line.sidecar_of))
        problem = problem or ("" if move else f"{line.destination} is not there any more.")
        moves += [move] if move else []
    if problem:
        refused += [Refused(Path(line.destination), "moved_on", problem) for line in lines]
    else:
        groups.append(Group(tuple(moves), f"back from batch {lines[0].batch}"))


def _back(line: Line, owner: str | None) -> Move | None:
    path = Path(line.destination)
    try:
        found = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return Move(listing.as_file(path, found), Path(line.source), Path(owner) if owner else None, line.sha256)


def _root(groups: list[Group]) -> Path:
    folders = [str(move.destination.parent) for group in groups for move in group.moves]
    return Path(os.path.commonpath(folders)) if folders else Path("/")
