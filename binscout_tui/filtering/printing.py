"""From tree to text: one spelling for each filter, which parses to the same tree."""

from __future__ import annotations

from binscout_tui.filtering.fields import Fields
from binscout_tui.filtering.tree import All, Any, Condition, Filter, Not, Span, Test
from binscout_tui.filtering.values import day_before, printed
from binscout_tui.filtering.words import must_be_quoted, quoted


def text_of(wanted: Filter, fields: Fields) -> str:
    """`wanted` as a person would write it."""
    if isinstance(wanted, All):
        return " ".join(_inner(part, fields, Any) for part in wanted.parts)
    if isinstance(wanted, Any):
        return " OR ".join(text_of(part, fields) for part in wanted.parts)
    if isinstance(wanted, Not):
        return f"-{_inner(wanted.part, fields, (Any, All))}"
    return _condition(wanted, fields)


def _inner(part: Filter, fields: Fields, needs_parentheses: type | tuple[type, ...]) -> str:
    text = text_of(part, fields)
    return f"({text})" if isinstance(part, needs_parentheses) else text


def _condition(one: Condition, fields: Fields) -> str:
    if not one.tests:
        return one.field
    first = one.tests[0]
    if len(one.tests) == 1 and isinstance(first, Span) and (first.low is None or first.high is None):
        return f"{one.field}{_comparison(first)}"
    return f"{one.field}:{'|'.join(_test(test, fields[one.field].words) for test in one.tests)}"


def _comparison(test: Span) -> str:
    if test.low is not None:
        return f"{'>' if test.without_low else '>='}{printed(test.low)}"
    return f"{'<' if test.without_high else '<='}{printed(test.high if test.high is not None else 0)}"


def _test(test: Test, words: tuple[str, ...]) -> str:
    if isinstance(test, Span):
        return _range(test)
    if test.word:
        return test.text
    return quoted(test.text) if must_be_quoted(test.text) or test.text.casefold() in words else test.text


def _range(test: Span) -> str:
    low, high = test.low, test.high
    if isinstance(high, str):
        high = day_before(high)
    if low == high and low is not None:
        return printed(low)
    return f"{'' if low is None else printed(low)}..{'' if high is None else printed(high)}"
