"""The classes with their keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

COLUMN = 12
"""A column of classes is at least this wide, in cells."""


@dataclass(frozen=True, slots=True)
class ClassEntry:
    """One class: its key (empty when it has none), its name, and how many images have it."""

    key: str
    name: str
    images: int = 0


def class_lines(
    entries: Sequence[ClassEntry], width: int, rows: int, *, suggested: str | None = None, given: str | None = None
) -> list[Content]:
    """At most `rows` lines of at most `width` cells; in several columns when one is too low for all.

    `given` is the image's label and `suggested` the class that the model suggests; both are marked by a sign.
    """
    if rows < 1 or width < 8:
        return []
    across = min(max(1, width // COLUMN), -(-len(entries) // rows)) if entries else 1
    room = across * rows
    shown, hidden = list(entries), 0
    if len(entries) > room:
        shown = list(entries[: room - 1])
        hidden = len(entries) - len(shown)
    lines = []
    for row in range(min(rows, -(-(len(shown) + bool(hidden)) // across))):
        cells = []
        for column in range(across):
            # Down the columns when there is one, along the rows when there are several: 1 2 3 / 4 5 6 reads as keys do.
            position = row * across + column
            if position < len(shown):
                cells.append(_cell(shown[position], width // across, suggested, given, counts=across == 1))
            elif position == len(shown) and hidden:
                cells.append(Content.styled(set_cell_size(f"/ {hidden} more", width // across), "$text-muted"))
        lines.append(Content("").join(cells))
    return lines


def _cell(entry: ClassEntry, width: int, suggested: str | None, given: str | None, *, counts: bool) -> Content:
    sign = "✓" if entry.name == given else "●" if entry.name == suggested else " "
    count = f" {entry.images}" if counts and entry.images and width >= 20 else ""
    room = width - 5 - cell_len(count)
    name = entry.name if cell_len(entry.name) <= room else set_cell_size(entry.name, max(0, room - 1)) + "…"
    marked = entry.name in (suggested, given)
    return Content.assemble(
        (sign, "$success" if sign == "✓" else "$accent"),
        (f"{entry.key or ' ':1} ", "bold $accent"),
        (set_cell_size(name, room), "bold" if marked else ""),
        (count, "$text-muted"),
        ("  ", ""),
    )


class ClassPanel(Widget):
    """Shows which key is which class."""

    DEFAULT_CSS = """
    ClassPanel { width: 1fr; height: 1fr; }
    """
    entries: reactive[tuple[ClassEntry, ...]] = reactive(())
    suggested: reactive[str | None] = reactive(None)
    given: reactive[str | None] = reactive(None)

    def render(self) -> Content:
        """As many classes as there is room for."""
        if not self.entries:
            return Content.from_text("There are no classes yet.\n/ makes the first one.", markup=False)
        lines = class_lines(self.entries, self.size.width, self.size.height, suggested=self.suggested, given=self.given)
        return Content("\n").join(lines)
