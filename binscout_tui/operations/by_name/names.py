r"""The names that are told of an image: by its metadata, its prompt, its file name. Pure.

Known ways of writing: people in metadata; `character: Anna`; `<lora:anna_v2:0.8>`; `anna_(frozen)` as on image boards,
also with `\(`; the names, stock numbers and classes of items; `m3-washer_012.jpg` as one of a row of files.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

Source = Literal["person", "character", "lora", "series", "item", "file"]
LONGEST = 100
"""Characters of a name; what is longer is a sentence."""

_SAID = re.compile(r"(?:^|[\s,;(\[{|])(character|person)s?\s*[:=]\s*([^\n;|()\[\]{}<>]+)", re.IGNORECASE)
_AND = re.compile(r"\s*(?:&|\band\b)\s*")
_LORA = re.compile(r"<(?:lora|lyco|lycoris|hypernet):([^:<>]+)(?::[^<>]*)?>", re.IGNORECASE)
_VERSION = re.compile(
    r"(?:[ _-]+(?:v\d+(?:[._]\d+)*|\d{6,}|e(?:poch)?[ _-]?\d+|sdxl|sd15|xl|pony|flux|lora))+$", re.IGNORECASE
)
_SERIES = re.compile(r"(?<![\w\\)])([a-z0-9][\w.'!-]*)_\\?\(([^()\\<>,\n]+?)\\?\)", re.IGNORECASE)
_COPY = re.compile(r"[ _-]+(?:copy|kopie)(?:[ _-]*\d+)?$", re.IGNORECASE)
_NUMBERED = re.compile(r"(.*?\w)(?:[ _-]*\(\d+\)|[ _-]+\d+)|(.*?[^\W\d_])\d{2,}")
_WORD = re.compile(r"[^\W_]+")
# What cameras, scanners and people who name nothing write in front of a number.
_NOBODY = frozenset(
    (
        *("img", "image", "images", "dsc", "dscf", "dscn", "dcim", "pxl", "mvi", "vid", "video"),
        *("photo", "photos", "pic", "picture", "foto", "bild", "scan", "frame", "shot", "screenshot"),
        *("screen", "untitled", "unbenannt", "file", "new", "copy", "kopie", "crop", "cropped", "thumb"),
        *("preview", "page", "part", "train", "test", "val", "sample", "output", "capture", "captured"),
        *("camera", "cam", "gopr", "gx", "wp", "burst", "stage", "batch", "generated", "comfyui"),
        *("grid", "tmp", "temp", "export", "original"),
    )
)


_FRONT = re.compile(rf"^(?:(?:{'|'.join(_NOBODY)}|\d+)\s+)+", re.IGNORECASE)


class Found(msgspec.Struct, frozen=True):
    """A name and what told it."""

    name: str
    source: Source


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an image in words."""

    id: int
    file: str = ""
    title: str = ""
    prompt: str = ""
    people: tuple[str, ...] = ()


class Items:
    """The items of a workspace, to be found in texts by any of their names; of two that fit the longer one is meant."""

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        """`names` are the other names of each item, by its name."""
        self._items: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
        for item, others in names.items():
            for name in (item, *others):
                words = _words(name)
                if words and (len(words) > 1 or len(words[0]) > 1):
                    self._items[words].add(item)
        self._longest = max(map(len, self._items), default=0)

    def find(self, text: str) -> Iterator[frozenset[str]]:
        """For each place where an item is named, the items that have that name; mostly one."""
        words, at = _words(text), 0
        while at < len(words):
            for length in range(min(self._longest, len(words) - at), 0, -1):
                if found := self._items.get(words[at : at + length]):
                    yield frozenset(found)
                    at += length - 1
                    break
            at += 1


def of_people(people: Iterable[str]) -> list[Found]:
    """Those whom the metadata names."""
    return [Found(name, "person") for one in people if (name := tidy(one))]


def of_prompt(prompt: str) -> list[Found]:
    """Characters, and the small models that stand for one."""
    found = []
    for kind, names in _SAID.findall(prompt):
        source: Source = "character" if kind.casefold() == "character" else "person"
        # Behind a comma the prompt goes on.
        found += [Found(name, source) for one in _AND.split(names.split(",")[0]) if (name := tidy(one))]
    for name in _LORA.findall(prompt):
        plain = tidy(_VERSION.sub("", os.path.splitext(name)[0]))  # noqa: PTH122 - no path, and dots in it are rare
        if plain:
            found.append(Found(plain, "lora"))
    for name, series in _SERIES.findall(prompt):
        if tidy(name) and tidy(series):
            found.append(Found(f"{tidy(name)} ({tidy(series)})", "series"))
    return found


def of_file(name: str) -> list[Found]:
    """What stands before the number, where a file is one of a row and its name was given by a person."""
    stem = os.path.splitext(name)[0]  # noqa: PTH122 - a Path for each of many names costs
    match = _NUMBERED.fullmatch(_COPY.sub("", stem))
    if match is None:
        return []
    plain = _FRONT.sub("", tidy(match[1] or match[2]))
    words = _words(plain)
    said = [word for word in words if word not in _NOBODY and not word.isdigit()]
    if not any(sum(letter.isalpha() for letter in word) > 2 for word in said) or _is_random(words):
        return []
    return [Found(plain, "file")]


def of_items(items: Items, texts: Sequence[str]) -> tuple[list[Found], list[frozenset[str]]]:
    """(The items that are named, sets of items of which it is open which is meant)."""
    sure: dict[str, None] = {}
    doubtful: dict[frozenset[str], None] = {}
    for text in texts:
        for found in items.find(text):
            if len(found) == 1:
                sure |= dict.fromkeys(found)
            else:
                doubtful[found] = None
    return [Found(name, "item") for name in sure], [one for one in doubtful if one.isdisjoint(sure)]


def tidy(name: str) -> str:
    """A name as a person would write it; empty for what is none."""
    plain = " ".join(unicodedata.normalize("NFC", name).replace("_", " ").split()).strip(" .,:;-\"'")
    plain = re.sub(r"(?<=\w)-(?=\w)", " ", plain) if " " not in plain and plain.count("-") else plain
    has_letter = any(letter.isalpha() for letter in plain)
    return plain if has_letter and len(plain) <= LONGEST and plain.isprintable() else ""


def folded(name: str) -> str:
    """A name as it is compared with others."""
    return " ".join(_words(name))


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def _is_random(words: Sequence[str]) -> bool:
    """Names that a program made of random digits."""
    joined = "".join(words)
    return len(joined) >= 8 and set(joined) <= set("0123456789abcdef")
