"""From text to tree.

filter    := all { OR all }
all       := one { one }
one       := { - } ( condition | "(" filter ")" )
condition := field | field operator value { "|" value }
"""

from __future__ import annotations

from binscout_tui.filtering.errors import FilterError, did_you_mean
from binscout_tui.filtering.fields import Field, Fields
from binscout_tui.filtering.tree import EVERYTHING, Condition, Filter, Is, Test, all_of, any_of, negated
from binscout_tui.filtering.values import span
from binscout_tui.filtering.words import Value, Word, words

DEEPEST = 20
MOST = 100
"""Values in all; more of them are a list and no filter."""


def parse(text: str, fields: Fields) -> Filter:
    """The filter that `text` is; of an empty one everything is let through. Raises FilterError with the place."""
    found = words(text)
    if not found:
        return EVERYTHING
    if sum(max(1, len(word.values)) for word in found if word.kind == "condition") > MOST:
        raise FilterError(f"A filter has at most {MOST} conditions.", (0, len(text)))
    return _Parser(found, fields, len(text)).whole()


class _Parser:
    def __init__(self, found: list[Word], fields: Fields, length: int) -> None:
        self.words = found
        self.fields = fields
        self.length = length
        self.at = 0
        self.depth = 0

    def whole(self) -> Filter:
        found = self.either()
        if self.at < len(self.words):
            raise FilterError("There is no ( to this ).", self.words[self.at].place)
        return found

    def either(self) -> Filter:
        parts = [self.all()]
        while self.sees("or"):
            self.at += 1
            parts.append(self.all())
        return any_of(parts)

    def all(self) -> Filter:
        parts = []
        while self.at < len(self.words) and self.words[self.at].kind != "close" and not self.sees("or"):
            if self.sees("and"):
                self.at += 1
            parts.append(self.one())
        if not parts:
            raise FilterError("A condition is missing here.", self.here())
        return all_of(parts)

    def one(self) -> Filter:
        turned = False
        while self.at < len(self.words) and self.words[self.at].kind == "not":
            self.at += 1
            turned = not turned
        found = self.unsigned()
        return negated(found) if turned else found

    def unsigned(self) -> Filter:
        if self.at >= len(self.words) or self.words[self.at].kind == "close" or self.sees("or"):
            raise FilterError("A condition is missing here.", self.here())
        word = self.words[self.at]
        self.at += 1
        return self.group(word) if word.kind == "open" else condition(word, self.fields)

    def group(self, opening: Word) -> Filter:
        self.depth += 1
        if self.depth > DEEPEST:
            raise FilterError(f"Parentheses go at most {DEEPEST} deep.", opening.place)
        found = self.either()
        if self.at >= len(self.words):
            raise FilterError("There is no ) to this (.", opening.place)
        self.at += 1
        self.depth -= 1
        return found

    def sees(self, name: str) -> bool:
        """Whether OR or AND stands here."""
        if self.at >= len(self.words):
            return False
        word = self.words[self.at]
        return word.kind == "condition" and word.name == name and not word.op

    def here(self) -> tuple[int, int]:
        if self.at < len(self.words):
            return self.words[self.at].place
        return self.length, self.length + 1


def condition(word: Word, fields: Fields) -> Filter:
    """The condition that one word is. Raises FilterError."""
    field = fields.get(word.name)
    begin = word.place[0]
    named = (begin, begin + max(1, len(word.name)))
    if field is None:
        raise _unknown(word, fields, named)
    if not word.op:
        if not field.stands_alone:
            raise FilterError(f"{field.name} needs a value.", named, hint=f"{field.name}: {field.help}.")
        return Condition(field.name, (), word.place)
    if field.kind is None:
        raise FilterError(f"{field.name} stands alone, without a value.", word.place)
    if word.op != ":" and not field.compares:
        raise FilterError(f"{field.name} cannot be compared.", word.place, hint=f"Write {field.name}: and a value.")
    if word.op != ":" and len(word.values) > 1:
        raise FilterError("After a comparison stands one number.", word.place)
    name, op = field.means or (field.name, word.op)
    return Condition(name, tuple(_test(field, op, value) for value in word.values), word.place)


def _unknown(word: Word, fields: Fields, place: tuple[int, int]) -> FilterError:
    hint = did_you_mean(word.name, fields)
    if not word.op:
        return FilterError(
            f"{word.name!r} is no condition.", place, hint=hint or f"name:{word.name} looks for it in names."
        )
    return FilterError(f"There is no field {word.name!r}.", place, hint=hint or f"There are {', '.join(fields)}.")


def _test(field: Field, op: str, value: Value) -> Test:
    if field.kind in ("number", "day"):
        return span(field, op, value.text, value.place)
    word = value.text.casefold()
    if word in field.words and not value.quoted:
        return Is(word, word=True, place=value.place)
    if field.closed:
        hint = did_you_mean(value.text, field.words) or f"There are {', '.join(field.words)}."
        raise FilterError(f"{field.name} is never {value.text!r}.", value.place, hint=hint)
    if not value.text.strip():
        raise FilterError(f"{field.name} needs a value.", value.place, hint=f"{field.name}: {field.help}.")
    return Is(value.text, place=value.place)
