"""A filter as a line shows it: a chip for each condition, all of which hold. Pure."""

from __future__ import annotations

from textual.content import Content

from binscout_tui.filtering.errors import FilterError
from binscout_tui.filtering.tree import Any, conjuncts
from binscout_tui.store import filters

LEAST = 8
SIGN = ("/ ", "bold $accent")
CHIP = "$accent on $panel"


def chips(text: str) -> list[str]:
    """The conditions of a filter that must all hold, each as text; what is no filter is one."""
    try:
        parts = conjuncts(filters.parse(text))
    except FilterError:
        return [text]
    said = [filters.text_of(part) for part in parts]
    if len(parts) == 1:
        return said
    return [f"({one})" if isinstance(part, Any) else one for part, one in zip(parts, said, strict=True)]


def shown(text: str, width: int, *, view: str = "") -> Content:
    """The filter in at most `width` cells, at least a few of them; nothing for none.

    `view` is what people call it, where it has a name.
    """
    if not text:
        return Content("")
    width = max(LEAST, width)
    if view:
        return Content.assemble(SIGN, (view, "bold $accent")).truncate(width, ellipsis=True)
    parts = [Content.styled(one, CHIP) for one in chips(text)]
    wide = Content.assemble(SIGN, Content.styled(" AND ", "$text-muted").join(parts))
    line = wide if wide.cell_length <= width else Content.assemble(SIGN, Content(" ").join(parts))
    return line.truncate(width, ellipsis=True)
