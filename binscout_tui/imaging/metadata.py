"""What a picture's file says of itself: camera, words, and how it was made. Only worker processes read it.

Whatever is broken or too large is left out and told in `problems`; it never costs the picture.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from . import metadata_beside, metadata_exif, metadata_prompts, metadata_xmp
from .metadata_prompts import Made
from .metadata_words import LONGEST_PROMPT, clean, line
from .names import one_line
from .outcomes import Told

Read = TypeVar("Read")
MOST_BYTES = 200 * 1024
"""Of what is told as JSON; what is least told goes first where it is more."""
_MOST_TEXTS = 30
_DISPENSABLE = ("texts", "sidecar", "parameters", "negative", "caption", "description", "keywords", "people")
_NOT_WORDS = frozenset({"exif", "icc_profile", "xmp", "XML:com.adobe.xmp", "Raw profile type exif", "comment"})


def told(image: Image.Image) -> Told:
    """What a picture that is loaded says of itself."""
    problems: list[str] = []
    data = _attempt(lambda: metadata_exif.read(image.getexif()), problems) or {}
    comment = data.pop("comment", "") or clean(image.info.get("comment"), LONGEST_PROMPT)
    if packet := _packet(image):
        data |= _attempt(lambda: metadata_xmp.read(packet), problems) or {}
    texts = {key: value for key, value in image.info.items() if isinstance(key, str) and isinstance(value, str)}
    made = _attempt(lambda: _made(texts, comment), problems)
    used = metadata_prompts.USED if made else frozenset[str]()
    kept = {line(key, 80): clean(text) for key, text in list(texts.items())[:_MOST_TEXTS] if _is_told(key, used)}
    if comment and not (made and metadata_prompts.looks_like_parameters(comment)):
        kept["comment"] = clean(comment)
    data |= _of(made) | {"texts": {key: text for key, text in kept.items() if key and text}, "problems": problems}
    return fitting(made.prompt if made else "", data)


def with_sidecars(told: Told, path: Path) -> Told:
    """`told` of the picture at `path` with what the files beside it say, where the picture does not."""
    try:
        beside = metadata_beside.read(path)
    except Exception as error:  # noqa: BLE001 - a file beside it never costs the picture
        return with_problem(told, one_line(f"A file beside it could not be read: {error}"))
    if not beside:
        return told
    data = beside | told.data
    data["problems"] = [*told.data.get("problems", ()), *beside.get("problems", ())]
    prompt, origin = told.prompt, told.data.get("prompt_from")
    if not prompt:
        prompt, origin = beside.get("prompt", ""), "sidecar"
    if not prompt:
        prompt, origin = beside.get("caption", ""), "caption"
    data.pop("prompt", None)
    return fitting(prompt, data | {"prompt_from": origin if prompt else ""})


def with_problem(told: Told, problem: str) -> Told:
    """`told` with one more thing that was left out."""
    return fitting(told.prompt, told.data | {"problems": [*told.data.get("problems", ()), problem]})


def fitting(prompt: str, data: Mapping[str, Any]) -> Told:
    """What is told, without empty fields, and with less of it where it is too much to keep."""
    kept = {key: value for key, value in data.items() if value not in ("", [], {}, None)}
    for key in _DISPENSABLE:
        if len(json.dumps(kept, ensure_ascii=False).encode("utf-8", "replace")) <= MOST_BYTES:
            break
        if kept.pop(key, None):
            kept["problems"] = [*kept.get("problems", []), f"Too much to keep: {key} was left out."]
    return Told(prompt=prompt[:LONGEST_PROMPT], data=kept)


def _made(texts: Mapping[str, str], comment: str) -> Made | None:
    made = metadata_prompts.read(texts)
    if made is None and metadata_prompts.looks_like_parameters(comment):
        made = metadata_prompts.from_parameters(comment)
    return made


def _of(made: Made | None) -> dict[str, Any]:
    if made is None:
        return {}
    return {
        "generator": made.generator,
        "negative": clean(made.negative),
        "parameters": made.parameters,
        "prompt_from": made.generator if made.prompt else "",
    }


def _packet(image: Image.Image) -> bytes:
    found = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    return found.encode("utf-8", "replace") if isinstance(found, str) else found if isinstance(found, bytes) else b""


def _is_told(key: str, used: frozenset[str]) -> bool:
    return key not in _NOT_WORDS and key not in used and not key.startswith("Raw profile")


def _attempt(read: Callable[[], Read], problems: list[str]) -> Read | None:
    try:
        return read()
    except Exception as error:  # noqa: BLE001 - parsers of metadata raise nearly every built-in exception
        problems.append(one_line(f"Metadata is broken and was left out: {error}"))
        return None
