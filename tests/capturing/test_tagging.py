"""Choosing tags: what is typed and marked, and what Enter means then."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.capturing.tagging import TagChoosing, Tagging, used_last
from binscout_tui.store.named import Name

NAMES = ("brass", "brass gear", "nut", "M3", "steel")
IMAGES = 3
SHARED = {1: 3, 3: 1}
"""All images have brass, one has nut."""


def choosing(recent: Sequence[int] = ()) -> TagChoosing:
    """Five tags, the first of which all images have."""
    tags = [
        Name(id=number, name=name, colour=None, hidden=False, sensitive=False, images=number)
        for number, name in enumerate(NAMES, 1)
    ]
    made = TagChoosing()
    made.give(tags, SHARED, IMAGES, recent)
    return made


def entered(text: str) -> Tagging:
    made = choosing()
    made.type(text)
    return made.finish()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Tagging(take=(1,))),
        ("nut", Tagging(put=(3,))),
        ("NUT", Tagging(put=(3,))),
        ("ste", Tagging(put=(5,))),
        ("gear", Tagging(put=(2,))),
        ("brass", Tagging(take=(1,))),
        ("zinc", Tagging(new=("zinc",))),
        ("tl", Tagging(new=("tl",))),
        ("nut, m3", Tagging(put=(3, 4))),
        ("nut,", Tagging(put=(3,))),
        ("brass, nut", Tagging(put=(3,))),
        ("zinc, tin", Tagging(new=("tin", "zinc"))),
        ("ste, nut", Tagging(put=(3,), new=("ste",))),
        ("zinc, Zinc, nut", Tagging(put=(3,), new=("zinc",))),
        (" , ,", Tagging()),
    ],
    ids=[str(number) for number in range(15)],
)
def test_what_enter_means(text: str, expected: Tagging) -> None:
    assert entered(text) == expected


def test_what_is_written_out_says_which_names_would_be_new() -> None:
    made = choosing()
    made.type("bra, NUT, , gea")
    assert made.written == [("bra", True), ("NUT", False)]
    assert [one.name for one in made.matches] == ["brass gear"]


def test_what_was_used_last_comes_first() -> None:
    assert [one.id for one in choosing([5, 99, 2]).matches] == [5, 2, 1, 3, 4]
    assert used_last(Tagging(put=(2, 5)), [9], [5, 1, 2]) == [9, 2, 5, 1]
    assert used_last(Tagging(), [], range(80), most=3) == [0, 1, 2]


def test_what_some_have_is_put_on_all_then_taken_then_left() -> None:
    made = choosing()
    nut = next(one for one in made.matches if one.name == "nut")
    states = [made.state(nut)]
    for _ in range(3):
        made.type("nut")
        made.toggle()
        made.type("")
        states.append(made.state(nut))
    assert states == ["some", "all", "none", "some"]
    assert made.finish() == Tagging(), "what was turned all the way round changes nothing"


def test_what_was_turned_is_taken_by_enter_without_the_row_under_the_cursor() -> None:
    made = choosing()
    made.move(2)
    made.toggle()
    made.move(1)
    assert made.finish() == Tagging(put=(3,))


def test_a_new_tag_is_offered_once_and_can_be_turned_again() -> None:
    made = choosing()
    made.type("zinc")
    assert made.is_on_new
    made.toggle()
    made.type("")
    made.type("ZINC")
    assert not made.offers_new
    assert [one.name for one in made.matches] == ["zinc"]
    made.toggle()
    made.type("")
    assert made.finish() == Tagging()


def test_without_tags_nothing_is_turned() -> None:
    made = TagChoosing()
    assert not made.toggle()
    assert made.finish() == Tagging()


@given(st.lists(st.one_of(st.text(max_size=8), st.integers(-3, 3), st.just(True)), max_size=12))
def test_whatever_is_pressed_a_tag_is_put_or_taken_and_never_both(keys: list[object]) -> None:
    made = choosing()
    for key in keys:
        if key is True:
            made.toggle()
        elif isinstance(key, int):
            made.move(key)
        else:
            made.type(str(key))
        assert 0 <= made.row <= max(0, made.rows - 1)
    found = made.finish()
    assert not set(found.put) & set(found.take)
    assert 1 not in found.put, "all images have it"
    assert not {2, 4, 5} & set(found.take), "no image has it"
    assert len({name.casefold() for name in found.new}) == len(found.new)
