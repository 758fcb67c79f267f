"""The text and the metrics of one run, behind one `poll()`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from binscout_tui.eventlog.cursor import START, Cursor
from binscout_tui.eventlog.metrics import MetricsReader
from binscout_tui.eventlog.reader import SLICE_S, Batch, LogReader


class RunFeed:
    """`log` begins at the cursor and can be cleared; `metrics` always cover the whole run."""

    def __init__(self, path: Path, cursor: Cursor = START) -> None:
        self.path = path
        self.log = LogReader(path, cursor)
        self.metrics = MetricsReader(path)

    def poll(self, budget_s: float = SLICE_S) -> Batch:
        """Poll both, for at most about `budget_s` seconds together; the numbers are those of the log's lines."""
        log = self.log.poll(budget_s / 2)
        metrics = self.metrics.poll(budget_s / 2)
        return replace(log, more=log.more or metrics.more, changed=log.changed or metrics.changed)

    def close(self) -> None:
        """Let go of the file."""
        self.log.close()
        self.metrics.close()
