"""An order in which each picture is as unlike all before it as can be, by their perceptual hashes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from binscout_tui.imaging.hashes import BITS, hamming

Hashes = NDArray[np.uint64]


def far_apart(
    hashes: Hashes, count: int, known: Hashes | None = None, stopped: Callable[[], bool] = lambda: False
) -> NDArray[np.int64]:
    """The rows of up to `count` of the hashes (N,), each the farthest from those before it and from all of `known`.

    Greedy k-centre (Gonzalez 1985): at most twice as far from the best choice as can be. Without `known` the first row
    begins; of equals the first one. `stopped` is asked before each.
    """
    nearest = np.full(len(hashes), BITS + 1, dtype=np.int16)
    for one in known if known is not None else ():
        np.minimum(nearest, hamming(hashes, one), out=nearest)
    chosen: list[int] = []
    while len(chosen) < min(count, len(hashes)) and not stopped():
        row = int(nearest.argmax())
        chosen.append(row)
        np.minimum(nearest, hamming(hashes, hashes[row]), out=nearest)
        nearest[row] = -1  # a twin of what was chosen is at distance 0 and still comes before it
    return np.array(chosen, dtype=np.int64)
