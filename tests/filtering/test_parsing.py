"""Filters as text: what they mean, what is refused and where, and that printing loses nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.filtering.errors import FilterError
from binscout_tui.filtering.tree import EVERYTHING, All, Any, Condition, Filter, Is, Not, Span
from binscout_tui.store.filters import parse, text_of
from tests.filtering.trees import filters

LABEL = Condition("label", (Is("m3"),))
DUP = Condition("dup")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("", EVERYTHING),
        ("  ", EVERYTHING),
        ("label:m3", LABEL),
        ("LABEL=m3", LABEL),
        ('label:"m3"', LABEL),
        ("label:none", Condition("label", (Is("none", word=True),))),
        ('label:"none"', Condition("label", (Is("none"),))),
        (r'name:"a \"b\" \\ c"', Condition("name", (Is('a "b" \\ c'),))),
        ("label:m3|m4", Condition("label", (Is("m3"), Is("m4")))),
        ("label:m3 dup", All((LABEL, DUP))),
        ("label:m3 AND dup", All((LABEL, DUP))),
        ("-dup", Not(DUP)),
        ("!dup", Not(DUP)),
        ("--dup", DUP),
        ("-(-dup)", DUP),
        ("dup OR label:m3 -dup", Any((DUP, All((LABEL, Not(DUP)))))),
        ("(dup or label:m3) dup", All((Any((DUP, LABEL)), DUP))),
        ("((dup)(label:m3))", All((DUP, LABEL))),
        ("name:a-b:c<d", Condition("name", (Is("a-b:c<d"),))),
        ("conf<0.6", Condition("conf", (Span(high=0.6, without_high=True),))),
        ("conf<=0.6", Condition("conf", (Span(high=0.6),))),
        ("conf>.5", Condition("conf", (Span(low=0.5, without_low=True),))),
        ("id:5", Condition("id", (Span(5, 5),))),
        ("id:5..90", Condition("id", (Span(5, 90),))),
        ("id:5..|1..2", Condition("id", (Span(5), Span(1, 2)))),
        ("bytes>=1e6", Condition("bytes", (Span(1_000_000),))),
        ("added:2026-11", Condition("added", (Span("2026-11-01", "2026-12-01", without_high=True),))),
        ("added:2026-12", Condition("added", (Span("2026-12-01", "2027-01-01", without_high=True),))),
        ("added:2024-02-29", Condition("added", (Span("2024-02-29", "2024-03-01", without_high=True),))),
        ("added:2025..2026-03", Condition("added", (Span("2025-01-01", "2026-04-01", without_high=True),))),
        ("added>2026-11", Condition("added", (Span("2026-12-01"),))),
        ("added<=2026-11", Condition("added", (Span(high="2026-12-01", without_high=True),))),
        ("after:2026-11", Condition("added", (Span("2026-11-01"),))),
        ("before:2026-11", Condition("added", (Span(high="2026-11-01", without_high=True),))),
    ],
)
def test_what_a_text_means(text: str, meaning: Filter) -> None:
    assert parse(text) == meaning
    assert parse(text_of(meaning)) == meaning


@pytest.mark.parametrize(
    ("text", "marked", "words"),
    [
        ("label:m3 cnf<0.6", "cnf", "Did you mean conf?"),
        ("dup dpu", "dpu", "Did you mean dup?"),
        ("screw", "screw", "name:screw"),
        ("zzz:1", "zzz", "There are label, by"),
        ("label", "label", "needs a value"),
        ("dup:yes", "dup:yes", "stands alone"),
        ("label<3", "label<3", "cannot be compared"),
        ("after<2026", "after<2026", "cannot be compared"),
        ("conf<60", "60", "between 0 and 1"),
        ("conf<nan", "nan", "not a number"),
        ("width:-5", "-5", "not a number"),
        ("bytes>1e99", "1e99", "between 0 and"),
        ("id:9..5", "9..5", "begins above its end"),
        ("id<5..9", "5..9", "behind a colon"),
        ("id:", "", "needs a number"),
        ("id:..", "..", "needs a number"),
        ("id<5|6", "id<5|6", "one number"),
        ("added:2026-13", "2026-13", "no day 2026-13"),
        ("added:2026-02-30", "2026-02-30", "no day"),
        ("added:yesterday", "yesterday", "not a day"),
        ("added:0001", "0001", "no day"),
        ("split:trian", "trian", "Did you mean train?"),
        ("split:none", "none", "There are train, val, test."),
        ("label:m3|", "", "needs a value"),
        ('label:" "', '" "', "needs a value"),
        ('label:"m3', '"', "no end"),
        ('label:m"3"', '"', "middle of a value"),
        ('label:"m3"x', "x", "space is missing"),
        ("(dup", "(", "no ) to this ("),
        ("dup)", ")", "no ( to this )"),
        ("dup ()", ")", "missing here"),
        ("dup OR", "", "missing here"),
        ("OR dup", "OR", "missing here"),
        ("dup -", "", "missing here"),
        ("a|b", "|", "behind a colon"),
        ("dup\x1b[31m", "\x1b", "control characters"),
        ("name:\ud800", "\ud800", "control characters"),
        ("name:a\u202eb", "\u202e", "control characters"),
    ],
)
def test_what_is_refused_and_where(text: str, marked: str, words: str) -> None:
    with pytest.raises(FilterError) as refused:
        parse(text)
    begin, end = refused.value.place
    assert text[begin:end] == marked
    assert words in f"{refused.value.sentence} {refused.value.hint}"
    assert "\n" not in refused.value.sentence + refused.value.hint


def test_the_place_is_marked_under_the_text() -> None:
    with pytest.raises(FilterError) as refused:
        parse("label:m3 cnf<0.6")
    assert refused.value.caret("label:m3 cnf<0.6") == "label:m3 cnf<0.6\n         ^^^"
    assert refused.value.as_json()["position"] == 9
    assert "\x1b" not in refused.value.caret("\x1b[31m")


@pytest.mark.parametrize("text", ["x" * 3000, "(" * 1000, "-(" * 900 + "dup", "dup " * 101, "label:" + "a|" * 150])
def test_what_is_too_long_or_too_deep_is_refused(text: str) -> None:
    with pytest.raises(FilterError, match="at most"):
        parse(text)


@given(filters())
def test_printed_and_parsed_it_is_the_same(wanted: Filter) -> None:
    text = text_of(wanted)
    assert parse(text) == wanted
    assert text_of(parse(text)) == text


@given(st.text(max_size=60) | st.text('label:id<>=-!()|"\\ OR.019dup', max_size=40))
def test_any_text_is_a_filter_or_an_error_with_a_place(text: str) -> None:
    try:
        wanted = parse(text)
    except FilterError as error:
        refused = error
    else:
        assert parse(text_of(wanted)) == wanted
        return
    begin, end = refused.place
    assert 0 <= begin <= end <= len(text) + 1
    assert refused.sentence
