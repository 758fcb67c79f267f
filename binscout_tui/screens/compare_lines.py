"""The words around compared pictures. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile

from textual.content import Content

from binscout_tui.operations.comparing import Facts, Field, Words, differing, in_words, prompt_words
from binscout_tui.screens.gallery_lines import label_words
from binscout_tui.store.gallery import Row
from binscout_tui.workers.differences import Shown

FIELD = 14
"""Cells of the name of a field."""
MOST_ROWS = 200
LONG_BEGINNING = 12
ALIKE = "Nothing that is known of these images differs, but which they are."
WITHOUT_NEWS = ("added", "bytes are")
"""Fields that differ for any two images: alone they are no difference."""
Part = tuple[str, str]
Line = Callable[[int], Content]


def title(row: Row) -> str:
    """What a frame is called."""
    star = " ★" if row.image.starred else ""
    label = f" · {label_words(row.label)}" if row.label is not None else ""
    return f"#{row.image.id}{star}{label} · {row.image.name}"


def head(count: int, framed: int, other: int, width: int, *, said: str = "", early: int = 0, zoom: str = "") -> Content:
    """The line below the pictures: what was found out, else what is compared with what; how close at the right."""
    parts: list[Part] = [(f"{early} early {'key' if early == 1 else 'keys'} not taken · ", "$warning")] if early else []
    if said:
        parts.append((said, ""))
    else:
        parts += [(f"comparing {count}", "bold"), (f" · {framed + 1} is compared with {other + 1}", "$text-muted")]
    left = Content.assemble(*parts).truncate(max(1, width - len(zoom) - 2), ellipsis=True, pad=True)
    return Content.assemble(left, "  ", (zoom, "$text-muted"))


def found_words(shown: Shown, framed: int, other: int) -> str:
    """What is said of a difference."""
    words = f"{framed + 1} and {other + 1}: {in_words(shown.difference)}"
    if shown.problem:
        return f"{words} (of the previews only: {shown.problem.removesuffix('.')})"
    return words


def instead_words(shown: Shown) -> str:
    """What is said of the picture of a difference, in its frame."""
    stretch = shown.difference.stretch
    return f"difference, {stretch:.0f}x brighter" if stretch >= 1.5 else "difference"


def table(known: Sequence[Facts], reference: int) -> list[Line]:
    """What differs in words, a line each, with a line for each image's prompt beside the reference's; at most 200."""
    rows = differing(known)
    told = [row for row in rows if row.field not in WITHOUT_NEWS]
    prompts = [prompt_words(known[reference].prompt, one.prompt) for one in known]
    lines: list[Line] = [] if told or any(words.added or words.removed for words in prompts) else [_plain(ALIKE)]
    lines.append(_heading(known))
    lines += [_field(row, reference) for row in [*told, *(row for row in rows if row.field in WITHOUT_NEWS)]]
    for position, words in enumerate(prompts):
        if words.added or words.removed:
            lines.append(_prompt(position, words))
    return lines[:MOST_ROWS]


def _plain(text: str) -> Line:
    return lambda width: Content(text).truncate(width, ellipsis=True)


def _cells(first: str, values: Sequence[Part], width: int) -> Content:
    """A name, and a column for each image."""
    each = max(4, (width - FIELD) // max(1, len(values)))
    parts = [Content.styled(first, "$text-muted").truncate(FIELD - 1, ellipsis=True, pad=True), Content(" ")]
    for value, style in values:
        parts.append(Content.styled(value, style).truncate(each - 1, ellipsis=True, pad=True))
        parts.append(Content(" "))
    return Content.assemble(*parts)


def _heading(known: Sequence[Facts]) -> Line:
    values = [(f"{position + 1} #{one.image.id}", "bold") for position, one in enumerate(known)]
    return lambda width: _cells("", values, width)


def _field(row: Field, reference: int) -> Line:
    same = row.values[reference]
    shown = without_beginning(row.values)
    values = [
        (words or "-", "" if value == same else "$warning") for words, value in zip(shown, row.values, strict=True)
    ]
    return lambda width: _cells(row.field, values, width)


def without_beginning(values: Sequence[str]) -> list[str]:
    """The values without a long beginning that they share: what differs is to be seen."""
    shared = len(list(takewhile(lambda letters: len(set(letters)) == 1, zip(*values, strict=False))))
    return [f"…{value[shared - 1 :]}" for value in values] if shared > LONG_BEGINNING else list(values)


def _prompt(position: int, words: Words) -> Line:
    parts: list[Part] = []
    if words.added:
        parts.append((f"+ {', '.join(words.added)}  ", "$success"))
    if words.removed:
        parts.append((f"- {', '.join(words.removed)}", "$error"))
    return lambda width: Content.assemble(
        Content.styled(f"{position + 1} prompt", "$text-muted").truncate(FIELD - 1, pad=True), " ", *parts
    ).truncate(width, ellipsis=True)
