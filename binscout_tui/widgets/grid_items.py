"""What a grid knows of the images that it shows, within bounds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ITEMS = 2_000
"""How many images are remembered, so that memory stays the same however far one scrolls."""


@dataclass(frozen=True, slots=True)
class GridItem:
    """One image: previews of 160 and 1024 pixels, the upright picture's size in pixels, and words for the caption.

    `badge` stands at the right of the caption, `sign` is a character or two before it. `problem` says why there is no
    picture, or is empty.
    """

    id: int
    small: Path | None
    large: Path | None
    size: tuple[int, int] = (4, 3)
    title: str = ""
    badge: str = ""
    sign: str = ""
    problem: str = ""


class KnownItems:
    """The items given last, and the ids that were asked for and not yet given."""

    def __init__(self, limit: int = ITEMS) -> None:
        self._limit = limit
        self._items: OrderedDict[int, GridItem] = OrderedDict()
        self._asked: set[int] = set()
        self._stale: set[int] = set()

    def get(self, image: int) -> GridItem | None:
        """What is known of an image, which is one of the last used from now on."""
        item = self._items.get(image)
        if item is not None:
            self._items.move_to_end(image)
        return item

    def put(self, item: GridItem) -> GridItem | None:
        """Remember `item`; what was known before."""
        before = self._items.get(item.id)
        self._items[item.id] = item
        self._items.move_to_end(item.id)
        self._asked.discard(item.id)
        self._stale.discard(item.id)
        while len(self._items) > self._limit:
            self._stale.discard(self._items.popitem(last=False)[0])
        return before

    def forget(self, images: Iterable[int]) -> None:
        """These are to be asked for again; what is known of them serves until they are given."""
        for image in images:
            self._asked.discard(image)
            if image in self._items:
                self._stale.add(image)

    def to_ask(self, window: Sequence[int]) -> tuple[int, ...]:
        """Which of the ids in `window` to ask for now; those asked for earlier and outside of it may be asked again."""
        self._asked &= set(window)
        missing = dict.fromkeys(
            image for image in window if image not in self._asked and (image not in self._items or image in self._stale)
        )
        self._asked.update(missing)
        return tuple(missing)
