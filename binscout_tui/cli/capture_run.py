"""`capture run`, `capture status`, `capture stop`: the process that holds the sources."""

from __future__ import annotations

from typing import Annotated

import typer

from binscout_tui.cli.capture_source_commands import as_it_is, line
from binscout_tui.cli.session import session
from binscout_tui.errors import EXIT_FAILED, RefusedError


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("run")(run)
    app.command("status")(status)
    app.command("stop")(stop)


def run(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Take what waits now, then end; for cron.")] = False,
) -> int:
    """Run the sources: watch inboxes, take the shots that are asked for. Ends by SIGTERM or `capture stop`.

    With --once the exit code is 1 when a source failed.
    """
    from binscout_tui.capture import runner

    ours = session(context)
    if not once:
        runner.run(ours.root)
        return 0
    try:
        done = runner.run_once(ours.root)
    except RefusedError as error:
        if error.code != "capture_running":
            raise
        ours.answer({"sources": [], "running": True}, f"Nothing to do here. {error.sentence}")
        return 0
    rows = [{"source": name, **_counts(tally)} for name, tally in done.items()]
    lines = [
        f"{name}: {tally.staged} staged ({tally.duplicates} of them duplicates), {tally.failed} failed,"
        f" {tally.left} left. {tally.problem}".rstrip()
        for name, tally in done.items()
    ]
    ours.answer({"sources": rows, "running": False}, lines or "There is no source that is switched on.")
    return EXIT_FAILED if any(tally.problem for tally in done.values()) else 0


def status(context: typer.Context) -> None:
    """Say whether the capture process lives, and how the sources do."""
    from binscout_tui.capture.launch import running
    from binscout_tui.store import capture_sources, captures

    ours = session(context)
    with ours.workspace() as workspace:
        pid = running(workspace.paths.root)
        sources = [as_it_is(one, lives=pid is not None) for one in workspace.db.read(capture_sources.sources)]
        counts = workspace.db.read(captures.counts)
        waiting = len(workspace.db.read(capture_sources.open_requests))
    first = f"Process {pid} takes captures." if pid is not None else "No capture process lives: `binscout capture run`."
    numbers = ", ".join(f"{number} {state}" for state, number in counts.items())
    ours.answer(
        {"pid": pid, "sources": sources, "captures": counts, "requests": waiting},
        [first, f"{numbers}; {waiting} shots are waited for.", *(line(source) for source in sources)],
    )


def stop(context: typer.Context) -> int:
    """End the capture process; what it wrote down stays."""
    from binscout_tui.capture.launch import running, stop_runner

    ours = session(context)
    with ours.workspace() as workspace:
        root = workspace.paths.root
        workspace.user.must_be("operator", "Stopping captures")
    lived = running(root) is not None
    stopped = stop_runner(root)
    if lived and not stopped:
        ours.answer({"stopped": False}, "The capture process does not leave; it may be waiting for a disk.")
        return 1
    ours.answer({"stopped": stopped}, "The capture process has left." if stopped else "No capture process lives.")
    return 0


def _counts(tally: object) -> dict[str, object]:
    import msgspec

    return dict(msgspec.to_builtins(tally))
