"""How the pictures of a set lie side by side. Pure."""

from __future__ import annotations

MOST = 9


def columns(count: int) -> int:
    """Pictures in a row: up to four in one row, more in two rows of which the upper one is the fuller."""
    return max(1, count) if count <= 4 else (count + 1) // 2
