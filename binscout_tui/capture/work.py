"""What keeps one source going: a thread that begins again, later and later, when the source fails."""

from __future__ import annotations

import sys
import threading
import traceback
from abc import ABC, abstractmethod
from pathlib import Path

import msgspec

from binscout_tui.capture.source import SourceError
from binscout_tui.clock import utc_now
from binscout_tui.errors import BinScoutError
from binscout_tui.masking import masked
from binscout_tui.store import capture_sources
from binscout_tui.store.capture_sources import Source, SourceState
from binscout_tui.workspace import Workspace

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0


class Tally(msgspec.Struct):
    """How many captures a source brought: staged, failed, and of the staged those whose picture was there before.

    `left` are files that could not be settled, `problem` is the last reason why the source failed.
    """

    staged: int = 0
    failed: int = 0
    duplicates: int = 0
    left: int = 0
    problem: str = ""


class Work(threading.Thread, ABC):
    """One source at work. `nudge` makes it look at what is asked of it; `leave` makes it end.

    With `once` it ends by itself when there is nothing to do.
    """

    def __init__(self, root: Path, source: Source, *, once: bool = False) -> None:
        super().__init__(name=f"source {source.id}", daemon=True)
        self.source = source
        self.tally = Tally()
        self.stop = threading.Event()
        self._root = root
        self._once = once
        self._awake = threading.Event()
        self._pause = 0.0
        self._told: tuple[str, str] | None = None
        self._logged = ""

    def nudge(self) -> None:
        """Look now."""
        self._awake.set()

    def leave(self) -> None:
        """End soon; what is written down is written down whole."""
        self.stop.set()
        self._awake.set()

    def run(self) -> None:
        """For ever, until it is to leave."""
        try:
            self._run()
        except BinScoutError as error:
            # The workspace itself cannot be used now; whoever started this looks after it.
            self.tally.problem = error.sentence
            log(f"{self.source.name}: {plain(error)}")
        except Exception as error:  # noqa: BLE001 - told to whoever counts what came of it
            self.tally.problem = f"The source broke ({type(error).__name__})."
            log(f"{self.source.name}: {masked(traceback.format_exc())}")

    def _run(self) -> None:
        with Workspace(self._root) as workspace:
            while not self.stop.is_set():
                try:
                    self.live(workspace)
                except BinScoutError as error:
                    self._fail(workspace, error)
                except Exception as error:  # noqa: BLE001 - the source must come back whatever it was
                    log(masked(traceback.format_exc()))
                    self._fail(workspace, SourceError(f"The source broke: {type(error).__name__}: {error}."))
                if self._once:
                    return
                self.stop.wait(self._pause)
            if self.source.enabled:
                self.say(workspace, "off")

    @abstractmethod
    def live(self, workspace: Workspace) -> None:
        """Work until `stop` is set, or, with `once`, until there is nothing to do. Raises BinScoutError."""

    def say(self, workspace: Workspace, state: SourceState, message: str = "") -> None:
        """Tell everybody how the source does, when it is news."""
        if self._told != (state, message):
            workspace.db.insist(capture_sources.set_state, self.source.id, state, message)
            self._told = (state, message)
            if state == "failing" or (state == "ready" and self._logged != "ready"):
                log(f"{self.source.name}: {' '.join(filter(None, [state, message]))}")
            self._logged = self._logged if state == "working" else state

    def well(self, workspace: Workspace, message: str = "") -> None:
        """The source works."""
        self._pause = 0.0
        self.say(workspace, "ready", message)

    def sleep(self, seconds: float) -> None:
        """Until something is told, at most so long."""
        self._awake.wait(seconds)
        self._awake.clear()

    def longer(self) -> float:
        """The next pause after one more failure, in seconds."""
        self._pause = min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S, self._pause * 2))
        return self._pause

    def _fail(self, workspace: Workspace, error: BinScoutError) -> None:
        self.tally.problem = error.sentence
        self.longer()
        try:
            self.say(workspace, "failing", plain(error))
        except BinScoutError as untold:
            # On a full disk not even that can be written.
            log(f"{self.source.name}: {plain(error)} Nobody could be told: {untold.sentence}")


def log(text: str) -> None:
    """One line for whoever reads the process's log."""
    print(f"{utc_now()} {text}", file=sys.stderr, flush=True)


def plain(error: BinScoutError) -> str:
    """An error's sentence and what to do."""
    return f"{error.sentence} {error.hint}".rstrip()
