"""Where a person was in the gallery, as it is kept. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from binscout_tui.store.gallery import Order

SIZES = ("S", "M", "L", "XL", "XXL")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The image under the cursor, whether it is full, how large tiles are, which image comes first, and the filter."""

    image: int | None = None
    full: bool = False
    size: str = "M"
    order: Order = "newest"
    filter: str = ""


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
    )
