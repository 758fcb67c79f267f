"""Whether what was written to the terminal has gone out."""

from __future__ import annotations

from textual.app import App

LINK_CHECK_S = 0.005


def link_is_busy(app: App[object]) -> bool:
    """Whether earlier frames are still on their way out: what is added now would be seen late."""
    writer = getattr(app._driver, "_writer_thread", None)
    return writer is not None and not writer._queue.empty()
