"""What floats below the line for filters: completions and errors, in whatever room there is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from binscout_tui.filtering.completing import Name
from binscout_tui.filtering.errors import FilterError
from binscout_tui.filtering.typed import TypedFilter
from binscout_tui.store.filter_fields import FIELDS
from binscout_tui.widgets.filter_drop import ROWS, WrongPlace, error_rows, rows

NAMES = st.text(min_size=1, max_size=60).filter(str.isprintable)


def lines(typed: TypedFilter, width: int = 60) -> list[str]:
    return [line.plain for line in rows(typed, width).split("\n")]


@given(
    st.lists(st.builds(Name, NAMES, st.none() | st.integers(0, 10**9)), max_size=40),
    st.integers(0, 30),
    st.integers(20, 200),
)
def test_no_row_is_too_wide_and_none_too_many(found: list[Name], downs: int, width: int) -> None:
    typed = TypedFilter(FIELDS, "label:")
    typed.give({"class": found}, ())
    for _ in range(downs):
        typed.move(1)
    shown = rows(typed, width).split("\n")
    assert len(shown) <= ROWS
    assert all(line.cell_length <= width for line in shown)
    assert sum(line.plain.startswith("▸") for line in shown) == (1 if typed.row >= 0 else 0)


def test_names_are_shown_as_they_are_with_how_many_images() -> None:
    typed = TypedFilter(FIELDS, "label:[")
    typed.give({"class": [Name("[red]m3[/]", 1200), Name("[b]", 1)]}, ())
    assert [line.split() for line in lines(typed)] == [["[red]m3[/]", "1,200", "images"], ["[b]", "1", "image"]]


def test_the_marked_one_is_always_seen() -> None:
    typed = TypedFilter(FIELDS, "")
    for _ in range(9):
        typed.move(1)
        assert any(line.startswith("▸") for line in lines(typed))


def test_where_nothing_matches_an_example_is_shown() -> None:
    assert "for example" in lines(TypedFilter(FIELDS, "zzz"))[0]


@given(st.text(max_size=300).filter(str.isprintable), st.integers(20, 120))
def test_an_error_fits_however_long_it_is(hint: str, width: int) -> None:
    shown = error_rows(FilterError("There is no field 'cnf'.", (0, 3), hint=hint), width).split("\n")
    assert len(shown) <= ROWS
    assert all(line.cell_length <= width for line in shown)


def test_the_wrong_place_is_marked_without_colour_alone() -> None:
    marks = WrongPlace()
    marks.place = (2, 2)
    text = Text("a b c")
    marks.highlight(text)
    (span,) = text.spans
    assert (span.start, span.end) == (2, 3)
    assert marks.style.underline
