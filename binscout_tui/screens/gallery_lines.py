"""The words around the pictures of the gallery. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from textual.content import Content

from binscout_tui.clock import from_text
from binscout_tui.screens.filter_lines import shown
from binscout_tui.screens.words import counted, data_size
from binscout_tui.store.gallery import Order, Row
from binscout_tui.store.labels import Label

EMPTY = (
    "There are no images yet.\n\nbinscout import FOLDER   brings some\nbinscout demo            makes sample pictures"
)
ALL_TRASHED = "All images are in the trash.\n\n{key}   brings back what you moved there last"
NO_MATCH = "No image matches the filter.\n\n{}   shows all images\n{}   changes the filter"
HEALTH = {"missing": "its file is missing", "changed": "its file was changed"}
Part = tuple[str, str]


def status_line(
    total: int,
    marked: int,
    size: str,
    order: Order,
    width: int,
    *,
    early: int = 0,
    position: int | None = None,
    filter_text: str = "",
    view: str = "",
    library: int = 0,
    more: bool = False,
) -> Content:
    """How many images and marks there are at the left, how they are shown at the right of `width` cells.

    With a filter it comes first, or the `view` that it is, and how many it lets through of the `library`; `more` when
    it may be more.
    """
    right = f"{order} first · size {size}"
    found = f"{total:,}{'+' if more else ''} of {library:,}" if filter_text else counted(total, "image", "")
    left: list[Part | Content] = [(found, "bold"), *_marks(marked), *_early(early)]
    if position is not None:
        left.append((f" · at {position + 1:,}", "$text-muted"))
    if not filter_text:
        return _sides(left, right, width)
    room = width - len(right) - Content.assemble(*left).cell_length - 4
    return _sides([shown(filter_text, room, view=view), ("  ", ""), *left], right, width)


def empty_words(filter_text: str, *, has_trash: bool, key: Callable[[str], str]) -> str:
    """Why there is nothing to see, and what to press."""
    if filter_text:
        return NO_MATCH.format(key("gallery.unfilter"), key("gallery.filter"))
    return ALL_TRASHED.format(key=key("gallery.undo")) if has_trash else EMPTY


def lost(image_id: int, *, filtered: bool) -> str:
    """What is said of an image in full that is there no more."""
    if filtered:
        return f"Image {image_id} is no longer among those of the filter."
    return f"Image {image_id} was moved to the trash by somebody."


def image_line(row: Row | None, width: int, *, marked: bool = False) -> Content:
    """Which image is under the cursor; what matters least stands last and is cut."""
    if row is None:
        return Content("")
    image = row.image
    parts: list[Part] = [(f"#{image.id}", "bold"), *_mark(marked), *_said(row.label), *_warned(row)]
    parts.append((f" · {image.name}", ""))
    parts.append((f" · {image.width}x{image.height} · {data_size(image.bytes)} · {day(row)}", "$text-muted"))
    return Content.assemble(*parts).truncate(width, ellipsis=True)


def caption(
    row: Row,
    position: int | None,
    total: int,
    width: int,
    *,
    zoom: str = "",
    marked: bool = False,
    marks: int = 0,
    early: int = 0,
) -> Content:
    """The line below a picture in full: where it is among all at the right, which it is at the left."""
    place = f"{position + 1:,} of {total:,}" if position is not None else f"of {total:,}"
    right = " · ".join(part for part in (f"{marks} marked" if marks else "", zoom, place) if part)
    image = row.image
    left: list[Part] = [(f"#{image.id}", "bold"), *_mark(marked), *_early(early), *_said(row.label), *_warned(row)]
    left += [(f" · {image.name}", ""), (f" · {image.width}x{image.height} · {day(row)}", "$text-muted")]
    return _sides(left, right, width)


def queued(new: int, asked: int) -> str:
    """What was put into the crop queue, for people."""
    if not new:
        return "It waits in the crop queue already." if asked == 1 else "They wait in the crop queue already."
    what = "1 image waits" if new == 1 else f"{new} images wait"
    return f"{what} in the crop queue now." + (f" {asked - new} did already." if new < asked else "")


def trashed(moved: int, asked: int, name: str) -> str:
    """What came of moving `asked` images to the trash; `name` is that of a single one."""
    if not moved:
        return f"{name or 'What was marked'} was in the trash already."
    what = name if name and asked == 1 else counted(moved, "image", "")
    others = " The others were there already." if moved < asked else ""
    are, them = ("is", "it") if moved == 1 else ("are", "them")
    return f"{what} {are} in the trash; {{gallery.undo}} brings {them} back.{others}"


def restored(moved: int, asked: int) -> str:
    """What came of bringing `asked` images back from the trash."""
    others = " The others were not there any more." if moved < asked else ""
    return f"{counted(moved, 'image', '')} {'is' if moved == 1 else 'are'} in the library again.{others}"


def turned(images: int, left: int, word: str) -> str:
    """What undo or redo did with `images` at once, `word` is how; "" where the screen says it."""
    if left:
        return f"{counted(images, 'image', '')} {word}; {left:,} changed since and stay as they are."
    return f"{counted(images, 'image', '')} {word}." if images > 1 else ""


def label_words(label: Label | None) -> str:
    """What was said of an image."""
    if label is None:
        return "not labelled"
    return {"class": label.name or "", "empty": "nothing there", "skipped": "skipped"}[label.state]


def badge(label: Label | None) -> str:
    """The class for a tile's caption, empty where none was given."""
    return label.name or "" if label is not None and label.state == "class" else ""


def sign(row: Row) -> str:
    """What stands before the class in a tile's caption: a star, and that something is to be known of it."""
    return ("★" if row.image.starred else "") + ("!" if warnings(row) else "")


def warnings(row: Row) -> list[str]:
    """What one should know of an image, as clauses."""
    health = HEALTH.get(row.image.health)
    return [*([health] if health else []), *row.image.warnings]


def day(row: Row) -> str:
    """The day the picture was taken, else the one it came in."""
    return _local(row.image.taken_at or row.image.added_at, "%Y-%m-%d")


def moment(text: str) -> str:
    """A moment of the store on this person's clock."""
    return _local(text, "%Y-%m-%d %H:%M")


def _local(text: str, form: str) -> str:
    try:
        found = from_text(text)
    except ValueError:
        return text
    # A camera's clock has no zone; what it showed is what one wants to see.
    return (found if found.tzinfo is None else _here(found)).strftime(form)


def _here(found: datetime) -> datetime:
    try:
        return found.astimezone()
    except (OverflowError, OSError):
        return found


def _marks(marked: int) -> list[Part]:
    return [(f" · {marked:,} marked", "$accent")] if marked else []


def _mark(marked: bool) -> list[Part]:
    return [(" ✓", "bold $accent")] if marked else []


def _early(early: int) -> list[Part]:
    return [(f" · {early} early {'key' if early == 1 else 'keys'} not taken", "$warning")] if early else []


def _said(label: Label | None) -> list[Part]:
    return [(f" · {label_words(label)}", "$success" if label.state == "class" else "$text-muted")] if label else []


def _warned(row: Row) -> list[Part]:
    return [(f" · ! {words}", "$warning") for words in warnings(row)]


def _sides(left: Sequence[Part | Content], right: str, width: int) -> Content:
    line = Content.assemble(*left)
    room = width - len(right) - 2
    if line.cell_length > room:
        line = line.truncate(max(0, room), ellipsis=True)
    return Content.assemble(line, " " * max(2, width - line.cell_length - len(right)), (right, "$text-muted"))
