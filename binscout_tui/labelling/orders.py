"""The orders in which images can be gone over, for people. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from binscout_tui.store.label_queue import Order

REST = ("unlabelled", "skipped", "uncertain", "random", "diverse")
"""Orders that images leave when they are labelled: at the end they begin again with those that were passed by."""
MIXED = ("unlabelled", "uncertain", "random", "diverse")
"""Orders of new images, into which checks are mixed."""


@dataclass(frozen=True, slots=True)
class OrderWords:
    """An order: its letter in the menu, what it is called, and what it shows."""

    id: Order
    letter: str
    title: str
    help: str


ORDERS: dict[Order, OrderWords] = {
    words.id: words
    for words in (
        OrderWords("unlabelled", "u", "unlabelled first", "as they arrived; labelled ones go away"),
        OrderWords("arrival", "a", "as captured", "all as they arrived, labelled ones too"),
        OrderWords("uncertain", "m", "most uncertain", "where the active model is least sure"),
        OrderWords("disagreement", "d", "disagreement", "where the active model says another class"),
        OrderWords("random", "r", "random", "your own random order, the same every day"),
        OrderWords("diverse", "v", "diverse", "each as unlike the ones before as can be"),
        OrderWords("suspects", "w", "suspects", "labels that are probably wrong"),
        OrderWords("review", "n", "needs review", "what somebody asked to look at again"),
        OrderWords("skipped", "s", "skipped", "what was passed by"),
        OrderWords("filter", "f", "filter", "what a filter finds, as it arrived"),
    )
}
