"""The words around the tiles of Verify. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from textual.content import Content

from binscout_tui.commands.table import KeyOf, default_key
from binscout_tui.labelling.verifying import Over, What
from binscout_tui.screens.words import counted
from binscout_tui.store.gallery import Row
from binscout_tui.store.labels import Label, LabelClass
from binscout_tui.store.verifying import Taken, Waiting
from binscout_tui.widgets.grid_items import GridItem

Part = tuple[str, str]
GONE = "not in the library any more"


def score(value: float) -> str:
    """`.98`, never more than it is: 1.00 means 1."""
    return f"{math.floor(value * 100 + 1e-6) / 100:.2f}".removeprefix("0")


def status_line(
    name: str,
    left: int | None,
    *,
    over: Over = "model",
    least: float = 0.0,
    rate: int | None = None,
    marked: int = 0,
    early: int = 0,
    last: str = "",
    undone: bool = False,
    key: KeyOf = default_key,
) -> Content:
    """Which class it is, how many wait, how fast it goes, what was decided last."""
    parts: list[Part] = [(name, "bold $accent")]
    if over == "labels":
        parts.append((f" · {counted(left or 0, 'label', '')} given", "bold"))
    elif left is not None:
        parts.append((f"? {left:,} wait{'s' if left == 1 else ''}", "bold"))
    if least and over == "model":
        parts.append((f" · sure from {score(least)}", "$text-muted"))
    if early:
        parts.append((f" · {early} early {'key' if early == 1 else 'keys'} not taken", "$warning"))
    if marked:
        parts.append((f" · {marked} wrong", "bold $error"))
    if rate is not None:
        parts.append((f" · {rate}/min", ""))
    if last:
        parts.append((f" · last: {last}", ""))
        if not undone:
            parts.append((f" ({key('verify.undo')} undoes)", "$text-muted"))
    return Content.assemble(*parts)


def classes_line(keys: Mapping[str, LabelClass], name: str, width: int, *, key: KeyOf = default_key) -> Content:
    """The keys of the other classes, as many as there is room for in `width` cells."""
    parts: list[Part] = [("rather: ", "$text-muted")]
    find = f"{key('verify.find')} find"
    used = 8 + len(find)
    for place, item in keys.items():
        used += len(place) + len(item.name) + 4
        if used > width:
            break
        if item.name != name:
            parts += [(place, "bold $accent"), (f" {item.name}   ", "")]
    parts += [(key("verify.find"), "bold $accent"), (" find", "$text-muted")]
    return Content.assemble(*parts)


def image_line(
    row: Row | None,
    sure: float,
    what: What | None,
    *,
    marked: bool = False,
    shown: bool = True,
    over: Over = "model",
) -> Content:
    """Which image is under the cursor, and what Enter makes of it."""
    if row is None:
        return Content("")
    parts: list[Part] = [(f"#{row.image.id}", "bold")]
    if over == "model":
        parts.append((f" · model {score(sure)}", "$text-muted"))
    if marked:
        becomes = "it stays unlabelled" if over == "model" else "somebody is to look again"
        parts.append((f" · ✗ wrong: {becomes}", "bold $error"))
    elif what == "gone":
        parts.append((f" · {GONE}", "$warning"))
    elif what in ("taken", "said"):
        parts.append((f" · ✓ {label_words(row.label)}", "$success"))
    elif not shown:
        parts.append((" · ! cannot be shown: it stays as it is", "$warning"))
    parts.append((f" · {row.image.name}", "$text-muted"))
    return Content.assemble(*parts)


def label_words(label: Label | None) -> str:
    """What was said of an image."""
    if label is None:
        return "no label"
    return {"class": label.name or "", "empty": "nothing there", "skipped": "skipped"}[label.state]


def tile(row: Row, what: What | None, sure: float, small: Path, large: Path, *, over: Over = "model") -> GridItem:
    """A tile with its two previews; its caption says how sure the model is, or what the image was labelled since."""
    image = row.image
    problem = GONE if what == "gone" else ""
    title = f"✓ {label_words(row.label)}" if what in ("taken", "said") else ""
    title = title or (score(sure) if over == "model" else label_words(row.label))
    return GridItem(
        id=image.id,
        small=small,
        large=large,
        size=(image.width, image.height),
        title=title,
        badge=f"#{image.id}",
        problem=problem,
    )


def gone(image_id: int) -> GridItem:
    """The tile of an image of which there is nothing left."""
    return GridItem(id=image_id, small=None, large=None, title=f"#{image_id}", problem=GONE)


def decided(done: Taken, name: str) -> str:
    """What came of a page, for the line."""
    parts = [f"{len(done.taken)} {name} ✓"] if done.taken else []
    parts += [f"{len(done.ruled_out)} ✗"] if done.ruled_out else []
    return " ".join(parts)


def left_over(done: Taken) -> str:
    """What is told of images that could not be taken, empty where there are none."""
    if not done.left:
        return ""
    one = len(done.left) == 1
    return f"{counted(len(done.left), 'image', '')} {'was' if one else 'were'} decided on by somebody meanwhile."


def empty_words(
    model_id: str | None,
    waiting: Sequence[Waiting],
    name: str | None,
    least: float,
    *,
    over: Over = "model",
    key: KeyOf = default_key,
) -> str:
    """What to do where no image waits."""
    if over == "labels":
        what = f"No label of {name} is left to look at." if waiting else "Nobody has labelled an image yet."
        return f"{what}\n\n{key('verify.over')}   shows what the model says"
    if model_id is None:
        return "No model is active, so nothing was said that could be verified.\n\nbinscout activate MODEL\n\n" + (
            f"{key('verify.over')}   goes over the labels that people gave"
        )
    there = [one for one in waiting if one.name == name]
    others = [one for one in waiting if one.name != name]
    if there and least:
        sure = f"The model is nowhere as sure as {score(least)} that it is {name}."
        return f"{sure}\n\n{key('verify.sure')}   takes in more"
    if others:
        more = ", ".join(f"{one.name} {one.images:,}" for one in others[:5])
        return f"No image of {name} waits any more.\n\n{key('verify.class_next')}   goes over the next class: {more}"
    ask = f"{key('verify.predict')}   has the model look at what it has not seen yet"
    return f"Nothing waits that the model is sure of.\n\n{ask}\n{key('verify.label')}   goes on in Label"
