"""Time as the store writes it: UTC, ISO-8601, milliseconds, `Z`."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> str:
    """The present moment, for example `2026-03-01T09:30:05.123Z`."""
    return to_text(datetime.now(UTC))


def to_text(moment: datetime) -> str:
    """`moment` (aware) as store text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """The aware moment that store text names."""
    return datetime.fromisoformat(text)
