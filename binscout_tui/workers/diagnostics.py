"""The app's log file: what went wrong in full, without secrets."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

from binscout_tui.clock import utc_now

MAX_BYTES = 1 << 20
KEPT = 3
_SECRET = re.compile(
    r"(?i)((?:api[_-]?key|token|secret|passw(?:or)?d|authorization)[\"']?\s*[=:]\s*[\"']?)(?:bearer\s+)?[^\s\"',;&]+"
)
_CREDENTIALS = re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)")


def without_secrets(text: str) -> str:
    """`text` with what looks like a password, a token or credentials in an address replaced by `***`."""
    return _CREDENTIALS.sub("***", _SECRET.sub(r"\1***", text))


def details(error: BaseException) -> str:
    """The whole of an error with its causes, without secrets."""
    return without_secrets("".join(traceback.format_exception(error)))


def write(file: Path, where: str, text: str) -> None:
    """Append an entry to `file`; at 1 MiB it becomes `.1`, and three old ones are kept. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists() and file.stat().st_size > MAX_BYTES:
        for number in range(KEPT - 1, 0, -1):
            older = file.with_name(f"{file.name}.{number}")
            if older.exists():
                older.replace(file.with_name(f"{file.name}.{number + 1}"))
        file.replace(file.with_name(f"{file.name}.1"))
    with file.open("a", encoding="utf-8") as log:
        log.write(f"{utc_now()} {where}\n{without_secrets(text).rstrip()}\n")
