"""Completion while typing: fields, then values, at the place of the cursor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.filtering.completing import MOST, Completion, Name, complete
from binscout_tui.filtering.errors import FilterError
from binscout_tui.store.filter_fields import FIELDS
from binscout_tui.store.filters import parse

CLASSES = [Name("m3", 120), Name("hex nut", 80), Name("none", 3), Name("m30", 2), Name("am3", 1)]
VOCABULARY = {"class": CLASSES, "dataset": [Name("parts")]}


def offered(text: str, position: int | None = None) -> list[Completion]:
    return complete(text, len(text) if position is None else position, FIELDS, VOCABULARY)


def taken(text: str, one: Completion) -> str:
    return text[: one.begin] + one.text + text[one.end :]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("la", "label:"),
        ("dup la", "dup label:"),
        ("-la", "-label:"),
        ("!(la", "!(label:"),
        ("DU", "dup"),
        ("label:m", "label:m3"),
        ("label:no", "label:none"),
        ("label:he", 'label:"hex nut"'),
        ('label:"he', 'label:"hex nut"'),
        ('label:"hex n', 'label:"hex nut"'),
        ("label:m30|he", 'label:m30|"hex nut"'),
        ('label:"hex nut"|m', 'label:"hex nut"|m3'),
        ("split:v", "split:val"),
        ("dataset:", "dataset:parts"),
        ('name:"a b" data', 'name:"a b" dataset:'),
    ],
)
def test_the_first_completion(text: str, first: str) -> None:
    assert taken(text, offered(text)[0]) == first


def test_in_the_middle_of_a_text_the_word_at_the_cursor_is_completed() -> None:
    text = "label:m conf<0.5"
    assert taken(text, offered(text, 7)[0]) == "label:m3 conf<0.5"


def test_what_begins_like_it_comes_before_what_holds_it() -> None:
    assert [one.text for one in offered("label:m3")] == ["m3", "m30", "am3"]
    assert [one.help for one in offered("label:m3")] == ["120", "2", "1"]


def test_a_class_that_is_called_like_a_word_is_quoted() -> None:
    assert [one.text for one in offered("label:none")] == ["none", '"none"']


def test_nothing_is_offered_where_nothing_is_known() -> None:
    assert offered("nofield:x") == []
    assert offered("name:x") == []
    assert offered("conf<0.") == []
    assert offered('label:"m3"') == []


def test_at_most_so_many() -> None:
    many = {"class": [Name(f"class {n}") for n in range(1000)]}
    assert len(complete("label:", 6, FIELDS, many)) == MOST


@given(st.text(max_size=40) | st.text('label:"|()- m3\\', max_size=30), st.integers(-3, 50))
def test_any_text_and_any_place(text: str, position: int) -> None:
    for one in complete(text, position, FIELDS, VOCABULARY):
        assert 0 <= one.begin <= one.end <= len(text)


@given(st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")), min_size=1).filter(str.strip))
def test_whatever_a_class_is_called_its_completion_can_be_parsed(name: str) -> None:
    known = {"class": [Name(name)]}
    last = complete("label:", 6, FIELDS, known)[-1]
    try:
        wanted = parse(f"label:{last.text}")
    except FilterError as error:
        pytest.fail(f"{error.sentence} at {error.place}")
    assert wanted.tests[0].text == name  # type: ignore[union-attr]
