"""Finding out, once and before the app starts, what the terminal can show."""

from __future__ import annotations

import os
import sys
import termios
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from binscout_tui.terminal import query
from binscout_tui.terminal.answers import Answers, read_answers
from binscout_tui.terminal.cells import cell_size
from binscout_tui.terminal.decide import (
    OVERRIDE,
    TIMEOUT_S,
    decide_plain,
    decide_tmux,
    forced_protocol,
    largest_in_tmux,
    largest_sixel,
    never_answers,
    surely_truecolor,
    tmux_obstacle,
    unknown_word,
    without_answers,
)
from binscout_tui.terminal.graphics import DEFAULT_CELL, Protocol, TerminalGraphics
from binscout_tui.terminal.tmux import TmuxState, allow_passthrough, tmux_state, wrap

NO_PASSTHROUGH = "BINSCOUT_TMUX_PASSTHROUGH"
PATIENT_S, QUIET_S = 3.0, 0.3


def detect(timeout_s: float = TIMEOUT_S, *, env: Mapping[str, str] | None = None) -> TerminalGraphics:
    """What the terminal on stdin and stdout can show.

    Sends at most one batch of queries and waits at most `timeout_s` seconds for the last answer.
    Never raises: what cannot be found out is shown in half blocks. Inside tmux, passthrough is switched on for
    our own pane where that is needed, unless BINSCOUT_TMUX_PASSTHROUGH is 0.
    """
    env = os.environ if env is None else env
    streams = _terminal_streams()
    if (forced := forced_protocol(env)) is not None:
        return _forced(forced, env)
    if streams is None:
        shown = sys.__stderr__ is not None and sys.__stderr__.isatty()
        return _result(Protocol.HALFBLOCK if shown else Protocol.NONE, "standard input or output is no terminal", env)
    if reason := never_answers(env):
        return _result(without_answers(env), reason, env)
    began = time.monotonic()
    found = _ask(_Exchange(*streams, timeout_s), env)
    return found if found.answers_due else replace(found, answered_s=time.monotonic() - began)


def detect_for_shell(*, env: Mapping[str, str] | None = None) -> TerminalGraphics:
    """`detect` with much patience, for commands that end in a shell: no late answer may be typed there."""
    found = detect(PATIENT_S, env=env)
    streams = _terminal_streams()
    if found.answers_due and streams is not None:
        with suppress(OSError, termios.error):
            query.drain(QUIET_S, PATIENT_S, stdin=streams[0])
    return found


@dataclass(frozen=True, slots=True)
class _Exchange:
    stdin: int
    stdout: int
    timeout_s: float

    def __call__(self, queries: bytes, *, wait_for_kitty: bool) -> Answers:
        def complete(received: bytes) -> bool:
            answers = read_answers(received)
            return answers.attributes is not None and (answers.kitty is not None or not wait_for_kitty)

        try:
            return read_answers(query.ask(queries, complete, self.timeout_s, stdin=self.stdin, stdout=self.stdout))
        except (OSError, termios.error):
            return Answers()


def _ask(exchange: _Exchange, env: Mapping[str, str]) -> TerminalGraphics:
    if env.get("TMUX"):
        return _ask_in_tmux(exchange, env)
    apple = env.get("TERM_PROGRAM") == "Apple_Terminal"  # it prints what it does not know
    pictures = b"" if apple else query.KITTY + query.SIXEL_SIZE
    answers = exchange(query.VERSION + pictures + query.CELL_SIZE + query.ATTRIBUTES, wait_for_kitty=False)
    protocol, why = decide_plain(answers)
    found = _result(
        protocol,
        why,
        env,
        answers=answers,
        terminal=answers.version or "",
        answers_due=answers.attributes is None,
    )
    return replace(found, sixel_size=largest_sixel(found.terminal, answers.sixel_size))


def _ask_in_tmux(exchange: _Exchange, env: Mapping[str, str]) -> TerminalGraphics:
    state = tmux_state(env)
    obstacle = tmux_obstacle(state) or _open_passthrough(state, env)
    queries = query.CELL_SIZE + query.ATTRIBUTES
    if not obstacle:
        queries = wrap(query.KITTY.decode("ascii")).encode("ascii") + queries
    answers = exchange(queries, wait_for_kitty=not obstacle)
    protocol, why = decide_tmux(state, answers, obstacle)
    found = _result(
        protocol,
        why,
        env,
        answers=answers,
        terminal=_tmux_name(state),
        answers_due=answers.attributes is None or (not obstacle and answers.kitty is None),
    )
    clients = state.clients if state is not None else frozenset()
    return replace(found, clients=clients, sixel_size=largest_in_tmux(state))


def _open_passthrough(state: TmuxState | None, env: Mapping[str, str]) -> str:
    """Switches passthrough on where needed; says why that was not possible."""
    if state is None or state.passthrough:
        return ""
    if env.get(NO_PASSTHROUGH) == "0":
        return f"tmux passthrough is off and {NO_PASSTHROUGH}=0 forbids to switch it on"
    return "" if allow_passthrough(env) else "tmux refused to switch passthrough on for this pane"


def _tmux_name(state: TmuxState | None) -> str:
    if state is None:
        return "tmux"
    return f"tmux {state.version} in {state.around}"


def _forced(protocol: Protocol, env: Mapping[str, str]) -> TerminalGraphics:
    """The protocol somebody asked for. Nothing is sent to the terminal, so pixels come from the kernel."""
    found = replace(_result(protocol, f"{OVERRIDE}={protocol.value}", env), forced=True)
    state = tmux_state(env) if found.tmux else None
    if protocol is Protocol.KITTY:
        _open_passthrough(state, env)
    if found.tmux:
        found = replace(found, sixel_size=largest_in_tmux(state))
    return found if state is None else replace(found, terminal=_tmux_name(state), clients=state.clients)


def _result(
    protocol: Protocol,
    why: str,
    env: Mapping[str, str],
    *,
    answers: Answers | None = None,
    terminal: str = "",
    answers_due: bool = False,
) -> TerminalGraphics:
    told = answers.cell if answers is not None else None
    tmux = bool(env.get("TMUX"))
    width, height = cell_size() or told or DEFAULT_CELL
    return TerminalGraphics(
        protocol=protocol,
        cell_width=width,
        cell_height=height,
        why=why,
        tmux=tmux,
        terminal=terminal or env.get("TERM", ""),
        truecolor=protocol is Protocol.KITTY or surely_truecolor(env),
        answers_due=answers_due,
        remote=bool(env.get("SSH_CONNECTION")),
        tmux_sixel=tmux and answers is not None and answers.sixel,
        warning=unknown_word(env),
    )


def _terminal_streams() -> tuple[int, int] | None:
    """The descriptors of standard input and output when both are terminals."""
    stdin, stdout = sys.__stdin__, sys.__stdout__
    if stdin is None or stdout is None or stdin.closed or stdout.closed:
        return None
    return (stdin.fileno(), stdout.fileno()) if stdin.isatty() and stdout.isatty() else None
