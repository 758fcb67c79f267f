"""When a picture was taken, as far as its metadata or its name tells."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from binscout_tui.imaging import name_dates

Dates = Literal["both", "exif", "name", "none"]
"""What is believed: the metadata and else the name, one of the two, or neither."""


def taken_at(dates: Dates, stored: str | None, name: str) -> str | None:
    """The moment of a picture whose metadata says `stored` and whose file is called `name`; None for not known."""
    if stored is not None and dates in ("both", "exif"):
        return stored
    return name_dates.taken_at(name, datetime.now(UTC)) if dates in ("both", "name") else None
