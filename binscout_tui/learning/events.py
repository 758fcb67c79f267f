"""The log of a run: one JSON object a line, appended with a single write, so that readers never see half of one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any

from binscout_tui.clock import utc_now

VERSION = 1
FILE_NAME = "events.jsonl"


class EventWriter:
    """Appends events to `<folder>/events.jsonl`. One writer, any number of readers; silent without a folder.

    Raises OSError when the disk refuses the line: a run that cannot be followed must not look healthy.
    """

    def __init__(self, folder: Path | None) -> None:
        self._descriptor: int | None = None
        if folder is not None:
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._descriptor = os.open(folder / FILE_NAME, flags, 0o644)
            _end_torn_line(self._descriptor)

    def write(self, kind: str, **fields: Any) -> None:
        """Append one event of type `kind`; state changes are also synced to disk. NaN becomes null."""
        if self._descriptor is None:
            return
        event = {"v": VERSION, "t": utc_now(), "type": kind, **fields}
        line = json.dumps(finite(event), ensure_ascii=True, allow_nan=False) + "\n"
        os.write(self._descriptor, line.encode("ascii"))
        if kind == "state":
            os.fsync(self._descriptor)

    def state(self, state: str, **fields: Any) -> None:
        """`running`, `done`, `failed` or `cancelled`."""
        self.write("state", state=state, **fields)

    def log(self, level: str, message: str) -> None:
        """A sentence for people; `level` is `info`, `warning` or `error`."""
        self.write("log", level=level, msg=message)

    def metric(self, **fields: Any) -> None:
        """Figures of one epoch."""
        self.write("metric", **fields)

    def progress(self, done: int, total: int, eta_s: float | None, what: str, **figures: float) -> None:
        """`done` of `total` parts of `what`; `eta_s` is the seconds still needed, None while unknown."""
        self.write("progress", done=done, total=total, eta_s=eta_s, what=what, **figures)

    def close(self) -> None:
        """Let go of the file; later events are dropped."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> EventWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _end_torn_line(descriptor: int) -> None:
    """A process killed inside its write leaves half a line: end it, so that the next event stays readable."""
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        os.write(descriptor, b"\n")


def finite(value: Any) -> Any:
    """`value` with NaN and infinities as None, for which JSON has no word."""
    if isinstance(value, dict):
        return {key: finite(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [finite(member) for member in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value
