"""Numbers and days as filters write them."""

from __future__ import annotations

import re
from datetime import date, timedelta

from binscout_tui.filtering.errors import FilterError
from binscout_tui.filtering.fields import Field
from binscout_tui.filtering.tree import Place, Span

_NUMBER = re.compile(r"[0-9]{1,18}(\.[0-9]{0,18})?([eE][-+]?[0-9]{1,3})?|\.[0-9]{1,18}")
_DAY = re.compile(r"([0-9]{4})(?:-([0-9]{1,2}))?(?:-([0-9]{1,2}))?")
FIRST_YEAR, LAST_YEAR = 1800, 2999


def span(field: Field, op: str, text: str, place: Place) -> Span:
    """What `op` and `text` let through, for example `<` and `0.6`, or `:` and `5..90`. Raises FilterError."""
    low, dots, high = text.partition("..")
    if dots and op != ":":
        raise FilterError("A range stands behind a colon.", place, hint=f"For example {field.name}:{text}.")
    if not text or text == "..":
        raise FilterError(f"{field.name}{op} needs {_what(field)}.", place)
    make = _days if field.kind == "day" else _numbers
    if dots:
        return make(field, low or None, high or None, place)
    if op == ":":
        return make(field, text, text, place)
    return _compared(field, op, text, place)


def _what(field: Field) -> str:
    return "a day such as 2026-11-05, or 2026-11" if field.kind == "day" else "a number"


def _numbers(field: Field, low: str | None, high: str | None, place: Place) -> Span:
    found = Span(
        None if low is None else number(field, low, place), None if high is None else number(field, high, place)
    )
    return _upwards(field, Span(found.low, found.high, place=place))


def _days(field: Field, low: str | None, high: str | None, place: Place) -> Span:
    begin = None if low is None else days(field, low, place)[0]
    end = None if high is None else days(field, high, place)[1]
    return _upwards(field, Span(begin, end, without_high=end is not None, place=place))


def _upwards(field: Field, found: Span) -> Span:
    if found.low is not None and found.high is not None and found.low > found.high:  # type: ignore[operator]
        raise FilterError(f"The range of {field.name} begins above its end.", found.place)
    return found


def _compared(field: Field, op: str, text: str, place: Place) -> Span:
    if field.kind == "day":
        first, beyond = days(field, text, place)
        low = {">": beyond, ">=": first}.get(op)
        high = {"<": first, "<=": beyond}.get(op)
        return Span(low, high, without_high=high is not None, place=place)
    value = number(field, text, place)
    if op in (">", ">="):
        return Span(low=value, without_low=op == ">", place=place)
    return Span(high=value, without_high=op == "<", place=place)


def number(field: Field, text: str, place: Place) -> float:
    """`text` as a number, whole ones as int. Raises FilterError when it is none or out of the field's bounds."""
    if not _NUMBER.fullmatch(text):
        raise FilterError(f"{text!r} is not a number.", place, hint=f"{field.name}: {field.help}.")
    value = float(text)
    if not field.least <= value <= field.most:
        raise FilterError(f"{field.name} is between {printed(field.least)} and {printed(field.most)}.", place)
    return int(value) if value.is_integer() else value


def days(field: Field, text: str, place: Place) -> tuple[str, str]:
    """The first day of the day, month or year in `text`, and the day after its last. Raises FilterError."""
    found = _DAY.fullmatch(text)
    if not found:
        raise FilterError(f"{text!r} is not a day.", place, hint=f"{field.name} takes 2026-11-05, 2026-11 or 2026.")
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
    except ValueError:
        first = date.min
    if not FIRST_YEAR <= first.year <= LAST_YEAR:
        raise FilterError(f"There is no day {text}.", place)
    return first.isoformat(), _beyond(first, month, day).isoformat()


def _beyond(first: date, month: int | None, day: int | None) -> date:
    if day:
        return first + timedelta(days=1)
    if month and month < 12:
        return first.replace(month=month + 1)
    return date(first.year + 1, 1, 1)


def printed(value: float | str) -> str:
    """A number or day as `span` reads it."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, (str, int)) else f"{value!r}"


def day_before(day: str) -> str:
    """The day before `day`, both as `YYYY-MM-DD`."""
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()
