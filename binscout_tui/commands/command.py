"""What a command is, and the bindings that Textual makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from textual.binding import Binding, BindingType

Verdict = Literal[True] | str
"""True when a command is allowed now, else the reason why not, as a sentence for people."""

KEY_LABELS = {
    "escape": "Esc",
    "enter": "Enter",
    "space": "␣",
    "comma": ",",
    "colon": ":",
    "exclamation_mark": "!",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "full_stop": ".",
    "question_mark": "?",
    "slash": "/",
    "asterisk": "*",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "backslash": "\\",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "backspace": "⌫",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
}


Keys = tuple[str, ...]
Changes = Mapping[str, Keys]
"""{binding id: keys}: what is not as it is declared; no keys take a binding's keys away."""
UNSET = "unset-"
"""Textual wants a key even where there is none; no terminal sends one whose name begins so."""


def always(_: Any) -> Verdict:
    """The check of commands that are never refused."""
    return True


@dataclass(frozen=True, slots=True)
class Command:
    """One command of one scope.

    `id` is `scope.name`; the node that has the scope carries the method `action_name` (or `action`).
    `keys` are Textual's key names, the first is the one that is shown. `title` is for the footer (one or two words),
    `help` one sentence. `allowed` gets the node's `context()` and answers True or the reason why not.
    `footer` says whether the footer shows it; `takes_key` hands the pressed key to the action (`1` to `9`);
    `anywhere` offers it in the palette of every area: choosing it goes to its area first.
    `slots` are arguments to which a keymap may give keys, by the binding ids `scope.name.slot`; at first none has one.
    """

    id: str
    keys: tuple[str, ...]
    title: str
    help: str
    allowed: Callable[[Any], Verdict] = always
    footer: bool = True
    takes_key: bool = False
    palette: bool = True
    action: str = ""
    anywhere: bool = False
    slots: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The part of the id after the scope."""
        return self.id.rpartition(".")[2]

    @property
    def method(self) -> str:
        """The name of the method that carries it out."""
        return f"action_{self.action or self.name}"

    @property
    def is_split(self) -> bool:
        """Whether each of its keys, or slots, is a binding of its own."""
        return self.takes_key or bool(self.slots)

    @property
    def label(self) -> str:
        """The keys as people write them, for example `Esc` or `1-9`."""
        return self.row(self.keys)

    def row(self, keys: tuple[str, ...]) -> str:
        """Such keys in short, one of each binding."""
        return row_label(keys) if self.is_split else keys_label(keys)

    @property
    def default_keys(self) -> dict[str, Keys]:
        """{binding id: keys} as it is declared; a split one has a binding for each argument of its action."""
        if self.is_split:
            return {f"{self.id}.{key}": (key,) for key in self.keys} | {f"{self.id}.{slot}": () for slot in self.slots}
        return {self.id: self.keys}

    def bindings(self) -> list[Binding]:
        """The Textual bindings; all of them lead to `action_command` of the node."""
        return [self._binding(place, keys) for place, keys in self.default_keys.items()]

    def _binding(self, place: str, keys: Keys) -> Binding:
        argument = f", {place.removeprefix(self.id + '.')!r}" if self.is_split else ""
        action = f"command({self.id!r}{argument})"
        return Binding(",".join(keys) or UNSET + place, action, self.title, show=False, id=place)


@dataclass(frozen=True, slots=True)
class Scope:
    """The commands of one screen, dialog or widget, in the order in which they are shown.

    A `dialog` hides everything below it, the app's commands too.
    """

    id: str
    title: str
    commands: tuple[Command, ...]
    dialog: bool = False

    def __iter__(self) -> Iterator[Command]:
        return iter(self.commands)

    def __getitem__(self, command_id: str) -> Command:
        for command in self.commands:
            if command.id == command_id:
                return command
        raise KeyError(command_id)

    def bindings(self) -> list[BindingType]:
        """The value for `BINDINGS` of the node that has this scope."""
        return [binding for command in self.commands for binding in command.bindings()]


def key_label(key: str) -> str:
    """`key` as people write it."""
    return KEY_LABELS.get(key) or (key.upper() if key[0] == "f" and key[1:].isdigit() else key)


def keys_label(keys: tuple[str, ...]) -> str:
    """Several keys in short: a run of digits or function keys as `1-9`, else the first one."""
    if len(keys) > 2 and _numbered(keys):
        return f"{key_label(keys[0])}-{key_label(keys[-1])}"
    return key_label(keys[0]) if keys else ""


def row_label(keys: tuple[str, ...], most: int = 4) -> str:
    """The first of several keys side by side, runs of digits in short: `1-9`, `←↓↑→`, `p[]\\`."""
    return keys_label(keys) if _numbered(keys) else "".join(key_label(key) for key in keys[:most])


def _numbered(keys: tuple[str, ...]) -> bool:
    return all(key.removeprefix("f").isdigit() for key in keys)
