"""What is asked at once: requests that keep the model no longer than a batch does. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from binscout_tui.engine.answers import SetToJudge


def parts(items: Iterable[Any], most: int) -> Iterator[list[Any]]:
    """The items in order, in lists of up to `most` pictures; a set of more is a list of its own."""
    part: list[Any] = []
    room = most
    for item in items:
        pictures = len(item.images) if isinstance(item, SetToJudge) else 1
        if part and pictures > room:
            yield part
            part, room = [], most
        part.append(item)
        room -= pictures
        if room <= 0:
            yield part
            part, room = [], most
    if part:
        yield part
