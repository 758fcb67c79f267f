"""How a model came to be, in words. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from binscout_tui.imaging.names import display_name
from binscout_tui.reporting.cases import Sources
from binscout_tui.reporting.report import Report
from binscout_tui.wording import counted

MINUTE, HOUR = 60, 3600


def _time(seconds: float) -> str:
    if seconds < 2 * MINUTE:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    return f"{seconds / MINUTE:.0f} min" if seconds < 2 * HOUR else f"{seconds / HOUR:.1f} h"


def _share(value: float) -> str:
    return f"{value:.1%}"


def _megabytes(value: float) -> str:
    return f"{value / 1e6:,.0f} MB"


TRAINING: dict[str, tuple[str, Callable[[float], str] | None]] = {
    "seconds": ("training time", _time),
    "samples_per_s": ("speed", lambda value: f"{value:,.0f} samples a second"),
    "alone_samples_per_s": ("one process alone", lambda value: f"{value:,.0f} samples a second"),
    "speed_up": ("speed-up", lambda value: f"{value:.2f} times one process"),
    "waited": ("waited for data", _share),
    "peak_memory_bytes": ("peak memory", _megabytes),
    "resumed": ("resumed", lambda value: counted(round(value), "time") if value else ""),
}
"""What the training writes down, as people call it."""


def facts(report: Report, sources: Sources) -> tuple[tuple[str, str], ...]:
    """(name, words) of all that is known."""
    found = {
        "task": f"{report.task}: {report.about.words}",
        "preset": report.preset,
        "data set": report.dataset,
        "seed": "" if report.seed is None else str(report.seed),
        "epochs": "" if not report.epochs else str(report.epochs),
        "learned from": _learned_from(report, sources),
        "judged on": _judged_on(report, sources),
    }
    for key, value in report.training.items():
        name, words = TRAINING.get(key, (key.replace("_", " "), None))
        found[name] = words(value) if words is not None and _is_number(value) else _plain(value)
    if report.training.get("seconds") == 0 and not report.training.get("samples_per_s"):
        found["training time"] = "none: its network learns nothing"
    return tuple((display_name(name), display_name(words)) for name, words in found.items() if words)


def _learned_from(report: Report, sources: Sources) -> str:
    if report.train.n is None:
        return ""
    unread = f", {report.train.unreadable:,} more could not be read" if report.train.unreadable else ""
    return counted(report.train.n, report.about.sample) + _of_sources(sources, "train") + unread


def _judged_on(report: Report, sources: Sources) -> str:
    val = f", tuned on {counted(report.val.n, report.about.sample)}" if report.val is not None else ""
    return counted(report.test.n, report.about.sample) + _of_sources(sources, "test") + val


def _of_sources(sources: Sources, split: str) -> str:
    number = sources.splits.get(split, 0)
    return f" of {counted(number, 'source')}" if number else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value) if isinstance(value, int | str) else ""
