"""What was told to the person, kept with its details."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from textual.content import Content

from binscout_tui.errors import BinScoutError, ConflictError, NotFoundError, RefusedError, UsageError
from binscout_tui.workers import diagnostics

Severity = Literal["information", "warning", "error"]
SIGNS: dict[Severity, tuple[str, str]] = {
    "information": ("·", "$text-muted"),
    "warning": ("!", "$warning"),
    "error": ("✗", "$error"),
}
# Errors that say no without anything being broken.
MILD = (ConflictError, NotFoundError, RefusedError, UsageError)


@dataclass(frozen=True, slots=True)
class Told:
    """One message; `details` is what only a developer or a bug report needs."""

    at: datetime
    text: str
    severity: Severity
    details: str = ""


class Messages:
    """The latest messages of this session, and the log file that errors go to."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._told: deque[Told] = deque(maxlen=200)

    def __len__(self) -> int:
        return len(self._told)

    def add(self, text: str, severity: Severity = "information", details: str = "") -> Told:
        """Keep a message."""
        told = Told(datetime.now().astimezone(), text, severity, details)
        self._told.append(told)
        return told

    def add_error(self, error: BaseException, where: str) -> Told:
        """Keep an error that happened in `where`, and write it down when it is one that nobody expects."""
        line, details = from_error(error, where)
        if not isinstance(error, MILD):
            try:
                diagnostics.write(self._log, where, details)
            except OSError as failure:
                details += f"\nThe log {self._log} could not be written: {failure}"
        return self.add(line, "warning" if isinstance(error, MILD) else "error", details)

    def text(self) -> Content:
        """All of them, newest first."""
        return Content("\n\n").join([_entry(told) for told in reversed(self._told)])


def from_error(error: BaseException, where: str) -> tuple[str, str]:
    """(line for people, details) for an error that happened in `where`."""
    if isinstance(error, BinScoutError):
        cause = f"\n{diagnostics.details(error.__cause__)}" if error.__cause__ else ""
        return f"{error.sentence} {error.hint}".strip(), f"{where}: {error.code}{cause}"
    what = diagnostics.without_secrets(f"{type(error).__name__}: {error}")
    return f"Something went wrong in {where}; e shows the details.", f"{what}\n{diagnostics.details(error)}"


def _entry(told: Told) -> Content:
    sign, style = SIGNS[told.severity]
    head = Content.assemble((f"{told.at:%H:%M:%S} ", "$text-muted"), (f"{sign} ", style), (told.text, ""))
    return Content.assemble(head, (f"\n{told.details.rstrip()}" if told.details else "", "$text-muted"))
