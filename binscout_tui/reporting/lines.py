"""A document as lines of text for a width, each piece with the role that it plays; the terminal colours roles. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from binscout_tui.imaging.names import display_name
from binscout_tui.learning.tasks import Figure as About
from binscout_tui.reporting.calibration import Bin, Calibration
from binscout_tui.reporting.document import Document, Headline, Score
from binscout_tui.reporting.report import Confusion, Figure
from binscout_tui.reporting.rows import Row, Table, interval, shown
from binscout_tui.reporting.words import name_of, verdict
from binscout_tui.wording import counted

Role = Literal["", "muted", "bold", "own", "good", "bad", "warning", "diagonal", "heat1", "heat2", "heat3", "heat4"]
Piece = tuple[str, Role]
Line = list[Piece]

NAME = 17
VALUE = 7
SPREAD = 15
MOST_AXIS, LEAST_AXIS = 44, 8
BAR = 16
CELL = 4
MOST_PAIRS = 20
MOST_WORST_LINES = 20


@dataclass(frozen=True, slots=True)
class Section:
    """A title and what stands below it."""

    title: str
    lines: list[Line]


def sections(document: Document, width: int) -> list[Section]:
    """The whole document for `width` cells; sections that would be empty are left out."""
    of = counted(document.samples, f"test {document.task.sample}")
    found = [
        Section(f"Figures on {of}, with 95 % intervals", _headlines(document.headlines, width)),
        Section("What to mistrust", [_wrapped for one in document.doubts for _wrapped in wrapped("! ", one, width)]),
        *(Section(table.title, table_lines(table, width)) for table in document.tables),
        Section(*_confusion(document.confusion, width)),
        Section("As often right as it says?", _calibration(document.calibration, width)),
        Section(_worst_title(document), _worst(document, width)),
        Section(counted(document.unread, "file") + " could not be read", _unreadable(document, width)),
        Section("How it was made", [_fact(name, words, width) for name, words in document.facts]),
    ]
    return [clipped(section, width) for section in found if section.lines]


def clipped(section: Section, width: int) -> Section:
    """The section with no line longer than `width` cells."""
    return Section(cut(section.title, width), [_clip(line, width) for line in section.lines])


def _clip(line: Line, width: int) -> Line:
    kept: Line = []
    room = width
    for text, role in line:
        kept.append((cut(text, room), role))
        room -= text_width(kept[-1][0])
    return kept


def plain(document: Document, width: int) -> list[str]:
    """The document as plain lines."""
    lines: list[str] = []
    for section in sections(document, width):
        lines += [section.title, *("".join(text for text, _ in line).rstrip() for line in section.lines), ""]
    return lines[:-1]


# Figures.


def _headlines(found: Sequence[Headline], width: int) -> list[Line]:
    lines: list[Line] = []
    alone: list[Line] = []
    for headline in found:
        if headline.is_brief and lines:
            alone.append(_alone(headline))
        else:
            lines += [[], *headline_lines(headline, width)] if lines else headline_lines(headline, width)
    return [*lines, *([[], *alone] if alone else [])]


def _alone(headline: Headline) -> Line:
    """A figure that needs no axis, in one line."""
    share, figure = headline.about.share, headline.scores[0].figure
    words = " · ".join(
        text for text in (interval(figure, share=share), headline.beside, better(headline.about)) if text
    )
    return [
        (f"  {fit(headline.about.words, NAME)}", "muted"),
        (f"{shown(figure.value, share=share):>{VALUE}}  ", "bold"),
        (words, "muted"),
    ]


def headline_lines(headline: Headline, width: int) -> list[Line]:
    """A figure of the model and of its baselines on one axis, their intervals as bars."""
    axis = max(0, min(MOST_AXIS, width - NAME - VALUE - SPREAD - 3))
    axis = axis if axis >= LEAST_AXIS else 0
    low, high = (shown(end, share=headline.about.share) for end in headline.ends)
    scale = f"{low}{high:>{max(0, axis - len(low))}} " if axis else ""
    head: Line = [
        (f"  {fit(headline.about.words, NAME + VALUE)} ", "bold"),
        (f"{scale}{better(headline.about)}", "muted"),
    ]
    return [head, *(_score(score, headline, axis) for score in headline.scores)]


def better(about: About) -> str:
    """What is good of a figure, where that is not more."""
    if about.name == "bias":
        return "0 is best"
    return "" if about.higher_is_better else "less is better"


def _score(score: Score, headline: Headline, axis: int) -> Line:
    about = headline.about
    role: Role = "own" if score.is_model else "muted"
    value = shown(score.figure.value, share=about.share)
    mark: Piece = (" ", "")
    if score.words in headline.behind:
        mark = ("!", "bad" if score.words in headline.worse else "warning")
    return [
        (f"  {fit(score.words, NAME)}", "bold" if score.is_model else "muted"),
        (f"{value:>{VALUE}} ", "bold" if score.is_model else ""),
        (interval_bar(score.figure, headline.ends, axis), role),
        mark,
        (interval(score.figure, share=about.share), "muted"),
    ]


def interval_bar(figure: Figure, ends: tuple[float, float], cells: int) -> str:
    """`····├──●──┤····`: the value and its interval on an axis of `cells`."""
    if figure.value is None or cells < 1:
        return " " * cells
    low, high = figure.ci95 or (figure.value, figure.value)
    first, here, last = (cell_of(value, ends, cells) for value in (low, figure.value, high))
    drawn = ["·"] * cells
    drawn[first : last + 1] = ["─"] * (last + 1 - first)
    if first < here:
        drawn[first] = "├"
    if last > here:
        drawn[last] = "┤"
    drawn[here] = "●"
    return "".join(drawn)


def cell_of(value: float, ends: tuple[float, float], cells: int) -> int:
    """The cell of `value` on an axis between `ends`."""
    low, high = ends
    share = (value - low) / (high - low) if high > low else 0.0
    return round(max(0.0, min(1.0, share)) * (cells - 1))


# Tables.


def table_lines(table: Table, width: int) -> list[Line]:
    """A table with the names on the left and a bar where it has shares and there is room."""
    columns = [
        max(text_width(text) for text in (name, *(row.cells[place] for row in table.rows)))
        for place, name in enumerate(table.columns[1:])
    ]
    room = width - NAME - 2 - sum(column + 2 for column in columns)
    bar = min(BAR, room - 3) if any(row.share is not None for row in table.rows) else 0
    bar = bar if bar >= LEAST_AXIS else 0
    head = "".join(f"  {padded(name, column)}" for name, column in zip(table.columns[1:], columns, strict=True))
    lines: list[Line] = [[(f"  {fit(table.columns[0], NAME)}{' ' * (bar + 2 if bar else 0)}{head}", "muted")]]
    return [*lines, *(_row(row, columns, bar) for row in table.rows)]


def _row(row: Row, columns: Sequence[int], bar: int) -> Line:
    cells = "".join(f"  {padded(cell, column)}" for cell, column in zip(row.cells, columns, strict=True))
    drawn: Line = [("  " + (share_bar(row.share, bar) if row.share is not None else " " * bar), "own")] if bar else []
    return [(f"  {fit(row.name, NAME)}", ""), *drawn, (cells, "")]


def share_bar(share: float, cells: int) -> str:
    """A bar of which `share` is full."""
    full = round(max(0.0, min(1.0, share)) * cells)
    return "▓" * full + "░" * (cells - full)


# Confusion.


def _confusion(found: Confusion | None, width: int) -> tuple[str, list[Line]]:
    """The matrix where it fits, else its mistakes, the most frequent first."""
    if found is None:
        return "", []
    digits = max((len(str(value)) for row in found.matrix for value in row), default=1)
    cell = max(3, digits + 1, len(str(len(found.labels))) + 1)
    if 2 + NAME + cell * (len(found.labels) + 1) <= width:
        return "What is taken for what (rows: truth, columns: model)", _matrix(found, cell)
    return "What is taken for what (the model says ← it is)", _pairs(found, width)


def _matrix(found: Confusion, cell: int) -> list[Line]:
    heads = "".join(f"{place:>{cell}}" for place in range(1, len(found.labels) + 1))
    lines: list[Line] = [[(f"  {'':<{NAME + cell}}{heads}", "muted")]]
    for place, (name, row) in enumerate(zip(found.labels, found.matrix, strict=True)):
        total = sum(row)
        cells: Line = [
            (f"{value or '·':>{cell}}", heat(value, total, place == column)) for column, value in enumerate(row)
        ]
        lines.append([(f"  {fit(display_name(name), NAME)}", ""), (f"{place + 1:>{cell}}", "muted"), *cells])
    return lines


def heat(value: int, total: int, right: bool) -> Role:
    """How strongly a cell is coloured: by its share of the row."""
    if not value:
        return "muted"
    if right:
        return "diagonal"
    share = value / total
    return "heat1" if share < 0.1 else "heat2" if share < 0.25 else "heat3" if share < 0.5 else "heat4"


def confused(found: Confusion) -> list[tuple[int, int, str, str]]:
    """(how many, of how many, what the model says, what it is), the most frequent first."""
    pairs = [
        (number, sum(row), said, truth)
        for truth, row in zip(found.labels, found.matrix, strict=True)
        for said, number in zip(found.labels, row, strict=True)
        if number and said != truth
    ]
    return sorted(pairs, key=lambda pair: (-pair[0], -pair[0] / pair[1]))


def _pairs(found: Confusion, width: int) -> list[Line]:
    pairs = confused(found)
    if not pairs:
        return [[("  nothing is mistaken", "good")]]
    lines: list[Line] = []
    for number, total, said, truth in pairs[:MOST_PAIRS]:
        words = fit(f"{display_name(said)} ← {display_name(truth)}", max(NAME, min(48, width - 20)))
        lines.append([(f"  {words}", ""), (f"{number:>5}", heat(number, total, False)), (f" of {total}", "muted")])
    if len(pairs) > MOST_PAIRS:
        lines.append([(f"  and {len(pairs) - MOST_PAIRS} more pairs", "muted")])
    return lines


# Calibration, examples, facts.


def _calibration(found: Calibration | None, width: int) -> list[Line]:
    if found is None:
        return []
    axis = max(0, min(MOST_AXIS, width - 40))
    lines: list[Line] = [[(f"  {'confidence':<12}{'images':>7}{'says':>7}{'right':>7}", "muted")]]
    for one in found.bins:
        words = f"  {f'{one.low:.1f} to {one.high:.1f}':<12}{one.n:>7,}{one.confidence:>7.2f}"
        off = abs(one.right - one.confidence)
        role: Role = "good" if off <= 0.1 else "warning"
        lines.append([(words, ""), (f"{one.right:>7.2f}", role), (f"  {_reliability(one, axis)}", "own")])
    return [*lines, [(f"  on average {found.error:.3f} apart; ◆ what it says, ● how often it is right", "muted")]]


def _reliability(one: Bin, axis: int) -> str:
    if axis < LEAST_AXIS:
        return ""
    drawn = ["·"] * axis
    drawn[cell_of(one.confidence, (0.0, 1.0), axis)] = "◆"
    drawn[cell_of(one.right, (0.0, 1.0), axis)] = "●"
    return "".join(drawn)


def _worst_title(document: Document) -> str:
    most = min(len(document.worst), MOST_WORST_LINES)
    return f"The worst {most} of {document.wrong}" if document.wrong and document.wrong > most else "The worst"


def _worst(document: Document, width: int) -> list[Line]:
    if not document.worst:
        return [[("  nothing is wrong", "good")]] if document.wrong == 0 else []
    lines: list[Line] = []
    for place, case in enumerate(document.worst[:MOST_WORST_LINES], 1):
        name = fit(name_of(case), min(24, max(NAME, width // 4)))
        words = cut(verdict(case, document.task.name), width - text_width(name) - 8)
        lines.append([(f"  {place:>2}  ", "muted"), (f"{name}  ", ""), (words, "bad" if not case.right else "")])
    return lines


def _unreadable(document: Document, width: int) -> list[Line]:
    lines: list[Line] = [
        line
        for one in document.unreadable
        for line in wrapped("✗ ", f"{display_name(one.path)}: {display_name(one.reason)}", width)
    ]
    rest = document.unread - len(document.unreadable)
    return lines + ([[(f"  and {rest:,} more", "muted")]] if document.unread and rest > 0 else [])


def _fact(name: str, words: str, width: int) -> Line:
    return [(f"  {fit(name, NAME)}", "muted"), (cut(words, width - NAME - 2), "")]


# Text by cells.


def text_width(text: str) -> int:
    """How many cells `text` takes in a terminal."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def cut(text: str, cells: int) -> str:
    """`text` in at most `cells`, with … where something is left out."""
    if text_width(text) <= cells:
        return text
    while text and text_width(text) > cells - 1:
        text = text[:-1]
    return text + "…" if cells > 0 else ""


def fit(text: str, cells: int) -> str:
    """`text` in exactly `cells`."""
    text = cut(text, cells)
    return text + " " * (cells - text_width(text))


def padded(text: str, cells: int) -> str:
    """`text` at the right of `cells`."""
    return " " * (cells - text_width(text)) + text


def wrapped(sign: str, text: str, width: int) -> list[Line]:
    """A sentence in lines, with a sign before the first."""
    lines: list[Line] = []
    rest, room = text, max(20, width - 2 - len(sign))
    while rest:
        taken = rest if text_width(rest) <= room else _broken(rest, room)
        head = f"  {sign}" if not lines else " " * (2 + len(sign))
        lines.append([(head, "warning"), (taken, "")])
        rest = rest[len(taken) :].lstrip()
    return lines


def _broken(text: str, room: int) -> str:
    while text_width(text) > room:
        head = text.rpartition(" ")[0]
        text = head if head else text[: max(1, room // 2)]
    return text
