"""Figures and times as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def counted(number: int, noun: str, verb: str) -> str:
    """`212 labels`, `1 set waits`, `no images`."""
    text = f"{number:,} {noun}{'' if number == 1 else 's'}"
    return f"{text} {verb}".strip()


def ago(then: datetime, now: datetime) -> str:
    """How long ago in one unit, for example `12 min ago`; `just now` below a minute."""
    seconds = (now - then).total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "just now"


def duration(seconds: float) -> str:
    """A length of time in at most two units, for example `4 min` or `1 h 20 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def bar(share: float, width: int) -> str:
    """A bar of `width` cells of which `share` (0..1) is done."""
    full = round(max(0.0, min(1.0, share)) * width)
    return "▓" * full + "░" * (width - full)


def first_line(text: str | None) -> str:
    """The first line of a text that may be empty or missing."""
    return next(iter((text or "").splitlines()), "")


def percent(share: float) -> str:
    """`35 %`, always four cells or five."""
    return f"{round(share * 100):>3} %"


def fraction(value: object) -> str:
    """An accuracy as `.81`; `1.0` for all right, `-` where there is none."""
    if not isinstance(value, int | float):
        return "-"
    return "1.0" if round(value, 2) >= 1 else f"{value:.2f}"[1:]


def data_size(value: float) -> str:
    """Bytes in the unit that suits, for example `4.8 MB` or `4 GB` (1 GB = 1024 MB)."""
    for unit in ("B", "KB", "MB"):
        if abs(value) < 1024:
            return f"{value:.3g} {unit}"
        value /= 1024
    return f"{value:,.3g} GB"


def accuracy_of(summary: Mapping[str, Any] | None) -> float | None:
    """The accuracy on the test split in a run's or model's summary, or None."""
    value = (summary or {}).get("metrics", {}).get("accuracy")
    return float(value) if isinstance(value, int | float) else None


def baselines_of(summary: Mapping[str, Any] | None) -> dict[str, float]:
    """{baseline: accuracy} in a run's or model's summary."""
    found = (summary or {}).get("baselines", {})
    return {name: float(entry["accuracy"]) for name, entry in found.items() if "accuracy" in entry}


BASELINE_NAMES = {"majority": "majority", "simple_features": "simple"}


def beside(baselines: Mapping[str, float]) -> str:
    """The baselines in brackets, for example `(majority .13, simple .64)`; empty without any."""
    parts = [f"{BASELINE_NAMES.get(name, name)} {fraction(value)}" for name, value in baselines.items()]
    return f"({', '.join(parts)})" if parts else ""
