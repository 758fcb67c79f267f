"""Noticing which terminals show the tmux pane that we are in."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from binscout_tui.terminal.tmux import TmuxClient, TmuxState
from binscout_tui.workers import tmux_clients
from binscout_tui.workers.tmux_clients import TmuxClients, run_tmux

KITTY = "11|@1|%1|0|xterm-kitty|RGB|kitty(0.41.1)"
XTERM = "12|@1|%1|0|xterm|sixel|XTerm(398)"
ELSEWHERE = "12|@2|%9|0|xterm|sixel|XTerm(398)"
IN_KITTY = TmuxClient(11, "xterm-kitty", "kitty(0.41.1)", frozenset({"RGB"}))


async def heard(
    looks: Sequence[Sequence[str] | Exception],
    *,
    known: frozenset[TmuxClient] = frozenset(),
    passthrough: bool = True,
    env: dict[str, str] | None = None,
) -> tuple[list[tuple[set[int], bool]], list[TmuxState], list[str]]:
    """What is told when tmux answers with these lines of clients, one list a look; and the other commands."""
    told: list[tuple[set[int], bool]] = []
    states: list[TmuxState] = []
    commands: list[str] = []
    left = list(looks)
    ended = asyncio.Event()

    async def run(arguments: list[str]) -> str:
        if arguments[0] != "display-message":
            commands.append(" ".join(arguments))
            return ""
        if not left:
            ended.set()
            await asyncio.Event().wait()
        look = left.pop(0)
        if isinstance(look, Exception):
            raise look
        return "\n".join([f"3.5a|{int(passthrough)}|10|@1|%1", *look, ""])

    def deliver(state: TmuxState, arrived: bool) -> None:
        states.append(state)
        told.append(({client.pid for client in state.clients}, arrived))

    watching = asyncio.create_task(
        TmuxClients(known, env={"TMUX_PANE": "%1", **(env or {})}, run=run, interval_s=0, settle_s=0).watch(deliver)
    )
    await asyncio.wait_for(ended.wait(), 10)
    watching.cancel()
    await asyncio.wait([watching])
    return told, states, commands


async def test_only_changes_are_told_and_whether_somebody_is_new() -> None:
    told, _, _ = await heard(
        [[KITTY], [KITTY], [KITTY, XTERM], [KITTY], [KITTY, ELSEWHERE], [], [KITTY]], known=frozenset({IN_KITTY})
    )
    assert told == [({11, 12}, True), ({11}, False), ({11}, True)]


NAMELESS = "11|@1|%1|0|xterm-kitty||"


async def test_who_gives_a_name_a_moment_after_attaching_is_waited_for() -> None:
    told, states, _ = await heard([[NAMELESS], [KITTY], [KITTY]])
    assert told == [({11}, True)]
    assert states[-1].clients == {IN_KITTY}


async def test_who_gives_a_name_late_counts_anew() -> None:
    told, states, _ = await heard([[NAMELESS], [NAMELESS], [NAMELESS], [KITTY]])
    assert told == [({11}, True), ({11}, True)]
    assert states[-1].clients == {IN_KITTY}


async def test_a_tmux_that_fails_is_asked_again() -> None:
    told, _, _ = await heard([OSError("busy"), TimeoutError(), [KITTY]])
    assert told == [({11}, True)]


async def test_a_nudge_looks_at_once_and_counts_everybody_as_new() -> None:
    told: asyncio.Queue[bool] = asyncio.Queue()

    async def run(arguments: list[str]) -> str:
        return f"3.5a|1|10|@1|%1\n{KITTY}\n"

    clients = TmuxClients(frozenset({IN_KITTY}), env={}, run=run, interval_s=600)
    watching = asyncio.create_task(clients.watch(lambda state, arrived: told.put_nowait(arrived)))
    clients.nudge()
    assert await asyncio.wait_for(told.get(), 10)
    assert told.empty()
    watching.cancel()
    await asyncio.wait([watching])


async def test_a_nudge_is_not_lost_when_tmux_misses_an_answer() -> None:
    told: asyncio.Queue[bool] = asyncio.Queue()
    answers: list[str | None] = [f"3.5a|1|10|@1|%1\n{KITTY}\n", None, None]
    asked = asyncio.Event()

    async def run(arguments: list[str]) -> str:
        asked.set()
        answer = answers.pop(0) if answers else f"3.5a|1|10|@1|%1\n{KITTY}\n"
        if answer is None:
            raise OSError("busy")
        return answer

    clients = TmuxClients(frozenset({IN_KITTY}), env={}, run=run, interval_s=0.01)
    watching = asyncio.create_task(clients.watch(lambda state, arrived: told.put_nowait(arrived)))
    await asyncio.wait_for(asked.wait(), 10)
    clients.nudge()
    assert await asyncio.wait_for(told.get(), 10)
    watching.cancel()
    await asyncio.wait([watching])


async def test_a_look_finds_out_at_once_that_nobody_sees_the_pane_so_who_comes_back_is_new() -> None:
    told: asyncio.Queue[bool] = asyncio.Queue()
    looks: asyncio.Queue[None] = asyncio.Queue()
    listed = [KITTY]

    async def run(arguments: list[str]) -> str:
        looks.put_nowait(None)
        return "\n".join(["3.5a|1|10|@1|%1", *listed, ""])

    clients = TmuxClients(frozenset({IN_KITTY}), env={}, run=run, interval_s=600)
    watching = asyncio.create_task(clients.watch(lambda state, arrived: told.put_nowait(arrived)))
    for lines in ([KITTY], [], [KITTY]):
        await asyncio.wait_for(looks.get(), 10)
        assert told.empty()
        listed[:] = lines
        clients.look()
    assert await asyncio.wait_for(told.get(), 10)
    watching.cancel()
    await asyncio.wait([watching])


@pytest.mark.parametrize(
    ("lines", "passthrough", "env", "commands", "after"),
    [
        ([KITTY], False, {}, ["set-option -p -t %1 allow-passthrough on"], True),
        ([KITTY], True, {}, [], True),
        ([XTERM], False, {}, [], False),
        ([KITTY], False, {"BINSCOUT_TMUX_PASSTHROUGH": "0"}, [], False),
    ],
)
async def test_passthrough_is_switched_on_where_it_helps_and_is_allowed(
    lines: list[str], passthrough: bool, env: dict[str, str], commands: list[str], after: bool
) -> None:
    _, states, ran = await heard([lines], passthrough=passthrough, env=env)
    assert ran == commands
    assert states[-1].passthrough is after


def fake_tmux(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "tmux"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


async def test_a_tmux_that_hangs_is_ended_and_one_that_fails_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tmux_clients, "TIMEOUT_S", 1.0)
    fake_tmux(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 60", monkeypatch)
    with pytest.raises(TimeoutError):
        await run_tmux(["x"])
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    fake_tmux(tmp_path, "exit 3", monkeypatch)
    with pytest.raises(OSError, match="ended with 3"):
        await run_tmux(["x"])
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError):
        await run_tmux(["x"])
