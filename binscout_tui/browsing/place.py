"""Where a person was in the gallery, as it is kept. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from binscout_tui.browsing.panel import SIZES as PANELS
from binscout_tui.store.gallery import Order

SIZES = ("S", "M", "L", "XL", "XXL")
LEAST_SIDEBAR, MOST_SIDEBAR = 20, 48
"""Columns of the sidebar."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The image under the cursor, whether it is full, how large tiles are, which image comes first, and the filter.

    Whether the sidebar is pinned, and how many columns it has. How large the details are beside the grid ("" where
    nobody chose) and beside an image in full.
    """

    image: int | None = None
    full: bool = False
    size: str = "M"
    order: Order = "newest"
    filter: str = ""
    is_pinned: bool = False
    sidebar: int = 26
    panel: str = ""
    full_panel: str = "off"


def from_kept(value: Any) -> Place:
    """The place that was kept; what cannot be one is left out."""
    kept = value if isinstance(value, dict) else {}
    image = kept.get("image")
    return Place(
        image=image if isinstance(image, int) and not isinstance(image, bool) else None,
        full=kept.get("full") is True,
        size=kept["size"] if kept.get("size") in SIZES else "M",
        order="oldest" if kept.get("order") == "oldest" else "newest",
        filter=kept["filter"] if isinstance(kept.get("filter"), str) else "",
        is_pinned=kept.get("is_pinned") is True,
        sidebar=sidebar_width(kept.get("sidebar")),
        panel=kept["panel"] if kept.get("panel") in PANELS else "",
        full_panel=kept["full_panel"] if kept.get("full_panel") in PANELS else "off",
    )


def sidebar_width(wanted: Any) -> int:
    """A width that the sidebar can have, the one that is wanted where it can be."""
    is_number = isinstance(wanted, int) and not isinstance(wanted, bool)
    return max(LEAST_SIDEBAR, min(MOST_SIDEBAR, wanted)) if is_number else Place().sidebar
