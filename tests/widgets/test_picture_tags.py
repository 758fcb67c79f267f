"""Names of boxes over the cells of a picture."""

from __future__ import annotations

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from binscout_tui.terminal.kitty import placeholder_row
from binscout_tui.terminal.overlay import Box
from binscout_tui.widgets.picture_place import Place
from binscout_tui.widgets.picture_tags import Tag, tagged, tags_of

RED = (255, 0, 0)
WHOLE = Place(0, 0, 20, 10, (0.0, 0.0, 1.0, 1.0))


def tags(*boxes: Box, place: Place = WHOLE) -> list[tuple[int, int, str]]:
    """Where names stand on a picture of 20x10 cells."""
    return [(tag.x, tag.y, tag.text) for tag in tags_of(boxes, place, 20, 10)]


@pytest.mark.parametrize(
    ("box", "tag"),
    [
        (Box(0.5, 0.5, 1, 1, name="washer", dashed=False), (10, 5, "washer")),
        (Box(0.5, 0.5, 0.7, 1, name="washer", dashed=False), (10, 5, "was…")),
        (Box(0.5, 0.5, 0.6, 1, name="washer", dashed=False), (10, 5, "wa")),
        (Box(0.5, 0.5, 0.6, 1, name="washer"), (10, 5, "washer")),
        (Box(0.8, 0.5, 0.9, 1, name="washer"), (16, 5, "was…")),
        (Box(0.5, 0.5, 1, 1, name="a\x1b[2J", dashed=False), (10, 5, "a�[2J")),
    ],
)
def test_a_name_is_as_wide_as_its_box_except_that_of_the_edited_one(box: Box, tag: tuple[int, int, str]) -> None:
    assert tags(box) == [tag]


def test_a_box_without_room_or_name_or_out_of_sight_has_none() -> None:
    assert tags(Box(0.5, 0.5, 0.51, 0.6, name="x", dashed=False), Box(0, 0, 1, 1)) == []
    right = Place(0, 0, 20, 10, (0.5, 0.0, 1.0, 1.0))
    assert tags(Box(0, 0, 0.4, 1, name="x", dashed=False), Box(0.25, 0.5, 1, 1, name="y"), place=right) == [(0, 5, "y")]


def test_letters_take_the_place_of_cells_and_all_others_stay() -> None:
    row = Strip([Segment("▀▀▀▀", Style(color="red")), Segment("    ", Style(bgcolor="blue"))])
    (first, second) = tagged([row, row], [Tag(2, 1, "nut", RED)])
    assert first.text == "▀▀▀▀    "
    assert (second.text, second.cell_length) == ("▀▀nut   ", 8)
    assert [segment.style.color.name for segment in second if segment.text == "▀▀" and segment.style] == ["red"]


def test_a_wide_name_at_the_edge_never_makes_a_row_longer() -> None:
    (row,) = tagged([Strip([Segment("▀" * 5)])], [Tag(4, 0, "螺", RED)])
    assert row.cell_length == 5


def test_placeholders_of_kitty_keep_their_marks() -> None:
    whole = placeholder_row(3, 6, 7)
    stride = len(whole) // 6
    (row,) = tagged([Strip([Segment(whole)], 6)], [Tag(1, 0, "ab", RED)])
    assert row.text == whole[:stride] + "ab" + whole[3 * stride :]
