"""Several boxes while they are edited."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.imaging.crops import CropBox
from binscout_tui.selecting.boxes import FIRST, BoxesEdit, beside
from binscout_tui.store.boxes import checked_box
from binscout_tui.store.crops import Drawn

DO: dict[str, Callable[[BoxesEdit], BoxesEdit]] = {
    "add": BoxesEdit.added,
    "remove": BoxesEdit.removed,
    "turn": lambda edit: edit.turned(1),
    "back": lambda edit: edit.turned(-1),
    "item": lambda edit: edit.of_item(5),
    "move": lambda edit: edit.drawn(CropBox(0.1, 0.2, 0.3, 0.4)),
}
STEPS = st.lists(st.sampled_from(sorted(DO)), max_size=20)


@given(steps=STEPS)
def test_one_box_is_active_as_long_as_there_is_one(steps: list[str]) -> None:
    edit = BoxesEdit()
    for step in steps:
        before = len(edit.boxes)
        edit = DO[step](edit)
        assert len(edit.boxes) == before + {"add": 1, "remove": -bool(before)}.get(step, 0)
        assert (edit.active is None) == (not edit.boxes)
        assert edit.active is None or 0 <= edit.active < len(edit.boxes)
        for drawn in edit.boxes:
            checked_box(drawn.box)


def test_only_the_active_box_changes() -> None:
    edit = BoxesEdit.begun((Drawn(box=FIRST), Drawn(box=(0, 0, 0.1, 0.1), item_id=3))).turned(1)
    edit = edit.drawn(CropBox(0.5, 0.5, 0.6, 0.6)).of_item(4)
    assert edit.boxes == (Drawn(box=FIRST), Drawn(box=(0.5, 0.5, 0.6, 0.6), item_id=4))
    assert edit.turned(1).active == 0
    assert edit.turned(1).turned(-1).active == 1
    assert edit.removed().boxes == (Drawn(box=FIRST),)


def test_a_new_box_is_like_the_one_beside_which_it_lies() -> None:
    edit = BoxesEdit.begun((Drawn(box=(0.1, 0.1, 0.3, 0.4), item_id=2),)).added()
    assert edit.here == Drawn(box=(pytest.approx(0.3), 0.1, pytest.approx(0.5), 0.4), item_id=2)
    assert edit.boxes[0].box == (0.1, 0.1, 0.3, 0.4)


@given(box=st.tuples(*(st.integers(0, 100),) * 4))
def test_a_box_beside_another_lies_in_the_picture_and_has_its_size(box: tuple[int, int, int, int]) -> None:
    x1, y1, x2, y2 = min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3])
    if x1 == x2 or y1 == y2:
        return
    whole = (x1 / 100, y1 / 100, x2 / 100, y2 / 100)
    found = beside(whole)
    checked_box(found)
    assert (found[2] - found[0], found[3] - found[1]) == pytest.approx((whole[2] - whole[0], whole[3] - whole[1]))
