"""Passwords of cameras: kept outside of the database, in the environment or in a file of one's own."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from binscout_tui.capture.source import SourceError
from binscout_tui.imaging.names import display_name

LONGEST = 4096


def secret(environment: str, file: str) -> str:
    """The secret in the variable named `environment`, else the first line of `file`, else an empty text.

    Raises SourceError without a word of the secret itself.
    """
    if environment:
        found = os.environ.get(environment, "")
        if not found:
            raise SourceError(
                f"The environment variable {display_name(environment)}, which holds the camera's secret, is not set.",
                hint="Set it where the capture process starts, or name a file with secret_file=….",
                code="secret",
            )
        return _text(found, f"The environment variable {display_name(environment)}")
    return _of_file(Path(file).expanduser()) if file else ""


def _text(found: str, where: str) -> str:
    if not found.isprintable():  # bytes that are no UTF-8 are not either
        raise SourceError(f"{where} holds no text on one line: that cannot be sent as a secret.", code="secret")
    return found


def _of_file(path: Path) -> str:
    shown = display_name(path)
    try:
        with path.open("rb") as handle:
            found = os.fstat(handle.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_mode & 0o077 or found.st_uid != os.getuid():
                raise SourceError(
                    f"The secret in {shown} could be read by others.",
                    hint=f"Make it a file of your own: chmod 600 {shown}",
                    code="secret",
                )
            line = handle.read(LONGEST).decode("utf-8").split("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise SourceError(f"The file {shown} with the camera's secret cannot be read: {why}.", code="secret") from error
    if not line:
        raise SourceError(f"The file {shown} with the camera's secret is empty.", code="secret")
    return _text(line, f"The file {shown}")
