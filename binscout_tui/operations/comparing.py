"""What differs between images in words: what is known of each, and the fields in which they are not alike."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from binscout_tui.imaging.difference import Difference
from binscout_tui.imaging.names import one_line
from binscout_tui.store import images, labels, model_rows, named, predictions, texts
from binscout_tui.store.images import Image
from binscout_tui.store.named import COLLECTION, TAG
from binscout_tui.wording import counted

MOST_FIELDS = 60
"""Rows of differences; files may say hundreds of things of themselves."""
LONGEST_FIELD, LONGEST_VALUE = 60, 200
MOST_WORDS = 40
"""Words of a prompt that are said to be added or removed."""
DEPTH = 4


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """An image, and what is known of it as {field: words}; a field without words is not there."""

    image: Image
    fields: dict[str, str]
    prompt: str = ""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A field that is not alike, with what each image has there: "" for nothing."""

    field: str
    values: list[str]


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What a prompt has beside those of another's words, and what it lacks, in their order."""

    added: list[str]
    removed: list[str]


def facts(db: sqlite3.Connection, image_ids: Sequence[int]) -> list[Facts]:
    """What is known of images. Raises NotFoundError for one that is not there or hidden."""
    model = model_rows.active(db, "classify")
    return [_facts(db, images.get(db, image_id), model.id if model is not None else None) for image_id in image_ids]


def differing(known: Sequence[Facts]) -> list[Field]:
    """The fields that are not the same for all, at most 60; the prompts, which are told word by word, are no field."""
    order = dict.fromkeys(field for one in known for field in one.fields)
    rows = [Field(field=field, values=[one.fields.get(field, "") for one in known]) for field in order]
    return [row for row in rows if len(set(row.values)) > 1][:MOST_FIELDS]


def prompt_words(before: str, after: str) -> Words:
    """Which words one prompt has and the other has not, up to 40 each, whatever their case and commas."""
    ours, theirs = _words(before), _words(after)
    return Words(
        added=[word for fold, word in theirs.items() if fold not in ours][:MOST_WORDS],
        removed=[word for fold, word in ours.items() if fold not in theirs][:MOST_WORDS],
    )


def in_words(found: Difference) -> str:
    """How two pictures differ, as a sentence without its end."""
    if found.same:
        return "every pixel is the same"
    if found.looks_same:
        return "every pixel looks the same; transparency, deeper colours, inks and further frames are not compared"
    if not found.same_shape:
        return f"{_shares(found)}; other shapes, stretched over each other"
    if not found.same_size:
        return f"{_shares(found)}; compared at {found.size[0]}x{found.size[1]}"
    return _shares(found)


def _shares(found: Difference) -> str:
    if found.changed == 0:
        return "no pixel differs"
    return (
        f"{share(found.clear)} of pixels differ clearly, {share(found.changed)} at all,"
        f" one block by {found.largest:.0f}/255"
    )


def share(part: float) -> str:
    """A share (0..1) in percent: never 0 for what is there, nor 100 for what is not all."""
    if part in (0, 1):
        return f"{part:.0%}".replace("%", " %")
    if part < 0.001:
        return "less than 0.1 %"
    return f"{min(99.9, part * 100):.1f} %"


def _facts(db: sqlite3.Connection, image: Image, model_id: str | None) -> Facts:
    text = texts.get(db, image.id)
    own = {
        "name": image.name,
        "title": text.title,
        "label": _label(db, image.id),
        "prediction": _prediction(db, image.id, model_id),
        "star": "yes" if image.starred else "",
        "tags": _names(db, TAG, image.id),
        "collections": _names(db, COLLECTION, image.id),
        "size": f"{image.width}x{image.height}",
        "format": f"{image.format} {image.mode}",
        "bytes": counted(image.bytes, "byte"),
        "taken": image.taken_at or "",
        "added": image.added_at,
        "origin": image.origin,
        "from": image.source,
        "sharpness": f"{image.sharpness:.1f}" if image.sharpness is not None else "",
        "warnings": ", ".join(image.warnings),
        "file": "" if image.health == "ok" else image.health,
        "trash": "yes" if image.trashed_at is not None else "",
        "bytes are": image.sha256[:12],
    }
    own |= {f"file: {one_line(key, LONGEST_FIELD)}": said for key, said in _flat(texts.meta(db, image.id))}
    fields = {field: one_line(said, LONGEST_VALUE) for field, said in own.items() if said}
    return Facts(image=image, fields=fields, prompt=text.prompt)


def _label(db: sqlite3.Connection, image_id: int) -> str:
    found = labels.get(db, image_id)
    states: dict[Literal["empty", "skipped"], str] = {"empty": "nothing there", "skipped": "skipped"}
    return "" if found is None else found.name or "" if found.state == "class" else states[found.state]


def _prediction(db: sqlite3.Connection, image_id: int, model_id: str | None) -> str:
    found = predictions.get(db, image_id, model_id) if model_id is not None else None
    if found is None:
        return ""
    if found.error is not None:
        return f"failed: {found.error}"
    score = "" if found.score is None else f" {found.score:.2f}"
    return f"{found.label or 'nothing'}{score}{' (unknown)' if found.unknown else ''}"


def _names(db: sqlite3.Connection, kind: named.Named, image_id: int) -> str:
    return ", ".join(name.name for name in named.of_image(db, kind, image_id))


def _flat(data: Mapping[str, Any], before: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """What lies in nested tables, as `outer.inner`."""
    for key, value in data.items():
        if isinstance(value, dict) and depth < DEPTH:
            yield from _flat(value, f"{before}{key}.", depth + 1)
        elif value not in (None, ""):
            yield f"{before}{key}", value if isinstance(value, str) else str(value)


def _words(prompt: str) -> dict[str, str]:
    """{what makes a word the same: the word as it is first written}."""
    found: dict[str, str] = {}
    for word in (one_line(part.strip(".,;:!?()[]{}\"'"), LONGEST_FIELD) for part in prompt.split()):
        if word:
            found.setdefault(word.casefold(), word)
    return found
