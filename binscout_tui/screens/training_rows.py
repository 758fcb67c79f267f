"""What Training says of runs: pure rows and lines."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual.content import Content

from binscout_tui.clock import from_text
from binscout_tui.eventlog.metrics import RunProgress
from binscout_tui.screens.words import accuracy_of, bar, baselines_of, beside, duration, first_line, fraction
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
    splits = {split: sum(counts[split] for counts in dataset.counts.values()) for split in ("train", "val", "test")}
    sizes = " · ".join(f"{number} {split}" for split, number in splits.items())
    made = from_text(dataset.created_at).astimezone()
    return dataset.id, dataset.name, f"{len(dataset.counts)} classes · {sizes} · {made:%d %b %H:%M}"


def _run_line(run: Run, width: int) -> Content:
    sign, style = SIGNS[run.job.state]
    name = Content(run.id).truncate(max(1, width - VALUE - 4), ellipsis=True, pad=True)
    return Content.assemble(name, " ", (sign, style), (f"{_value(run):>{VALUE}}", ""))


def _value(run: Run) -> str:
    if run.job.state == "running" and run.job.total:
        return f"{run.job.done}/{run.job.total}"
    return fraction(accuracy_of(run.metrics)) if run.job.state == "done" else ""


def progress_line(run: Run, progress: RunProgress | None, width: int) -> Content:
    """Which run, its state in a word, how far, how long still, in `width` cells; or why it failed."""
    sign, style = SIGNS[run.job.state]
    state = "cancelling" if run.job.cancel_asked and run.job.is_open else run.job.state
    head = Content.assemble((run.id, "bold"), "  ", (f"{sign} {state}", style))
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
        parts += [("acc ", "$text-muted"), (fraction(accuracy), "bold"), (f" {known} · ", "$text-muted")]
    elif progress and progress.val_acc:
        best = max(value for _, value in progress.val_acc)
        parts += [("best val acc ", "$text-muted"), (fraction(best), "bold"), (" · ", "$text-muted")]
    facts = [f"{run.dataset_name}, {run.preset}"]
    if progress and run.job.state == "running":
        facts += [f"{progress.samples_per_s:.0f} img/s"] if progress.samples_per_s else []
        facts += [f"lr {progress.lr:.1e}"] if progress.lr else []
    head = Content.assemble(*parts)
    while len(facts) > 1 and head.cell_length + Content(" · ".join(facts)).cell_length > width:
        facts.pop()
    return Content.assemble(head, (" · ".join(facts), "$text-muted")).truncate(width, ellipsis=True)
