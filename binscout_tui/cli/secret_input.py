"""Secrets on their way in: from a file, the environment, standard input or the keyboard, never from an argument."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from binscout_tui.backup.target.keys import LONGEST_SECRET, checked_secret
from binscout_tui.errors import UsageError
from binscout_tui.imaging.names import display_name


def given(file: Path | None, environment: str, *, stdin: bool) -> str:
    """The secret from the one place that was named; empty where none was. Raises UsageError without a word of it."""
    if sum((file is not None, bool(environment), stdin)) > 1:
        raise UsageError("Give a secret in one way: a file, the environment or standard input.")
    if file is not None:
        return checked_secret(_of_file(file.expanduser()))
    if environment:
        return checked_secret(_of_environment(environment))
    return checked_secret(_line(sys.stdin.readline(LONGEST_SECRET + 2))) if stdin else ""


def asked(question: str) -> str:
    """What a person types without echo; empty where nobody sits at a terminal."""
    if not sys.stdin.isatty():
        return ""
    import getpass

    return checked_secret(getpass.getpass(f"{question}: "))


def _line(text: str) -> str:
    line = text.rstrip("\r\n")
    if not line:
        raise UsageError("The secret is empty.", code="bad_secret")
    return line


def _of_environment(name: str) -> str:
    found = os.environ.get(name, "")
    if not found:
        raise UsageError(f"The environment variable {display_name(name)} is not set.", code="bad_secret")
    return found


def _of_file(path: Path) -> str:
    shown = display_name(path)
    try:
        with path.open("rb") as handle:
            found = os.fstat(handle.fileno())
            if stat.S_ISREG(found.st_mode) and (found.st_mode & 0o077 or found.st_uid != os.getuid()):
                raise UsageError(
                    f"The secret in {shown} could be read by others.",
                    hint=f"Make it a file of your own: chmod 600 {shown}",
                    code="bad_secret",
                )
            text = handle.read(LONGEST_SECRET + 2).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise UsageError(f"{shown} cannot be read: {why}.", code="bad_secret") from error
    return _line(text.split("\n")[0])
