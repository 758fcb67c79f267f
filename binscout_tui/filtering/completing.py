"""What can be typed at one place of a filter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from binscout_tui.filtering.errors import FilterError
from binscout_tui.filtering.fields import Field, Fields
from binscout_tui.filtering.words import must_be_quoted, name_end, operator, quoted, read_value

MOST = 20
SAVED = "@"
"""What stands before the name of a filter that was kept; their list in the vocabulary is called so too."""


class Name(msgspec.Struct, frozen=True):
    """A name that exists, with how many images have it where that is known; `means` is a filter that it stands for."""

    text: str
    images: int | None = None
    means: str = ""


Vocabulary = Mapping[str, Sequence[Name]]
"""The names of each list that fields are completed from."""


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """Put `text` in place of what stands from `begin` to `end`; `help` says what it is, `label` what it is called."""

    text: str
    begin: int
    end: int
    help: str = ""
    label: str = ""


def complete(text: str, position: int, fields: Fields, vocabulary: Vocabulary) -> list[Completion]:
    """Up to 20 completions of the word that the cursor is in or behind; those that begin like it come first."""
    position = max(0, min(position, len(text)))
    begin = _word_begin(text, position)
    if text.startswith(SAVED, begin) and begin < position:
        return _best(text[begin + 1 : position], _saved(vocabulary, begin, position))
    name_stop = min(name_end(text, begin), position)
    op = operator(text, name_stop) if name_stop < position else ""
    if not op:
        return _best(text[begin:position], _fields(fields, begin, position))
    field = fields.get(text[begin:name_stop].casefold())
    value_begin = _value_begin(text, name_stop + len(op), position)
    if field is None or value_begin is None:
        return []
    typed = text[value_begin:position].lstrip('"')
    return _best(typed, _values(field, vocabulary, value_begin, position))


def _word_begin(text: str, position: int) -> int:
    """Where the word begins that holds `position`; a space in quotes ends no word."""
    begin, in_quotes, escaped = 0, False, False
    for at in range(position):
        char = text[at]
        if escaped:
            escaped = False
        elif in_quotes and char == "\\":
            escaped = True
        elif char == '"':
            in_quotes = not in_quotes
        elif not in_quotes and (char.isspace() or char in "()" or (char in "-!" and at == begin)):
            begin = at + 1
    return begin


def _value_begin(text: str, at: int, position: int) -> int | None:
    """Where the last value before `position` begins; None behind a closed quote."""
    while at < position:
        try:
            value = read_value(text[:position], at)
        except FilterError:
            return at
        end = value.place[1]
        if end >= position:
            return None if value.quoted else at
        at = end + 1
    return at


def _fields(fields: Fields, begin: int, end: int) -> Iterator[tuple[str, Completion]]:
    for field in fields.values():
        if field.stands_alone:
            yield field.name, Completion(text=field.name, begin=begin, end=end, help=field.help)
        if field.kind is not None:
            yield field.name, Completion(text=f"{field.name}:", begin=begin, end=end, help=field.help)


def _saved(vocabulary: Vocabulary, begin: int, end: int) -> Iterator[tuple[str, Completion]]:
    """The filters that were kept: what they say takes the place of their name, so that it can be changed there."""
    for name in vocabulary.get(SAVED, ()):
        yield name.text, Completion(text=name.means, begin=begin, end=end, help=name.means, label=SAVED + name.text)


def _values(field: Field, vocabulary: Vocabulary, begin: int, end: int) -> Iterator[tuple[str, Completion]]:
    for word in field.words:
        yield word, Completion(text=word, begin=begin, end=end, help="")
    for name in vocabulary.get(field.vocabulary, ()):
        plain = not must_be_quoted(name.text) and name.text.casefold() not in field.words
        images = "" if name.images is None else str(name.images)
        text = name.text if plain else quoted(name.text)
        yield name.text, Completion(text=text, begin=begin, end=end, help=images)


def _best(typed: str, offered: Iterable[tuple[str, Completion]]) -> list[Completion]:
    folded = typed.casefold()
    first, others = [], []
    for name, completion in offered:
        found = name.casefold()
        if found.startswith(folded):
            first.append(completion)
        elif folded in found:
            others.append(completion)
    return (first + others)[:MOST]
