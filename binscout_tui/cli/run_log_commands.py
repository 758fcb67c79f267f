"""`runs log`, `runs follow`: the events of a run, as they were and as they come."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from binscout_tui.cli.session import Session, session
from binscout_tui.errors import EXIT_DONE, EXIT_FAILED, UsageError

if TYPE_CHECKING:
    from binscout_tui.engine.run_sources import EngineAddress
    from binscout_tui.eventlog.cursor import Cursor
    from binscout_tui.eventlog.source import EventSource
    from binscout_tui.eventlog.tail import Line, Taken

ENDED = frozenset({"done", "failed", "cancelled"})
QUIET_S = 2.0
"""A run that has ended and says nothing for so long is not gone on with."""

From = Annotated[str, typer.Option("--from", help="Begin behind this id, or at this byte of the log.")]
Engine = Annotated[
    str | None, typer.Option(help="An engine elsewhere: unix:PATH or http://127.0.0.1:PORT (what ssh -L brings here).")
]


def register(app: typer.Typer) -> None:
    """Add these commands to `runs`."""
    from binscout_tui.cli.train_commands import runs_app

    runs_app.command("log")(log)
    runs_app.command("follow")(follow)


def log(
    context: typer.Context,
    run: str,
    begin: From = "0",
    last: Annotated[int | None, typer.Option(min=1, help="Only so many lines at the end.")] = None,
) -> None:
    """Show the log of a run as it is now."""
    from binscout_tui.eventlog.tail import LogTail

    ours = session(context)
    cursor = _cursor(begin)
    with ours.workspace() as workspace:
        tail = LogTail(_log(workspace, run), cursor)
    lines: deque[Line] = deque(maxlen=last)
    try:
        while (taken := tail.take()).more or taken.lines:
            lines.extend(taken.lines)
    finally:
        tail.close()
    ours.answer([_row(line) for line in lines], [_text(line) for line in lines] or "No lines.")


def follow(
    context: typer.Context,
    run: str,
    begin: From = "0",
    source: Annotated[
        Literal["auto", "file", "sse", "poll"],
        typer.Option(help="How to read; auto is the file here, and a stream or else pages from an engine elsewhere."),
    ] = "auto",
    engine: Engine = None,
    until_end: Annotated[bool, typer.Option("--until-end", help="End with the run; code 1 when it failed.")] = False,
) -> int:
    """Show the events of a run as they come, until Ctrl-C; with --json one document a line, each with its id.

    Nothing is doubled or left out, also when the connection breaks: --from takes the id of the last line seen.
    """
    ours = session(context)
    cursor = _cursor(begin)
    sources = _sources(ours, run, source, engine)
    try:
        state = asyncio.run(_print(ours, sources, cursor, until_end=until_end))
    except KeyboardInterrupt:
        return EXIT_DONE
    return EXIT_DONE if state == "done" else EXIT_FAILED


async def _print(ours: Session, sources: Sequence[EventSource], begin: Cursor, *, until_end: bool) -> str:
    """Print what comes; the run's last state once it has ended, when that is asked for."""
    from binscout_tui.eventlog.following import EventReader

    reader = EventReader(sources, begin, told=ours.say)
    state = ""
    async with aclosing(_Coming(reader.follow())) as coming:
        while True:
            taken = await coming.next(QUIET_S if until_end and (not state or state in ENDED) else None)
            if taken is None:
                state = state or await _state_before(sources, reader.cursor)
                if state in ENDED:
                    return state
                continue
            if taken.reset:
                state = ""
                _say_reset(ours)
            for line in taken.lines:
                print(json.dumps(_row(line), ensure_ascii=False) if ours.as_json else _text(line))
                state = _state(line) or state
            print(end="", flush=True)


async def _state_before(sources: Sequence[EventSource], end: Cursor) -> str:
    """The last state that the log tells before `end`, for whoever began to read behind it."""
    from binscout_tui.eventlog.following import EventReader

    state = ""
    reader = EventReader(sources)
    async with aclosing(reader.follow()) as found:
        while reader.cursor.offset < end.offset:
            for line in (await anext(found)).lines:
                state = _state(line) or state
    return state


class _Coming:
    """What comes from an iterator, asked for with patience: a wait that was given up is taken up again."""

    def __init__(self, found: AsyncGenerator[Taken, None]) -> None:
        self._found = found
        self._waiting: asyncio.Task[Taken] | None = None

    async def next(self, seconds: float | None) -> Taken | None:
        """What comes next, or None when nothing does within so many seconds."""
        self._waiting = self._waiting or asyncio.ensure_future(anext(self._found))
        done, _ = await asyncio.wait([self._waiting], timeout=seconds)
        if not done:
            return None
        waiting, self._waiting = self._waiting, None
        return waiting.result()

    async def aclose(self) -> None:
        """Wait no more."""
        if self._waiting is not None:
            self._waiting.cancel()
            await asyncio.wait([self._waiting])
        await self._found.aclose()


def _sources(ours: Session, run: str, source: str, engine: str | None) -> Sequence[EventSource]:
    """The ways to read, the best first. Raises UsageError, NotFoundError."""
    from binscout_tui.eventlog.source import FileSource

    if engine is not None and source == "file":
        raise UsageError("The file of another machine cannot be read.", hint="Leave --source away.", code="bad_source")
    if engine is None:
        with ours.workspace() as workspace:
            path = _log(workspace, run)
        if source in ("auto", "file"):
            return [FileSource(path)]
    from binscout_tui.engine.run_sources import EngineAddress, PollSource, SseSource

    address = _own_engine(ours) if engine is None else EngineAddress.parse(engine)
    ways: dict[str, EventSource] = {"sse": SseSource(address, run), "poll": PollSource(address, run)}
    return [ways[source]] if source in ways else list(ways.values())


def _own_engine(ours: Session) -> EngineAddress:
    """The workspace's engine, started when it does not run."""
    from binscout_tui.engine import address
    from binscout_tui.engine.run_sources import EngineAddress
    from binscout_tui.operations.engines import engine
    from binscout_tui.workspace import LiveWorkspace

    async def started(workspace: LiveWorkspace) -> None:
        async with engine(workspace) as client:
            await client.ensure()

    ours.run(started)
    return EngineAddress(address.socket_path(ours.root), "http://engine")


def _log(workspace: Any, run: str) -> Any:
    """The file of a run's events. Raises NotFoundError."""
    from binscout_tui.store import runs

    return workspace.paths.run(workspace.db.read(runs.get, run).id) / "events.jsonl"


def _cursor(text: str) -> Cursor:
    from binscout_tui.eventlog.cursor import Cursor

    try:
        return Cursor.parse(text)
    except ValueError as error:
        raise UsageError(f"{error}.", hint="Name the id of a line, or a byte offset.", code="bad_place") from error


def _row(line: Line) -> dict[str, Any]:
    """The line for programs: its id, and the event, or the text of what is none."""
    from binscout_tui.eventlog.event import decode_event
    from binscout_tui.learning.events import finite

    event = decode_event(line.data)
    what = {"text": line.data.decode("utf-8", "backslashreplace")} if event is None else {"event": finite(event)}
    return {"id": str(line.cursor)} | what


def _text(line: Line) -> str:
    from binscout_tui.eventlog.format import format_line

    return format_line(line.data).text


def _say_reset(ours: Session) -> None:
    if ours.as_json:
        print(json.dumps({"reset": True}))
    ours.say("The log is another one than before, or shorter; it begins again.")


def _state(line: Line) -> str:
    """The state that the line tells, or an empty text."""
    from binscout_tui.eventlog.event import decode_event

    event = decode_event(line.data) if b'"state"' in line.data else None
    return str(event.get("state", "")) if event and event.get("type") == "state" else ""
