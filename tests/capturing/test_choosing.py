"""What Enter takes while one types, or a scanner does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.capturing.choosing import Choosing, Option, Picked

OPTIONS = [Option(1, "A1", "drawer A", "M2 screw"), Option(12, "A12", "drawer A"), Option(3, "B3", "", "M3 washer")]


def typed(*texts: str, makes: str = "") -> Choosing:
    """A choice in which these texts stood on the line, one after the other."""
    choosing = Choosing(OPTIONS, makes=makes)
    for text in texts:
        choosing.type(text)
    return choosing


@pytest.mark.parametrize("text", ["A1", "a1", " A1 ", "A1\u00a0"])
def test_a_scanned_code_is_taken_with_one_enter(text: str) -> None:
    assert typed("A", text).enter() == Picked(1, "A1")


@pytest.mark.parametrize("text", ["A2", "1", "A", "B", "washer", "A123"])
def test_a_code_that_nobody_knows_never_becomes_another(text: str) -> None:
    assert typed(text, makes="compartment").enter() is None
    assert typed(text).enter() is None


def test_a_second_enter_takes_the_best_match() -> None:
    choosing = typed("wash")
    assert (choosing.enter(), choosing.asks, choosing.row) == (None, True, 0)
    assert choosing.enter() == Picked(3, "B3")


def test_an_arrow_marks_and_enter_takes() -> None:
    choosing = typed("")
    choosing.move(1)
    choosing.move(1)
    assert choosing.enter() == Picked(12, "A12")
    choosing.move(99)
    assert choosing.enter() == Picked(3, "B3")


def test_an_arrow_passes_by_the_exact_one() -> None:
    choosing = typed("A1")
    choosing.move(1)
    assert choosing.enter() == Picked(12, "A12")


def test_a_new_one_is_made_by_the_second_enter_only() -> None:
    choosing = typed("C7", makes="compartment")
    assert choosing.enter() is None
    assert choosing.enter() == Picked(None, "C7")
    choosing = typed("A", makes="compartment")
    choosing.move(-1)
    assert choosing.enter() is None
    assert choosing.enter() == Picked(None, "A")


@pytest.mark.parametrize(
    ("text", "row"), [("A2", None), ("1", None), ("A", 0), ("washer", 0), ("M3 w", 0), ("drawer", 0), ("awer", None)]
)
def test_where_nothing_begins_with_it_a_second_enter_makes_it(text: str, row: int | None) -> None:
    choosing = typed(text, makes="compartment")
    assert choosing.enter() is None
    assert choosing.row == (len(choosing.matches) if row is None else row)
    assert (choosing.enter() == Picked(None, text)) is (row is None)


def test_what_was_typed_before_the_list_was_there_counts() -> None:
    choosing = Choosing()
    choosing.type("B3")
    choosing.give(OPTIONS)
    assert choosing.enter() == Picked(3, "B3")


@given(st.text(max_size=6), st.lists(st.sampled_from([-1, 1]), max_size=4))
def test_one_enter_without_arrows_takes_exact_codes_alone(text: str, moves: list[int]) -> None:
    choosing = typed(text, makes="compartment")
    picked = choosing.enter()
    assert picked is None or picked.text.casefold() == text.strip().casefold()
    for by in moves:
        choosing.move(by)
    assert -1 <= choosing.row < max(1, choosing.rows)
