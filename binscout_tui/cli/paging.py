"""Lists that end before everything was listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from binscout_tui.cli.session import Session

T = TypeVar("T")


def cut(found: Sequence[T], limit: int) -> tuple[list[T], bool]:
    """(the first `limit` of what was found, whether there are more): ask the store for one more than is shown."""
    return list(found[:limit]), len(found) > limit


def say_more(ours: Session, shown: int, last: int) -> None:
    """Beside the answer, which scripts read as it is: that the list goes on, and how to get there."""
    ours.say(f"{shown:,} of more; --after {last} goes on")
