"""The one interface of everything that pictures come from."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Protocol

from binscout_tui.errors import BinScoutError
from binscout_tui.masking import masked


class SourceError(BinScoutError):
    """A source gives no picture: why in one sentence, and what to do.

    `lasting` says that only a picture can show that it is over; a look at the source cannot. What looks like a password
    in `sentence` or `hint` is masked.
    """

    code = "source"

    def __init__(self, sentence: str, *, hint: str = "", code: str | None = None, lasting: bool = False) -> None:
        super().__init__(masked(sentence), hint=masked(hint), code=code)
        self.lasting = lasting


class Source(Protocol):
    """Something that pictures come from."""

    @property
    def name(self) -> str:
        """What it is, safe to show, without secrets."""

    def probe(self) -> str:
        """Say in a sentence what is there. Raises SourceError when no picture can come from it now."""


class Camera(Source, Protocol):
    """A source that takes a picture when it is asked."""

    def shoot(self, folder: Path, stop: threading.Event) -> Path:
        """Take one picture into a new file in `folder`, which is empty; give up when `stop` is set.

        Raises SourceError. Nobody has looked at the bytes yet: they may be no picture.
        """


def stopped() -> SourceError:
    """The shot was given up because the process leaves."""
    return SourceError("The capture process was stopped before the picture was there.", code="stopped")
