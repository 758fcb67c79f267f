"""A folder into which others put pictures. Nothing in it is ever moved, changed or removed."""

from __future__ import annotations

import os
import stat
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui.capture import ready, walk
from binscout_tui.capture.folder import Folder
from binscout_tui.capture.hints import Hints
from binscout_tui.capture.ready import Look, Rules, Verdict, Waiting
from binscout_tui.imaging.outcomes import Code
from binscout_tui.settings import InboxSettings

# A folder that was made a moment ago is looked through again: its files may have come before anybody listened.
SECOND_LOOK_S = 0.3
LISTENS_S = 1.0
# Looking through a huge inbox never takes more than this share of the time.
SHARE = 20
# A file that is being written is refused now and then; for so long nobody needs to know.
SOON_S = 2.0


class InboxConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`path` is the folder; `watch` is `auto`, or `poll` where the file system does not tell of changes.

    With `accept` on `all` the pictures are in the library at once, as imported ones; on `ask` somebody accepts them.
    """

    path: str
    watch: Literal["auto", "poll"] = "auto"
    accept: Literal["ask", "all"] = "ask"


class Ready(msgspec.Struct, frozen=True):
    """A file to decode: it stood still for long enough."""

    path: str
    look: Look
    first_seen: float

    @property
    def fingerprint(self) -> str:
        """Of the file as it was seen."""
        return ready.fingerprint(self.path, self.look)


class Failed(msgspec.Struct, frozen=True):
    """A file that the decoder refuses and that nobody writes any more."""

    path: str
    look: Look
    code: Code
    detail: str = ""

    @property
    def fingerprint(self) -> str:
        """Of the file as it was seen."""
        return ready.fingerprint(self.path, self.look)


class Inbox:
    """The state of one watched folder; used by one thread.

    `is_known(fingerprint)` says whether a file was captured in an earlier life; it is asked once a file. `wake` is
    called, from another thread, when something may have come. `folder` may be that of an inbox before, which knows
    whether a disk was mounted there.
    """

    def __init__(
        self,
        config: InboxConfig,
        settings: InboxSettings,
        is_known: Callable[[str], bool] = lambda fingerprint: False,
        wake: Callable[[], None] = lambda: None,
        folder: Folder | None = None,
    ) -> None:
        self.config = config
        self._settings = settings
        self._is_known = is_known
        self._wake = wake
        self._folder = folder or Folder(config.path)
        self._hints: Hints | None = None
        self._files: dict[str, Waiting] = {}
        self._settled: set[str] = set()
        self._ready: deque[Ready] = deque()
        self._failed: deque[Failed] = deque()
        self._again: dict[str, float] = {}
        self._next_look = 0.0
        self._unreadable: list[str] = []

    @property
    def name(self) -> str:
        """The folder, safe to show."""
        return self._folder.name

    @property
    def left(self) -> int:
        """How many of the files that were seen are not settled."""
        return len(self._files)

    @property
    def ready(self) -> int:
        """How many files are ready to be decoded."""
        return len(self._ready)

    @property
    def note(self) -> str:
        """What a person should know of how it is watched, or an empty text."""
        said = [self._why_polled(), self._hints.broken if self._hints else ""]
        if self._unreadable:
            said.append(f"{len(self._unreadable)} folders in it cannot be read.")
        before = time.monotonic() - SOON_S
        if waited_for := sum(1 for file in self._files.values() if file.tries and file.first_seen < before):
            said.append(f"{waited_for} {'file is' if waited_for == 1 else 'files are'} not whole yet.")
        return " ".join(filter(None, said))

    def probe(self) -> str:
        """Say what is there. Raises SourceError when the folder cannot be read."""
        self._folder.enter()
        unreadable: list[str] = []
        with self._folder.reachable():
            number = sum(1 for _ in walk.files(self._folder.root, unreadable))
        return f"{number} files in {self.name}. {self._why_polled() or 'It is watched.'}"

    def open(self) -> None:
        """Begin to watch and look through everything. Raises SourceError when the folder cannot be read."""
        self.close()
        self._folder.enter()
        if not self._polls:
            self._hints = Hints(Path(self._folder.root), self._wake)
            # Until its thread listens nothing is told.
            self._again[self._folder.root] = time.monotonic() + LISTENS_S
        self._next_look = 0.0

    def close(self) -> None:
        """Stop watching."""
        if self._hints is not None:
            self._hints.close()
            self._hints = None

    def turn(self) -> float:
        """Take in what is told and what is due; the seconds until something is due again.

        Raises SourceError when the folder has gone.
        """
        now = time.monotonic()
        if not self._polls:
            self._folder.stay()
        self._take_hints()
        for folder in [folder for folder, at in self._again.items() if at <= now]:
            del self._again[folder]
            self._look_through(folder)
        if now >= self._next_look:
            self._look_through_everything(now)
        rules, files = self._rules(), self._files
        for path in [
            path for path, waiting in files.items() if not waiting.offered and ready.due(waiting, rules) <= now
        ]:
            self._look(path, now)
        self._offer(rules)
        dues = [ready.due(waiting, rules) for waiting in files.values() if not waiting.offered]
        return max(0.0, min([*dues, *self._again.values(), self._next_look], default=now + 1.0) - time.monotonic())

    def next_ready(self) -> Ready | None:
        """The next file to decode; it is left alone until `done` or `refused`."""
        return self._ready.popleft() if self._ready else None

    def next_failed(self) -> Failed | None:
        """The next file that has failed; it is left alone until `done`."""
        return self._failed.popleft() if self._failed else None

    def stands(self, file: Ready) -> float | None:
        """The second look at a decoded file: seconds until it may be taken, None when it changed since the first.

        One that changed is left to the inbox again.
        """
        now = time.monotonic()
        self._look(file.path, now)
        return ready.stands(self._files.get(file.path), file.look, now, self._rules())

    def done(self, file: Ready | Failed) -> None:
        """The file is written down as it was: it comes up again only when it changes."""
        self._settled.add(file.fingerprint)
        waiting = self._files.get(file.path)
        if waiting is not None and waiting.look == file.look:
            del self._files[file.path]

    def refused(self, file: Ready, code: Code, detail: str = "") -> None:
        """The decoder refused the file: wait whether somebody goes on to write it."""
        waiting = self._files.get(file.path)
        if waiting is not None and waiting.look == file.look:
            self._files[file.path] = ready.refused(waiting, code, time.monotonic(), self._rules(), detail)
            self._look(file.path, time.monotonic())

    @property
    def _polls(self) -> bool:
        return bool(self._folder.polled_kind) or self.config.watch == "poll"

    def _why_polled(self) -> str:
        if not self._polls:
            return ""
        kind = self._folder.polled_kind
        why = f" since its file system ({kind}) does not tell of changes" if kind else ""
        return f"It is looked through every {self._settings.network_poll_seconds:g} s{why}."

    def _rules(self) -> Rules:
        apart = self._settings.network_look_seconds if self._polls else self._settings.look_seconds
        return Rules(apart, self._settings.give_up_seconds, early=not self._polls)

    def _pause(self) -> float:
        broken = self._hints is None or bool(self._hints.broken)
        return self._settings.network_poll_seconds if broken else self._settings.reconcile_seconds

    def _take_hints(self) -> None:
        if self._hints is None:
            return
        paths, everything = self._hints.take()
        if everything or (self._hints.broken and self._next_look > time.monotonic() + self._pause()):
            self._next_look = 0.0
        now = time.monotonic()
        folders: dict[str, bool] = {}
        for path in paths:
            if walk.inside(self._folder.root, path, folders):
                self._look(path, now)

    def _look_through_everything(self, now: float) -> None:
        self._folder.stay()
        self._unreadable = []
        with self._folder.reachable():
            for path, look in walk.files(self._folder.root, self._unreadable):
                self._saw(path, look, now)
        took = time.monotonic() - now
        self._next_look = time.monotonic() + max(self._pause(), SHARE * took)

    def _look_through(self, folder: str) -> None:
        with suppress(OSError):  # it has gone again, or is told of when everything is looked through
            for path, look in walk.files(folder, []):
                self._saw(path, look, time.monotonic())

    def _look(self, path: str, now: float) -> None:
        try:
            found = os.lstat(path)
        except OSError:
            self._files.pop(path, None)
            return
        if stat.S_ISDIR(found.st_mode):
            self._look_through(path)
            self._again[path] = now + SECOND_LOOK_S
        elif stat.S_ISREG(found.st_mode):
            self._saw(path, Look.of(found), now)
        else:
            self._files.pop(path, None)

    def _saw(self, path: str, look: Look, now: float) -> None:
        before = self._files.get(path)
        if before is None:
            fingerprint = ready.fingerprint(path, look)
            if fingerprint in self._settled:
                return
            if self._is_known(fingerprint):
                self._settled.add(fingerprint)
                return
        self._files[path] = ready.seen(before, look, now)

    def _offer(self, rules: Rules) -> None:
        """Queue what is ready in the order in which it was written, and what has failed."""
        found: list[Ready] = []
        for path, waiting in self._files.items():
            decided = ready.verdict(waiting, rules)
            if decided is Verdict.READY:
                found.append(Ready(path, waiting.look, waiting.first_seen))
            elif decided is Verdict.FAILED and waiting.code is not None:
                self._failed.append(Failed(path, waiting.look, waiting.code, waiting.detail))
            else:
                continue
            self._files[path] = ready.offered(waiting)
        self._ready.extend(sorted(found, key=lambda file: (file.look.mtime_ns, file.path)))
