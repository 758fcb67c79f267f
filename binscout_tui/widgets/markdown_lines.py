"""Markdown as lines of text for a narrow panel. Pure; links lead nowhere and pictures are not fetched.

Only what prompts and notes use is drawn: headings, lists, quotes, code, emphasis. All else stands there as it is.
"""

from __future__ import annotations

import re

from textual.content import Content, Span

_HEADING = re.compile(r"(#{1,6}) +(.+)")
_ITEM = re.compile(r"( {0,12})(?:[-*+]|(\d{1,3})[.)]) +(.+)")
_QUOTE = re.compile(r"> ?(.*)")
_FENCE = re.compile(r" {0,3}(```|~~~)")
# Bounded, so that a line full of stars costs no more than its length.
_SPOKEN = re.compile(r"(`)([^`]{1,500})`|(\*\*|__)(?=\S)([^*_]{1,500})\3|(?<!\w)([*_])(?=\S)([^*_]{1,500})\5(?!\w)")
_STYLES = {"`": "$accent", "**": "bold", "__": "bold", "*": "italic", "_": "italic"}


def markdown(text: str) -> list[Content]:
    """`text` as lines, which are as long as they are: whoever shows them wraps them."""
    lines: list[Content] = []
    fenced = False
    for raw in text.split("\n"):
        if _FENCE.match(raw):
            fenced = not fenced
        elif fenced:
            lines.append(Content.styled(f"  {raw}", "$accent"))
        else:
            lines.append(_line(raw))
    return lines


def _line(raw: str) -> Content:
    if found := _HEADING.match(raw):
        return _spoken(found[2]).stylize("bold underline")
    if found := _ITEM.match(raw):
        mark = f"{found[2]}." if found[2] else "•"
        return Content(f"{found[1]}{mark} ") + _spoken(found[3])
    if found := _QUOTE.match(raw):
        return Content("│ ") + _spoken(found[1]).stylize("italic")
    return _spoken(raw)


def _spoken(raw: str) -> Content:
    """A line with its emphasis."""
    plain: list[str] = []
    spans: list[Span] = []
    at = length = 0
    for found in _SPOKEN.finditer(raw):
        mark, said = next((found[one], found[one + 1]) for one in (1, 3, 5) if found[one])
        before = raw[at : found.start()]
        plain += [before, said]
        spans.append(Span(length + len(before), length + len(before) + len(said), _STYLES[mark]))
        length += len(before) + len(said)
        at = found.end()
    return Content("".join([*plain, raw[at:]]), spans=spans)
