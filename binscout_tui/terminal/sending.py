"""One kitty picture on its way to the terminal in pieces, so that a slow link is free soon for something else."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from binscout_tui.terminal import kitty
from binscout_tui.terminal.kitty import KittyPicture
from binscout_tui.terminal.tmux import wrap

_LAST = "\x1b_Gq=2,m=0\x1b\\"
_LAST_IN_TMUX = wrap(_LAST)
_OPENINGS = {False: "\x1b_G", True: "\x1bPtmux;"}


def last_chunk(*, tmux: bool) -> str:
    """An empty last chunk: ends a transmission that is under way, and does nothing where there is none."""
    return _LAST_IN_TMUX if tmux else _LAST


class _State(Enum):
    UNDER_WAY = auto()
    COMPLETE = auto()
    BROKEN_OFF = auto()


class Sending:
    """The chunks of one transmission; nothing but text may be written between the pieces.

    The terminal shows nothing of it before the last chunk. `done(image_id)` is called with the last piece; `first` is
    to be written before any of them.
    """

    def __init__(self, image_id: int, picture: KittyPicture, done: Callable[[int], None], first: str = "") -> None:
        self._image_id = image_id
        self._tmux = picture.tmux
        self._first = first
        self._text = first + picture.transmit(image_id)
        self._place = 0
        self._done = done
        self._state = _State.UNDER_WAY

    @property
    def is_complete(self) -> bool:
        """All of it was written."""
        return self._state is _State.COMPLETE

    @property
    def is_broken_off(self) -> bool:
        """It ended before all of it was written."""
        return self._state is _State.BROKEN_OFF

    def piece(self, least: int) -> str:
        """The next whole chunks, of at least that many characters while there are as many."""
        if self._state is not _State.UNDER_WAY:
            return ""
        begin = self._place
        end = self._text.find(_OPENINGS[self._tmux], max(begin + least, len(self._first) + 1))
        self._place = end if end >= 0 else len(self._text)
        if self._place == len(self._text):
            self._state = _State.COMPLETE
            self._done(self._image_id)
        return self._text[begin : self._place]

    def break_off(self) -> str:
        """What to write so that other commands may follow and nothing of the picture stays in the terminal."""
        if self._state is not _State.UNDER_WAY:
            return ""
        self._state = _State.BROKEN_OFF
        if not self._place:
            return self._first
        return last_chunk(tmux=self._tmux) + kitty.delete(self._image_id, tmux=self._tmux)
