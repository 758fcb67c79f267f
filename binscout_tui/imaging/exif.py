"""The few facts of a photo's metadata that are used; metadata that is broken never costs the picture."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeVar

from PIL import ExifTags, Image

from .. import clock
from .names import one_line

Read = TypeVar("Read")

_MOMENT = re.compile(r"(\d{4}):(\d\d):(\d\d)[ T](\d\d):(\d\d):(\d\d)", re.ASCII)
_DECIMALS = re.compile(r"([0-9]{1,9})[ \0]*\Z", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)", re.ASCII)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """`orientation` is 1..8 (1 when absent or nonsense), `taken_at` UTC text, `warnings` sentences."""

    orientation: int = 1
    taken_at: str | None = None
    warnings: tuple[str, ...] = ()


def read_facts(image: Image.Image) -> Facts:
    """The facts of a picture that is open. May load a PNG, whose metadata can stand behind its pixels."""
    problems: list[str] = []
    exif = _attempt(image.getexif, problems) or Image.Exif()
    stored = _attempt(lambda: exif.get(ExifTags.Base.Orientation), problems)
    details = _attempt(lambda: exif.get_ifd(ExifTags.IFD.Exif), problems) or {}
    taken, part = details.get(ExifTags.Base.DateTimeOriginal), details.get(ExifTags.Base.SubsecTimeOriginal)
    if not taken:
        taken, part = exif.get(ExifTags.Base.DateTime), details.get(ExifTags.Base.SubsecTime)
    return Facts(
        orientation=stored if isinstance(stored, int) and stored in _TURNS else 1,
        taken_at=taken_at(taken, details.get(ExifTags.Base.OffsetTimeOriginal), part),
        warnings=tuple(problems),
    )


def _attempt(read: Callable[[], Read], problems: list[str]) -> Read | None:
    try:
        return read()
    except Exception as error:  # noqa: BLE001 - Pillow's metadata parsers raise nearly every built-in exception
        problems.append(one_line(f"The metadata is broken and was ignored: {error}"))
        return None


def taken_at(moment: object, offset: object = None, part: object = None) -> str | None:
    """EXIF's `2024:05:01 10:20:30`, `+02:00` and the second's `part` (decimal digits) as UTC text, None for no moment.

    Without an offset the camera's clock is taken for UTC: the zone is unknown, and the order is what counts.
    """
    match = _MOMENT.match(moment) if isinstance(moment, str) else None
    if match is None:
        return None
    try:
        local = datetime(*map(int, match.groups()), tzinfo=_zone(offset))  # type: ignore[misc,arg-type]
        return clock.to_text(local + _part_of_second(part))
    except (ValueError, OverflowError):
        return None


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """`image` turned and mirrored as EXIF's `orientation` asks."""
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


def _part_of_second(part: object) -> timedelta:
    digits = _DECIMALS.match(part) if isinstance(part, str) else None
    return timedelta(milliseconds=int(digits[1].ljust(3, "0")[:3])) if digits else timedelta()


def _zone(offset: object) -> timezone:
    match = _OFFSET.match(offset) if isinstance(offset, str) else None
    if match is None:
        return UTC
    sign, hours, minutes = match.groups()
    return timezone((1 if sign == "+" else -1) * timedelta(hours=int(hours), minutes=int(minutes)))
