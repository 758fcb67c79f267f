"""Working out an order of unlike images, beside the event loop: reading a little at a time, computing in a thread."""

from __future__ import annotations

import asyncio
import threading

import numpy as np

from binscout_tui.imaging.diverse import far_apart
from binscout_tui.store import label_queue, labels
from binscout_tui.workspace import LiveWorkspace

PART = 2_000
"""Rows of one look into the database, so that a decision never waits for more."""
MOST = 50_000
"""Of more unlabelled images than these an even sample is arranged."""
KNOWN = 2_000
"""Labelled images from which the first ones are far away, likewise."""
COUNT = 2_000
"""Images in the order; who has labelled them asks for another."""


async def arrange(workspace: LiveWorkspace) -> int:
    """Work the order out and keep it; how many images it has."""
    counts = await workspace.db.read(labels.counts)
    found = await _sample(workspace, MOST, counts["unlabelled"], labelled=False)
    known = await _sample(workspace, KNOWN, counts["class"], labelled=True)
    ids = list(found)
    stop = threading.Event()
    try:
        rows = await asyncio.to_thread(
            far_apart,
            np.array([found[image_id] for image_id in ids], dtype=np.uint64),
            COUNT,
            np.array(list(known.values()), dtype=np.uint64),
            stop.is_set,
        )
    finally:
        stop.set()
    order = [ids[row] for row in rows.tolist()]
    await workspace.db.write(label_queue.keep_order, workspace.user.uid, order)
    return len(order)


async def _sample(workspace: LiveWorkspace, most: int, there: int, *, labelled: bool) -> dict[int, int]:
    """{id: hash} of all images, or of `most` of them from all over the order of arrival."""
    found: dict[int, int] = {}
    highest = await workspace.db.read(label_queue.highest_id)
    first, stride = 1, max(1, highest * PART // most) if there > most else 0
    while first <= highest:
        part = await workspace.db.read(label_queue.hashes, first, PART, labelled=labelled)
        found.update(part)
        if stride:
            first += stride
        elif part:
            first = part[-1][0] + 1
        else:
            break
    return dict(list(found.items())[:most])
