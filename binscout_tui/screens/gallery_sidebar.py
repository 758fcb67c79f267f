"""The gallery: views, collections, saved filters and safe mode."""

from __future__ import annotations

from binscout_tui.screens.gallery_tagging import TaggingGrid


class SidebarGrid(TaggingGrid):
    """The grid with views, collections, saved filters and safe mode."""
