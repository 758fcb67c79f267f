"""Where a person is in Select, and how they look at it. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from binscout_tui.store.sets import SetState

FILTERS: tuple[SetState | None, ...] = (None, "pending", "done", "skipped", "rejected")


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The set by id and by its members' key, whether suggestions are shown, and the state that is gone over."""

    set: int | None = None
    key: str = ""
    suggestions: bool = False
    only: SetState | None = None


def from_kept(value: Any) -> Place:
    """The place that `places` keeps; earlier versions kept the set's id alone."""
    try:
        return Place(set=value) if isinstance(value, int) else msgspec.convert(value or {}, Place)
    except msgspec.ValidationError:
        return Place()
