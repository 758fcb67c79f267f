"""`backup restore`: looking at what a restore would do, and doing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.session import Session, session
from binscout_tui.errors import EXIT_FAILED, RefusedError, UsageError

if TYPE_CHECKING:
    from binscout_tui.operations.backups.comparing import Change, Comparison
    from binscout_tui.operations.backups.restore_source import Scope

EACH_ITEM = "Each item has its own option: --item 1 --item 2."
RUN_HELP = "Its id, a beginning of it that no other has, latest, or latest~1 for the one before."


def register(app: typer.Typer) -> None:
    """Add this command to those of backups."""
    app.command("restore", context_settings={"allow_extra_args": True})(restore)


def restore(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help=RUN_HELP)],
    target: Annotated[str, typer.Option("--target", metavar="NAME", help="Which target, if there are several.")] = "",
    to: Annotated[str | None, typer.Option("--to", metavar="DIR", help="To this new folder, as a workspace.")] = None,
    in_place: Annotated[bool, typer.Option("--in-place", help="In place of what is in the workspace.")] = False,
    confirm: Annotated[str, typer.Option("--confirm", metavar="restore", help="The word, typed; for --in-place.")] = "",
    database_only: Annotated[bool, typer.Option("--database-only", help="The database; files stay.")] = False,
    item: Annotated[
        list[str] | None, typer.Option("--item", help="An image by id, SHA-256 or path, or a model by id; repeatable.")
    ] = None,
    skip_damaged: Annotated[bool, typer.Option("--skip-damaged", help="With --to: leave out what is lost.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Show how far it is until it is done.")] = True,
) -> int | None:
    """Say what restoring a run would do; with --to, --in-place or --item do it.

    Everything is fetched and proven before anything of the workspace is touched; what was there before a restore in
    place is kept for some days, and `backup rollback` brings it back. Exit code 3 where it is refused.
    """
    from binscout_tui.jobs.control import reconcile
    from binscout_tui.operations.backups import comparing, restore_source, restoring
    from binscout_tui.operations.backups.opening import find_target
    from binscout_tui.operations.backups.restoring import Order

    ours = session(context)
    if context.args:
        raise UsageError(f"A restore takes one run; {' '.join(context.args)[:200]} is too much.", hint=EACH_ITEM)
    scope = _scope(to, item or [], in_place=in_place, database_only=database_only, skip_damaged=skip_damaged)
    with ours.workspace() as workspace:
        restore_source.must_be_admin(workspace, "Restoring")
        workspace.db.write(reconcile, workspace.paths.root)
        name = find_target(workspace, target).name
        if in_place and confirm != restoring.WORD:
            told = comparing.compare(workspace, name, run, scope)
            ours.say("\n".join(comparison_lines(told)))
            raise RefusedError(
                f"Nothing was changed: the word {restoring.WORD} is missing.",
                hint=f"Add `--confirm {restoring.WORD}` to do it.",
                code="not_confirmed",
            )
        if to is None and not in_place and not item:
            told = comparing.compare(workspace, name, run, scope)
            ours.answer(told, comparison_lines(told))
            return None
        order = Order(target=name, run=run, scope=scope, skip_damaged=skip_damaged, confirm=confirm)
        order, doubt = restoring.settled(workspace, order)
        if doubt:
            ours.say(f"binscout: {doubt}")
        return _ordered(ours, workspace, restoring.enqueue(workspace, order), wait=wait)


def _ordered(ours: Session, workspace: Any, job_id: int, *, wait: bool) -> int | None:
    from binscout_tui.cli.backup_following import begun, followed, started

    started(workspace, job_id)
    if not wait:
        begun(ours, job_id, "restores")
        return None
    job = followed(workspace, job_id)
    done: dict[str, Any] = job.result or {}
    ours.answer({"job": job.id, **done}, done_lines(done))
    return EXIT_FAILED if done.get("missing") and "done" in done else None


def _scope(to: str | None, items: list[str], *, in_place: bool, database_only: bool, skip_damaged: bool) -> Scope:
    from binscout_tui.operations.backups.restore_source import Scope

    if sum((to is not None, in_place, bool(items))) > 1:
        raise UsageError("--to, --in-place and --item exclude each other.", hint="Give one of them.")
    if skip_damaged and to is None:
        raise UsageError("--skip-damaged goes with --to alone: what is in use is only replaced by something whole.")
    if database_only and (to is not None or items):
        raise UsageError("--database-only goes with --in-place alone.")
    if to is not None:
        return Scope(kind="folder", folder=str(given_path(to).expanduser().absolute()))
    if items:
        return Scope(kind="items", items=tuple(items))
    return Scope(kind="database" if database_only else "everything")


def comparison_lines(told: Comparison) -> list[str]:
    """What a restore would do, in words."""
    from binscout_tui.backup.progress import size_words
    from binscout_tui.wording import counted

    lines = [f"Run {told.run} on {told.target}: {_what(told.scope.kind)}"]
    lines += [f"  Think twice: {told.doubt}"] if told.doubt else []
    if told.scope.kind == "database":
        absent = f"  of its files are not here as they were then: {counted(told.absent.files, 'file')}"
        lines += [f"{absent}, {size_words(told.absent.bytes)}"] if told.absent.files else []
    else:
        for word, change in (("add", told.add), ("replace", told.replace), ("remove", told.remove)):
            lines += [f"  {word:<8} {_tally(change)}", *_largest(change)]
        lines.append(f"  same     {counted(told.same.files, 'file')}, {size_words(told.same.bytes)}")
    if told.missing.files:
        lines.append(f"  cannot be had: {counted(told.missing.files, 'file')}, {size_words(told.missing.bytes)}")
    changed = {name: both for name, both in told.rows.items() if both[0] != both[1]}
    lines += [f"  rows of {name}: {now:,} now, {then:,} then" for name, (now, then) in changed.items()]
    if told.lost_total:
        areas = ", ".join(f"{number:,} {area}" for area, number in told.lost.items())
        lines.append(f"  decided since then, only in the undo copy afterwards: {told.lost_total:,} ({areas})")
    lines.append(
        f"  {size_words(told.download_bytes)} to fetch, {size_words(told.needed_bytes)} needed on the disk,"
        f" {size_words(told.free_bytes)} free"
    )
    if told.refused:
        lines.append(f"  It cannot be done now: {told.refused}")
    return lines


def _what(kind: str) -> str:
    return {
        "everything": "in place of everything here",
        "database": "its database in place of the one here",
        "folder": "to a folder",
        "items": "single items",
    }[kind]


def _tally(change: Change) -> str:
    from binscout_tui.backup.progress import size_words
    from binscout_tui.wording import counted

    return f"{counted(change.files, 'file')}, {size_words(change.bytes)}"


def _largest(change: Change) -> list[str]:
    from binscout_tui.backup.progress import size_words
    from binscout_tui.imaging.names import display_name

    return [f"           {size_words(one.size):>8}  {display_name(one.path)}" for one in change.largest]


def done_lines(done: Mapping[str, Any]) -> list[str]:
    """What the job of a restore did, in words."""
    return _item_lines(done) if "done" in done else _run_lines(done)


def _run_lines(done: Mapping[str, Any]) -> list[str]:
    from binscout_tui.backup.progress import size_words
    from binscout_tui.imaging.names import display_name
    from binscout_tui.wording import counted

    where = f"to {done['folder']}" if done["folder"] else "in place"
    lines = [f"Run {done['run']} is restored {where}: {counted(done['files'], 'file')}, {size_words(done['bytes'])}."]
    lines[0] += f" {size_words(done['fetched'])} of them came from the target."
    if done["undo"]:
        kept = f"What was here before is kept until {done['until'][:10]}; `binscout backup rollback` brings it back."
        lines.append(kept)
    if done["decisions"]:
        lines.append(f"{counted(done['decisions'], 'decision')} made since the run are in that copy alone.")
    if done["skipped"]:
        lines.append(f"{counted(done['skipped'], 'file')} could not be had:")
        lines += [f"  {display_name(one['path'])}: {one['reason']}" for one in done["missing"]]
    return lines + [f"Warning: {text}" for text in done["warnings"]]


def _item_lines(done: Mapping[str, Any]) -> list[str]:
    from binscout_tui.imaging.names import display_name

    lines = [f"{display_name(one['name'])}: {one['what']} as {one['id']}" for one in done["done"]]
    return lines + [f"{display_name(one['path'])}: not restored: {one['reason']}" for one in done["missing"]]
