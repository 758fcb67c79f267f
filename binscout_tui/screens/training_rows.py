"""What Training says of runs: pure rows and lines."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual.content import Content

from binscout_tui.clock import from_text
from binscout_tui.eventlog.metrics import RunProgress
from binscout_tui.screens.gate_text import AT_GATE
from binscout_tui.screens.words import (
    BASELINE_NAMES,
    accuracy_of,
    bar,
    baselines_of,
    beside,
    counted,
    duration,
    first_line,
    fraction,
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
RESULT_VALUE = 4
# What the curve shows while a run works: the model that is kept adds a second opinion and averages views.
NETWORK = "network so far"


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
    return dataset.id, words, f"{len(dataset.counts)} classes · {sizes}"


def _run_line(run: Run, width: int) -> Content:
    sign, style = SIGNS[run.job.state]
    name = Content(run.id).truncate(max(1, width - VALUE - 4), ellipsis=True, pad=True)
    return Content.assemble(name, " ", (sign, style), (f"{_value(run):>{VALUE}}", ""))


def _value(run: Run) -> str:
    if run.job.state == "running" and run.job.total:
        return f"{run.job.done}/{run.job.total}"
    return fraction(accuracy_of(run.metrics)) if run.job.state == "done" else ""


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
    if progress.epoch and epochs:
        return f"  epoch {progress.epoch}/{epochs}", progress.epoch / epochs if share is None else share
    what = progress.what or progress.message
    return f"  {what}" if what else "", share


def figures_line(run: Run, progress: RunProgress | None, width: int) -> Content:
    """What it reaches, beside the baselines as soon as they are known; then speed and settings."""
    parts: list[tuple[str, str]] = []
    if (accuracy := accuracy_of(run.metrics)) is not None:
        known = beside(baselines_of(run.metrics))
        parts += [("test acc ", "$text-muted"), (fraction(accuracy), "bold"), (f" {known} · ", "$text-muted")]
    elif progress and progress.val_acc:
        best = max(value for _, value in progress.val_acc)
        parts += [("network so far, best ", "$text-muted"), (fraction(best), "bold"), (" · ", "$text-muted")]
    facts = [f"{run.dataset_name}, {run.preset}"]
    if progress and run.job.state == "running":
        facts += [f"{progress.samples_per_s:.0f} img/s"] if progress.samples_per_s else []
        facts += [f"lr {progress.lr:.1e}"] if progress.lr else []
    head = Content.assemble(*parts)
    while len(facts) > 1 and head.cell_length + Content(" · ".join(facts)).cell_length > width:
        facts.pop()
    return Content.assemble(head, (" · ".join(facts), "$text-muted")).truncate(width, ellipsis=True)


def result_text(run: Run, width: int) -> Content | None:
    """The accuracy on the test images beside the baselines, as bars; None before there is one."""
    accuracy = accuracy_of(run.metrics)
    if run.job.state != "done" or accuracy is None:
        return None
    scores = {"this model": accuracy} | {BASELINE_NAMES.get(n, n): v for n, v in baselines_of(run.metrics).items()}
    name = max(map(len, scores)) + 1
    cells = max(0, min(MOST_BAR, width - name - RESULT_VALUE))
    lines = [Content.styled("on the test images", "$text-muted")]
    for words, value in scores.items():
        style = "bold" if words == "this model" else "$text-muted"
        colour = "$accent" if words == "this model" else "$text-muted"
        lines.append(Content.assemble((f"{words:<{name}}", style), (bar(value, cells), colour), f" {fraction(value)}"))
    return Content("\n").join(lines)


def plain_figures(progress: RunProgress, width: int) -> Content:
    """The few figures that make no curve yet, as words."""
    parts = [
        f"{name} {' '.join(f'{value:.3g}' for _, value in points)}"
        for name, points in (("loss", progress.loss), (NETWORK, progress.val_acc))
        if points
    ]
    return Content(" · ".join(parts)).truncate(width, ellipsis=True)
