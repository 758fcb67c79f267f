"""Names that people give to classes and datasets: one spelling each, fit for one line."""

from __future__ import annotations

import unicodedata

LONGEST = 200
_UNPRINTABLE = ("Cc", "Cf", "Cs", "Zl", "Zp")


def composed(name: str) -> str:
    """`name` as it is kept and looked for: in composed form (NFC), without outer spaces."""
    return unicodedata.normalize("NFC", name).strip()


def is_printable(name: str) -> bool:
    """Whether a composed name has 1 to 200 characters, none of which moves a cursor, hides or reorders text."""
    return 1 <= len(name) <= LONGEST and not any(unicodedata.category(c) in _UNPRINTABLE for c in name)
