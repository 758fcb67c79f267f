"""The files of a run for looking at: by number, found by typing. The names lie in a file, not in memory."""

from __future__ import annotations

import mmap
import re
import tempfile
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import msgspec

from binscout_tui.backup.archive.manifest import FileEntry
from binscout_tui.imaging.names import display_name


class Listed(msgspec.Struct, frozen=True):
    """A file of the run as it is shown: its path with nothing in it that a terminal would obey, bytes, kind."""

    path: str
    size: int
    kind: str


class FileIndex:
    """Holds 16 bytes a file in memory; the rest is in a file of `folder` that has no name and goes with it."""

    def __init__(self, entries: Iterable[FileEntry], folder: Path) -> None:
        """Read `entries` to their end. Raises what they raise, and OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        self._starts = array("Q")
        self._sizes = array("Q")
        with tempfile.TemporaryFile(dir=folder) as file:
            self._end = self._write(entries, file)
            # Keeps the file; with this object it goes.
            self._text = mmap.mmap(file.fileno(), self._end or 1, access=mmap.ACCESS_READ)

    def _write(self, entries: Iterable[FileEntry], file: IO[bytes]) -> int:
        end = 0
        for entry in entries:
            self._starts.append(end)
            self._sizes.append(entry.size)
            end += file.write(f"{entry.kind} {display_name(entry.path)}\n".encode(errors="backslashreplace"))
        if not end:
            file.write(b"\n")  # an empty file cannot be looked into
        file.flush()
        return end

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, number: int) -> Listed:
        start = self._starts[number]
        end = self._starts[number + 1] if number + 1 < len(self._starts) else self._end
        kind, _, path = self._text[start : end - 1].decode().partition(" ")
        return Listed(path, self._sizes[number], kind)

    def find(self, words: str) -> array[int]:
        """The numbers of the files in whose kind and path all `words` are, whatever the case of a to z.

        Takes some tens of milliseconds for 100,000 files; meant for a thread.
        """
        wanted = [re.compile(re.escape(word.encode(errors="replace")), re.IGNORECASE) for word in words.split()]
        if not wanted:
            return array("Q", range(len(self)))
        found = array("Q")
        place = 0
        while place < self._end and (hit := wanted[0].search(self._text, place, self._end)):
            number = bisect_right(self._starts, hit.start()) - 1
            place = self._starts[number + 1] if number + 1 < len(self._starts) else self._end
            if all(one.search(self._text, self._starts[number], place) for one in wanted[1:]):
                found.append(number)
        return found
