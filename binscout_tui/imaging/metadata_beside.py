"""Captions in files beside a picture: `name.txt`, `name.jpg.txt`, `name.json`, `name.jpg.json`."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any

from .metadata_words import LONGEST_PROMPT, bounded, clean, from_json, is_numbers, line, words

MOST_BYTES = 64 * 1024
"""A larger file is no caption; it is told and not read."""
_CAPTIONS = ("caption", "text")
_NOT_THERE = frozenset({errno.ENOENT, errno.ENAMETOOLONG})


def read(path: Path) -> dict[str, Any]:
    """{caption, prompt, title, description, keywords, people, sidecar, problems}, each only where a file says it."""
    found: dict[str, Any] = {}
    problems: list[str] = []
    for place in _places(path, ".json"):
        if (text := _text(place, problems)) is not None:
            found |= _of_json(text, place.name, problems)
            break
    for place in _places(path, ".txt"):
        # Numbers are the boxes that a program for labelling wrote.
        if (text := _text(place, problems)) is not None and not is_numbers(text):
            found |= {"caption": clean(text, LONGEST_PROMPT)}
            break
    found["problems"] = problems
    return {key: value for key, value in found.items() if value}


def _places(path: Path, ending: str) -> list[Path]:
    return [path.with_name(path.name + ending), path.with_suffix(ending)] if path.suffix else []


def _text(path: Path, problems: list[str]) -> str | None:
    """The text of a small ordinary file, None where there is none. A link may lead anywhere and is not followed."""
    try:
        content = _content(path)
    except OSError as error:
        if error.errno not in _NOT_THERE:
            why = "is a link" if error.errno == errno.ELOOP else f"cannot be read ({error.strerror})"
            problems.append(f"{line(path.name)} {why} and was left out.")
        return None
    if content is None:
        problems.append(f"{line(path.name)} is no ordinary file and was left out.")
        return None
    if len(content) > MOST_BYTES:
        problems.append(f"{line(path.name)} has more than 64 KiB and was not read.")
        return None
    return content.decode("utf-8-sig", "replace")


def _content(path: Path) -> bytes | None:
    """The beginning of a file, None where it is no ordinary one. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return os.read(descriptor, MOST_BYTES + 1)
    finally:
        os.close(descriptor)


def _of_json(text: str, name: str, problems: list[str]) -> dict[str, Any]:
    said = from_json(text)
    if not isinstance(said, dict):
        problems.append(f"{line(name)} is not a JSON object and was left out.")
        return {}
    first = next((said[key] for key in _CAPTIONS if isinstance(said.get(key), str)), "")
    keywords = said.get("keywords", said.get("tags"))
    return {
        "prompt": clean(said.get("prompt"), LONGEST_PROMPT),
        "caption": clean(first, LONGEST_PROMPT),
        "title": line(said.get("title"), 500),
        "description": clean(said.get("description")),
        "keywords": words(keywords),
        "people": words(said.get("people")),
        "sidecar": bounded(said),
    }
