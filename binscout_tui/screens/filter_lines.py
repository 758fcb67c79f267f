"""A filter as a line shows it. Pure."""

from __future__ import annotations

from textual.content import Content

LEAST = 8


def shown(text: str, width: int) -> Content:
    """The filter in at most `width` cells, at least a few of them; nothing for none."""
    if not text:
        return Content("")
    return Content.assemble(("/ ", "bold $accent"), (text, "$accent")).truncate(max(LEAST, width), ellipsis=True)
