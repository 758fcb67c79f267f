"""A filter while somebody types it: what could be meant, the last ones, and what is wrong. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from binscout_tui.filtering.completing import Completion, Vocabulary, complete
from binscout_tui.filtering.errors import FilterError
from binscout_tui.filtering.fields import Fields


class TypedFilter:
    """The line with its cursor, the completions there, and which of them is marked (`row`, -1 for none).

    Up from no mark goes back through the last filters, Down comes forward again to what was typed.
    """

    def __init__(self, fields: Fields, text: str = "") -> None:
        self.fields = fields
        self.text, self.position = text, len(text)
        self.row = -1
        self.error: FilterError | None = None
        self.completions: list[Completion] = []
        self._vocabulary: Vocabulary = {}
        self._recent: Sequence[str] = ()
        self._typed = text
        self._back = -1
        self._complete()

    def give(self, vocabulary: Vocabulary, recent: Sequence[str]) -> None:
        """The names that exist, and the last filters, the newest first; what is marked stays marked."""
        self._vocabulary, self._recent = vocabulary, recent
        marked = self.completions[self.row] if self.row >= 0 else None
        self._complete()
        self.row = self.completions.index(marked) if marked in self.completions else -1

    def type(self, text: str, position: int) -> None:
        """`text` is on the line now, with the cursor at `position`."""
        if (text, position) == (self.text, self.position):
            return
        if text != self.text:
            self.error, self._back, self._typed = None, -1, text
        self.text, self.position, self.row = text, position, -1
        self._complete()

    def move(self, by: int) -> None:
        """Mark the completion below (1) or above (-1); above the first, and from an old filter, go through the old."""
        if self._back >= 0 or (by < 0 and self.row < 0):
            self._recall(self._back - by)
        else:
            self.row = min(max(-1, self.row + by), len(self.completions) - 1)

    def take(self) -> bool:
        """Put the marked completion, or the first, into the line; False when there is none."""
        if not self.completions:
            return False
        taken = self.completions[max(0, self.row)]
        rest = self.text[taken.end :]
        goes_on = taken.text.endswith(":") or rest[:1].isspace()
        before = f"{self.text[: taken.begin]}{taken.text}{'' if goes_on else ' '}"
        self.type(before + rest, len(before))
        return True

    def refuse(self, error: FilterError) -> None:
        """This is wrong with what stands there."""
        self.error, self.row = error, -1

    def _recall(self, back: int) -> None:
        back = min(max(-1, back), len(self._recent) - 1)
        if back != self._back:
            text = self._recent[back] if back >= 0 else self._typed
            self._back, self.text, self.position, self.row, self.error = back, text, len(text), -1, None
            self._complete()

    def _complete(self) -> None:
        self.completions = complete(self.text, self.position, self.fields, self._vocabulary)
