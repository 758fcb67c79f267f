"""The gallery: images side by side."""

from __future__ import annotations

from binscout_tui.screens.gallery_similar import SimilarGrid


class ComparingGrid(SimilarGrid):
    """The grid with images side by side."""
