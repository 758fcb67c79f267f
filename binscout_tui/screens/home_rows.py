"""What Home says about the state of a workspace: pure rows from an overview."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from textual.content import Content

from binscout_tui.backup.archive.layout import run_time
from binscout_tui.clock import from_text, to_text
from binscout_tui.commands.areas import AREAS
from binscout_tui.operations.backups.standing import Standing
from binscout_tui.screens.backups_rows import KINDS, job_name, moment, plain
from binscout_tui.screens.words import (
    ago,
    bar,
    baselines_of,
    beside,
    counted,
    figure_of,
    first_line,
    percent,
    primary_words,
)
from binscout_tui.store.jobs import Job
from binscout_tui.store.overview import Overview
from binscout_tui.widgets.row_list import Row

HEADING = 12
BAR = 14
NO_TARGET = "no target for backups yet: what is here only is lost with this disk"
FIRST = ("binscout import FOLDER   your own photos", "binscout demo            made-up samples to try it")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: `area` is where Enter leads ("" for nowhere), `place` what is looked at there."""

    key: str
    section: str
    text: str | Content
    sign: str = ""
    style: str = ""
    area: str = ""
    place: dict[str, str] = field(default_factory=dict)
    hints: tuple[str, ...] = ()


def entries(state: Overview, now: datetime, backups: Standing | None = None) -> list[Entry]:
    """Everything that Home shows, in order; `backups` is how they stand, None where that is not asked."""
    running = [_running(job) for job in state.open_jobs]
    return [*_continue(state, now), *attention(state, now, backups), *running, *_reached(state), _today(state)]


def attention(state: Overview, now: datetime, backups: Standing | None = None) -> list[Entry]:
    """What needs somebody, the most urgent first; one calm row when nothing does."""
    kept = [] if backups is None else [*attention_of_backups(backups, now)]
    found = [*_broken(state), *kept, *_model(state), *_work(state), *_next_step(state)]
    if backups is not None and not backups.target and state.images:
        found.append(Entry("backup:none", "Attention", NO_TARGET, "·", "$text-muted", "backups"))
    return found or [Entry("calm", "Attention", "Nothing needs you now.", "✓", "$success")]


def _continue(state: Overview, now: datetime) -> Iterator[Entry]:
    if state.last_place is None or state.last_place[0] not in AREAS:
        return
    area, at = state.last_place
    left = {
        "capture": counted(state.captures["staged"], "capture", "waiting"),
        "label": counted(state.labels["unlabelled"], "image", "left"),
        "select": counted(state.sets["pending"], "set", "left"),
    }.get(area, "")
    text = " · ".join(part for part in (AREAS[area].title, left) if part)
    yield Entry("continue", "Continue", f"{text}  ({ago(from_text(at), now)})", "▶", "$accent", area)


def _broken(state: Overview) -> Iterator[Entry]:
    for run in state.runs:
        if run.job.state == "done":
            break
        if run.job.state == "failed":
            why = first_line(run.job.error) or "no reason was given"
            yield _alarm(f"run:{run.id}", f"run {run.id} failed: {why}", "training", run=run.id)
    if (job := state.failed_backup) is not None:
        why = plain(job.error) or "no reason was given"
        place = {"target": str(job.payload.get("target") or "")}
        yield _alarm("backup:failed", f"{job_name(job)} failed: {why}", "backups", **place)
    for health, number in state.unhealthy.items():
        word = "gone from its place" if number == 1 else "gone from their places"
        what = word if health == "missing" else "changed since the import"
        text = f"{counted(number, 'original', '')} {what}"
        hints = ("binscout images check    looks again when they are back",)
        yield Entry(f"health:{health}", "Attention", text, "✗", "$error", hints=hints)


def attention_of_backups(found: Standing, now: datetime) -> Iterator[Entry]:
    """What is wrong with the backups on the usual target, the most urgent first."""
    if not found.target:
        return
    place = {"target": found.target}
    if found.damaged:
        when = moment(to_text(run_time(found.damaged[0])), now)
        more = f" and {len(found.damaged) - 1} more" if len(found.damaged) > 1 else ""
        text = f"the backup of {when}{more} on {found.target} is damaged"
        yield _alarm("backup:damaged", text, "backups", **place, run=found.damaged[0])
    if found.late and found.days is not None:
        days = counted(int(found.days), "day", "ago")
        yield _alarm("backup:late", f"last good backup {days}", "backups", **place, run=found.run or "")
    elif found.late or not found.known:
        yield _wait("backup:late", found.words.removesuffix("."), "backups", **place)
    if found.suspicious:
        when = moment(to_text(run_time(found.suspicious[0])), now)
        text = f"the backup of {when} misses much that was there before: look at it"
        yield _wait("backup:suspicious", text, "backups", **place, run=found.suspicious[0])
    if found.unreachable_since:
        text = f"{found.target} cannot be reached since {moment(found.unreachable_since, now)}"
        yield _wait("backup:unreachable", text, "backups", **place)


def _model(state: Overview) -> Iterator[Entry]:
    model, active = state.newest_model, state.active_model
    if model is None or model.active or (active is not None and active.created_at > model.created_at):
        return
    key = f"model:{model.id}"
    if not state.known_good:
        text = f"model {model.id} waits: the gate has no known-good images"
        hints = ("binscout known-good add   puts images on the gate's list",)
        yield Entry("known_good", "Attention", text, "○", "$warning", "models", {"model": model.id}, hints)
    elif state.gate is None:
        yield _wait(key, f"model {model.id} is trained and has not stood at the gate", "models", model=model.id)
    elif state.gate.passed:
        yield _wait(key, f"model {model.id} passed the gate and is not active", "models", model=model.id)
    else:
        said = "could not be tested at the gate" if state.gate.state == "error" else "did not pass the gate"
        yield _alarm(key, f"model {model.id} {said}", "models", model=model.id)


def _work(state: Overview) -> Iterator[Entry]:
    if staged := state.captures["staged"]:
        verb = "waits" if staged == 1 else "wait"
        yield _wait("captures", f"{counted(staged, 'capture', f'{verb} for accept or retake')}", "capture")
    if failed := state.captures["failed"]:
        yield Entry("failures", "Attention", f"{counted(failed, 'capture', 'failed')}", "✗", "$error", "capture")
    if pending := state.sets["pending"]:
        yield _wait("sets", f"{counted(pending, 'set', 'wait' if pending > 1 else 'waits')} for a choice", "select")
    if left := state.labels["unlabelled"]:
        yield _wait("labels", f"{counted(left, 'image', 'are' if left > 1 else 'is')} unlabelled", "label")


def _next_step(state: Overview) -> Iterator[Entry]:
    if not state.images:
        text = "No images yet. Enter takes photos; or leave with q and run:"
        yield Entry("empty", "Attention", text, "○", "$warning", "capture", hints=FIRST)
    elif state.labels["class"] and not state.datasets:
        named = counted(state.labels["class"], "image", "")
        yield _wait("dataset", f"{named} labelled; d in Training makes a dataset", "training")
    elif state.datasets and not state.runs:
        yield _wait("train", "a dataset is ready and nothing was trained yet", "training")


def _running(job: Job) -> Entry:
    run = str(job.payload.get("run", ""))
    name = job_name(job) if job.kind in KINDS else f"{job.kind} {run}".strip()
    share = job.done / job.total if job.total else 0.0
    words = "cancelling" if job.cancel_asked else "waits" if job.state == "queued" else job.message
    text = Content.assemble(f"{name}  ", (bar(share, BAR), "$accent"), f" {percent(share)}  {words}")
    if job.kind in KINDS:
        place = {"target": str(job.payload.get("target") or "")}
        return Entry(f"job:{job.id}", "Running", text, "⟳", "$accent", "backups", place)
    area = "training" if job.kind == "train" else ""
    return Entry(f"job:{job.id}", "Running", text, "⟳", "$accent", area, {"run": run} if run else {})


def _reached(state: Overview) -> Iterator[Entry]:
    """What the newest finished run of each task reached, beside its baselines; its report is behind the row."""
    seen: set[str] = set()
    for run in state.runs:
        words = primary_words(run.metrics)
        if run.job.state == "done" and words and run.task not in seen:
            seen.add(run.task)
            known = beside(baselines_of(run.metrics), figure_of(run.metrics))
            text = Content.assemble(f"{run.id}  ", (words, "bold"), (f" {known}", "$text-muted"))
            yield Entry(f"report:{run.id}", "Trained", text, "✓", "$success", "report", {"run": run.id, "from": "home"})


def _today(state: Overview) -> Entry:
    labels, sets = state.labelled, state.chosen
    text = f"{counted(labels.today, 'label', '')} · {counted(sets.today, 'set', '')}"
    mean = f"7-day mean {labels.daily_mean:.0f} · {sets.daily_mean:.0f}"
    return Entry("today", "Today", f"{text}     {mean}")


def _alarm(key: str, text: str, area: str, **place: str) -> Entry:
    return Entry(key, "Attention", text, "✗", "$error", area, place)


def _wait(key: str, text: str, area: str, **place: str) -> Entry:
    return Entry(key, "Attention", text, "○", "$warning", area, place)


def rows(found: Iterable[Entry]) -> list[Row]:
    """The entries as rows of a list: the name of a section once, a blank row between sections."""
    made: list[Row] = []
    section = ""
    for entry in found:
        first = entry.section != section
        if first and made:
            made.append(Row(f"gap:{entry.section}", partial(_hint, ""), selectable=False))
        section = entry.section
        made.append(Row(entry.key, partial(_line, entry, first)))
        for number, hint in enumerate(entry.hints):
            made.append(Row(f"{entry.key}:{number}", partial(_hint, hint), selectable=False))
    return made


def _hint(text: str, width: int) -> Content:
    return Content.styled(f"{'':<{HEADING + 4}}{text}", "$text-muted").truncate(width, ellipsis=True)


def _line(entry: Entry, first: bool, width: int) -> Content:
    leads = " →" if entry.area else "  "
    head = Content.assemble(
        (f"{entry.section if first else '':<{HEADING}}", "bold"),
        (f"{entry.sign} " if entry.sign else "", entry.style),
    )
    room = max(0, width - head.cell_length - len(leads) - 1)
    text = (entry.text if isinstance(entry.text, Content) else Content(entry.text)).truncate(
        room, ellipsis=True, pad=True
    )
    return Content.assemble(head, text, (leads, "$text-muted"))
