"""Asking tmux about the terminal around it, and sending things through it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from binscout_tui.terminal.answers import printable

_PANE_FIELDS = ("version", "allow-passthrough", "escape-time", "window_id", "pane_id")
_CLIENT_FIELDS = (
    "client_pid",
    "window_id",
    "pane_id",
    "window_zoomed_flag",
    "client_termname",
    "client_termfeatures",
    "client_termtype",
)
# Printable, since tmux replaces control characters where the locale is not UTF-8.
_SEPARATOR = "|"
TIMEOUT_S = 1.0
PASSTHROUGH_SINCE = (3, 3)

Runner = Callable[[list[str]], str]


@dataclass(frozen=True, slots=True)
class TmuxClient:
    """A terminal around tmux: its process, TERM, the name and version that it gave, and what tmux takes it for."""

    pid: int = 0
    term_name: str = ""
    term_type: str = ""
    features: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """What to call it."""
        return self.term_type or self.term_name or "unknown"


@dataclass(frozen=True, slots=True)
class TmuxState:
    """What tmux says of our pane: its version, whether it lets bytes through, and the terminals that show the pane."""

    version: str = ""
    clients: frozenset[TmuxClient] = frozenset()
    passthrough: bool = False
    escape_time_ms: int | None = None

    @classmethod
    def read(cls, answer: str) -> Self:
        """The state from what `state_command` printed; lines that make no sense count as no client."""
        first, *rest = answer.rstrip("\n").split("\n")
        pane = dict(zip(_PANE_FIELDS, first.split(_SEPARATOR), strict=False))
        escape = pane.get("escape-time", "")
        shown = (_client(line, pane.get("window_id", ""), pane.get("pane_id", "")) for line in rest)
        return cls(
            version=pane.get("version", ""),
            clients=frozenset(client for client in shown if client is not None),
            passthrough=pane.get("allow-passthrough", "") in ("1", "2", "on", "all"),
            escape_time_ms=int(escape[:6]) if escape.isdecimal() else None,
        )

    @property
    def around(self) -> str:
        """The terminals around tmux in words."""
        return " and ".join(sorted({client.name for client in self.clients})) or "no terminal"

    @property
    def can_pass_through(self) -> bool:
        """This tmux has the option at all."""
        return version_numbers(self.version) >= PASSTHROUGH_SINCE


def _client(line: str, window: str, pane: str) -> TmuxClient | None:
    """The client of a line, or None when it does not show our pane: another window, or another pane zoomed."""
    values = line.split(_SEPARATOR, len(_CLIENT_FIELDS) - 1)
    if len(values) != len(_CLIENT_FIELDS) or not values[0].isdecimal():
        return None
    pid, its_window, its_pane, zoomed, term_name, features, term_type = values
    if its_window != window or (zoomed == "1" and its_pane != pane):
        return None
    known_as = frozenset(filter(None, features.split(",")))
    return TmuxClient(int(pid[:9]), printable(term_name), printable(term_type), known_as)


def version_numbers(text: str) -> tuple[int, ...]:
    """The first numbers in a version text: "tmux 3.3a" is (3, 3), "kitty(0.41.1)" is (0, 41, 1)."""
    match = re.search(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def run_tmux(arguments: list[str]) -> str:
    """The output of a tmux command. Raises OSError or subprocess.SubprocessError."""
    program = shutil.which("tmux")
    if program is None:
        raise FileNotFoundError("tmux")
    done = subprocess.run([program, *arguments], capture_output=True, timeout=TIMEOUT_S, check=True)
    return done.stdout.decode("utf-8", "replace")


def state_command(env: Mapping[str, str]) -> list[str]:
    """The one command that asks for all of `TmuxState`."""
    pane, client = (_fields(fields) for fields in (_PANE_FIELDS, _CLIENT_FIELDS))
    return ["display-message", "-p", *_our_pane(env), pane, ";", "list-clients", "-F", client]


def passthrough_command(env: Mapping[str, str]) -> list[str]:
    """The command that switches passthrough on for our own pane."""
    return ["set-option", "-p", *_our_pane(env), "allow-passthrough", "on"]


def tmux_state(env: Mapping[str, str], run: Runner = run_tmux) -> TmuxState | None:
    """What tmux says of the pane we are in, or None when it cannot be asked."""
    try:
        return TmuxState.read(run(state_command(env)))
    except (OSError, subprocess.SubprocessError):
        return None


def allow_passthrough(env: Mapping[str, str], run: Runner = run_tmux) -> bool:
    """Switch passthrough on for our own pane; false when tmux refuses."""
    try:
        run(passthrough_command(env))
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _our_pane(env: Mapping[str, str]) -> list[str]:
    return ["-t", env["TMUX_PANE"]] if env.get("TMUX_PANE") else []


def _fields(names: Iterable[str]) -> str:
    return _SEPARATOR.join(f"#{{{name}}}" for name in names)


def wrap(sequence: str) -> str:
    """`sequence` in an envelope that tmux hands on to the terminal around it."""
    return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
