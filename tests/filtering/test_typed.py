"""A filter while it is typed: what is marked, taken, brought back, and wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.filtering.completing import Name
from binscout_tui.filtering.errors import FilterError
from binscout_tui.filtering.typed import TypedFilter
from binscout_tui.store.filter_fields import FIELDS

VOCABULARY = {"class": [Name("m3", 120), Name("hex nut", 80), Name("m30", 2)], "dataset": [Name("parts")]}
RECENT = ["label:m3", "dup"]


def typed(text: str, position: int | None = None) -> TypedFilter:
    made = TypedFilter(FIELDS, "")
    made.give(VOCABULARY, RECENT)
    made.type(text, len(text) if position is None else position)
    return made


def marked(line: TypedFilter) -> str:
    return line.completions[line.row].text if line.row >= 0 else ""


@pytest.mark.parametrize(
    ("text", "downs", "taken"),
    [
        ("la", 0, "label:"),
        ("label:", 0, "label:none "),
        ("label:m3", 2, "label:m30 "),
        ("label:he", 0, 'label:"hex nut" '),
        ("du", 0, "dup "),
        ("-la", 1, "-label:"),
    ],
)
def test_the_marked_one_or_the_first_is_taken_and_one_types_on_behind_it(text: str, downs: int, taken: str) -> None:
    line = typed(text)
    for _ in range(downs):
        line.move(1)
    assert line.take()
    assert (line.text, line.position, line.row) == (taken, len(taken), -1)


def test_what_stands_behind_the_cursor_stays() -> None:
    line = typed("label:m conf<0.5", 7)
    line.take()
    assert (line.text, line.position) == ("label:m3 conf<0.5", 8)


def test_nothing_is_taken_where_nothing_matches() -> None:
    line = typed("zzz")
    assert not line.take()
    assert line.text == "zzz"


def test_the_last_filters_come_back_and_lead_forward_to_what_was_typed() -> None:
    line = typed("conf<")
    seen = []
    for by in (-1, -1, -1, 1, 1):
        line.move(by)
        seen.append(line.text)
    assert seen == ["label:m3", "dup", "dup", "label:m3", "conf<"]
    assert line.row == -1
    line.move(-1)
    line.type("label:m30", 9)
    line.move(-1)
    assert line.text == "label:m3", "what was typed since is a line of its own"


def test_up_from_a_mark_goes_to_the_one_above_before_the_old_filters() -> None:
    line = typed("label:m3")
    line.move(1)
    line.move(1)
    assert marked(line) == "m30"
    line.move(-1)
    assert (marked(line), line.text) == ("m3", "label:m3")
    line.move(-1)
    assert (line.row, line.text) == (-1, "label:m3")


def test_names_that_come_later_keep_the_mark() -> None:
    line = TypedFilter(FIELDS, "label:")
    line.move(1)
    line.move(1)
    kept = marked(line)
    line.give(VOCABULARY, ())
    assert marked(line) == kept


def test_an_error_stays_until_something_else_is_typed() -> None:
    line = typed("label:m4")
    line.refuse(FilterError("There is no class 'm4'.", (6, 8)))
    line.type("label:m4", 3)
    assert line.error is not None
    line.type("label:m", 7)
    assert line.error is None


keys = st.lists(
    st.one_of(st.sampled_from(["up", "down", "tab"]), st.text('lab:m3"(-| <', min_size=1, max_size=4)), max_size=30
)


@given(keys)
def test_whatever_is_pressed_the_line_and_the_mark_make_sense(pressed: list[str]) -> None:
    line = typed("")
    for key in pressed:
        if key in ("up", "down"):
            line.move(-1 if key == "up" else 1)
        elif key == "tab":
            line.take()
        else:
            text = line.text[: line.position] + key + line.text[line.position :]
            line.type(text, line.position + len(key))
        assert 0 <= line.position <= len(line.text)
        assert -1 <= line.row < len(line.completions)
