"""Who looks like an image: exact, over all images that count, and asked again of the store in the end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import msgspec
import numpy as np

from binscout_tui.imaging.similar.space import Scores, best
from binscout_tui.imaging.similar.vectors import Ids
from binscout_tui.operations.similar.catalogue import By

SPARE = 32
"""So many more are looked at than are wanted, in case some do not count any more."""
DIGITS = 4


class Neighbour(msgspec.Struct, frozen=True):
    """An image and how much it looks like the one asked for: 1 is the same; `by` what it was judged."""

    id: int
    score: float
    by: By


StillLive = Callable[[Collection[int]], Mapping[int, str]]


def neighbours(
    ids: Ids, scores: Scores, by: By, limit: int, still_live: StillLive, leave_out: int = 0
) -> list[Neighbour]:
    """The `limit` images with the highest scores that `still_live` knows, without the image `leave_out`."""
    asked = limit + SPARE
    while True:
        places = best(scores, asked)
        live = still_live([int(found) for found in ids[places]])
        kept = [place for place in places if int(ids[place]) in live and int(ids[place]) != leave_out]
        if len(kept) >= limit or asked >= len(ids):
            return [Neighbour(int(ids[at]), round(float(scores[at]), DIGITS), by) for at in kept[:limit]]
        asked *= 4


def position_in(ids: Ids, image_id: int) -> int | None:
    """Where an image is among ascending ids."""
    place = int(np.searchsorted(ids, image_id))
    return place if place < len(ids) and ids[place] == image_id else None
