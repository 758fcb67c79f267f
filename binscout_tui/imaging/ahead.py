"""Results that are fetched while their taker is still busy with those before."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator
from contextlib import closing
from typing import TypeVar

T = TypeVar("T")
LOOK_S = 0.1
"""So often who waits for room looks whether anybody still takes."""


class _End:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(items: Generator[T, None, None], most: int) -> Generator[T, None, None]:
    """`items` in their order, up to `most` of them ahead, by a thread that alone touches `items`.

    What `items` raises comes out here, at its place. Leaving early closes `items`, and waits for that.
    """
    filled: queue.Queue[T | _End] = queue.Queue(most)
    left = threading.Event()
    thread = threading.Thread(target=_fill, args=(items, filled, left), name="ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := filled.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        left.set()
        thread.join()


def _fill(items: Generator[T, None, None], filled: queue.Queue[T | _End], left: threading.Event) -> None:
    error: BaseException | None = None
    try:
        with closing(items):
            for item in items:
                if not _put(item, filled, left):
                    return
    except BaseException as raised:  # noqa: BLE001 - the taker raises it
        error = raised
    _put(_End(error), filled, left)


def _put(item: T | _End, filled: queue.Queue[T | _End], left: threading.Event) -> bool:
    """Whether it was taken in before the taker left."""
    while not left.is_set():
        try:
            filled.put(item, timeout=LOOK_S)
        except queue.Full:
            continue
        return True
    return False
