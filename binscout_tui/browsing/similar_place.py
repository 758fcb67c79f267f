"""Where a person was in Similar, as it is kept. Pure."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from binscout_tui.browsing.place import SIZES

VIEWS = ("grid", "groups", "map")


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """A view; of images the one that all are compared with, and the one under the cursor."""

    view: Literal["grid", "groups", "map"] = "grid"
    source: int | None = None
    image: int | None = None


class SimilarPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where one is, how one came there, and how large tiles are."""

    here: Stop = Stop()
    trail: tuple[Stop, ...] = ()
    size: str = "M"


def from_kept(value: Any) -> SimilarPlace:
    """The place that was kept; what cannot be one is left out."""
    kept = value if isinstance(value, dict) else {}
    trail = kept.get("trail")
    stops = [_stop(one) for one in trail] if isinstance(trail, list | tuple) else []
    return SimilarPlace(
        here=_stop(kept.get("here")) or Stop(),
        trail=tuple(stop for stop in stops if stop is not None),
        size=kept["size"] if kept.get("size") in SIZES else "M",
    )


def _stop(value: Any) -> Stop | None:
    kept = value if isinstance(value, dict) else {}
    view = kept.get("view")
    source = _id(kept.get("source"))
    if view not in VIEWS or (view == "grid" and source is None):
        return None
    return Stop(view=view, source=source, image=_id(kept.get("image")))


def _id(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
