"""What Training says of runs: pure rows and lines."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual.content import Content

from binscout_tui.clock import from_text
from binscout_tui.eventlog.metrics import TRAINING, RunProgress
from binscout_tui.screens.gate_text import AT_GATE
from binscout_tui.screens.run_lines import best_so_far, figure_for, primary_points, primary_title
from binscout_tui.screens.words import (
    bar,
    baseline_name,
    baselines_of,
    beside,
    counted,
    duration,
    figure_of,
    figure_text,
    first_line,
    primary_of,
)
from binscout_tui.store.datasets import Dataset
from binscout_tui.store.runs import Run
from binscout_tui.widgets.row_list import Row

SIGNS: dict[str, tuple[str, str]] = {
    "queued": ("◌", "$text-muted"),
    "running": ("⟳", "$accent"),
    "done": ("✓", "$success"),
    "failed": ("✗", "$error"),
    "cancelled": ("■", "$text-muted"),
}
VALUE = 6
LEAST_BAR, MOST_BAR = 5, 30


def run_rows(runs: Sequence[Run]) -> list[Row]:
    """The list of runs: name, state as a sign, what came out or how far it is."""
    return [Row(run.id, partial(_run_line, run)) for run in runs]


def dataset_option(dataset: Dataset) -> tuple[str, str, str]:
    """(value, words, explanation) of a dataset in a form."""
    images = counted(sum(sum(counts.values()) for counts in dataset.counts.values()), "image", "")
    splits = {split: sum(counts[split] for counts in dataset.counts.values()) for split in ("train", "val", "test")}
    sizes = " · ".join(f"{number} {split}" for split, number in splits.items())
    made = from_text(dataset.created_at).astimezone()
    words = f"{dataset.name} · {made:%d %b %H:%M} · {images}"
    of = dataset.task if dataset.task != "classify" else f"{len(dataset.counts)} classes"
    return dataset.id, words, f"{of}{f' {dataset.item}' if dataset.item else ''} · {sizes}"


def _run_line(run: Run, width: int) -> Content:
    sign, style = SIGNS[run.job.state]
    name = Content(run.id).truncate(max(1, width - VALUE - 4), ellipsis=True, pad=True)
    return Content.assemble(name, " ", (sign, style), (f"{_value(run):>{VALUE}}", ""))


def _value(run: Run) -> str:
    if run.job.state == "running" and run.job.total:
        return f"{run.job.done}/{run.job.total}"
    return figure_text(primary_of(run.metrics), figure_of(run.metrics)) if run.job.state == "done" else ""


def progress_line(run: Run, progress: RunProgress | None, width: int, *, at_gate: bool = False) -> Content:
    """Which run, its state in a word, how far, how long still, in `width` cells; or why it failed."""
    sign, style = SIGNS[run.job.state]
    state = "cancelling" if run.job.cancel_asked and run.job.is_open else run.job.state
    head = Content.assemble((run.id, "bold"), "  ", (f"{sign} {state}", style))
    if at_gate:
        return Content.assemble(head, "  ", AT_GATE).truncate(width, ellipsis=True)
    return Content.assemble(head, _course(run, progress, width - head.cell_length)).truncate(width, ellipsis=True)


def _course(run: Run, progress: RunProgress | None, room: int) -> Content:
    if run.job.state == "failed":
        return Content(f"  {first_line(run.job.error)}")
    if run.job.state == "queued":
        return Content.styled("  starts when its process is up", "$text-muted")
    if run.job.state == "done" or progress is None:
        return Content("")
    words, share = _position(run, progress)
    left = f"  {duration(progress.eta_s)} left" if progress.eta_s and run.job.state == "running" else ""
    cells = min(MOST_BAR, room - len(words) - len(left) - 2)
    drawn = f"  {bar(share, cells)}" if share is not None and cells >= LEAST_BAR else ""
    return Content.assemble(words, (drawn, "$accent"), (left, "$text-muted"))


def _position(run: Run, progress: RunProgress) -> tuple[str, float | None]:
    """(words, share that is done): the epoch, or what is being done before the first."""
    epochs = progress.epochs or run.config.get("epochs")
    share = progress.done / progress.total if progress.total and progress.done is not None else None
    if progress.epoch and epochs and progress.what in ("", TRAINING):
        return f"  epoch {progress.epoch}/{epochs}", progress.epoch / epochs if share is None else share
    if progress.total == 1:
        share = None  # one thing that is done or not: no bar can show it
    what = progress.what or progress.message
    return f"  {what}" if what else "", share


def figures_line(run: Run, progress: RunProgress | None, width: int) -> Content:
    """What it reaches, beside the baselines as soon as they are known; then speed and settings."""
    parts: list[tuple[str, str]] = []
    if (value := primary_of(run.metrics)) is not None:
        figure = figure_of(run.metrics)
        known = beside(baselines_of(run.metrics), figure)
        name = (f"test {figure.words} ", "$text-muted")
        parts += [name, (figure_text(value, figure), "bold"), (f" {known} · ", "$text-muted")]
    elif progress and (best := best_so_far(run, progress)) is not None:
        name = (f"{primary_title(run)}, best ", "$text-muted")
        parts += [name, (figure_text(best, figure_for(run)), "bold"), (" · ", "$text-muted")]
    facts = [f"{run.dataset_name}, {run.preset}"]
    if progress and run.job.state == "running":
        facts += [f"lr {progress.lr:.1e}"] if progress.lr else []
    head = Content.assemble(*parts)
    while len(facts) > 1 and head.cell_length + Content(" · ".join(facts)).cell_length > width:
        facts.pop()
    return Content.assemble(head, (" · ".join(facts), "$text-muted")).truncate(width, ellipsis=True)


def result_text(run: Run, width: int) -> Content | None:
    """The primary figure on the test split beside the baselines, as bars; None before there is one."""
    value, figure = primary_of(run.metrics), figure_of(run.metrics)
    if run.job.state != "done" or value is None:
        return None
    scores = {"this model": value} | {baseline_name(name): found for name, found in baselines_of(run.metrics).items()}
    name = max(map(len, scores)) + 1
    longest = 1.0 if figure.share else max(scores.values()) or 1.0
    texts = {words: figure_text(found, figure) for words, found in scores.items()}
    cells = max(0, min(MOST_BAR, width - name - 1 - max(map(len, texts.values()))))
    better = "" if figure.higher_is_better else ", less is better"
    head = f"on the test images{better}" if figure.name == "accuracy" else f"{figure.words} on the test{better}"
    lines = [Content.styled(head, "$text-muted")]
    for words, found in scores.items():
        style, colour = ("bold", "$accent") if words == "this model" else ("$text-muted", "$text-muted")
        drawn = bar(found / longest, cells)
        lines.append(Content.assemble((f"{words:<{name}}", style), (drawn, colour), f" {texts[words]}"))
    return Content("\n").join(lines)


def plain_figures(run: Run, progress: RunProgress, width: int) -> Content:
    """The few figures that make no curve yet, as words."""
    parts = [
        f"{name} {' '.join(f'{value:.3g}' for _, value in points)}"
        for name, points in (("loss", progress.loss), (primary_title(run), primary_points(run, progress)))
        if points
    ]
    return Content(" · ".join(parts)).truncate(width, ellipsis=True)
