"""The gallery: stars, the batch bar, export, purge, the context menu."""

from __future__ import annotations

from binscout_tui.screens.gallery_deciding import DecidingGrid


class BatchGrid(DecidingGrid):
    """The grid with stars, the batch bar, export, purge, the context menu."""
