"""Which protocol to use, from what the terminal, tmux and the environment say. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from binscout_tui.terminal.answers import Answers
from binscout_tui.terminal.graphics import DEFAULT_CELL, SAFE_SIXEL, Protocol, TerminalGraphics
from binscout_tui.terminal.tmux import PASSTHROUGH_SINCE, TmuxClient, TmuxState, version_numbers

KITTY_PLACEHOLDERS_SINCE = (0, 28)
TIMEOUT_S = 1.0
"""A terminal answers at once; a busy one or a slow link, which not even SSH_CONNECTION need show, takes longer."""
OVERRIDE = "BINSCOUT_GRAPHICS"

_SILENT_TERMS = ("linux", "dumb", "unknown", "cons25", "vt52", "emacs")
_TRUECOLOR_TERMS = ("xterm-kitty", "xterm-ghostty")

Decision = tuple[Protocol, str]


def forced_protocol(env: Mapping[str, str]) -> Protocol | None:
    """What BINSCOUT_GRAPHICS asks for; None when it is unset or no known word."""
    word = _override(env)
    return Protocol(word) if word in list(Protocol) else None


def unknown_word(env: Mapping[str, str]) -> str:
    """What to say of a word in BINSCOUT_GRAPHICS that means nothing; empty when there is none."""
    word = _override(env)
    if not word or word in list(Protocol):
        return ""
    shown = "".join(character if character.isprintable() else "?" for character in word[:24])
    return f"{OVERRIDE}={shown} means nothing; it can be {', '.join(Protocol)}."


def _override(env: Mapping[str, str]) -> str:
    return env.get(OVERRIDE, "").strip().lower()


def surely_truecolor(env: Mapping[str, str]) -> bool:
    """Whether 24-bit colours can be sent although COLORTERM does not say so.

    tmux takes them and gives each terminal around it what that can show.
    """
    return env.get("TERM", "") in _TRUECOLOR_TERMS or bool(env.get("TMUX"))


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
    return _brand(name) == "ghostty" or (_brand(name) == "kitty" and version_numbers(name) >= KITTY_PLACEHOLDERS_SINCE)


def is_old_kitty(name: str) -> bool:
    """Whether this is a kitty from before placeholders."""
    return _brand(name) == "kitty" and not draws_placeholders(name)


def largest_sixel(name: str, told: tuple[int, int] | None) -> tuple[int, int] | None:
    """The largest sixel picture (width, height) in pixels for a terminal of that name; None without a limit.

    `told` is what it answered. An xterm that does not answer has its default; the others draw what they are sent.
    """
    return told or (SAFE_SIXEL if _brand(name) == "xterm" else None)


def largest_in_tmux(state: TmuxState | None) -> tuple[int, int] | None:
    """The same for what tmux draws: it makes sixels of its own for the terminals around it."""
    names = {client.term_type for client in state.clients} if state is not None else {"xterm"}
    return SAFE_SIXEL if any(largest_sixel(name, None) for name in names) else None


def _brand(name: str) -> str:
    found = re.match(r"(?:xterm-)?([A-Za-z]+)", name.strip())
    return found[1].lower() if found else ""


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


def client_obstacle(client: TmuxClient, version: str) -> str:
    """Why kitty pictures cannot get through tmux `version` to this terminal; empty when they may."""
    if not draws_placeholders(client.term_type):
        return f"the terminal around tmux ({client.name}) draws no kitty placeholders"
    if version_numbers(version) < PASSTHROUGH_SINCE:
        return f"tmux {version} lets no pictures through; 3.3 or later does"
    if "RGB" not in client.features:
        return "tmux does not send 24-bit colours to the terminal around it (terminal-features RGB)"
    return ""


def tmux_obstacle(state: TmuxState | None) -> str:
    """Why kitty pictures cannot go through this tmux to every terminal that shows our pane; empty when they may."""
    if state is None:
        return "tmux could not be asked about the terminal around it"
    if not state.clients:
        return "no terminal shows this tmux pane yet"
    return next(filter(None, (client_obstacle(client, state.version) for client in _in_order(state))), "")


def decide_tmux(state: TmuxState | None, answers: Answers, obstacle: str) -> Decision:
    """The protocol inside tmux; `obstacle` says what spoke against kitty before anything was asked."""
    if not obstacle and answers.kitty and state is not None:
        return Protocol.KITTY, f"{state.around} answers through tmux {state.version}"
    if state is not None and answers.sixel and _all_draw_sixel(state):
        return Protocol.SIXEL, f"tmux {state.version} and the terminal around it draw sixel pictures"
    if not obstacle:
        return Protocol.HALFBLOCK, "the terminal around tmux did not answer in time"
    return Protocol.HALFBLOCK, obstacle


def decide_attached(state: TmuxState, *, tmux_sixel: bool) -> Decision:
    """The protocol that every terminal showing our pane can draw, by what tmux knows of them.

    For terminals that came later, which cannot be asked any more. `tmux_sixel`: this tmux draws sixel itself.
    """
    obstacle = tmux_obstacle(state) or ("" if state.passthrough else "tmux passthrough is off")
    if not obstacle:
        return Protocol.KITTY, f"{state.around} draws placeholders, and tmux {state.version} passes them on"
    if tmux_sixel and _all_draw_sixel(state):
        return Protocol.SIXEL, f"tmux {state.version} and the terminal around it draw sixel pictures"
    return Protocol.HALFBLOCK, obstacle


def for_attached(graphics: TerminalGraphics, state: TmuxState) -> TerminalGraphics:
    """`graphics` for the terminals that show our pane now. What a person chose stays."""
    known = replace(graphics, clients=state.clients, terminal=f"tmux {state.version} in {state.around}")
    if graphics.forced:
        return known
    protocol, why = decide_attached(state, tmux_sixel=graphics.tmux_sixel)
    return replace(known, protocol=protocol, why=why, sixel_size=largest_in_tmux(state))


def decide_late(graphics: TerminalGraphics, answers: Answers) -> TerminalGraphics:
    """`graphics` after `answers` have come when the program was already running.

    Inside tmux only the kitty query is waited for, and it was only sent where nothing else spoke against kitty.
    """
    if not graphics.answers_due or graphics.forced:
        return graphics
    if graphics.tmux:
        if not answers.kitty:
            return graphics
        protocol, why = Protocol.KITTY, f"{graphics.terminal} answered late"
    else:
        if answers.attributes is None:
            return graphics
        protocol, why = decide_plain(answers)
        why += ", late"
    cell = answers.cell if answers.cell is not None and graphics.cell == DEFAULT_CELL else graphics.cell
    return replace(
        graphics,
        protocol=protocol,
        why=why,
        answers_due=False,
        terminal=answers.version or graphics.terminal,
        cell_width=cell[0],
        cell_height=cell[1],
        sixel_size=graphics.sixel_size if graphics.tmux else largest_sixel(answers.version or "", answers.sixel_size),
    )


def _all_draw_sixel(state: TmuxState) -> bool:
    return bool(state.clients) and all("sixel" in client.features for client in state.clients)


def _in_order(state: TmuxState) -> list[TmuxClient]:
    return sorted(state.clients, key=lambda client: client.pid)
