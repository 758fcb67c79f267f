"""One line of an event log as a value."""

from __future__ import annotations

import json
import math
from datetime import datetime, tzinfo
from typing import Any

import msgspec

Event = dict[str, Any]

TIME_KEYS = ("t", "time", "at")


def decode_event(line: bytes) -> Event | None:
    """The JSON object in `line`, or None when the line holds anything else.

    NaN and Infinity, which Python's own json writes for a loss that went wrong, are read as such.
    """
    try:
        value = msgspec.json.decode(line)
    except (ValueError, RecursionError):
        value = _decode_loosely(line)
    return value if isinstance(value, dict) else None


def _decode_loosely(line: bytes) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def number(value: object) -> float | None:
    """`value` as a finite number, or None; booleans are not numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        as_float = float(value)
    except OverflowError:
        return None
    return as_float if math.isfinite(as_float) else None


def event_time(event: Event, zone: tzinfo | None) -> datetime | None:
    """When the event happened, in `zone` (None: where this machine is), or None when it does not say."""
    value = next((event[key] for key in TIME_KEYS if key in event), None)
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value).astimezone(zone)
        seconds = number(value)
        return None if seconds is None else datetime.fromtimestamp(seconds, zone)
    except (ValueError, OverflowError, OSError):
        return None
