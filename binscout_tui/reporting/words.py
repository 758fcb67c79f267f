"""A case in words, the same in every view."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

import msgspec

from binscout_tui.imaging.names import display_name
from binscout_tui.reporting.cases import Answer, Case


def name_of(case: Case) -> str:
    """The file that stands for a case, or the beginning of its id."""
    image = case.image
    path = PurePath(image.path) if image is not None else PurePath()
    name = "/".join(path.parts[-2:]) if len(case.images) > 1 else path.name
    return display_name(name.lstrip("/")) if name else case.id[:12]


def renamed(case: Case, names: Mapping[str, str]) -> Case:
    """The case with the names that its images have for people, {SHA-256: name}, in place of where their files lie."""
    if not any(image.sha256 in names for image in case.images):
        return case
    found = [msgspec.structs.replace(one, path=names.get(one.sha256, one.path)) for one in case.images]
    return msgspec.structs.replace(case, images=found)


def verdict(case: Case, task: str) -> str:
    """What is true and what the model said, in one line."""
    if task == "count":
        off = f" ({case.error:+g})" if case.error is not None else ""
        return f"there are {answer(case.truth)}, the model counts {answer(case.said)}{off}"
    if task == "select":
        crop = f", crops overlap {case.iou:.2f}" if case.iou is not None else ""
        if case.right:
            return f"the right picture{sure(case)}{crop}"
        return f"kept {place(case.truth)}, the model keeps {place(case.said)}{sure(case)}{crop}"
    return f"it is {answer(case.truth)}, the model says {answer(case.said)}{sure(case)}"


def sure(case: Case) -> str:
    """How sure the model is, with a blank before it."""
    return "" if case.score is None else f" {case.score:.2f}"


def answer(value: Answer) -> str:
    """A class or a number for one line."""
    if value is None:
        return "nothing"
    return f"{value:g}" if isinstance(value, float) else display_name(str(value))


def place(value: Answer) -> str:
    """The place of an image in its set, from 1."""
    return f"picture {value + 1}" if isinstance(value, int) else "no picture"
