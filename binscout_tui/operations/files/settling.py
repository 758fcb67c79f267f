"""Settling what a killed operation left open: each group is finished or put back, by what is found on the disk.

The log says where each file was and was to go, with its hash; so nothing has to be remembered beside it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui.errors import BinScoutError
from binscout_tui.operations import operations_log
from binscout_tui.operations.files import history, transfer
from binscout_tui.operations.files.history import Batch
from binscout_tui.operations.files.naming import rename_new
from binscout_tui.operations.files.relocating import Places, Went
from binscout_tui.operations.operations_log import Line, Log
from binscout_tui.operations.originals import hash_of

Ending = Literal["done", "rolled_back", "lost"]
WHY = "settled after an interruption"


class Settled(msgspec.Struct, kw_only=True):
    """What became of the groups of operations that had been interrupted: numbers of files."""

    batches: list[str] = []
    finished: int = 0
    put_back: int = 0
    lost: list[str] = []


class Found(msgspec.Struct, frozen=True):
    """Where the bytes of one announced file are now: under its old name, its new one, or set aside."""

    line: Line
    at_source: bool
    at_destination: bool
    kept: Path | None


def settle(log: Log, places: Places) -> Settled:
    """Bring every open batch of the log to an end. Doing it again, also after a kill in the middle, changes nothing."""
    settled = Settled(batches=[], lost=[])
    last = operations_log.last(log.path)
    if last is not None and last.event == "end":
        return settled  # one writes at a time, so all before it had ended too
    lines, _ = operations_log.read(log.path)
    for batch in history.batches(lines):
        if batch.ended:
            continue
        settled.batches.append(batch.id)
        for number in batch.open_groups():
            _settle_group(log, batch, batch.intents[number], places, settled)
        log.append([log.line("end", batch.id, batch.operation, reason=WHY)])
    return settled


def _settle_group(log: Log, batch: Batch, lines: Sequence[Line], places: Places, settled: Settled) -> None:
    reason = WHY
    try:
        for line in lines:
            transfer.part_path(Path(line.destination), batch.id).unlink(missing_ok=True)
        found = [_look(line, batch.id) for line in lines]
        ending, kept = _finish(found, batch.id) if all(one.at_destination for one in found) else _put_back(found)
        places.follow([_went(line, forward=ending == "done") for line in lines])
    except (BinScoutError, OSError) as error:
        ending, kept = "lost", [""] * len(lines)
        reason = error.sentence if isinstance(error, BinScoutError) else str(error)
        settled.lost += [f"{line.source}: {reason}" for line in lines]
    settled.finished += len(lines) * (ending == "done")
    settled.put_back += len(lines) * (ending == "rolled_back")
    log.append(_closing(log, line, ending, where, reason) for line, where in zip(lines, kept, strict=True))


def _look(line: Line, batch: str) -> Found:
    kept = transfer.kept_path(Path(line.source), batch)
    return Found(
        line,
        _holds(Path(line.source), line),
        _holds(Path(line.destination), line),
        kept if _holds(kept, line) else None,
    )


def _holds(path: Path, line: Line) -> bool:
    try:
        return not path.is_symlink() and path.stat().st_size == line.bytes and hash_of(path) == line.sha256
    except OSError:
        return False


def _finish(found: Sequence[Found], batch: str) -> tuple[Ending, list[str]]:
    """Everything has arrived: originals of copies that still have their names are set aside."""
    kept = []
    for one in found:
        source, destination = Path(one.line.source), Path(one.line.destination)
        if one.at_source and source.samefile(destination):
            source.unlink()  # a second name of the same file
            kept.append("")
        elif one.at_source:
            kept.append(str(transfer.set_aside(source, batch)))
        else:
            kept.append(str(one.kept or ""))
    transfer.sync(Path(end) for one in found for end in (one.line.source, one.line.destination))
    return "done", kept


def _put_back(found: Sequence[Found]) -> tuple[Ending, list[str]]:
    """Something is missing at the destination: all of the group goes back."""
    for one in found:
        source, destination = Path(one.line.source), Path(one.line.destination)
        if one.at_source:
            if one.at_destination:
                destination.unlink()  # a second name, or a copy that was read again and found the same
        elif one.kept is not None:
            rename_new(one.kept, source)
            if one.at_destination:
                destination.unlink()
        elif one.at_destination:
            rename_new(destination, source)
    transfer.sync(Path(end) for one in found for end in (one.line.source, one.line.destination))
    missing = [one for one in found if not (one.at_source or one.at_destination or one.kept)]
    if missing:
        names = ", ".join(os.path.basename(one.line.source) for one in missing)  # noqa: PTH119
        raise BinScoutError(f"{names} is neither where it was nor where it was to go; the rest was put back.")
    return "rolled_back", [""] * len(found)


def _went(line: Line, *, forward: bool) -> Went:
    source, destination = Path(line.source), Path(line.destination)
    return Went(source, destination, line.sha256) if forward else Went(destination, source, line.sha256)


def _closing(log: Log, line: Line, event: Ending, kept: str, reason: str) -> Line:
    return log.line(
        event,
        line.batch,
        line.operation,
        group=line.group,
        source=line.source,
        destination=line.destination,
        sidecar_of=line.sidecar_of,
        bytes=line.bytes,
        sha256=line.sha256,
        kept=kept,
        reason=reason,
    )
