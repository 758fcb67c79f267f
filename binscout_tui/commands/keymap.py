"""A person's own keys: presets and single changes, what is wrong with them, and the keymap that Textual gets. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from binscout_tui.commands import app
from binscout_tui.commands.command import UNSET, Changes, Command, Keys, Scope, key_label
from binscout_tui.commands.key_names import is_text, key_name, refusal
from binscout_tui.commands.table import SCOPES
from binscout_tui.settings import KeySettings

INSIDE: dict[str, Keys] = {
    "crop": ("select", "crops"),
    "box": ("boxes",),
    "look": ("select",),
    "full": ("gallery",),
    "compare": ("gallery",),
    "sidebar": ("gallery",),
    "details": ("full", "gallery"),
    "finder": ("label",),
    "filter": ("gallery", "label", "boxes", "data_images", "data"),
    "data_found": ("data",),
    "data_images": ("data",),
    "data_full": ("data",),
    "similar_full": ("similar",),
    "case": ("report", "versus"),
    "case_full": ("report", "versus"),
}
"""Scopes that are active together with those of the screens on which they open; they come first."""
TEXT = frozenset({"finder", "filter", "typed", "pick", "tag_picker"})
"""Scopes with a field that takes every character as text."""
RESERVED: dict[str, tuple[Keys, str]] = {
    "label": (tuple("123456789"), "classes have it"),
    "boxes": (tuple("123456789"), "classes have it"),
}
"""Keys that a scope needs for something else than commands."""

PRESETS: dict[str, Changes] = {
    "default": {},
    "classic": {
        "select.keep.1": ("p", "1"),
        "select.keep.2": ("left_square_bracket", "2"),
        "select.keep.3": ("right_square_bracket", "3"),
        "select.keep.4": ("backslash", "4"),
        "select.rule_out.1": ("a",),
        "select.rule_out.2": ("s",),
        "select.rule_out.3": ("d",),
        "select.rule_out.4": ("f",),
        "select.skip": ("b", "space"),
        "select.skipped": ("S",),
        "select.filter": ("F",),
        "crop.preset": ("P",),
        "crop.lock": ("w",),
        "crop.fine": ("g",),
    },
}


@dataclass(frozen=True, slots=True)
class Place:
    """One binding of a scope: the command, its binding id, and its keys now."""

    scope: Scope
    command: Command
    id: str
    keys: Keys

    @property
    def words(self) -> str:
        """The binding for people."""
        return f"{self.id} ({self.command.title})"


@dataclass(frozen=True, slots=True)
class Resolved:
    """What came of a person's wishes: the changes that hold, or what is wrong, as sentences; then none hold."""

    changes: Changes = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def keymap(self) -> dict[str, str]:
        """For `App.set_keymap`."""
        # Textual ignores an empty entry.
        return {place: ",".join(keys or (UNSET + place,)) for place, keys in self.changes.items()}


def places(scope: Scope, changes: Changes) -> list[Place]:
    """The bindings of a scope with the keys that they have after `changes`."""
    return [
        Place(scope, command, place, changes.get(place, keys))
        for command in scope
        for place, keys in command.default_keys.items()
    ]


def resolve(wanted: KeySettings, scopes: Sequence[Scope] = SCOPES) -> Resolved:
    """The changes that a preset and single changes after it make, checked as a whole; nothing holds that clashes."""
    named, problems = _named(wanted, {place for scope in scopes for place in _ids(scope)}, scopes)
    changes = {place: keys for place, keys in PRESETS[wanted.preset].items() if place not in named} | named
    problems += list(dict.fromkeys(_key_problems(changes, scopes)))
    problems += list(dict.fromkeys(_clashes(changes, scopes)))
    return Resolved(problems=tuple(problems)) if problems else Resolved(changes)


def _ids(scope: Scope) -> Iterator[str]:
    for command in scope:
        yield from command.default_keys


def _named(wanted: KeySettings, known: set[str], scopes: Sequence[Scope]) -> tuple[dict[str, Keys], list[str]]:
    """The single changes with Textual's names of keys, and what cannot be understood."""
    named: dict[str, Keys] = {}
    problems = []
    for place, written in wanted.map.items():
        if place not in known:
            problems.append(_unknown(place, known, scopes))
            continue
        keys = {text: key_name(text) for text in ([written] if isinstance(written, str) else written)}
        problems += [f"{place}: {text!r} is not the name of a key." for text, key in keys.items() if key is None]
        named[place] = tuple(dict.fromkeys(key for key in keys.values() if key is not None))
    return named, problems


def _unknown(place: str, known: set[str], scopes: Sequence[Scope]) -> str:
    parts = sorted(other for other in known if other.startswith(f"{place}."))
    if parts:
        return f"{place} has a key for each of its parts: name {parts[0]} to {parts[-1]}."
    near = get_close_matches(place, known, 1, 0.5)
    return f"There is no command {place}" + (f"; {near[0]} is meant?" if near else ".")


def _key_problems(changes: Changes, scopes: Sequence[Scope]) -> Iterator[str]:
    for scope in scopes:
        taken, why = RESERVED.get(scope.id, ((), ""))
        for place in places(scope, changes):
            if place.id not in changes:
                continue
            for key in place.keys:
                if reason := refusal(key):
                    yield f"{key_label(key)} cannot be the key of {place.words}: {reason}."
                elif scope.id in TEXT and is_text(key):
                    yield f"{key_label(key)} cannot be the key of {place.words}: it is typed as text there."
                elif key in taken and key not in place.command.default_keys.get(place.id, ()):
                    yield f"{key_label(key)} cannot be the key of {place.words}: {why}."
            if "escape" in place.command.default_keys[place.id] and "escape" not in place.keys:
                yield f"Esc must stay among the keys of {place.words}: it always leads out."


def _clashes(changes: Changes, scopes: Sequence[Scope]) -> Iterator[str]:
    by_id = {scope.id: scope for scope in scopes}
    for scope in scopes:
        own = places(scope, changes)
        yield from _within(own)
        for outer in _outer(scope, by_id):
            yield from _hidden(own, places(outer, changes))


def _outer(scope: Scope, by_id: Mapping[str, Scope]) -> list[Scope]:
    """The scopes whose commands work beside those of `scope`, farther from the focus."""
    if scope is app.SCOPE or scope.dialog:
        return []
    outer = [by_id[other] for other in INSIDE.get(scope.id, ()) if other in by_id]
    return [*outer, *(other for other in by_id.values() if other is app.SCOPE)]


def _within(own: Iterable[Place]) -> Iterator[str]:
    """Two commands of a scope may never share a key."""
    seen: dict[str, Place] = {}
    for place in own:
        for key in place.keys:
            other = seen.setdefault(key, place)
            if other is not place:
                yield f"{key_label(key)} is the key of both {other.words} and {place.words} in {place.scope.title}."


def _hidden(inner: Sequence[Place], outer: Sequence[Place]) -> Iterator[str]:
    """A command may take a key from one farther out only where it does so as they are declared."""
    by_key = {key: place for place in outer for key in place.keys}
    for place in inner:
        for key in place.keys:
            other = by_key.get(key)
            if other is not None and not _share(place, other):
                yield (
                    f"{key_label(key)} is the key of both {other.words} in {other.scope.title} "
                    f"and {place.words} in {place.scope.title}, which work together."
                )


def _share(one: Place, other: Place) -> bool:
    return not set(one.command.default_keys[one.id]).isdisjoint(other.command.default_keys[other.id])
