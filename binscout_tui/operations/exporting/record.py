"""What stands beside an exported picture: one JSON object, the same for the same words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from binscout_tui.store.export_rows import Exported

VERSION = 1
PLACE = "gps"
"""The part of a file's metadata that says where a picture was taken."""


def record(one: Exported, names: Mapping[int, str], file: Mapping[str, Any], *, gps: bool) -> dict[str, Any]:
    """Everything about an image; `file` says what was written, `names` are those of the classes.

    Boxes are x1, y1, x2, y2 from 0 to 1 of the upright original. Where a picture was taken only with `gps`.
    """
    image, words = one.image, one.words
    meta = one.meta if gps else {key: value for key, value in one.meta.items() if key != PLACE}
    return {
        "binscout": "image",
        "version": VERSION,
        "id": image.id,
        "sha256": image.sha256,
        "file": dict(file),
        "name": image.name,
        "origin": image.origin,
        "size": [image.width, image.height],
        "bytes": image.bytes,
        "format": image.format,
        "taken_at": image.taken_at,
        "added_at": image.added_at,
        "starred": image.starred,
        "title": one.title,
        "prompt": one.prompt,
        "note": one.note,
        "tags": one.tags,
        "collections": one.collections,
        "label": {"state": words.state or "unlabelled", "class": _name(names, words.class_id)},
        "boxes": {
            "state": words.boxes_state or "unlabelled",
            "boxes": [{"box": list(box), "class": _name(names, class_id)} for box, class_id in words.boxes],
        },
        "counts": [{"class": _name(names, class_id), "count": count} for class_id, count in words.counts],
        "crops": [list(box) for box in one.crops],
        "metadata": meta,
    }


def _name(names: Mapping[int, str], class_id: int | None) -> str | None:
    return None if class_id is None else names[class_id]
