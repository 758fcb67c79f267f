"""Which key labels with which class. Pure."""

from __future__ import annotations

import string
from collections.abc import Collection, Iterator, Sequence

from binscout_tui.store.labels import LabelClass

DIGITS = "123456789"


def class_keys(classes: Sequence[LabelClass], reserved: Collection[str] = ()) -> dict[str, LabelClass]:
    """{key: class}: every class has at most one key and no key is in `reserved`.

    A class's own `key` comes first; then the digits 1 to 9 go to the classes in order; then each further class gets a
    letter of its name, else any small letter, else any capital. A new class at the end never moves the keys of the
    others. Classes that come after the last free letter have no key.
    """
    taken: dict[str, LabelClass] = {}
    for item in classes:
        if item.key and _usable(item.key, reserved, taken):
            taken[item.key] = item
    kept = {item.id for item in taken.values()}
    for item in classes:
        if item.id not in kept:
            key = next((k for k in _wishes(item.name) if _usable(k, reserved, taken)), None)
            if key is not None:
                taken[key] = item
    position = {item.id: i for i, item in enumerate(classes)}
    return dict(sorted(taken.items(), key=lambda pair: position[pair[1].id]))


def _wishes(name: str) -> Iterator[str]:
    yield from DIGITS
    yield from (letter for letter in name.lower() if letter in string.ascii_lowercase)
    yield from string.ascii_lowercase
    yield from string.ascii_uppercase


def _usable(key: str, reserved: Collection[str], taken: dict[str, LabelClass]) -> bool:
    return len(key) == 1 and key.isascii() and key.isalnum() and key not in reserved and key not in taken
