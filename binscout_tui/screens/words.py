"""Figures and times as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from binscout_tui.learning.tasks import TASKS, Figure


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
        if abs(value) < 999.5:  # from there on three figures would be written with an exponent
            return f"{value:.3g} {unit}"
        value /= 1024
    return f"{value:.3g} GB" if abs(value) < 999.5 else f"{value:,.0f} GB"


def figure_of(summary: Mapping[str, Any] | None) -> Figure:
    """The figure that lists show for a run's or model's task, with its name and which way is better."""
    task = (summary or {}).get("task")
    return TASKS.get(task if isinstance(task, str) else "", TASKS["classify"]).primary


def value_of(found: Any, figure: Figure) -> float | None:
    """A figure in what was measured of a model or baseline, wherever its version keeps it; None without one."""
    if not isinstance(found, Mapping):
        return None
    entry = (found.get("figures") or {}).get(figure.name)
    value = entry.get("value") if isinstance(entry, Mapping) else found.get(figure.name)
    return float(value) if isinstance(value, int | float) else None


def primary_of(summary: Mapping[str, Any] | None) -> float | None:
    """The primary figure on the test split in a run's or model's summary, or None."""
    return value_of((summary or {}).get("metrics"), figure_of(summary))


def interval_of(summary: Mapping[str, Any] | None) -> tuple[float, float] | None:
    """The 95 % interval of the primary figure, or None."""
    found = (summary or {}).get("metrics") or {}
    entry = (found.get("figures") or {}).get(figure_of(summary).name)
    ends = entry.get("ci95") if isinstance(entry, Mapping) else found.get("ci95")
    return (float(ends[0]), float(ends[1])) if ends else None


def baselines_of(summary: Mapping[str, Any] | None) -> dict[str, float]:
    """{baseline: its primary figure} in a run's or model's summary, without those that do not have it."""
    figure = figure_of(summary)
    found = {name: value_of(entry, figure) for name, entry in ((summary or {}).get("baselines") or {}).items()}
    return {name: value for name, value in found.items() if value is not None}


BASELINE_NAMES = {"simple_features": "simple", "mean_count": "mean", "largest_file": "largest"}


def baseline_name(name: str) -> str:
    """A baseline in a word or two."""
    return BASELINE_NAMES.get(name, name.replace("_", " "))


def figure_text(value: object, figure: Figure) -> str:
    """A figure as a list shows it: a share as `.81`, an error as `1.3`; `-` where there is none."""
    if figure.share or not isinstance(value, int | float):
        return fraction(value)
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


MOST_BESIDE = 3


def beside(baselines: Mapping[str, float], figure: Figure = TASKS["classify"].primary) -> str:
    """The baselines in brackets, for example `(majority .13, simple .64)`; of many the best two; empty without any."""
    shown = list(baselines)
    if len(shown) > MOST_BESIDE:
        best = sorted(shown, key=lambda name: baselines[name], reverse=figure.higher_is_better)[:2]
        shown = [name for name in shown if name in best]
    parts = [f"{baseline_name(name)} {figure_text(baselines[name], figure)}" for name in shown]
    if len(shown) < len(baselines):
        parts.append(f"{len(baselines) - len(shown)} lower" if figure.higher_is_better else "others higher")
    return f"({', '.join(parts)})" if parts else ""


def primary_words(summary: Mapping[str, Any] | None) -> str:
    """The primary figure with its name, for example `accuracy .81`; empty without one."""
    figure, value = figure_of(summary), primary_of(summary)
    return f"{figure.words} {figure_text(value, figure)}" if value is not None else ""
