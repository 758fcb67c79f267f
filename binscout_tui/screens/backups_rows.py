"""What Backups says of a target, its runs and the work that goes on: pure rows and lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from textwrap import wrap
from typing import TYPE_CHECKING

from textual.content import Content

from binscout_tui.backup.progress import size_words, time_words
from binscout_tui.clock import from_text
from binscout_tui.imaging.names import display_name
from binscout_tui.screens.words import ago, bar, first_line, percent
from binscout_tui.widgets.row_list import MARGIN, Row
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.operations.backups.listing import RunRow, RunsView
    from binscout_tui.operations.backups.undoing import UndoCopy
    from binscout_tui.store.jobs import Job

WHEN, STATE, VERIFIED, SIZE, ADDED, TOOK = 14, 13, 18, 9, 9, 9
NARROW = WHEN + STATE + VERIFIED + SIZE + ADDED + TOOK
FILES, RUN = 9, 27
BESIDE = 12
"""Cells from which on a reason or a note stands beside a run."""
TOLD_LINES = 3
BAR = 16
SIGNS = {
    "committed": ("✓", "$success"),
    "warnings": ("!", "$warning"),
    "suspicious": ("!", "$warning"),
    "damaged": ("✗", "$error"),
    "failed": ("✗", "$error"),
    "abandoned": ("○", "$text-muted"),
    "cancelled": ("○", "$text-muted"),
    "here only": ("!", "$warning"),
    "uploading": ("⟳", "$accent"),
    "running": ("⟳", "$accent"),
}
KINDS = {
    "backup": "back up",
    "backup-verify": "verify",
    "backup-repair": "repair",
    "backup-prune": "prune",
    "restore": "restore",
    "rollback": "undo restore",
    "backup-drill": "drill",
}
"""The kinds of jobs that this screen tells of, in words."""
NO_RETURN = "putting in place"
"""The words with which a restore says that it cannot be stopped any more."""


def moment(text: str, now: datetime) -> str:
    """A UTC moment as people here read it: `21 Nov 02:00`, with the year where it is another one."""
    at = from_text(text).astimezone(now.tzinfo)
    return f"{at:%d %b %H:%M}" if at.year == now.year else f"{at:%d %b %Y}"


def run_rows(runs: Sequence[RunRow], now: datetime, *, stale: bool) -> list[Row]:
    """The list, newest first; all of it greyed where the target cannot be asked."""
    return [Row(one.key, partial(_run_line, one, now, stale)) for one in runs]


def columns_line(width: int) -> Content:
    """The names of the columns, for a list of `width` cells."""
    text = f"{'when':<{WHEN}}{'  state':<{STATE}}{'verified':<{VERIFIED}}{'size':>{SIZE}}{'added':>{ADDED}}"
    files, run = _more(width - MARGIN)
    more = f"{'files':>{FILES}}" * files + "  run" * run
    line = Content(f"{'':<{MARGIN}}{text}{'took':>{TOOK}}{more}")
    return Content.styled(line.truncate(width, ellipsis=True).plain, "$text-muted")


def _more(width: int) -> tuple[bool, bool]:
    """Whether a list of `width` cells has room for the number of files, and for the names of runs."""
    return width >= NARROW + FILES, width >= NARROW + FILES + RUN


def _run_line(one: RunRow, now: datetime, stale: bool, width: int) -> Content:
    sign, style = SIGNS.get(one.state, ("?", "$warning"))
    verified, verified_style = _verified(one, now)
    parts: list[tuple[str, str]] = [
        (f"{moment(one.at, now):<{WHEN}}", ""),
        (f"{sign} {one.state:<{STATE - 2}}", style),
    ]
    if one.logical_bytes is None:
        parts.append((verified or plain(one.progress), verified_style))
    else:
        parts += [
            (_cut(verified, VERIFIED), verified_style),
            (f"{size_words(one.logical_bytes):>{SIZE}}{_bytes(one.added_bytes):>{ADDED}}", ""),
            (f"{_seconds(one.seconds):>{TOOK}}", "$text-muted"),
        ]
        files, run = _more(width)
        parts += [(f"{'' if one.files is None else f'{one.files:,}':>{FILES}}", "")] * files
        parts += [(f"  {plain(one.run):<{RUN - 2}}", "$text-muted")] * run
    beside = plain(one.words) if one.words and not _in_verified(one) else plain(one.note)
    room = width - sum(len(text) for text, _ in parts)
    if beside and room >= BESIDE and one.logical_bytes is not None:
        parts.append((f"  {beside}", style if one.words else "$text-muted"))
    line = Content.assemble(*[(text, "" if stale else style) for text, style in parts])
    return line.stylize("$text-muted") if stale else line


def _verified(one: RunRow, now: datetime) -> tuple[str, str]:
    """What was looked at, the oldest date; for a run that is not whole, why."""
    if _in_verified(one):
        return plain(one.words), "$error" if one.state in ("damaged", "failed") else "$warning"
    if not one.verified:
        return "not verified" if one.state in ("committed", "warnings", "suspicious") else "", "$text-muted"
    when = ago(from_text(one.verified_at), now).removesuffix(" ago").removeprefix("just ") if one.verified_at else ""
    return f"{one.verified} {when}".rstrip(), "$success" if one.verified == "read back" else ""


def _in_verified(one: RunRow) -> bool:
    """Whether the reason stands where one looks for how good the run is."""
    return bool(one.words) and one.state not in ("committed", "warnings")


def _cut(text: str, width: int) -> str:
    return Content(text).truncate(width - 1, ellipsis=True, pad=True).plain + " "


def _bytes(size: int | None) -> str:
    return "…" if size is None else size_words(size)


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else time_words(seconds)


def head_line(view: RunsView | None, now: datetime, width: int, *, looking: bool) -> Content:
    """Target, whether it can be reached, the age of the list, how much is stored, when the next run is due."""
    if view is None:
        return Content.styled("looking…" if looking else "", "$text-muted")
    head = f"{view.target} ({view.kind})"
    reach, style = _reach(view, now, looking=looking)
    parts: list[tuple[str, str]] = [(head, "bold"), (f" {reach}", style)]
    parts += [(f" · {words}", "$text-muted") for words in (_listed(view, now), _stored(view)) if words]
    due = f"next {from_text(view.next_at).astimezone(now.tzinfo):%a %H:%M}" if view.next_at else "no schedule"
    room = width - len(due) - 2
    # What is stored gives way to when the next run is due; whether the target can be reached and since when does not.
    for shown in (parts, parts[:3], parts[:2]):
        left = Content.assemble(*shown)
        if left.cell_length <= room:
            return Content.assemble(left.pad_right(room - left.cell_length + 2), (due, "$text-muted"))
    return Content.assemble(*parts).truncate(width, ellipsis=True)


def _reach(view: RunsView, now: datetime, *, looking: bool) -> tuple[str, str]:
    if looking:
        return "looking…", "$accent"
    if view.unreachable_since:
        return f"unreachable since {moment(view.unreachable_since, now)}", "bold $error"
    if view.error:
        return "cannot be listed", "bold $error"
    return ("reachable", "$success") if view.live else ("not looked at yet", "$warning")


def _listed(view: RunsView, now: datetime) -> str:
    if view.listed_at is None:
        return "never listed"
    seconds = max(0.0, (now - from_text(view.listed_at)).total_seconds())
    if seconds < 60:
        return "listed just now" if seconds < 10 else f"listed {round(seconds)} s ago"
    return f"listed {ago(from_text(view.listed_at), now)}"


def _stored(view: RunsView) -> str:
    parts = [] if view.stored_bytes is None else [size_words(view.stored_bytes)]
    if view.space is not None and view.space.total is not None:
        parts.append(f"of {size_words(view.space.total)}")
    elif view.space is not None and view.space.free is not None:
        parts.append(f"({size_words(view.space.free)} free)")
    return " ".join(parts) if view.stored_bytes is not None else ""


def told_line(view: RunsView | None, width: int) -> Content:
    """What is wrong with the target in a few lines of `width` cells at most, or empty: the cause often comes last."""
    if view is None or not (view.error or view.skew):
        return Content("")
    lines = wrap(f"! {plain(view.error or view.skew)}", width, max_lines=TOLD_LINES, placeholder="…")
    return Content.styled("\n".join(lines), "$error" if view.error else "$warning")


def restored_place(jobs: Sequence[Job], since: str) -> dict[str, str]:
    """Target and run of what was put in place after the moment `since`, newest of `jobs` first; or empty.

    The place that a restored database remembers is that of its own time.
    """
    for job in jobs:
        in_place = (job.payload.get("scope") or {}).get("kind") in ("everything", "database")
        if job.kind == "restore" and in_place and job.state not in ("failed", "cancelled") and job.queued_at > since:
            return {"target": str(job.payload.get("target") or ""), "run": str(job.payload.get("run") or "")}
    return {}


def targets_line(names: Sequence[str], shown: str, key: str) -> Content:
    """All targets, the one that is shown marked; empty where there is but one."""
    if len(names) < 2:
        return Content("")
    parts = [(f" {'▸' if name == shown else ' '}{name} ", "bold reverse" if name == shown else "") for name in names]
    return Content.assemble(("targets", "$text-muted"), *parts, (f"  {key} the next", "$text-muted"))


def job_line(working: Job | None, failed: Job | None) -> Content:
    """How far the work is, in one row: its name and a bar; of one that failed its name."""
    if working is not None:
        share = min(1.0, working.done / working.total) if working.total else 0.0
        return Content.assemble((f"{job_name(working)} ", "bold"), (bar(share, BAR), "$accent"), f" {percent(share)}")
    if failed is not None:
        return Content.assemble(("✗ ", "$error"), (f"{job_name(failed)} failed", "bold $error"))
    return Content("")


def job_words(working: Job | None, failed: Job | None, again: str) -> Content:
    """What the work does now with bytes, speed and time left; of one that failed its sentence and the key to retry."""
    if working is not None:
        if working.cancel_asked:
            return Content.styled("cancelling…", "$warning")
        if has_no_return(working):
            return Content.styled(f"{plain(working.message)}: a second, and no way back now", "bold")
        words = "waits for its process" if working.state == "queued" else plain(working.message) or "begins"
        return Content.styled(words, "$text-muted")
    if failed is not None:
        sentence = plain(failed.error) or "no reason was given"
        return Content.assemble((f"{again} · " if again else "", "$text-muted"), (sentence, "$error"))
    return Content("")


def job_name(job: Job) -> str:
    """What a job of backups does, and with which target: `back up nas`."""
    return f"{KINDS.get(job.kind, job.kind)} {job.payload.get('target') or ''}".rstrip()


def reason_line(row: RunRow | None) -> Content:
    """Why the run under the cursor is not as it should be, or its note."""
    if row is None or not (row.words or row.note):
        return Content("")
    sign, style = SIGNS.get(row.state, ("?", "$warning"))
    return (
        Content.styled(f"{sign} {plain(row.words)}", style)
        if row.words
        else Content.styled(plain(row.note), "$text-muted")
    )


def plain(text: str | None) -> str:
    """The first line of words from outside, with nothing in it that a terminal would act on."""
    return display_name(first_line(text))


def ended_words(job: Job) -> tuple[str, bool]:
    """What came of a job in one line, and whether that is a warning; empty where the screen says it anyway."""
    if job.state != "done":
        return "", False
    result = job.result or {}
    if bad := result.get("bad"):
        return f"{counted(len(bad), 'stored file')} of {job.payload.get('target')} are not as they were stored.", True
    if lost := result.get("lost"):
        return f"{counted(len(lost), 'stored file')} could not be made again from what is here.", True
    if missing := result.get("missing"):
        number = counted(max(len(missing), result.get("skipped") or 0), "thing")
        return f"Not restored: {number}, first {plain(missing[0].get('path'))}; the rest is there.", True
    if result.get("suspicious"):
        return f"The run is suspicious: {plain(str(result['suspicious']))}", True
    return f"Done: {job_name(job)}.", False


def undo_text(undo: UndoCopy, now: datetime) -> str:
    """What taking a restore back would do, and what it costs."""
    lost = f" {counted(undo.decisions, 'decision')} made since then would be put aside." if undo.decisions else ""
    return (
        f"This comes back: {plain(undo.what)}. {undo.by} put the run in its place on {moment(undo.at, now)}; what is"
        f" here now is kept instead.{lost} It is possible until {moment(undo.until, now)}."
    )


def choices(options: Mapping[str, str]) -> list[Row]:
    """Answers to choose from: each word with what it means."""
    return [Row(word, partial(_choice, word, meaning)) for word, meaning in options.items()]


def _choice(word: str, meaning: str, width: int) -> Content:
    return Content.assemble((f"{word:<11}", "bold"), (meaning, "$text-muted")).truncate(width, ellipsis=True)


def has_no_return(job: Job) -> bool:
    """Whether the job is past the point up to which it can be stopped."""
    return job.message.startswith(NO_RETURN)
