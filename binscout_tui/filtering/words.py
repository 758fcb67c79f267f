"""A filter's text as words with their places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from binscout_tui.filtering.errors import FilterError, unshowable
from binscout_tui.filtering.tree import Place

LONGEST = 2000
QUOTE = '"'
OPERATORS = ("<=", ">=", "<", ">", ":", "=")
_ENDS = frozenset("()|") | {QUOTE}


@dataclass(frozen=True)
class Value:
    """One value behind an operator; a quoted one is never a word of the language."""

    text: str
    quoted: bool
    place: Place


@dataclass(frozen=True)
class Word:
    """`(`, `)`, `-`, or a condition: its name, operator and values."""

    kind: Literal["open", "close", "not", "condition"]
    place: Place
    name: str = ""
    op: str = ""
    values: tuple[Value, ...] = ()


def words(text: str) -> list[Word]:
    """All words of `text`. Raises FilterError for a quote without an end and for characters that none may hold."""
    if len(text) > LONGEST:
        raise FilterError(f"A filter has at most {LONGEST} characters.", (LONGEST, len(text)))
    bad = unshowable(text)
    if bad is not None:
        raise FilterError("A filter holds no control characters.", (bad, bad + 1))
    found, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        word = _word(text, at)
        found.append(word)
        at = word.place[1]
    return found


def _word(text: str, at: int) -> Word:
    marks: dict[str, Literal["open", "close", "not"]] = {"(": "open", ")": "close", "-": "not", "!": "not"}
    if text[at] in marks:
        return Word(marks[text[at]], (at, at + 1))
    end = name_end(text, at)
    name, op = text[at:end], operator(text, end)
    if not op:
        if end < len(text) and text[end] in _ENDS and text[end] not in "()":
            raise FilterError(f"{text[end]} stands behind a colon only.", (end, end + 1), hint='As in name:"a b".')
        return Word("condition", (at, end), name.casefold())
    values, end = _values(text, end + len(op))
    return Word("condition", (at, end), name.casefold(), ":" if op == "=" else op, values)


def name_end(text: str, at: int) -> int:
    """Where the field's name that begins at `at` ends."""
    while at < len(text) and not text[at].isspace() and text[at] not in _ENDS and text[at] not in "<>:=":
        at += 1
    return at


def operator(text: str, at: int) -> str:
    """The operator at `at`, or an empty text."""
    return next((op for op in OPERATORS if text.startswith(op, at)), "")


def _values(text: str, at: int) -> tuple[tuple[Value, ...], int]:
    found = []
    while True:
        value = read_value(text, at)
        found.append(value)
        at = value.place[1]
        if not text.startswith("|", at):
            break
        at += 1
    if at < len(text) and text[at] not in "()" and not text[at].isspace():
        raise FilterError("A space is missing behind the quote.", (at, at + 1))
    return tuple(found), at


def read_value(text: str, at: int) -> Value:
    """The value that begins at `at`. Raises FilterError when its quote does not end."""
    if text.startswith(QUOTE, at):
        return _quoted(text, at)
    end = at
    while end < len(text) and not text[end].isspace() and text[end] not in _ENDS:
        end += 1
    if text.startswith(QUOTE, end):
        raise FilterError("A quote begins in the middle of a value.", (end, end + 1), hint="Quote all of it.")
    return Value(text[at:end], quoted=False, place=(at, end))


def _quoted(text: str, at: int) -> Value:
    taken, end = "", at + 1
    while end < len(text) and text[end] != QUOTE:
        end += text[end] == "\\"
        taken += text[end : end + 1]
        end += 1
    if end >= len(text):
        raise FilterError("The quote has no end.", (at, at + 1))
    return Value(taken, quoted=True, place=(at, end + 1))


def quoted(text: str) -> str:
    """`text` in quotes, as `read_value` reads it."""
    return QUOTE + text.replace("\\", "\\\\").replace(QUOTE, '\\"') + QUOTE


def must_be_quoted(text: str) -> bool:
    """Whether `text` could not be read back without quotes."""
    return not text or any(char.isspace() or char in _ENDS for char in text)
