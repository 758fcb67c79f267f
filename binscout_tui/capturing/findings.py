"""What the checks say of a capture, in the few words that there is room for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

WORDS = {
    "blur": "sharp",
    "dark": "light",
    "bright": "light",
    "contrast": "contrast",
    "noise": "noise",
    "size": "size",
    "shape": "shape",
    "exact_duplicate": "new",
    "near_duplicate": "new",
    "other_compartment": "code",
}


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found; `sentence` is for people."""

    check: str
    level: str = "warn"
    sentence: str = ""

    @property
    def warns(self) -> bool:
        """Whether it speaks for a retake."""
        return self.level != "ok"

    @property
    def word(self) -> str:
        """What was looked at, in one word."""
        return WORDS.get(self.check, self.check)


def remarks(checks: Mapping[str, Any]) -> list[Remark]:
    """What the stored checks of a capture say; one that cannot be read is a warning and never silence."""
    try:
        return msgspec.convert(checks.get("findings", []), list[Remark])
    except msgspec.ValidationError:
        return [Remark(check="checks", sentence="The checks of this picture cannot be read.")]


def summed_up(found: list[Remark]) -> list[Remark]:
    """One remark a word: a warning hides what is fine about the same thing."""
    by_word: dict[str, Remark] = {}
    for remark in found:
        before = by_word.get(remark.word)
        if before is None or (remark.warns and not before.warns):
            by_word[remark.word] = remark
    return list(by_word.values())
