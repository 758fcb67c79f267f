"""Which picture a sidecar was made for whose name is nearly its own: a suggestion, never more. Pure.

Numbers must be the same, since names that differ in a number are names of different things.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence

MOST = 200
"""Names with the same numbers that are compared letter by letter; among more of them a likeness means nothing."""
FAR = 2
"""Letters by which two names may differ."""
_COPY = re.compile(r"(?:[ _-]*(?:copy|kopie)(?:[ _-]*\d+)?|[ _]*\(\d+\))$", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")


def nearest(sidecars: Sequence[str], images: Sequence[str]) -> dict[str, tuple[str, str]]:
    """{sidecar: (the picture, the name that the sidecar would have)} where one picture alone comes into question.

    `images` are the pictures without a sidecar.
    """
    pairs = _only(_written_otherwise(sidecars, images))
    meant = set(pairs.values())
    left, free = [name for name in sidecars if name not in pairs], [image for image in images if image not in meant]
    pairs |= _only(_misspelled(left, free))
    return {name: (image, _stem(image) + _suffix(name)) for name, image in pairs.items()}


def key(name: str) -> str:
    """A name without case, separators, leading zeros and what marks a copy."""
    plain = _COPY.sub("", unicodedata.normalize("NFKC", _stem(name)).casefold())
    return _DIGITS.sub(lambda digits: digits[0].lstrip("0") or "0", re.sub(r"[\W_]+", "", plain))


def _written_otherwise(sidecars: Sequence[str], images: Sequence[str]) -> list[tuple[str, str]]:
    by_key: defaultdict[str, list[str]] = defaultdict(list)
    for image in images:
        by_key[key(image)].append(image)
    return [(name, image) for name in sidecars for image in by_key.get(key(name), ())]


def _misspelled(sidecars: Sequence[str], images: Sequence[str]) -> list[tuple[str, str]]:
    by_numbers: defaultdict[tuple[str, ...], tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for place, names in enumerate((sidecars, images)):
        for name in names:
            by_numbers[_numbers(name)][place].append(name)
    return [
        (name, image)
        for ours, theirs in by_numbers.values()
        if len(ours) <= MOST and len(theirs) <= MOST
        for name in ours
        for image in theirs
        if distance(key(name), key(image), FAR) <= min(FAR, len(key(image)) // 4)
    ]


def _only(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The pairs of which neither has another one; a picture may have one of each suffix."""
    ours = Counter(name for name, _ in pairs)
    theirs = Counter((image, _suffix(name).lower()) for name, image in pairs)
    return {name: image for name, image in pairs if ours[name] == 1 and theirs[image, _suffix(name).lower()] == 1}


def distance(one: str, other: str, most: int) -> int:
    """How many letters are to be changed, put in or left out to make one of the other; `most` + 1 for more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        before, row[0] = row[0], place
        for column, against in enumerate(other, 1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (letter != against))
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


def _numbers(name: str) -> tuple[str, ...]:
    return tuple(_DIGITS.findall(key(name)))


def _stem(name: str) -> str:
    return os.path.splitext(name)[0]  # noqa: PTH122 - a Path for each of many names costs


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1]  # noqa: PTH122
