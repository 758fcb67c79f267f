"""The set of classes as rows, and the words around them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from textual.content import Content

from binscout_tui.labelling.colours import name_of
from binscout_tui.screens.words import counted
from binscout_tui.store.classes import ClassRow, Load
from binscout_tui.widgets.row_list import Row

KEY, COLOUR, IMAGES = 5, 12, 10
SWATCH = "██"
EMPTY = "There are no classes yet.\n\n{}   makes the first"
NONE_IN_USE = "All classes are archived.\n\n{}   makes a new one\n{}   shows the archived"


def rows(found: Sequence[ClassRow], keys: Mapping[int, str], names: Mapping[int, str]) -> list[Row]:
    """A row each; `keys` are those that label now, also where the program chose them; `names` are those of all."""
    return [
        Row(str(one.id), partial(line, one, keys.get(one.id, ""), names.get(one.parent_id or 0, ""))) for one in found
    ]


def line(one: ClassRow, key: str, parent: str, width: int) -> Content:
    """One class; a key that the program chose is quiet, an archived class is too."""
    name, group, below = _rooms(width)
    quiet = "$text-muted"
    made = Content.assemble(
        (f" {key:<{KEY - 1}}", "bold $accent" if one.key and not one.archived_at else quiet),
        (SWATCH, one.colour) if one.colour else ("  ", ""),
        (f" {name_of(one.colour):<{COLOUR - 3}}", quiet),
        Content(one.name).truncate(name - 1, ellipsis=True, pad=True),
        " ",
        Content(one.group).truncate(group - 1, ellipsis=True, pad=True),
        " ",
        Content(parent).truncate(below - 1, ellipsis=True, pad=True),
        " ",
        f"{'archived' if one.archived_at else format(one.images, ','):>{IMAGES}}",
    )
    return made.stylize(quiet) if one.archived_at else made


def head(width: int) -> Content:
    """What stands in which column."""
    name, group, below = _rooms(width)
    parts = (f" {'key':<{KEY - 1}}", f"{'colour':<{COLOUR}}", f"{'name':<{name}}", f"{'group':<{group}}")
    text = "".join((*parts, f"{'below':<{below}}", f"{'images':>{IMAGES}}"))
    return Content.styled(text, "$text-muted")


def _rooms(width: int) -> tuple[int, int, int]:
    """The cells of name, group and parent, which share what the others leave."""
    room = max(30, width - KEY - COLOUR - IMAGES)
    group = below = max(8, min(24, room // 4))
    return room - group - below, group, below


def status(found: Sequence[ClassRow], *, archived: bool, early: int, key: Callable[[str], str]) -> Content:
    """How many there are, and whether the archived ones are shown."""
    used = sum(one.archived_at is None for one in found)
    gone = len(found) - used
    words = "class" if used == 1 else "classes"
    parts: list[tuple[str, str]] = [(f"{used:,} {words}", "bold")]
    if gone:
        said = "shown" if archived else "not shown"
        parts.append((f" · {gone:,} archived, {said} ({key('classes.archived')})", "$text-muted"))
    if early:
        parts.append((f" · {counted(early, 'early key', 'not taken')}", "$warning"))
    return Content.assemble(*parts)


def empty_words(*, some_archived: bool, key: Callable[[str], str]) -> str:
    """Why the list is empty, and what to press."""
    if some_archived:
        return NONE_IN_USE.format(key("classes.new"), key("classes.archived"))
    return EMPTY.format(key("classes.new"))


def merge_question(one: str, into: str, load: Load) -> str:
    """What a merge would do, before it does."""
    parts = [
        counted(load.images, "labelled image", ""),
        f"{load.boxes:,} {'box' if load.boxes == 1 else 'boxes'}" if load.boxes else "",
        counted(load.counts, "count", "") if load.counts else "",
        counted(load.items, "item", "") if load.items else "",
        f"{load.below:,} {'class' if load.below == 1 else 'classes'} below it" if load.below else "",
    ]
    moved = ", ".join(part for part in parts if part)
    return f"{moved} of\n{one}\nbecome\n{into}\n\n{one} is archived then. One undo takes all of it back."


def merged(one: str, into: str, images: int) -> str:
    """What came of a merge."""
    return f"{counted(images, 'image', '')} of {one} {'is' if images == 1 else 'are'} {into} now."


_TURNED = {"merge": "merge of", "order": "order of", "add": "new class", "archive": "archiving of"}


def turned(action: str, name: str, *, left: int) -> str:
    """What undo or redo changed."""
    others = f" {left:,} changed since and stay as they are." if left else ""
    return f"{_TURNED.get(action, action)} {name}.{others}"
