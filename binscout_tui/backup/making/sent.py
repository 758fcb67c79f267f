"""What an unfinished run has sent: the next one goes on from there. One line a stored file; it may be deleted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from binscout_tui.backup.archive import layout
from binscout_tui.clock import from_text


class Sent(msgspec.Struct, frozen=True):
    """A pack or object that is whole on the target: (sha256, size, offset) of what lies in it.

    `read` says that its bytes were read back, and `at` when it was done.
    """

    name: str
    size: int
    read: bool
    members: list[tuple[str, int, int | None]]
    at: str


class SentJournal:
    """The file of these lines."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, sent: Sent) -> None:
        """Write one down, so that it survives a kill. Raises OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as out:
            out.write(msgspec.json.encode(sent) + b"\n")
            out.flush()
            os.fsync(out.fileno())

    def read(self) -> Iterator[Sent]:
        """All that can be read; a line that was cut off, or says nonsense, is left out."""
        try:
            handle = self.path.open("rb")
        except OSError:
            return
        with handle:
            for line in handle:
                try:
                    sent = msgspec.json.decode(line, type=Sent)
                    from_text(sent.at)
                except (msgspec.MsgspecError, ValueError):
                    continue
                if layout.blob_hash(sent.name) and all(layout.is_sha256(one) for one, _, _ in sent.members):
                    yield sent

    def clear(self) -> None:
        """The run is committed, or what is here does not count any more."""
        self.path.unlink(missing_ok=True)
