"""One line of text to type."""

from __future__ import annotations

from textual.reactive import reactive
from textual.widgets import Input


class TextLine(Input):
    """An input whose cursor stands still: nothing moves by itself, and a line that waits sends no bytes."""

    cursor_blink = reactive(False, init=False)
