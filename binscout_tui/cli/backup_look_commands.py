"""`backup list`, `show`, `diff`: looking at what lies on a target; `drill` proves that it comes back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import typer

from binscout_tui.cli.session import session
from binscout_tui.errors import EXIT_DONE, EXIT_FAILED
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.operations.backups.drill import Drilled
    from binscout_tui.operations.backups.listing import RunRow, RunsView
    from binscout_tui.operations.backups.telling import Section

PAGE = 50
NAME = 12
TargetName = Annotated[str, typer.Option("--target", metavar="NAME", help="Which target, if there are several.")]
RUN_HELP = "Its id, a beginning of it that no other has, latest, or latest~1 for the one before."
RunName = Annotated[str, typer.Argument(metavar="RUN", help=RUN_HELP)]
Cached = Annotated[bool, typer.Option("--cached", help="As it was seen last, without asking the target.")]


def register(app: typer.Typer) -> None:
    """Add these commands to those of backups."""
    app.command("list")(list_runs)
    app.command("show")(show)
    app.command("diff")(diff)
    app.command("drill")(drill)


def list_runs(context: typer.Context, target: TargetName = "", cached: Cached = False) -> int:
    """List the runs of a target, newest first, as they lie there now.

    Exit code 1 when the target cannot be asked; the list is then the one that was seen last, and says how old it is.
    """
    from binscout_tui.operations.backups import listing

    ours = session(context)
    with ours.workspace() as workspace:
        view = listing.runs(workspace, target, live=not cached)
    ours.answer(view, _list_lines(view, datetime.now().astimezone()))
    if view.live or cached:
        return EXIT_DONE
    ours.say(f"binscout: {view.error}")
    return EXIT_FAILED


def show(context: typer.Context, run: RunName = "latest", target: TargetName = "", cached: Cached = False) -> int:
    """Show everything about a run: files, rows, what differs from the run before, times, log, when it was read back.

    Exit code 1 when the target cannot be asked; what is shown is then as it was seen last.
    """
    from binscout_tui.errors import BinScoutError
    from binscout_tui.operations.backups import detail, telling

    ours = session(context)
    with ours.workspace() as workspace:
        found = detail.detail(workspace, target, run, live=not cached)
        between, why = None, None
        if found.previous is not None:
            try:
                between = detail.differs(workspace, found.target, found.row.run, found.previous)
            except BinScoutError as error:
                why = error.sentence
    data: dict[str, Any] = {"detail": found, "difference": between, "no_difference": why}
    ours.answer(data, _section_lines(telling.sections(found, datetime.now().astimezone(), between or why)))
    if not found.error:
        return EXIT_DONE
    ours.say(f"binscout: {found.error}")
    return EXIT_FAILED


def diff(
    context: typer.Context,
    before: RunName,
    after: RunName,
    target: TargetName = "",
    only: Annotated[
        Literal["added", "changed", "gone"] | None, typer.Option(help="List only the files of this kind.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, max=100_000, help="List so many files.")] = PAGE,
    skip: Annotated[int, typer.Option(min=0, max=1 << 40, help="Begin behind so many.")] = 0,
) -> None:
    """Show how the run AFTER differs from the run BEFORE: files added, changed and gone, and rows."""
    from binscout_tui.backup.archive.differing import WAYS
    from binscout_tui.operations.backups import detail, telling
    from binscout_tui.operations.backups.naming import find_run
    from binscout_tui.operations.backups.opening import find_target
    from binscout_tui.operations.backups.run_difference import between

    ours = session(context)
    with ours.workspace() as workspace:
        name = find_target(workspace, target).name
        look, one = detail.seen(workspace, name, before)
        look, other = detail.seen(workspace, name, after, look)
        first = find_run(look.listing.runs, one.run) if look.listing is not None else one
        ways = WAYS if only is None else (only,)
        found = between(workspace, name, first, other, ways=ways, skip=skip, limit=limit)
    page = found.files.page
    # Where all of them are listed anyway, none is named twice.
    told = telling.difference_lines(found, largest=found.files.more or skip > 0 or not page)
    lines = [f"{found.before} → {found.after}", *_told_lines(told)]
    lines += [
        f"  {'rows':<{NAME}} {telling.one_line(table)}  {rows[0]:,} → {rows[1]:,}" for table, rows in found.rows.items()
    ]
    lines += [f"{one.way:<8} {telling.change_words(one)}" for one in page]
    ours.answer(found, lines)
    if found.files.more:
        ours.say(f"{len(page):,} of more; --skip {skip + len(page)} goes on")


def drill(
    context: typer.Context,
    target: TargetName = "",
    files: Annotated[
        int | None, typer.Option(min=0, help="Try so many files, 0 all; without it all, or 1,000 of very many.")
    ] = None,
    scratch: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where it happens, else in the system's folder for such files.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Show how far it is until it is done.")] = True,
) -> int | None:
    """Prove that backups come back: restore the newest good run elsewhere, lose it there, and restore it in place.

    The workspace itself is not touched, and nothing of the drill stays. Exit code 1 where a step fails.
    """
    from binscout_tui.cli.backup_following import begun, followed, started
    from binscout_tui.errors import BinScoutError
    from binscout_tui.operations.backups import drill as drills

    ours = session(context)
    where = "" if scratch is None else str(scratch.expanduser().absolute())
    with ours.workspace() as workspace:
        job_id = workspace.db.write(drills.enqueue, workspace, target, files=files, scratch=where)
        started(workspace, job_id)
        if not wait:
            begun(ours, job_id, "does a drill")
            return None
        try:
            job = followed(workspace, job_id)
        except BinScoutError as error:
            found = drills.of_job(workspace, job_id)
            if found is None:
                raise
            ours.answer(found, _drill_lines(found))
            ours.say(f"binscout: {error.sentence}")
            return EXIT_FAILED
    found = msgspec.convert(job.result, drills.Drilled)
    ours.answer(found, _drill_lines(found))
    return None


def _drill_lines(found: Drilled) -> list[str]:
    from binscout_tui.backup.progress import time_words

    lines = [f"Drill on {found.target}, run {found.run or '-'}"]
    lines += [
        f"  {'✓' if step.ok else '✗'} {step.name:<32} {time_words(step.seconds):>8}  {step.words}"
        for step in found.steps
    ]
    if found.sample is not None:
        lines.append(f"A sample: {counted(found.sample, 'file')} and all records. --files 0 tries all.")
    lines.append(f"{'Proven' if found.ok else 'NOT proven'} in {time_words(found.seconds)}.")
    return lines


def _list_lines(view: RunsView, now: datetime) -> list[str]:
    from binscout_tui.backup.progress import size_words
    from binscout_tui.operations.backups.listing import age_words
    from binscout_tui.operations.backups.telling import moment

    space = view.space
    room = "" if space is None or space.free is None else f" · {size_words(space.free)} free"
    stored = "" if view.stored_bytes is None else f" · {size_words(view.stored_bytes)} stored"
    since = "" if view.unreachable_since is None else f" since {moment(view.unreachable_since, now)}"
    reached = "reachable" if view.live else f"out of reach{since}" if view.error else "not asked"
    head = f"{view.target} ({view.kind}) {view.shown} · {reached} · {age_words(view.listed_at, now)}{stored}{room}"
    head += f" · next {moment(view.next_at, now)}" if view.next_at else ""
    lines = [head, *([view.skew] if view.skew else [])]
    if not view.rows:
        return [*lines, "No runs yet." if view.live else "No runs are known."]
    columns = ("when", "state", "verified", "files", "size", "added", "took", "run")
    return [*lines, _columns(*columns), *(_columns(*_cells(row, now)) for row in view.rows)]


def _cells(row: RunRow, now: datetime) -> tuple[str, ...]:
    from binscout_tui.backup.progress import size_words, time_words
    from binscout_tui.operations.backups.telling import moment, one_line

    sizes = ("-" if size is None else size_words(size) for size in (row.logical_bytes, row.added_bytes))
    words = " ".join(part for part in (one_line(row.words), one_line(row.progress)) if part)
    return (
        moment(row.at, now),
        row.state,
        row.verified or "-",
        "-" if row.files is None else f"{row.files:,}",
        *sizes,
        "-" if row.seconds is None else time_words(row.seconds),
        f"{row.run or row.key}{'  ' * bool(words)}{words}",
    )


def _columns(when: str, state: str, verified: str, files: str, size: str, added: str, took: str, run: str) -> str:
    return f"{when:<17} {state:<10} {verified:<9} {files:>9} {size:>8} {added:>8} {took:>9}  {run}".rstrip()


def _section_lines(parts: list[Section]) -> list[str]:
    lines: list[str] = []
    for part in parts:
        lines += [*([""] if lines else []), part.title, *_told_lines(part.lines)]
    return lines


def _told_lines(told: list[Any]) -> list[str]:
    width = max((len(one.name) for one in told), default=0)
    return [f"  {one.name:<{width}}  {one.text}".rstrip() if width else f"  {one.text}" for one in told]
