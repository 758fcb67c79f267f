"""The gallery: tags."""

from __future__ import annotations

from binscout_tui.screens.gallery_batch import BatchGrid


class TaggingGrid(BatchGrid):
    """The grid with tags."""
