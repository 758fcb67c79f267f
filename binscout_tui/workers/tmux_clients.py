"""Noticing that another terminal was attached to the tmux we are in: it has none of the pictures."""

from __future__ import annotations

import asyncio
import os
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from binscout_tui.terminal.decide import tmux_obstacle
from binscout_tui.terminal.detect import NO_PASSTHROUGH
from binscout_tui.terminal.tmux import TIMEOUT_S, TmuxClient, TmuxState, passthrough_command, state_command

INTERVAL_S = 2.0
SETTLE_S = 0.3
"""tmux asks a terminal for its name when it is attached; the answer takes a moment."""

AsyncRunner = Callable[[list[str]], Awaitable[str]]
Deliver = Callable[[TmuxState, bool], None]


async def run_tmux(arguments: list[str]) -> str:
    """The output of a tmux command. Raises OSError (also TimeoutError) where it cannot be had within a second."""
    program = shutil.which("tmux")
    if program is None:
        raise FileNotFoundError("tmux")
    process = await asyncio.create_subprocess_exec(program, *arguments, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            output, _ = await process.communicate()
    except (TimeoutError, asyncio.CancelledError):
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise OSError(f"tmux ended with {process.returncode}")
    return output.decode("utf-8", "replace")


class TmuxClients:
    """Asks tmux every `interval_s` seconds which terminals show our pane.

    `known` are those that the app has already decided for.
    """

    def __init__(
        self,
        known: frozenset[TmuxClient] = frozenset(),
        *,
        env: Mapping[str, str] | None = None,
        run: AsyncRunner = run_tmux,
        interval_s: float = INTERVAL_S,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._env = os.environ if env is None else env
        self._run = run
        self._interval_s = interval_s
        self._settle_s = settle_s
        self._known = known
        self._woken = asyncio.Event()
        self._nudged = False

    def nudge(self) -> None:
        """Look now, and tell what is found as if all terminals were new."""
        self._nudged = True
        self._woken.set()

    def look(self) -> None:
        """Look now: a picture was sent, and no terminal got it that shows another window at this moment."""
        self._woken.set()

    async def watch(self, deliver: Deliver) -> None:
        """Until cancelled: `deliver(state, arrived)` when other terminals than before show the pane.

        `arrived` says that one of them is new, so that it has none of the pictures; a terminal that comes back
        after it showed something else counts as new, since what was sent in between did not reach it. A tmux
        that does not answer is asked again later.
        """
        nudged = False
        while True:
            state = await self._look()
            if state is not None and any(not client.term_type for client in state.clients - self._known):
                await asyncio.sleep(self._settle_s)
                state = await self._look()
            if state is not None and (nudged or state.clients != self._known):
                arrived = nudged or bool(state.clients - self._known)
                self._known = state.clients
                if state.clients:
                    deliver(await self._with_passthrough(state), arrived)
                    nudged = False
            nudged = await self._wait() or nudged

    async def _look(self) -> TmuxState | None:
        try:
            return TmuxState.read(await self._run(state_command(self._env)))
        except OSError:
            return None

    async def _wait(self) -> bool:
        try:
            await asyncio.wait_for(self._woken.wait(), self._interval_s)
        except TimeoutError:
            return False
        self._woken.clear()
        nudged, self._nudged = self._nudged, False
        return nudged

    async def _with_passthrough(self, state: TmuxState) -> TmuxState:
        """`state` after passthrough was switched on, where that is what kitty pictures need."""
        if state.passthrough or tmux_obstacle(state) or self._env.get(NO_PASSTHROUGH) == "0":
            return state
        try:
            await self._run(passthrough_command(self._env))
        except OSError:
            return state
        return replace(state, passthrough=True)
