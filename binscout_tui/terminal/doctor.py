"""What this terminal can do, in words, and what to do about what it cannot."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    if graphics.answers_due:
        return Finding("pictures", value, "slow link? BINSCOUT_GRAPHICS=kitty or sixel skips the question")
    if graphics.protocol in (Protocol.HALFBLOCK, Protocol.NONE):
        return Finding("pictures", value, "kitty 0.28, Ghostty, foot or xterm -ti vt340 show real pictures")
    return Finding("pictures", value)


def _tmux(state: TmuxState | None) -> list[Finding]:
    if state is None:
        return [Finding("tmux", "does not answer", "is the tmux program on the PATH?")]
    old = "" if state.can_pass_through else f"tmux {'.'.join(map(str, PASSTHROUGH_SINCE))} or later passes pictures on"
    findings = [
        Finding("tmux", state.version, old),
        Finding("around tmux", state.term_type or state.term_name or "unknown"),
        Finding("passthrough", "on" if state.passthrough else "off (switched on for our pane when needed)"),
    ]
    if state.escape_time_ms is not None:
        slow = state.escape_time_ms > SLOW_ESCAPE_MS
        advice = "put `set -s escape-time 20` into ~/.tmux.conf: until then Escape is slow" if slow else ""
        findings.append(Finding("escape-time", f"{state.escape_time_ms} ms", advice))
    return findings
