"""The gallery: the details of an image."""

from __future__ import annotations

from binscout_tui.screens.gallery_sidebar import SidebarGrid


class PanelGrid(SidebarGrid):
    """The grid with the details of an image."""
