"""Trees of filters for hypothesis, over the fields that the store answers."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st

from binscout_tui.filtering.fields import Field
from binscout_tui.filtering.tree import Condition, Filter, Is, Span, Test, all_of, any_of, negated
from binscout_tui.store.filter_fields import FIELDS

# What a person can type: no control characters, nothing that reorders text, no halves of characters.
TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")), min_size=1, max_size=12).filter(
    lambda text: bool(text.strip())
)


def _numbers(field: Field) -> st.SearchStrategy[Test]:
    most = min(field.most, 10_000)
    ends = st.integers(int(field.least), int(most)) | st.floats(field.least, most, allow_nan=False)
    numbers = ends.map(lambda value: int(value) if float(value).is_integer() else value)
    between = st.tuples(numbers, numbers).map(lambda two: Span(min(two), max(two)))
    above = st.builds(Span, low=numbers, without_low=st.booleans())
    below = st.builds(Span, high=numbers, without_high=st.booleans())
    return st.one_of(between, above, below)


def _days() -> st.SearchStrategy[Test]:
    days = st.dates(date(1800, 1, 2), date(2999, 12, 30))
    after = days.map(lambda day: Span(day.isoformat()))
    before = days.map(lambda day: Span(high=day.isoformat(), without_high=True))
    between = st.tuples(days, st.integers(1, 400)).map(
        lambda two: Span(
            min(two[0], date(2998, 1, 1)).isoformat(),
            (min(two[0], date(2998, 1, 1)) + timedelta(days=two[1])).isoformat(),
            without_high=True,
        )
    )
    return st.one_of(after, before, between)


def what_may_follow(field: Field, names: st.SearchStrategy[str]) -> st.SearchStrategy[Test]:
    """What may stand behind a field."""
    if field.kind == "number":
        return _numbers(field)
    if field.kind == "day":
        return _days()
    words = st.sampled_from(field.words or ("-",)).map(lambda word: Is(word, word=True))
    others = names.map(Is)
    return words if field.closed else (words | others if field.words else others)


def conditions(field: Field, names: st.SearchStrategy[str]) -> st.SearchStrategy[Condition]:
    """Conditions on one field."""
    alone = st.just(Condition(field.name))
    if field.kind is None:
        return alone
    tests = st.lists(what_may_follow(field, names), min_size=1, max_size=3).map(tuple)
    found = st.builds(Condition, field=st.just(field.name), tests=tests).filter(_can_be_written)
    return found | alone if field.bare else found


def _can_be_written(one: Condition) -> bool:
    """A comparison that leaves its end out stands alone: `<5` has no form among several."""
    spans = [test for test in one.tests if isinstance(test, Span)]
    strict = [s for s in spans if s.without_low or (s.without_high and not isinstance(s.high, str))]
    return len(one.tests) == 1 or not strict


def filters(*, leaving_out: tuple[str, ...] = (), names: st.SearchStrategy[str] = TEXTS) -> st.SearchStrategy[Filter]:
    """Filters of any shape."""
    fields = [field for field in FIELDS.values() if field.means is None and field.name not in leaving_out]
    leaves = st.sampled_from(fields).flatmap(lambda field: conditions(field, names))

    def grown(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
        several = st.lists(inner, min_size=2, max_size=3)
        return several.map(all_of) | several.map(any_of) | inner.map(negated)

    return st.recursive(leaves, grown, max_leaves=6)
