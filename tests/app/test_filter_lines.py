"""The header of a filtered gallery fits, whatever the filter is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.screens.gallery_lines import empty_words, lost, status_line

TEXTS = st.text(max_size=120).filter(str.isprintable)


@given(TEXTS, st.integers(60, 200), st.integers(0, 10**7), st.integers(0, 10**5))
def test_the_header_is_as_wide_as_there_is_room(text: str, width: int, total: int, marked: int) -> None:
    line = status_line(
        total, marked, "M", "newest", width, position=total, filter_text=text, library=10**7, more=True, early=3
    )
    assert line.cell_length <= max(width, 25)
    assert line.plain.rstrip().endswith("size M")


def test_the_filter_comes_first_then_how_many_it_lets_through() -> None:
    line = status_line(300, 2, "L", "oldest", 80, filter_text="label:[b]m3", library=100_310, more=True)
    assert line.plain.split("  ")[0] == "/ label:[b]m3"
    assert "300+ of 100,310 · 2 marked" in line.plain
    done = status_line(2431, 0, "L", "oldest", 80, filter_text="dup", library=100_310)
    assert "2,431 of 100,310" in done.plain


def test_an_empty_gallery_says_what_to_press() -> None:
    assert "X   shows all" in empty_words(
        "dup", has_trash=True, key={"gallery.unfilter": "X", "gallery.filter": "Y"}.__getitem__
    )
    assert "trash" in empty_words("", has_trash=True, key=str)
    assert "import" in empty_words("", has_trash=False, key=str)


def test_an_image_that_is_gone_is_not_called_trashed_where_it_only_matches_no_more() -> None:
    assert "trash" in lost(3, filtered=False)
    assert "trash" not in lost(3, filtered=True)
