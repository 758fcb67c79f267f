"""When to slip in an image that checks the person: drawn so that nothing on the screen tells which. Pure."""

from __future__ import annotations

import random
from typing import Literal

CheckKind = Literal["gold", "again"]
"""A gold image, or a labelled one that is shown once more as if it were not."""
APART = 30
"""So many images at least lie between a label and the next sight of that image."""


class Budget:
    """How many checks are still to come among the images that are left.

    They are drawn without being put back: the next image is a check with the chance `checks left / images left`. So
    what is left goes down by one with every answer, whether it checked or not, and its pace tells nothing.
    """

    def __init__(self, gold_share: float, again_share: float, chance: random.Random) -> None:
        self._shares: dict[CheckKind, float] = {"gold": gold_share, "again": again_share}
        self._chance = chance
        self.left: dict[CheckKind, int] = {"gold": 0, "again": 0}

    @property
    def total(self) -> int:
        """How many checks are still to come."""
        return sum(self.left.values())

    def plan(self, ordinary: int, golds: int) -> None:
        """Begin anew with so many ordinary images left, and so many gold images that can be shown."""
        # Of everything that is shown, the ordinary images are what the checks leave.
        scale = 1 / max(0.05, 1 - sum(self._shares.values()))
        self.left = {
            "gold": min(golds, int(self._shares["gold"] * scale * ordinary)),
            "again": int(self._shares["again"] * scale * max(0, ordinary - APART)),
        }

    def draw(self, slots: int, ordinary: int) -> list[CheckKind | None]:
        """For each of the next images which check it is, None for an ordinary one; spends nothing."""
        left, drawn = dict(self.left), list[CheckKind | None]()
        for _ in range(slots):
            number = self._chance.random() * max(1, sum(left.values()) + ordinary)
            kind: CheckKind | None = None
            if number < left["gold"]:
                kind = "gold"
            elif number < left["gold"] + left["again"]:
                kind = "again"
            if kind is None:
                ordinary = max(0, ordinary - 1)
            else:
                left[kind] -= 1
            drawn.append(kind)
        return drawn

    def spend(self, kind: CheckKind, by: int = 1) -> None:
        """A check was answered, or with -1 its answer was taken back."""
        self.left[kind] = max(0, self.left[kind] - by)
