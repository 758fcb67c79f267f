"""The folder of an inbox itself: whether it is there, whether it is still the same one, whether it has to be polled."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOTDIR
from pathlib import Path

from binscout_tui.capture.network_fs import polled_kind
from binscout_tui.capture.source import SourceError
from binscout_tui.imaging.names import display_name


class Folder:
    """A folder that may go and come back, with its disk or without. `root` is its real path, `name` safe to show.

    `polled_kind` is the type of its file system where changes are not told of, else an empty text.
    """

    def __init__(self, path: str) -> None:
        self.name = display_name(path)
        self.root = os.path.realpath(path)
        self.polled_kind = ""
        self._identity: tuple[int, int] | None = None
        self._was_mount = False

    def enter(self) -> None:
        """Find out what the folder is. Raises SourceError where it is none, or its disk is not mounted any more."""
        with self.reachable():
            found = os.stat(self.root)  # noqa: PTH116 - a text is what every path here is
            is_mount = os.path.ismount(self.root)
            if not stat.S_ISDIR(found.st_mode):
                raise NotADirectoryError(ENOTDIR, "Not a directory")
        if self._was_mount and not is_mount:
            raise SourceError(f"The disk of the inbox {self.name} is not mounted.", code="inbox_gone")
        self._identity, self._was_mount = (found.st_dev, found.st_ino), is_mount
        self.polled_kind = polled_kind(Path(self.root))

    def stay(self) -> None:
        """Raise SourceError when the folder is not the one that was entered: what listens still listens to that."""
        with self.reachable():
            found = os.stat(self.root)  # noqa: PTH116 - as above
        if (found.st_dev, found.st_ino) != self._identity:
            raise SourceError(f"The inbox {self.name} was replaced or unmounted.", code="inbox_gone")

    @contextmanager
    def reachable(self) -> Iterator[None]:
        """Turn what the system says of the folder into a SourceError."""
        try:
            yield
        except OSError as error:
            raise SourceError(
                f"The inbox {self.name} cannot be read: {error.strerror or error}.",
                hint="It is looked for again by itself; mount its disk or make the folder.",
                code="inbox_gone",
            ) from error
