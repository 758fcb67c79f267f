"""Errors that are meant for people: a code, one sentence, and what to do next."""

from __future__ import annotations

from typing import Any

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_REFUSED = 3


class BinScoutError(Exception):
    """Something that a person can understand and act on.

    `code` is stable and for scripts, the message is one clear sentence, `hint` says what to do next,
    `exit_code` is what the command line ends with.
    """

    code = "error"
    exit_code = EXIT_FAILED

    def __init__(self, sentence: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint
        if code is not None:
            self.code = code

    def as_json(self) -> dict[str, Any]:
        """The error as the `error` member of a JSON answer."""
        return {"code": self.code, "message": self.sentence, "hint": self.hint}


class UsageError(BinScoutError):
    """The command or its arguments make no sense."""

    code = "usage"
    exit_code = EXIT_USAGE


class NotFoundError(BinScoutError):
    """A thing was named that the workspace does not have."""

    code = "not_found"


class RefusedError(BinScoutError):
    """Possible, but not done because it would not be safe or is not allowed."""

    code = "refused"
    exit_code = EXIT_REFUSED


class ConflictError(BinScoutError):
    """Somebody else changed the thing meanwhile; nothing was written."""

    code = "conflict"


class StorageError(BinScoutError):
    """The disk or the database cannot take what must be written."""

    code = "storage"
