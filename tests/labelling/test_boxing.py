"""Boxes with classes while they are drawn: every step can be taken back, and no class or box comes by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.errors import UsageError
from binscout_tui.imaging.crops import CropBox, to_pixels
from binscout_tui.labelling.boxing import GIVEN, UNCLASSED, ClassLook, LabelEdit, Steps, count_typed
from binscout_tui.store.box_labels import LabelBox, fit
from binscout_tui.store.classes import ClassRow

MIDDLE = (0.25, 0.25, 0.75, 0.75)
SIZE = (400, 300)


def change(edit: LabelEdit, step: tuple[str, float]) -> LabelEdit:
    """One thing that a key or the mouse does."""
    name, share = step
    if name == "new":
        return edit.new((share, 1 - share), None, SIZE)
    if name == "again":
        return edit.doubled(SIZE)
    if name == "delete":
        return edit.removed()
    if name == "class":
        return edit.of_class(int(share * 9))
    if name == "turn":
        return edit.turned(1 if share > 0.5 else -1)
    if name == "none":
        return edit.chosen(None)
    return edit.drawn(CropBox(share / 2, 0.1, share / 2 + 0.3, 0.6))


STEPS = st.lists(
    st.tuples(st.sampled_from(["new", "again", "delete", "class", "turn", "none", "move"]), st.floats(0, 1)),
    max_size=25,
)


@given(steps=STEPS)
def test_whatever_is_drawn_can_be_kept(steps: list[tuple[str, float]]) -> None:
    edit = LabelEdit()
    for step in steps:
        edit = change(edit, step)
        assert edit.active is None or 0 <= edit.active < len(edit.boxes)
        for one in edit.boxes:
            fit(one.box, SIZE)


@given(steps=STEPS, gestures=st.lists(st.sampled_from(["", "move", "drag 1"]), min_size=25, max_size=25))
def test_every_step_is_taken_back_and_done_again(steps: list[tuple[str, float]], gestures: list[str]) -> None:
    kept = (LabelBox(box=MIDDLE, class_id=2),)
    noted = Steps.begun(kept, LabelEdit.begun(kept))
    seen = [noted.now.boxes]
    for step, gesture in zip(steps, gestures, strict=False):
        before = len(noted.past)
        noted = noted.noted(change(noted.now, step), gesture)
        if len(noted.past) == before:
            seen[-1] = noted.now.boxes
        else:
            seen.append(noted.now.boxes)
    back = [noted.now.boxes]
    while noted.past:
        noted = noted.undone()
        back.append(noted.now.boxes)
    assert back == seen[::-1]
    assert back[-1] == kept
    while noted.future:
        noted = noted.redone()
    assert noted.now.boxes == seen[-1]


def test_moves_of_one_drag_are_one_step_and_those_of_another_are_not() -> None:
    steps = Steps.begun((), LabelEdit())
    steps = steps.noted(steps.now.new((0.5, 0.5), None, SIZE), "")
    for gesture, left in (("drag 1", 0.1), ("drag 1", 0.2), ("drag 2", 0.3)):
        steps = steps.noted(steps.now.drawn(CropBox(left, 0.1, left + 0.2, 0.4)), gesture)
    places = []
    while steps.past:
        steps = steps.undone()
        places.append([one.box[0] for one in steps.now.boxes])
    assert places == [[0.2], [0.25], []]


def test_a_box_that_a_drag_draws_is_one_step_and_keys_on_two_boxes_are_two() -> None:
    steps = Steps.begun((), LabelEdit())
    steps = steps.noted(LabelEdit((LabelBox(box=(0.1, 0.1, 0.2, 0.2)),), 0), "drag 1")
    steps = steps.noted(steps.now.drawn(CropBox(0.1, 0.1, 0.4, 0.4)), "drag 1")
    assert len(steps.past) == 1
    steps = steps.noted(steps.now.doubled(SIZE), "")
    steps = steps.noted(steps.now.drawn(CropBox(0.5, 0.1, 0.8, 0.4)), "move").noted(steps.now.turned(1), "")
    before = len(steps.past)
    assert len(steps.noted(steps.now.drawn(CropBox(0, 0, 0.3, 0.3)), "move").past) == before + 1


def test_a_move_after_undo_is_a_step_of_its_own() -> None:
    steps = Steps.begun((), LabelEdit()).noted(LabelEdit().new((0.5, 0.5), None, SIZE), "")
    steps = steps.noted(steps.now.drawn(CropBox(0.1, 0.1, 0.2, 0.2)), "move").undone()
    steps = steps.noted(steps.now.drawn(CropBox(0.3, 0.1, 0.4, 0.2)), "move")
    assert steps.future == ()
    assert [one.box for one in steps.undone().now.boxes] == [MIDDLE]


def test_a_draft_of_earlier_is_one_step() -> None:
    kept = (LabelBox(box=MIDDLE),)
    drawn = LabelEdit.begun((LabelBox(box=(0, 0, 0.5, 0.5)), *kept))
    steps = Steps.begun(kept, drawn)
    assert steps.undone().now.boxes == kept
    assert not Steps.begun(kept, LabelEdit.begun(kept)).past


def test_a_new_box_has_the_size_and_class_of_the_active_one_and_lies_on_no_other() -> None:
    first = LabelEdit().new((0.5, 0.5), (0.2, 0.1), SIZE).of_class(7)
    assert first.boxes == (LabelBox(box=pytest.approx((0.4, 0.45, 0.6, 0.55)), class_id=7),)  # type: ignore[arg-type]
    second = first.new((0.5, 0.5), (0.9, 0.9), SIZE)
    assert second.here is not None
    assert second.here.class_id == 7
    assert second.here.box == pytest.approx((0.4475, 0.474, 0.6475, 0.574), abs=0.005)
    assert first.chosen(None).new((0.5, 0.5), None, SIZE).boxes[-1] == LabelBox(box=MIDDLE), "no class by itself"


@given(share=st.floats(0.05, 0.8), again=st.lists(st.booleans(), min_size=2, max_size=12))
def test_no_new_box_lies_exactly_on_another(share: float, again: list[bool]) -> None:
    edit = LabelEdit().new((0.5, 0.5), (share, share / 2), SIZE)
    for doubled in again:
        edit = edit.doubled(SIZE) if doubled else edit.new((0.5, 0.5), None, SIZE)
    places = {to_pixels(CropBox(*one.box), SIZE) for one in edit.boxes}
    assert len(places) == len(edit.boxes)


def test_the_order_of_boxes_is_no_difference_and_a_class_is() -> None:
    one, other = LabelBox(box=MIDDLE, class_id=1), LabelBox(box=(0, 0, 0.1, 0.1))
    assert LabelEdit.begun((one, other)).says((other, one))
    assert not LabelEdit.begun((one,)).of_class(2).says((one,))


def test_colours_and_names_of_classes_also_of_archived_ones() -> None:
    row = ClassRow(3, "m3", None, 0, "#ff8000", "", None, None, None)
    gone = ClassRow(4, "m4", None, 0, None, "", None, None, "2026-01-01T00:00:00Z")
    look = ClassLook({3: row, 4: gone})
    assert [look.name(known) for known in (3, 4, 5, None)] == ["m3", "m4 (archived)", "#5", ""]
    assert (look.colour(3), look.colour(None)) == ((255, 128, 0), UNCLASSED)
    assert len({look.colour(known) for known in range(10, 10 + len(GIVEN))}) == len(GIVEN)


@pytest.mark.parametrize(
    ("text", "count"), [("12", 12), (" 1,200 ", 1200), ("0", 0), ("=", 7), ("m", 9), ("M", 9), ("-", None)]
)
def test_a_count_as_typed(text: str, count: int | None) -> None:
    assert count_typed(text, 7, 9) == count


@pytest.mark.parametrize("text", ["", "x", "-3", "1.5", "9" * 40, "٣", "1e3"])
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="whole number"):
        count_typed(text, 7, 9)


def test_a_model_that_said_nothing_gives_no_count() -> None:
    with pytest.raises(UsageError, match="No model"):
        count_typed("m", 7, None)
