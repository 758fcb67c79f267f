"""One event as one line of text for people."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import tzinfo
from enum import StrEnum
from typing import NamedTuple

from binscout_tui.eventlog.event import TIME_KEYS, Event, decode_event, event_time, number

TEXT_LIMIT = 2000
"""A line on the screen ends after so many characters."""

NO_TIME = "--:--:--"


class LineStyle(StrEnum):
    """What kind of line it is; the widget decides what that looks like."""

    PLAIN = "plain"
    DEBUG = "debug"
    WARNING = "warning"
    ERROR = "error"
    METRIC = "metric"
    PROGRESS = "progress"
    STATE = "state"
    RAW = "raw"


class FormattedLine(NamedTuple):
    """Plain printable text, in which nothing is markup, and its kind."""

    text: str
    style: LineStyle


def format_line(line: bytes, *, zone: tzinfo | None = None, limit: int = TEXT_LIMIT) -> FormattedLine:
    """`line` as people read it; what is not a JSON object is shown as it is, escaped.

    `zone` is that of the clock shown (None: this machine's), `limit` the most characters.
    """
    event = decode_event(line)
    if event is None:
        return FormattedLine(_clip(line[: limit * 4].decode("utf-8", "backslashreplace"), limit), LineStyle.RAW)
    moment = event_time(event, zone)
    clock = NO_TIME if moment is None else moment.strftime("%H:%M:%S")
    style = _style(event)
    return FormattedLine(_clip(" ".join((clock, *_parts(event, style))), limit), style)


def escape(text: str) -> str:
    """`text` with every control, bidirectional or invisible character written out, such as `\\x1b`."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def duration(seconds: float) -> str:
    """`seconds` in the two largest units that matter: `35 s`, `4 min`, `2 h 10 min`."""
    if seconds < 60:
        return f"{max(0, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def resource_words(figures: Mapping[str, object]) -> list[str]:
    """What a run uses, the most telling first: `GPU 71 %`, `3.1 GB there`, `CPU 180 %`, `1.2 GB`, `40 GB free`."""
    found = {key: value for key in _RESOURCES if (value := number(figures.get(key))) is not None}
    return [
        words.format(_size(found[key]) if key.endswith("_bytes") else round(found[key]))
        for key, words in _RESOURCES.items()
        if key in found
    ]


def _size(value: float) -> str:
    """Bytes in MB, or in GB from one on (1 GB = 1024 MB)."""
    megabytes = value / 2**20
    return f"{megabytes:.0f} MB" if megabytes < 1000 else f"{megabytes / 1024:.3g} GB"


def _clip(text: str, limit: int) -> str:
    text = escape(text[: limit + 1])
    return text if len(text) <= limit else text[: limit - 1] + "…"


_RESOURCES = {
    "gpu_percent": "GPU {} %",
    "gpu_bytes": "{} there",
    "cpu_percent": "CPU {} %",
    "rss_bytes": "{}",
    "disk_free_bytes": "{} free",
}
_BY_LEVEL = {
    "debug": LineStyle.DEBUG,
    "warning": LineStyle.WARNING,
    "warn": LineStyle.WARNING,
    "error": LineStyle.ERROR,
    "critical": LineStyle.ERROR,
}
_BY_TYPE = {
    "metric": LineStyle.METRIC,
    "progress": LineStyle.PROGRESS,
    "resources": LineStyle.PROGRESS,
    "state": LineStyle.STATE,
}


def _style(event: Event) -> LineStyle:
    level = _BY_LEVEL.get(str(event.get("level", "")).lower())
    if level is None and event.get("state") == "failed":
        level = LineStyle.ERROR
    return level or _BY_TYPE.get(str(event.get("type")), LineStyle.PLAIN)


def _parts(event: Event, style: LineStyle) -> Iterator[str]:
    """What follows the time: first what every event may have, then all other members by name."""
    if event.get("type") == "resources":
        yield " · ".join(resource_words(event)) or "resources unknown"
        return
    rest = {key: value for key, value in event.items() if key not in _SILENT}
    if style in (LineStyle.WARNING, LineStyle.ERROR):
        yield f"{style}:"
    for key, render in _KNOWN.items():
        if key in rest:
            text = render(rest.pop(key), rest)
            if text:
                yield text
    for key, value in rest.items():
        yield f"{key} {_value(value)}"


def _value(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return _float(value)
    try:
        return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    except (ValueError, RecursionError):
        return "…"


def _float(value: float) -> str:
    if math.isfinite(value) and value != 0 and abs(value) < 1e-3:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def _bare(value: object, _rest: Event) -> str:
    return _value(value)


def _state(value: object, rest: Event) -> str:
    """The state; a run that is done says how good it is, in place of all its figures."""
    figures = rest.get("metrics")
    if value != "done" or not isinstance(figures, dict):
        return _value(value)
    images, accuracy = number(figures.get("n")), number(figures.get("accuracy"))
    del rest["metrics"]
    rest.pop("val", None)
    if images is None or accuracy is None:
        return ": ".join(filter(None, ["done", ", ".join(f"{name} {_value(one)}" for name, one in figures.items())]))
    share = "1.0" if round(accuracy, 2) >= 1 else f"{accuracy:.2f}".removeprefix("0")
    return f"done: {round(accuracy * images)} of {int(images)} right ({share})"


def _counted(name: str, total: str) -> Callable[[object, Event], str]:
    def render(value: object, rest: Event) -> str:
        of = f"/{_value(rest.pop(total))}" if total in rest else ""
        return f"{name} {_value(value)}{of}"

    return render


def _named_value(value: object, rest: Event) -> str:
    """Metrics written as `name` and `value`."""
    return f"{_value(value)} {_value(rest.pop('value'))}" if "value" in rest else f"name {_value(value)}"


def _done(value: object, rest: Event) -> str:
    """Progress as `what done/total`."""
    what = f"{_value(rest.pop('what'))} " if "what" in rest else "done "
    of = f"/{_value(rest.pop('total'))}" if "total" in rest else ""
    return f"{what}{_value(value)}{of}"


def _speed(value: object, _rest: Event) -> str:
    speed = number(value)
    return f"samples_per_s {_value(value)}" if speed is None else f"{speed:.4g}/s"


def _time_left(value: object, _rest: Event) -> str:
    seconds = number(value)
    return f"{duration(seconds)} left" if seconds else ""


_SILENT = frozenset({"v", "type", "level", *TIME_KEYS})
_KNOWN: dict[str, Callable[[object, Event], str]] = {
    "state": _state,
    "epoch": _counted("epoch", "epochs"),
    "step": _counted("step", "steps"),
    "done": _done,
    "name": _named_value,
    "samples_per_s": _speed,
    "eta_s": _time_left,
    "message": _bare,
    "msg": _bare,
}
