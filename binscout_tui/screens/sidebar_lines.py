"""The rows of the gallery's sidebar. Pure."""

from __future__ import annotations

from functools import partial

from textual.content import Content

from binscout_tui.browsing.sidebar import Contents, Entry, Section, Switched
from binscout_tui.screens.words import counted
from binscout_tui.widgets.grid_layout import GAP, LEAST_WIDTH, TileSize
from binscout_tui.widgets.row_list import Row

LEAST_COLUMNS = 3
"""Columns of tiles of size M that stay beside a pinned sidebar."""
LEAST_GRID = LEAST_COLUMNS * (LEAST_WIDTH[TileSize.M] + GAP) + GAP + 1
"""Cells of the grid for these, its scroll bar too."""
NOTHING = "nothing is called so"
NO_COLLECTION = "none yet; n makes one"


def fitting(room: int, wanted: int, least: int) -> int | None:
    """How many of `wanted` columns a pinned sidebar gets beside a grid that has `room` with it; None: too few."""
    width = min(wanted, room - LEAST_GRID)
    return width if width >= least else None


def rows(contents: Contents, typed: str, current: str | None) -> list[Row]:
    """The rows: titles, and below them what can be chosen; `current` is the key of what is shown now."""
    found = [row for section in contents.sections(typed) for row in _section(section, current)]
    return found or [_note("nothing", NOTHING)]


def _section(section: Section, current: str | None) -> list[Row]:
    made = [Row(entry.key, partial(entry_line, entry, is_current=entry.key == current)) for entry in section.entries]
    if section.title:
        made.insert(0, _title(section.title))
    if section.kind == "collection" and not section.entries:
        made.append(_note("none", NO_COLLECTION))
    if section.more:
        made.append(_note("more", f"{section.more:,} more; / finds them"))
    return made


def _title(title: str) -> Row:
    return Row(f"title:{title}", lambda width: Content.styled(title, "bold $text-muted"), selectable=False)


def _note(key: str, words: str) -> Row:
    return Row(f"note:{key}", lambda width: Content.styled(f"  {words}", "$text-muted"), selectable=False)


def entry_line(entry: Entry, width: int, *, is_current: bool = False) -> Content:
    """A name that may come from anywhere at the left, how many images it has at the right of `width` cells."""
    images = "" if entry.images is None else f"{entry.images:,}"
    sign = ("• ", "bold $accent") if is_current else ("▪ ", entry.colour) if entry.colour else ("  ", "")
    name = Content.styled(entry.name, "bold $accent" if is_current else "")
    state = " · ".join(word for word, holds in (("hidden", entry.hidden), ("sensitive", entry.sensitive)) if holds)
    more = Content.styled(f" {state}" if state else "", "$warning")
    room = max(1, width - 2 - len(images) - 1)
    left = (name + more).truncate(room, ellipsis=True, pad=True)
    return Content.assemble(sign, left, " ", (images, "$text-muted")).truncate(max(1, width))


def deleted(entry: Entry) -> str:
    """What is said when something is deleted or forgotten."""
    if entry.kind == "filter":
        return f"The filter {entry.name} is kept no more."
    return f"{entry.kind.capitalize()} {entry.name} is deleted, its images stay; {{gallery.undo}} brings it back."


def hidden(entry: Entry) -> str:
    """What is said when something was hidden, or shown again, without its name; `entry` is as it was before."""
    if entry.hidden:
        return f"The {entry.kind} and its images are shown again."
    return f"The {entry.kind} is hidden: its images are nowhere to be seen; {{gallery.undo}} takes it back."


def turned_sensitive(entry: Entry) -> str:
    """What is said when safe mode is to hide something, or no more, without its name; `entry` is as it was before."""
    name = f"The {entry.kind}"
    if entry.sensitive:
        return f"{name} is not sensitive any more: safe mode does not hide it."
    return f"{name} is sensitive: safe mode ({{gallery.safe_mode}}) hides it and its images."


def switched(found: Switched) -> str:
    """What is said when safe mode was turned on or off: numbers, never a name."""
    if not found.on:
        return "Safe mode is off: what is sensitive is shown."
    parts = [
        counted(number, word, "") for number, word in ((found.tags, "tag"), (found.collections, "collection")) if number
    ]
    if not parts:
        return "Safe mode is on. Nothing is marked as sensitive yet: {sidebar.sensitive} in the sidebar does."
    is_one = found.tags + found.collections == 1
    rest = "is hidden with its images" if is_one else "are hidden with their images"
    return f"Safe mode is on: {' and '.join(parts)} {rest}."


def collected(name: str, changed: int, asked: int, *, put: bool) -> str:
    """What came of putting `asked` images into a collection, or of taking them out."""
    if not changed:
        said = "in it already" if put else "not in it"
        return f"{'It is' if asked == 1 else 'They are'} {said}: {name}."
    left = asked - changed
    others = f"; {left} {'was' if left == 1 else 'were'} {'there already' if put else 'not in it'}" if left else ""
    what = counted(changed, "image", "")
    return f"{what} {'put into' if put else 'taken out of'} {name}{others}."
