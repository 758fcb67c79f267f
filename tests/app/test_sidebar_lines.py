"""The sidebar's rows, choosing a name by typing, and a filter as chips; all without a screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.browsing.place import Place, from_kept
from binscout_tui.browsing.sidebar import MOST_TAGS, Contents, Entry, Switched, collection_of
from binscout_tui.screens import sidebar_lines as lines
from binscout_tui.screens.filter_lines import chips, shown
from binscout_tui.store import filters
from binscout_tui.widgets.grid_layout import TileSize, lay_out
from binscout_tui.widgets.header import HeaderState, header_line
from binscout_tui.widgets.name_choosing import Choice, Chosen, NameChoosing

NAMES = st.text(max_size=60).filter(str.isprintable)


def entry(kind: str, name: str, images: int | None = None, **more: object) -> Entry:
    return Entry(kind=kind, id=name, name=name, filter=f"{kind}:{name}", images=images, **more)  # type: ignore[arg-type]


def plain(contents: Contents, typed: str = "", current: str | None = None) -> list[str]:
    return [row.render(24).plain.rstrip() for row in lines.rows(contents, typed, current)]


def test_rows_have_titles_counts_and_marks() -> None:
    contents = Contents(
        entries=(
            entry("view", "All", 1234),
            entry("collection", "Screws [b]", 3, hidden=True),
            entry("filter", "fine"),
            entry("tag", "brass", 2, colour="#cc8844", sensitive=True),
        )
    )
    assert plain(contents, current="view:All") == [
        "• All              1,234",
        "Collections",
        "  Screws [b] hidden    3",
        "Saved filters",
        "  fine",
        "Tags",
        "▪ brass sensitive      2",
    ]
    assert plain(contents, "SCR") == ["Collections", "  Screws [b] hidden    3"]
    assert plain(contents, "zzz") == ["  nothing is called so"]


def test_without_collections_it_says_what_to_press_and_rare_tags_are_found_by_typing() -> None:
    tags = tuple(entry("tag", f"tag {number}", 100 - number) for number in range(MOST_TAGS + 5))
    contents = Contents(entries=(entry("view", "All", 0), *tags))
    assert plain(contents)[1:3] == ["Collections", "  none yet; n makes one"]
    assert plain(contents)[-1] == "  5 more; / finds them"
    assert len(plain(contents)) == 3 + 1 + MOST_TAGS + 1
    assert plain(contents, f"tag {MOST_TAGS + 4}")[1].strip().startswith(f"tag {MOST_TAGS + 4}")


@given(NAMES, st.integers(0, 10**8), st.integers(16, 60), st.booleans())
def test_a_row_is_as_wide_as_there_is_room_and_ends_with_the_count(
    name: str, images: int, width: int, hidden: bool
) -> None:
    line = lines.entry_line(entry("tag", name, images, hidden=hidden), width)
    assert line.cell_length == width
    assert line.plain.endswith(f" {images:,}")


@given(st.integers(40, 300), st.integers(20, 48))
def test_a_pinned_sidebar_leaves_three_columns_or_is_refused(room: int, wanted: int) -> None:
    width = lines.fitting(room, wanted, 20)
    if width is None:
        assert lay_out(TileSize.M, (room - 20 - 1, 20), (10, 20)).columns < 3
    else:
        assert 20 <= width <= wanted
        assert lay_out(TileSize.M, (room - width - 1, 20), (10, 20)).columns >= 3


def test_at_80_columns_there_is_room_for_it() -> None:
    assert lines.fitting(80, Place().sidebar, 20) == Place().sidebar


@pytest.mark.parametrize(
    "kept", [None, 3, "x", {"sidebar": "wide", "is_pinned": "yes"}, {"sidebar": True}, {"sidebar": None}]
)
def test_a_place_that_makes_no_sense_is_the_usual_one(kept: object) -> None:
    assert from_kept(kept) == Place()


def test_a_width_that_cannot_be_is_the_nearest() -> None:
    assert [from_kept({"sidebar": width}).sidebar for width in (-1, 30, 10**9)] == [20, 30, 48]


def test_the_collection_that_a_filter_looks_into() -> None:
    for text, name in (
        ('collection:"M3 screws"', "M3 screws"),
        ("collection:a star -dup", "a"),
        ("collection:a collection:b", None),
        ("collection:a|b", None),
        ("-collection:a", None),
        ("collection:a OR star", None),
        ("collection:none", None),
        ("", None),
    ):
        assert collection_of(filters.parse(text)) == name, text


# Choosing a name.

SCREWS, NUTS, BOLTS = Choice(1, "Screws", 9, held=2), Choice(2, "Nuts", 4), Choice(3, "Bolts", 5, held=1)


def choosing(typed: str = "", asked: int = 2) -> NameChoosing:
    found = NameChoosing(asked)
    found.give([NUTS, SCREWS, BOLTS])
    if typed:
        found.type(typed)
    return found


def test_those_that_hold_some_come_first_and_enter_on_an_empty_line_does_nothing() -> None:
    found = choosing()
    assert found.matches == [BOLTS, SCREWS, NUTS]
    assert found.enter() is None
    found.move(1)
    assert found.enter() == Chosen(3, "Bolts")
    found.move(1)
    assert found.enter() == Chosen(1, "Screws", take=True)


def test_a_name_that_none_has_can_be_made_and_one_in_another_case_is_the_same() -> None:
    found = choosing("Washers")
    assert found.enter() == Chosen(None, "Washers")
    found = choosing("NUTS")
    assert found.new_name == ""
    assert found.enter() == Chosen(2, "Nuts")
    found = choosing("nut")
    assert found.enter() == Chosen(2, "Nuts")
    found.move(1)
    assert found.enter() == Chosen(None, "nut")


def test_scattered_letters_take_no_name_that_exists() -> None:
    found = NameChoosing(1)
    found.give([Choice(1, "safari trip", 9, held=1), Choice(2, "start", 4)])
    found.type("art")
    assert found.matches, "they are there to be marked"
    assert found.enter() == Chosen(None, "art")
    found.type("trip")
    assert found.is_in_it
    assert found.enter() is None, "images leave a collection only when its row is marked or its name is typed"
    found.move(-1)
    assert found.enter() == Chosen(1, "safari trip", take=True)
    found.type("Safari TRIP ")
    assert found.enter() == Chosen(1, "safari trip", take=True)


def test_the_very_name_is_meant_and_not_one_that_reads_like_it() -> None:
    found = NameChoosing(1)
    found.give([Choice(1, "mère", 9, held=1), Choice(2, "mere", 4)])
    found.type("mere")
    assert found.enter() == Chosen(2, "mere")


@given(NAMES, st.lists(st.integers(-3, 3), max_size=6))
def test_enter_never_does_what_is_not_marked(typed: str, moves: list[int]) -> None:
    found = choosing(typed)
    for by in moves:
        found.move(by)
    chosen = found.enter()
    if found.row < 0 or found.is_in_it:
        assert chosen is None
    elif found.row < len(found.matches):
        assert chosen is not None
        assert chosen.id == found.matches[found.row].id
    else:
        assert chosen == Chosen(None, found.new_name)


# What is said.


def test_safe_mode_tells_numbers() -> None:
    assert lines.switched(Switched(on=True, tags=2, collections=1)) == (
        "Safe mode is on: 2 tags and 1 collection are hidden with their images."
    )
    assert lines.switched(Switched(on=True, collections=1)).endswith("1 collection is hidden with its images.")
    assert "Nothing is marked as sensitive" in lines.switched(Switched(on=True))
    assert lines.switched(Switched(on=False)) == "Safe mode is off: what is sensitive is shown."


@given(st.integers(0, 500), st.integers(0, 500), st.booleans())
def test_what_came_of_putting_adds_up(changed: int, others: int, put: bool) -> None:
    said = lines.collected("Screws", changed, changed + others, put=put)
    assert "Screws" in said
    if changed:
        assert said.startswith(f"{changed:,} image")
        assert (f"; {others} w" in said) is bool(others)


# The filter as chips.


def test_a_filter_is_a_chip_for_each_condition() -> None:
    assert chips("label:m3  conf<0.6 -dup (star OR tag:a)") == ["label:m3", "conf<0.6", "-dup", "(star OR tag:a)"]
    assert chips("star OR tag:a") == ["star OR tag:a"]
    assert chips("no (") == ["no ("]
    assert shown("star -dup", 40).plain == "/ star AND -dup"
    assert shown("star -dup", 14).plain == "/ star -dup"
    assert shown("star", 40, view="Starred").plain == "/ Starred"
    assert len({span.style for span in shown("star -dup", 40).spans}) > 1


@given(st.booleans(), st.integers(30, 200))
def test_the_mark_of_safe_mode_never_folds_away(late: bool, width: int) -> None:
    state = HeaderState(
        workspace="~/somewhere/far/away", is_safe=True, jobs=3, backup="9 d", is_late=late, user="anna", clock="12:00"
    )
    assert " SAFE " in header_line(state, "Gallery", width).plain
    assert " SAFE " not in header_line(HeaderState(workspace="~/x"), "Gallery", width).plain
