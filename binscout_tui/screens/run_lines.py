"""What the panel of a run says while it goes on, and why it ended: pure curves, lines and texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from textwrap import wrap
from typing import Any

from textual.content import Content

from binscout_tui.clock import from_text
from binscout_tui.eventlog.format import resource_words
from binscout_tui.eventlog.metrics import RunProgress
from binscout_tui.eventlog.series import Point
from binscout_tui.learning.tasks import TASKS, Figure
from binscout_tui.screens.words import baseline_name, baselines_of, data_size, duration, figure_text, first_line
from binscout_tui.store.runs import Run

LEAST_FREE = 1 << 30
"""With less room on the disk than so many bytes, that is what stands first."""
SAMPLES = {"classify": "img/s", "select": "sets/s", "count": "img/s"}
NETWORK = "network so far"
"""What the curve of these tasks shows: the model that is kept adds parts that learn beside the network."""
OF_NETWORK = frozenset({"accuracy", "top1"})
LEVELS = "baselines on test"
GO_ON = "{training.resume} goes on from its last checkpoint"
AGAIN = "{training.resume} tries it again"
DETAILS = "{training.details} shows details to copy"


@dataclass(frozen=True, slots=True)
class Curve:
    """One plot: a curve, what lies behind it, levels to compare with, and the ends of its axis where they are fixed."""

    title: str
    points: tuple[Point, ...] = ()
    behind: tuple[Point, ...] = ()
    levels: Mapping[str, float] = field(default_factory=dict)
    ends: tuple[float | None, float | None] = (None, None)


def figure_for(run: Run) -> Figure:
    """The figure by which runs of this task are judged."""
    return TASKS.get(run.task, TASKS["classify"]).primary


def primary_points(run: Run, progress: RunProgress) -> tuple[Point, ...]:
    """That figure on the validation split, epoch by epoch."""
    figure = figure_for(run)
    return progress.val_acc if figure.name == "accuracy" else progress.curve(f"val_{figure.name}")


def primary_title(run: Run) -> str:
    """What the curve of that figure is called."""
    figure = figure_for(run)
    return NETWORK if figure.name in OF_NETWORK else f"{figure.words} so far"


def best_so_far(run: Run, progress: RunProgress) -> float | None:
    """The best value of that figure after any epoch."""
    values = [value for _, value in primary_points(run, progress)]
    if not values:
        return None
    return max(values) if figure_for(run).higher_is_better else min(values)


def known_baselines(run: Run, others: Iterable[Run]) -> dict[str, float]:
    """{name: figure} of the baselines on the test split: its own, else those of an earlier run on the same dataset.

    A baseline that learns nothing of the run's settings is the same for all of them.
    """
    for one in (run, *others):
        if one.dataset_id == run.dataset_id and one.task == run.task and (found := baselines_of(one.metrics)):
            return {baseline_name(name): value for name, value in found.items()}
    return {}


def curves(run: Run, progress: RunProgress, baselines: Mapping[str, float]) -> tuple[Curve, Curve, Curve]:
    """(loss, primary figure, learning rate): step by step and epoch by epoch."""
    share = figure_for(run).share
    # Before the first epoch there are only single steps.
    loss = (progress.loss, progress.step_loss) if progress.loss else (progress.step_loss, ())
    primary = primary_points(run, progress)
    ends = (0.0, 1.0 if share else None)
    return (
        Curve("loss", *loss),
        Curve(primary_title(run), primary, levels=baselines, ends=ends),
        Curve("lr", progress.curve("lr")),
    )


def resources_line(run: Run, progress: RunProgress, width: int) -> Content:
    """Samples a second, how much of the time it waits for them, and what it uses; what has no room falls away."""
    used = progress.resources
    parts = []
    if used is not None and used.disk_free_bytes is not None and used.disk_free_bytes < LEAST_FREE:
        parts.append((f"! only {data_size(used.disk_free_bytes)} free", "bold $warning"))
    words = []
    if progress.samples_per_s:
        words.append(f"{progress.samples_per_s:.3g} {SAMPLES.get(run.task, 'samples/s')}")
    if progress.waited is not None:
        words.append(f"waits {progress.waited:.0%}".replace("%", " %"))
    if used is not None:
        words += resource_words(asdict(used))
    parts += [(word, "$text-muted") for word in words]
    line = Content("")
    for word, style in parts:
        longer = Content.assemble(line, " · " if line else "", (word, style))
        if longer.cell_length > width:
            break
        line = longer
    return line


def why_text(run: Run, progress: RunProgress, width: int, keys: Callable[[str], str]) -> Content | None:
    """Why a run stopped and what to do about it, its keys filled in by `keys`; None while it goes on or is done."""
    if run.job.state not in ("failed", "cancelled"):
        return None
    failure = progress.failure
    if run.job.state == "cancelled":
        told, hint = "Somebody asked it to stop.", ""
    elif failure is not None and failure.message:
        told, hint = failure.message, failure.hint
    else:
        told, hint = first_line(run.job.error) or "It ended without a word.", ""
    lines = [Content.styled(line, "$error" if run.job.state == "failed" else "") for line in wrap(told, width)]
    lines += [Content(line) for line in wrap(f"→ {hint}", width)] if hint else []
    next_steps = wrap(f"{_reached(progress)}{keys(_next_step(run, progress))}; {keys(DETAILS)}.", width)
    lines += [Content.styled(line, "$text-muted") for line in next_steps]
    return Content("\n").join(lines)


def _reached(progress: RunProgress) -> str:
    return f"It got to epoch {progress.epoch}. " if progress.epoch else ""


def _next_step(run: Run, progress: RunProgress) -> str:
    """A checkpoint is certain behind an epoch, and where a run was cancelled among its steps."""
    stopped = run.job.state == "cancelled" and bool(progress.step_loss)
    return GO_ON if progress.epoch or stopped else AGAIN


def details_text(run: Run, progress: RunProgress | None, words: str) -> Content:
    """Everything that is recorded of a run, to read and to copy; `words` are the last lines of its process."""
    sections = [("Run", _of_run(run)), ("Recorded", _recorded(run)), ("Course", _course(run, progress))]
    parts: list[Content] = []
    for title, rows in sections:
        parts.append(Content.styled(title, "bold"))
        name = max(len(key) for key, _ in rows) + 2
        parts += [Content.assemble((f"  {key:<{name}}", "$text-muted"), value) for key, value in rows]
        parts.append(Content(""))
    if words.strip():
        parts += [Content.styled("Last words of its process", "bold"), Content(words.rstrip())]
    return Content("\n").join(parts)


def _of_run(run: Run) -> list[tuple[str, str]]:
    state = "cancelling" if run.job.cancel_asked and run.job.is_open else run.job.state
    rows = [("run", run.id), ("task", run.task), ("state", state), ("job", str(run.job.id))]
    return rows + ([("error", run.job.error)] if run.job.error else [])


def _recorded(run: Run) -> list[tuple[str, str]]:
    """Seed, settings, code and data: what makes the same run again."""
    config = {key: value for key, value in run.config.items() if value is not None}
    first = {
        "dataset": f"{run.dataset_name} {run.dataset_id}",
        "code": str(config.pop("code_version", "") or "not recorded"),
        "preset": str(config.pop("preset", "")),
        "seed": str(config.pop("seed", 0)),
    }
    config.pop("dataset", None)
    config.pop("task", None)
    return [*first.items(), *((key, str(value)) for key, value in sorted(config.items()))]


def _course(run: Run, progress: RunProgress | None) -> list[tuple[str, str]]:
    job = run.job
    rows = [
        ("queued", job.created_at),
        ("started", job.started_at or "not yet"),
        ("ended", job.finished_at or "not yet"),
    ]
    if job.started_at and job.finished_at:
        seconds = (from_text(job.finished_at) - from_text(job.started_at)).total_seconds()
        rows.append(("took", duration(seconds)))
    rows.append(("tries", str(job.attempts)))
    if progress is None:
        return rows
    facts: dict[str, Any] = {
        "device": progress.device,
        "processes": progress.processes,
        "went on after a stop": progress.resumed or None,
        "reached": f"epoch {progress.epoch}" if progress.epoch else None,
        "network, best": _best(run, progress),
    }
    rows += [(key, str(value)) for key, value in facts.items() if value]
    if progress.failure is not None:
        rows += [
            ("failed", progress.failure.message),
            ("what to do", progress.failure.hint),
            ("code", progress.failure.code),
        ]
    return rows


def _best(run: Run, progress: RunProgress) -> str:
    best = best_so_far(run, progress)
    return "" if best is None else f"{figure_for(run).words} {figure_text(best, figure_for(run))} on val"
