"""When a picture was taken, as its file's name says. Pure.

Only a name with a day and a time says a moment: pictures of a whole day that all seem to be of midnight would be put
into one burst. The clock of a name has no zone and is taken for UTC, as the one of a camera is.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from .. import clock

EARLIEST = 1971
"""Cameras that write names are younger: what looks like an earlier year is a number, or a clock that was never set."""
AHEAD = timedelta(days=1)
"""How far a clock elsewhere may be before ours; what is later is a number, or a clock that is wrong."""
_DAY = r"(?P<year>\d{4})(?P<d>[-_.]?)(?P<month>\d\d)(?P=d)(?P<day>\d\d)"
_BETWEEN = r"(?:[ T_.-]| at |_at_|, | um | à )"
_TIME = r"(?P<hour>\d\d?)(?P<t>[-_.:h]?)(?P<minute>\d\d)(?:(?P=t)|m)(?P<second>\d\d)(?:[.,]?(?P<part>\d{3})(?!\d))?"
_HALF = r"(?:[ _\u00a0\u202f]?(?P<half>[AaPp])\.?[Mm]\b)?"
_MOMENT = re.compile(rf"(?<!\d){_DAY}{_BETWEEN}{_TIME}(?!\d){_HALF}", re.ASCII)
_RUN = re.compile(
    r"(?<!\d)(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)(?P<part>\d{3})?"
    r"(?!\d)",
    re.ASCII,
)


def taken_at(name: str, now: datetime) -> str | None:
    """The moment in a file name such as `IMG_20240131_142233.jpg` as UTC text; None without one that can have been.

    `now` is aware.
    """
    for pattern in (_MOMENT, _RUN):
        for match in pattern.finditer(name[:300]):
            if (found := _moment(match)) is not None and found <= now + AHEAD:
                return clock.to_text(found)
    return None


def _moment(match: re.Match[str]) -> datetime | None:
    said = match.groupdict()
    year, month, day, hour, minute, second = (
        int(said[part]) for part in ("year", "month", "day", "hour", "minute", "second")
    )
    if year < EARLIEST or (len(said["hour"]) == 1 and not (said.get("half") or said.get("t"))):
        return None
    if half := said.get("half"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half in "Pp" else 0)
    try:
        return datetime(year, month, day, hour, minute, second, int(said["part"] or 0) * 1000, tzinfo=UTC)
    except ValueError:
        return None
