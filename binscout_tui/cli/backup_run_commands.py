"""`backup run`: making a backup."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

import typer

from binscout_tui.cli.session import Session, session
from binscout_tui.errors import UsageError

TargetName = Annotated[str, typer.Option("--target", metavar="NAME", help="Which target, if there are several.")]
MOST_SHOWN = 10
UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def register(app: typer.Typer) -> None:
    """Add this command to those of backups."""
    app.command("run")(run)


def run(
    context: typer.Context,
    target: TargetName = "",
    note: Annotated[str, typer.Option(help="A few words that the run keeps.")] = "",
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Show how far it is until it is done.")] = True,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing where nothing is wrong, for cron.")] = False,
    if_older: Annotated[
        str, typer.Option(metavar="AGE", help="Only when the last good run is older, such as 6d or 12h.")
    ] = "",
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Much is missing since the last run, and that is right (admin).")
    ] = False,
) -> None:
    """Back up the workspace: database, originals, models, runs, data sets; only what the target does not have is sent.

    It is a job in a process of its own. Ctrl-C stops it; what was sent is used by the next run.
    """
    from binscout_tui.cli.backup_following import begun, followed, started
    from binscout_tui.jobs.control import reconcile
    from binscout_tui.operations.backups import running

    ours = session(context)
    age = _age(if_older)
    with ours.workspace() as workspace:
        running.must_be_allowed(workspace, is_admins=accept_loss)
        workspace.db.write(reconcile, workspace.paths.root)
        if age is not None and (last := running.last_within(workspace, target, age)):
            _answer(ours, {"run": None, "last": last}, [f"Nothing to do: the run {last} is good and younger."], quiet)
            return
        job_id = workspace.db.write(running.enqueue, workspace, target, note=note, accept_loss=accept_loss)
        started(workspace, job_id)
        if not wait:
            if not quiet or ours.as_json:
                begun(ours, job_id, "makes a backup")
            return
        job = followed(workspace, job_id, quiet=quiet)
    done: dict[str, Any] = job.result or {}
    _answer(ours, {"job": job.id, **done}, _lines(done), quiet and not done.get("warnings") and not done["suspicious"])


def _answer(ours: Session, data: Any, lines: list[str], quiet: bool) -> None:
    if not quiet or ours.as_json:
        ours.answer(data, lines)


def _lines(done: dict[str, Any]) -> list[str]:
    from binscout_tui.backup.progress import size_words, time_words
    from binscout_tui.wording import counted

    odd = done["warnings"] or done["vanished"]
    lines = [
        f"Run {done['run']} is committed{' with warnings' if odd else ''}: {counted(done['files'], 'file')},"
        f" {size_words(done['logical_bytes'])}; sent {size_words(done['added_bytes'])}"
        f" for {counted(done['added_files'], 'new file')}, in {time_words(done['seconds'])}.",
        _PROOF[done["read_back"]],
    ]
    if done["suspicious"]:
        lines.append(f"Suspicious: {done['suspicious']}. Nothing old is deleted until you say that this is right:")
        lines.append("  `binscout backup run --accept-loss`")
    lines += [f"  {one}" for one in _first(done["warnings"])]
    lines += [f"  {one}: went away while the backup was made" for one in _first(done["vanished"])]
    return lines


_PROOF = {
    "added": "What was sent was read back, byte for byte.",
    "records": "The records were read back; of the other files only the sizes are known to be right.",
    "all": "Everything that the run names was read back, byte for byte.",
}


def _first(texts: list[str]) -> list[str]:
    more = len(texts) - MOST_SHOWN
    return texts if more <= 0 else [*texts[:MOST_SHOWN], f"and {more:,} more; `binscout backup show` lists them"]


def _age(text: str) -> timedelta | None:
    """The age that a word such as `6d` names. Raises UsageError."""
    if not text:
        return None
    found = re.fullmatch(r"([0-9]{1,5})([hdw])", text)
    if found is None:
        raise UsageError(f"{text[:40]!r} is no age.", hint="Write a number and h, d or w, such as 12h, 6d or 2w.")
    return int(found[1]) * UNITS[found[2]]
