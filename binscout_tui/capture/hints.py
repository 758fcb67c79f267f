"""What the file system tells of changes below a folder. Only hints: it tells neither of all, nor when a file is whole.

Files that are put into a new folder at once are told of in part (252 of 1,000 were), so whoever reads hints looks
through every folder that is named.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

MOST = 50_000
STEP_MS = 10
DEBOUNCE_MS = 50
TIMEOUT_MS = 1000


class Hints:
    """Collects the paths that changed, in a thread of its own, until they are taken; `wake` is called at each.

    `everything` is set when more changed than is kept, or a name came garbled: then the whole folder is to be looked
    through. `broken` is why no hints come any more, or an empty text.
    """

    def __init__(self, folder: Path, wake: Callable[[], None]) -> None:
        self._folder = folder
        self._wake = wake
        self._lock = threading.Lock()
        self._paths: set[str] = set()
        self._everything = False
        self._stop = threading.Event()
        self.broken = ""
        self._thread = threading.Thread(target=self._run, name="inbox hints", daemon=True)
        self._thread.start()

    def take(self) -> tuple[set[str], bool]:
        """(paths, everything) since the last call."""
        with self._lock:
            taken = self._paths, self._everything
            self._paths, self._everything = set(), False
        return taken

    def close(self) -> None:
        """Stop listening."""
        self._stop.set()

    def _run(self) -> None:
        from watchfiles import watch

        try:
            for changes in watch(
                self._folder,
                watch_filter=None,
                debounce=DEBOUNCE_MS,
                step=STEP_MS,
                rust_timeout=TIMEOUT_MS,
                stop_event=self._stop,
                raise_interrupt=False,
                ignore_permission_denied=True,
            ):
                self._add({path for _, path in changes})
        except Exception as error:  # noqa: BLE001 - the watcher raises what its own language makes of an errno
            self.broken = _why(error)
            self._wake()

    def _add(self, paths: set[str]) -> None:
        with self._lock:
            self._paths |= paths
            if len(self._paths) > MOST or any("\ufffd" in path for path in paths):
                self._paths, self._everything = set(), True
        self._wake()


def _why(error: Exception) -> str:
    """Why no hints come, in a sentence."""
    text = str(error)
    if "watch limit" in text or "No space left" in text or "os error 28" in text:
        return "The limit of watched folders (fs.inotify.max_user_watches) is reached; it is looked through instead."
    if "Too many open files" in text or "os error 24" in text:
        return "The limit of watchers (fs.inotify.max_user_instances) is reached; it is looked through instead."
    return "Changes in the inbox are not told by its file system; it is looked through instead."
