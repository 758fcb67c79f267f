"""Figures of a run or an evaluation as lines of text: each with its interval, the baselines below it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from binscout_tui.learning.tasks import Figure, Task, find_task
from binscout_tui.wording import counted

Figures = Mapping[str, Mapping[str, Any]]
NAME = 20


def figures_of(found: Mapping[str, Any]) -> Figures:
    """{name: {"value", "ci95"}} of an evaluation; those of older runs had the accuracy alone."""
    if "figures" in found:
        figures: Figures = found["figures"]
        return figures
    return {"accuracy": {"value": found["accuracy"], "ci95": found.get("ci95")}} if "accuracy" in found else {}


def primary_text(task: str, summary: Mapping[str, Any]) -> str:
    """The figure by which a task is judged first, for example `accuracy 0.931`."""
    first = find_task(task).primary
    found = figures_of(summary.get("metrics") or {}).get(first.name)
    return f"{first.words} {_value(found)}" if found is not None else ""


def figure_lines(task: str, metrics: Mapping[str, Any], baselines: Mapping[str, Any]) -> list[str]:
    """Every figure of the task that is known, and below each what the baselines reach."""
    about, lines = find_task(task), []
    of = f"  of {counted(metrics['n'], about.sample)}" if "n" in metrics else ""
    for figure in about.figures:
        found = figures_of(metrics).get(figure.name)
        if found is None or found.get("value") is None:
            continue
        better = "" if figure.higher_is_better else "  (nearer to 0 is better)"
        lines.append(f"  {figure.words:<{NAME}} {_with_interval(found)}{of}{better}")
        lines += _baseline_lines(about, figure, baselines)
        of = ""
    return lines


def family_lines(metrics: Mapping[str, Any], baselines: Mapping[str, Any]) -> list[str]:
    """The accuracy of each family of parts, beside that of the baselines."""
    lines = []
    for family, value in sorted((metrics.get("by_family") or {}).items()):
        if "accuracy" not in value:
            continue
        beside = [
            f"{name.replace('_', ' ')} {found['by_family'][family]['accuracy']:.3f}"
            for name, found in baselines.items()
            if family in (found.get("by_family") or {})
        ]
        lines.append(f"    {family:<16} {value['accuracy']:.3f}  ({', '.join(beside)})")
    return lines


def _baseline_lines(task: Task, figure: Figure, baselines: Mapping[str, Any]) -> list[str]:
    lines = []
    for name, found in baselines.items():
        value = figures_of(found).get(figure.name)
        if value is not None and value.get("value") is not None:
            words = task.baselines.get(name, name.replace("_", " "))
            lines.append(f"    {words:<{NAME - 2}} {_with_interval(value)}")
    return lines


def _with_interval(found: Mapping[str, Any]) -> str:
    interval = found.get("ci95")
    return _value(found) + (f" (95 %: {interval[0]:.3f} to {interval[1]:.3f})" if interval else "")


def _value(found: Mapping[str, Any] | None) -> str:
    value = None if found is None else found.get("value")
    return "-" if value is None else f"{value:.3f}"
