"""Names of keys: from what people write to what Textual calls them, and which keys never arrive. Pure."""

from __future__ import annotations

from textual.keys import REPLACED_KEYS, Keys, _character_to_key, key_to_character

from binscout_tui.commands.command import KEY_LABELS
from binscout_tui.commands.table import FORBIDDEN

NAMED = frozenset(key.value for key in Keys)
SPOKEN = {label.casefold(): key for key, label in KEY_LABELS.items() if len(label) > 1} | {
    "esc": "escape",
    "return": "enter",
    "del": "delete",
    "ins": "insert",
    "pgup": "pageup",
    "pgdn": "pagedown",
}
_REASONS = {
    "ctrl+h": "terminals send Backspace for it",
    "ctrl+i": "terminals send Tab for it",
    "ctrl+m": "terminals send Enter for it",
    "ctrl+j": "terminals send Enter for it",
    "ctrl+left_square_bracket": "terminals send Esc for it",
    "ctrl+s": "the line discipline stops the screen with it",
    "ctrl+q": "the line discipline starts the screen with it",
    "ctrl+a": "screen, and many a tmux, takes it for itself",
    "ctrl+b": "tmux takes it for itself",
    "ctrl+enter": "terminals send Enter for it",
    "shift+enter": "terminals send Enter for it",
    "f10": "desktops open their menu with it",
    "f11": "desktops fill the screen with it",
}


def key_name(written: str) -> str | None:
    """Textual's name of a key that a person wrote (`?`, `Esc`, `␣`, `ctrl+d`, `question_mark`); None for no key."""
    if len(written) == 1:
        label = next((key for key, label in KEY_LABELS.items() if label == written), None)
        return label or ("space" if written == " " else _character_to_key(written) if written.isprintable() else None)
    *modifiers, last = written.strip().split("+")
    modifiers = [modifier.casefold() for modifier in modifiers]
    base = _base(last)
    if base is None or not set(modifiers) <= {"ctrl", "shift", "alt"}:
        return None
    if modifiers == ["shift"] and len(base) == 1:
        return base.upper() if base.isalpha() else None
    if "ctrl" in modifiers and len(base) == 1:
        base = base.lower()
    return "+".join([*sorted(modifiers), base])


def _base(name: str) -> str | None:
    if len(name) == 1:
        return key_name(name)
    spoken = SPOKEN.get(name.casefold(), name.casefold())
    return spoken if spoken in NAMED or (_character(spoken) or "ä").isascii() else None


def _character(key: str) -> str | None:
    return key_to_character(REPLACED_KEYS.get(key, key))


def is_text(key: str) -> bool:
    """Whether a field for text takes the key as a character."""
    return (_character(key) or "\0").isprintable()


def refusal(key: str) -> str:
    """Why a key cannot be relied on, or ""."""
    if key in _REASONS:
        return _REASONS[key]
    if key.startswith("alt+"):
        return "it arrives as Esc and a key, late or not at all"
    if key.startswith("ctrl+shift+"):
        return "terminals send the same as without Shift"
    return "it does not arrive in every terminal" if key in FORBIDDEN else ""
