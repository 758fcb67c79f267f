"""One image of a dataset version as large as there is room."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

from binscout_tui.commands.datasets import FULL
from binscout_tui.screens import datasets_lines as lines
from binscout_tui.screens.gallery_full import FullView, Shown
from binscout_tui.store.dataset_pages import FrozenRow
from binscout_tui.store.gallery import Row


@dataclass(frozen=True, slots=True)
class ShownLine(Shown):
    """What is shown, with what is frozen of it."""

    line: FrozenRow | None = None


class VersionFull(FullView, inherit_bindings=False):
    """The gallery's full view, which tells of the version and decides nothing."""

    SCOPE = FULL
    BINDINGS = FULL.bindings()

    def _caption(self) -> Content:
        shown = self.shown
        if not isinstance(shown, ShownLine) or shown.line is None:
            return Content("")
        width = max(20, self.size.width - 2)
        return lines.caption(shown.line, shown.position, shown.total, self.picture.zoom_text, width)


def row_of(line: FrozenRow) -> Row:
    """What the full view needs of an image."""
    return Row(image=line.image, label=line.now, crops=tuple(box for box, _ in line.boxes))
