"""What the processes of a run said at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from binscout_tui.eventlog.format import escape

LOG = "log.txt"
TAIL_BYTES = 16 * 1024
LINES = 30
TRACEBACK = "Traceback (most recent call last)"


async def last_words(folder: Path, *, tracebacks: bool = True) -> str:
    """The last lines of what the trainer printed in the run's folder; empty where there is nothing to read.

    A launcher that is asked to stop ends with a traceback, which says nothing and looks like an error.
    """
    return await asyncio.to_thread(_last_lines, folder / LOG, tracebacks=tracebacks)


def _last_lines(path: Path, *, tracebacks: bool) -> str:
    try:
        with path.open("rb") as handle:
            handle.seek(max(0, handle.seek(0, 2) - TAIL_BYTES))
            text = handle.read().decode("utf-8", "backslashreplace")
    except OSError:
        return ""
    lines = text.splitlines() if tracebacks else without_tracebacks(text.splitlines())
    return "\n".join(escape(line) for line in lines[-LINES:])


def without_tracebacks(lines: Iterable[str]) -> list[str]:
    """The lines that belong to no traceback: from its head to the line of its exception, which is not indented."""
    kept, inside = [], False
    for line in lines:
        if inside:
            inside = not line or line.startswith((" ", TRACEBACK))
        elif line.startswith(TRACEBACK):
            inside = True
        else:
            kept.append(line)
    return kept
