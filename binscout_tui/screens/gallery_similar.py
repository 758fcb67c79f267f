"""The gallery: images that look alike."""

from __future__ import annotations

from binscout_tui.screens.gallery_panel import PanelGrid


class SimilarGrid(PanelGrid):
    """The grid with images that look alike."""
