"""Which run a person means: its id, a beginning that no other has, `latest`, or `latest~1` for the one before."""

from __future__ import annotations

import re
from collections.abc import Sequence

from binscout_tui.backup.archive.repository import RunState
from binscout_tui.errors import NotFoundError, UsageError

LATEST = re.compile(r"latest(?:~(\d{1,6}))?")
FINISHED = ("committed", "damaged")
SHOWN = 5
HINT = "`binscout backup list` shows the runs."


def find_run(runs: Sequence[RunState], text: str) -> RunState:
    """The run that `text` means among `runs`, newest first.

    `latest` counts runs that were finished, damaged or not: nobody gets an older one without a word. Raises
    NotFoundError, and UsageError where several begin so.
    """
    if latest := LATEST.fullmatch(text):
        return _back(runs, int(latest[1] or 0))
    found = [one for one in runs if one.run == text] or [one for one in runs if text and one.run.startswith(text)]
    if not found:
        raise NotFoundError(f"There is no run {text!r}.", hint=HINT, code="no_run")
    if len(found) > 1:
        names = ", ".join(one.run for one in found[:SHOWN]) + (", …" if len(found) > SHOWN else "")
        raise UsageError(f"{len(found)} runs begin with {text!r}: {names}.", hint="Give more of it.", code="ambiguous")
    return found[0]


def before(runs: Sequence[RunState], run: RunState) -> RunState | None:
    """The committed run before `run`: the one that it names as its parent where that is there, else the next older."""
    committed = {one.run: one for one in runs if one.state == "committed"}
    parent = run.manifest.parent if run.manifest is not None else None
    if parent in committed and parent != run.run:
        return committed[parent]
    return next((one for name, one in sorted(committed.items(), reverse=True) if name < run.run), None)


def _back(runs: Sequence[RunState], steps: int) -> RunState:
    finished = [one for one in runs if one.state in FINISHED]
    if not finished:
        raise NotFoundError("There is no committed run yet.", hint="`binscout backup run` makes one.", code="no_run")
    if steps >= len(finished):
        there = "is one finished run" if len(finished) == 1 else f"are {len(finished)} finished runs"
        raise NotFoundError(f"There {there}, so latest~{steps} is none.", hint=HINT, code="no_run")
    return finished[steps]
