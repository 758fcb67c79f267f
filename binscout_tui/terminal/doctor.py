"""What this terminal can do, in words, and what to do about what it cannot."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from binscout_tui.terminal.decide import OVERRIDE, TIMEOUT_S, draws_placeholders, is_old_kitty
from binscout_tui.terminal.graphics import Protocol, TerminalGraphics
from binscout_tui.terminal.tmux import PASSTHROUGH_SINCE, TmuxState, tmux_state

SLOW_ESCAPE_MS = 50


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `advice` is empty where nothing needs to be done."""

    name: str
    value: str
    advice: str = ""


def report(
    graphics: TerminalGraphics, env: Mapping[str, str] | None = None, tmux: TmuxState | None = None
) -> list[Finding]:
    """Findings about the terminal of this process. Asks tmux when we are inside it and `tmux` is not given."""
    env = os.environ if env is None else env
    findings = [
        Finding("terminal", graphics.terminal or "unknown"),
        Finding("TERM", env.get("TERM", "(unset)")),
        Finding("COLORTERM", env.get("COLORTERM", "(unset)")),
        _colours(graphics, env),
        _pictures(graphics),
        *_answer(graphics),
        Finding("cell size", f"{graphics.cell_width} x {graphics.cell_height} pixels"),
        Finding("connection", "ssh" if env.get("SSH_CONNECTION") else "local"),
    ]
    if env.get("TMUX"):
        findings += _tmux(tmux or tmux_state(env))
    return findings


def lines(findings: Sequence[Finding]) -> list[str]:
    """The report as text, the advice below its finding."""
    width = max((len(finding.name) for finding in findings), default=0)
    text: list[str] = []
    for finding in findings:
        text.append(f"{finding.name:<{width}}  {finding.value}")
        if finding.advice:
            text.append(f"{'':<{width}}  → {finding.advice}")
    return text


def _colours(graphics: TerminalGraphics, env: Mapping[str, str]) -> Finding:
    if graphics.truecolor or env.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return Finding("colours", "16 million")
    if "256color" in env.get("TERM", ""):
        advice = "if the terminal has 24-bit colours, set COLORTERM=truecolor (ssh does not pass it on by itself)"
        return Finding("colours", "256", advice)
    return Finding("colours", "16 or fewer", "set TERM to the terminal's own name, often xterm-256color")


def _pictures(graphics: TerminalGraphics) -> Finding:
    value = f"{graphics.protocol.value} ({graphics.why})" if graphics.why else graphics.protocol.value
    return Finding("pictures", value, _advice(graphics))


def _advice(graphics: TerminalGraphics) -> str:
    """What to do for better pictures."""
    if graphics.warning:
        return f"{graphics.warning} Correct or remove it."
    if graphics.forced:
        return f"{OVERRIDE} decides; without it the terminal is asked"
    if graphics.answers_due:
        return f"when the terminal can show pictures, {OVERRIDE}=kitty or sixel skips the question"
    if graphics.protocol in (Protocol.KITTY, Protocol.SIXEL):
        return ""
    if graphics.tmux:
        return _advice_in_tmux(graphics)
    if is_old_kitty(graphics.terminal):
        return "kitty 0.28 or later shows real pictures"
    return "kitty 0.28, Ghostty, foot or xterm -ti vt340 show real pictures"


def _advice_in_tmux(graphics: TerminalGraphics) -> str:
    clients = graphics.clients
    if not clients:
        return "look again when a terminal shows this tmux pane"
    if any(is_old_kitty(client.term_type) for client in clients):
        return "kitty 0.28 or later shows real pictures, also through tmux"
    capable = [client for client in clients if draws_placeholders(client.term_type)]
    if len(capable) < len(clients):
        several = "; with several terminals attached all of them must" if capable else ""
        return f"attach from kitty 0.28 or Ghostty; sixel needs a tmux 3.4 that was built with it{several}"
    pale = sorted({client.term_name for client in clients if "RGB" not in client.features})
    if pale:
        features = "".join(f",{name}:RGB" for name in pale)
        return f'put `set -as terminal-features "{features}"` into ~/.tmux.conf'
    return "tmux 3.3 or later with `set -g allow-passthrough on` hands pictures on"


def _answer(graphics: TerminalGraphics) -> list[Finding]:
    if graphics.answers_due:
        return [Finding("answer time", "none in time", "is the link very slow, or does something filter answers?")]
    if graphics.answered_s is None:
        return []
    late = graphics.answered_s > TIMEOUT_S
    advice = f"later than the {TIMEOUT_S:.0f} s that the app waits; {OVERRIDE} skips the question" if late else ""
    return [Finding("answer time", f"{graphics.answered_s * 1000:.0f} ms", advice)]


def _tmux(state: TmuxState | None) -> list[Finding]:
    if state is None:
        return [Finding("tmux", "does not answer", "is the tmux program on the PATH?")]
    old = "" if state.can_pass_through else f"tmux {'.'.join(map(str, PASSTHROUGH_SINCE))} or later passes pictures on"
    findings = [
        Finding("tmux", state.version, old),
        Finding("around tmux", state.around),
        Finding("passthrough", "on" if state.passthrough else "off (switched on for our pane when needed)"),
    ]
    if state.escape_time_ms is not None:
        slow = state.escape_time_ms > SLOW_ESCAPE_MS
        advice = "put `set -s escape-time 20` into ~/.tmux.conf: until then Escape is slow" if slow else ""
        findings.append(Finding("escape-time", f"{state.escape_time_ms} ms", advice))
    return findings
