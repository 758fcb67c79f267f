"""Numbers with their nouns, in the singular and the plural."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 image`, `2,431 images`; with `plural` where an s does not make it: `3 boxes`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
