"""Long sequences of image ids in one order. Pure; 100,000 ids take milliseconds."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Collection, Sequence
from typing import TypeAlias

from binscout_tui.store.gallery import Order

Ids: TypeAlias = "array[int]"


def place_of(ids: Sequence[int], image_id: int, order: Order) -> int:
    """Where `image_id` is in `ids`, or would be if it were among them: that many come before it."""
    sign = -1 if order == "newest" else 1
    return bisect_left(ids, sign * image_id, key=lambda found: sign * found)


def position_of(ids: Sequence[int], image_id: int, order: Order) -> int | None:
    """The position of `image_id` in `ids`, None when it is not there."""
    place = place_of(ids, image_id, order)
    return place if place < len(ids) and ids[place] == image_id else None


def nearest(ids: Sequence[int], image_id: int, order: Order) -> int | None:
    """The image in the place of `image_id`: itself, else the one that follows it, else the last; None when empty."""
    return ids[min(place_of(ids, image_id, order), len(ids) - 1)] if ids else None


def merged(ids: Ids, live: Collection[int], gone: Collection[int], order: Order) -> Ids:
    """`ids` with those of `live` and without those of `gone`, in order; the same object when nothing changes."""
    new = [image for image in live if position_of(ids, image, order) is None]
    lost = {image for image in gone if position_of(ids, image, order) is not None}
    if not new and not lost:
        return ids
    kept = [image for image in ids if image not in lost] if lost else ids.tolist()
    return array("q", sorted(kept + new, reverse=order == "newest"))


def between(ids: Ids, one: int, other: int, order: Order) -> Ids:
    """The ids from `one` to `other`, both included, in whichever direction; those that are there."""
    first, last = sorted((place_of(ids, one, order), place_of(ids, other, order)))
    return ids[first : last + 1]


def around(ids: Ids, position: int, travel: int, ahead: int, behind: int) -> list[int]:
    """The next `ahead` ids in the direction of `travel` (1 or -1), the nearest first, then `behind` ids behind."""
    steps = [travel * by for by in range(1, ahead + 1)] + [-travel * by for by in range(1, behind + 1)]
    return [ids[position + by] for by in steps if 0 <= position + by < len(ids)]
