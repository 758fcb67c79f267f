"""Asking tmux about the terminal around it, and sending things through it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_FIELDS = ("version", "client_termname", "client_termtype", "client_termfeatures", "allow-passthrough", "escape-time")
_TIMEOUT_S = 1.0
PASSTHROUGH_SINCE = (3, 3)

Runner = Callable[[list[str]], str]


@dataclass(frozen=True, slots=True)
class TmuxState:
    """What tmux says: its version, the outer terminal's TERM, name and features, and whether it lets bytes through."""

    version: str = ""
    term_name: str = ""
    term_type: str = ""
    features: frozenset[str] = frozenset()
    passthrough: bool = False
    escape_time_ms: int | None = None

    @property
    def can_pass_through(self) -> bool:
        """This tmux has the option at all."""
        return version_numbers(self.version) >= PASSTHROUGH_SINCE


def version_numbers(text: str) -> tuple[int, ...]:
    """The first numbers in a version text: "tmux 3.3a" is (3, 3), "kitty(0.41.1)" is (0, 41, 1)."""
    match = re.search(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def run_tmux(arguments: list[str]) -> str:
    """The output of a tmux command. Raises OSError or subprocess.SubprocessError."""
    program = shutil.which("tmux")
    if program is None:
        raise FileNotFoundError("tmux")
    done = subprocess.run([program, *arguments], capture_output=True, timeout=_TIMEOUT_S, check=True, text=True)
    return done.stdout


def tmux_state(env: Mapping[str, str], run: Runner = run_tmux) -> TmuxState | None:
    """What tmux says of the pane we are in, or None when it cannot be asked."""
    wanted = "\t".join(f"#{{{field}}}" for field in _FIELDS)
    target = ["-t", env["TMUX_PANE"]] if "TMUX_PANE" in env else []
    try:
        answer = run(["display-message", "-p", *target, wanted])
    except (OSError, subprocess.SubprocessError):
        return None
    values = dict(zip(_FIELDS, answer.rstrip("\n").split("\t"), strict=False))
    escape = values.get("escape-time", "")
    return TmuxState(
        version=values.get("version", ""),
        term_name=values.get("client_termname", ""),
        term_type=values.get("client_termtype", ""),
        features=frozenset(filter(None, values.get("client_termfeatures", "").split(","))),
        passthrough=values.get("allow-passthrough", "") in ("1", "2", "on", "all"),
        escape_time_ms=int(escape) if escape.isdigit() else None,
    )


def allow_passthrough(env: Mapping[str, str], run: Runner = run_tmux) -> bool:
    """Switch passthrough on for our own pane; false when tmux refuses."""
    target = ["-t", env["TMUX_PANE"]] if "TMUX_PANE" in env else []
    try:
        run(["set-option", "-p", *target, "allow-passthrough", "on"])
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def wrap(sequence: str) -> str:
    """`sequence` in an envelope that tmux hands on to the terminal around it."""
    return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
