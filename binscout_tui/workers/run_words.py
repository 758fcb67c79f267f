"""What the processes of a run said at the end."""

from __future__ import annotations

import asyncio
from pathlib import Path

from binscout_tui.eventlog.format import escape

LOG = "log.txt"
TAIL_BYTES = 16 * 1024
LINES = 30


async def last_words(folder: Path) -> str:
    """The last lines of what the trainer printed in the run's folder; empty where there is nothing to read."""
    return await asyncio.to_thread(_last_lines, folder / LOG)


def _last_lines(path: Path) -> str:
    try:
        with path.open("rb") as handle:
            handle.seek(max(0, handle.seek(0, 2) - TAIL_BYTES))
            text = handle.read().decode("utf-8", "backslashreplace")
    except OSError:
        return ""
    return "\n".join(escape(line) for line in text.splitlines()[-LINES:])
