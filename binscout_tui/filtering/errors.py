"""What is wrong with a filter, and where."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from typing import Any

from binscout_tui.errors import UsageError
from binscout_tui.filtering.tree import Place

_UNSHOWABLE = ("Cc", "Cf", "Cs", "Zl", "Zp")


class FilterError(UsageError):
    """A filter that cannot be understood; `place` is where in the text."""

    code = "filter"

    def __init__(self, sentence: str, place: Place, *, hint: str = "") -> None:
        super().__init__(sentence, hint=hint)
        self.place = place

    def marked(self, text: str) -> FilterError:
        """This error for a terminal: its hint ends with the filter and the marks under it."""
        marks = "\n".join(f"  {line}" for line in self.caret(text).splitlines())
        return FilterError(self.sentence, self.place, hint=f"{self.hint}\n{marks}".lstrip(" "))

    def caret(self, text: str) -> str:
        """Two lines: the filter, and marks under what is wrong in it."""
        begin, end = self.place
        return f"{showable(text)}\n{' ' * begin}{'^' * max(1, end - begin)}"

    def as_json(self) -> dict[str, Any]:
        """As other errors, with the place."""
        return {**super().as_json(), "position": self.place[0], "end": self.place[1]}


def showable(text: str) -> str:
    """`text` in one line and of the same length; what a terminal must not get is replaced."""
    return "".join("�" if unicodedata.category(char) in _UNSHOWABLE else char for char in text)


def unshowable(text: str) -> int | None:
    """Where the first character is that no filter may hold."""
    return next((place for place, char in enumerate(text) if unicodedata.category(char) in _UNSHOWABLE), None)


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """A hint that names the nearest of `known`, empty when none is near."""
    by_fold = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(text.casefold(), by_fold, n=1, cutoff=0.6)
    return f"Did you mean {by_fold[near[0]]}?" if near else ""
