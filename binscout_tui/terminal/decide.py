"""Which protocol to use, from what the terminal, tmux and the environment say. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from binscout_tui.terminal.answers import Answers
from binscout_tui.terminal.graphics import Protocol
from binscout_tui.terminal.tmux import TmuxState, version_numbers

KITTY_PLACEHOLDERS_SINCE = (0, 28)
LOCAL_TIMEOUT_S = 0.3
SSH_TIMEOUT_S = 1.0

_SILENT_TERMS = ("linux", "dumb", "unknown", "cons25", "vt52", "emacs")

Decision = tuple[Protocol, str]


def default_timeout(env: Mapping[str, str]) -> float:
    """Seconds to wait for answers: a link can be slow, the terminal on this machine is not."""
    return SSH_TIMEOUT_S if env.get("SSH_CONNECTION") or env.get("SSH_TTY") else LOCAL_TIMEOUT_S


def forced_protocol(env: Mapping[str, str]) -> Protocol | None:
    """What BINSCOUT_GRAPHICS asks for; None when it is unset or no known word."""
    word = env.get("BINSCOUT_GRAPHICS", "").strip().lower()
    return Protocol(word) if word in list(Protocol) else None


def never_answers(env: Mapping[str, str]) -> str:
    """Why this terminal should not be asked anything; empty when it may be."""
    term = env.get("TERM", "")
    if not term or term in _SILENT_TERMS:
        return f"TERM={term or '(unset)'} does not answer queries"
    if env.get("STY") and not env.get("TMUX"):
        return "GNU screen lets no pictures through"
    return ""


def without_answers(env: Mapping[str, str]) -> Protocol:
    """What is safe to show on a terminal that must not be asked."""
    return Protocol.NONE if env.get("TERM", "") in ("", "dumb", "unknown", "emacs", "vt52") else Protocol.HALFBLOCK


def draws_placeholders(name: str) -> bool:
    """Whether a terminal, by the name and version it gives, draws kitty's Unicode placeholders.

    kitty does since 0.28, Ghostty since its first release; WezTerm and Konsole say OK to the protocol's query
    but do not.
    """
    brand = re.match(r"[A-Za-z]+", name.strip())
    if brand is None:
        return False
    if brand[0].lower() in ("kitty", "xterm-kitty"):
        return version_numbers(name) >= KITTY_PLACEHOLDERS_SINCE
    return brand[0].lower() == "ghostty"


def decide_plain(answers: Answers) -> Decision:
    """The protocol for a terminal that we talk to directly."""
    name = answers.version or "a terminal that gives no name"
    if answers.kitty and draws_placeholders(answers.version or ""):
        return Protocol.KITTY, f"{name} answers the kitty graphics query and draws placeholders"
    if answers.sixel:
        return Protocol.SIXEL, f"{name} says that it draws sixel pictures"
    if answers.kitty:
        return Protocol.HALFBLOCK, f"{name} answers the kitty graphics query but does not draw placeholders"
    if answers.attributes is None:
        return Protocol.HALFBLOCK, "the terminal did not answer in time"
    return Protocol.HALFBLOCK, f"{name} offers neither kitty graphics nor sixel"


def tmux_obstacle(state: TmuxState | None) -> str:
    """Why kitty pictures cannot go through this tmux; empty when they may."""
    if state is None:
        return "tmux could not be asked about the terminal around it"
    if not draws_placeholders(state.term_type):
        return (
            f"the terminal around tmux ({state.term_type or state.term_name or 'unknown'}) draws no kitty placeholders"
        )
    if not state.can_pass_through:
        return f"tmux {state.version} lets no pictures through; 3.3 or later does"
    if "RGB" not in state.features:
        return "tmux does not send 24-bit colours to the terminal around it (terminal-features RGB)"
    return ""


def decide_tmux(state: TmuxState | None, answers: Answers, obstacle: str) -> Decision:
    """The protocol inside tmux; `obstacle` says what spoke against kitty before anything was asked."""
    if not obstacle and answers.kitty and state is not None:
        return Protocol.KITTY, f"{state.term_type} answers through tmux {state.version}"
    if state is not None and "sixel" in state.features and answers.sixel:
        return Protocol.SIXEL, f"tmux {state.version} and the terminal around it draw sixel pictures"
    if not obstacle:
        return Protocol.HALFBLOCK, "the terminal around tmux did not answer in time"
    return Protocol.HALFBLOCK, obstacle
