"""Failures that other programs for boxes are known for."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.errors import ConflictError
from binscout_tui.store import box_labels, classes, labels
from binscout_tui.store.box_labels import LabelBox
from binscout_tui.workspace import Workspace

from .boxing import MIDDLE, drafted, screen, shows, stored, written_down
from .deciding import decide, open_area, press, ready
from .driving import settle
from .made_up import add_classes, add_images


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Twelve images and two classes."""
    add_classes(root, ["m3", "washer"])
    return add_images(root, 12)


async def test_a_box_is_never_on_the_wrong_image_after_a_quick_next(app: BinScoutApp, ids: list[int]) -> None:
    """Typed far ahead of the pictures: what came too early is told and does nothing."""
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        await decide(pilot, "n")
        await pilot.press("1", "right", "enter", "n", "2", "enter", "n", "1", "enter")
        await settle(pilot)
        await ready(pilot)
        await written_down(pilot)
        found = [await stored(app, image) for image in ids]
        assert [one.class_id for one in found[0].boxes] == [1]
        place = screen(app).shown
        assert place is not None
        after = ids.index(place.image.id)
        for position, one in enumerate(found[1:], 1):
            # Whatever was kept was drawn on that image while it was seen: with its own class, or not at all.
            assert [box.class_id for box in one.boxes] in ([], [2 if position % 2 else 1]), position
            assert position < after or one.state is None
            assert one.state != "empty"


async def test_what_was_drawn_is_kept_for_the_image_it_was_drawn_on_or_not_at_all(
    app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        await decide(pilot, "n")
        desk, drawn = screen(app).desk, screen(app).edit.boxes
        assert desk is not None
        await desk.forward()
        for late in (desk.keep(ids[0], drawn), desk.skip(ids[0]), desk.count(ids[0], 3, None)):
            with pytest.raises(ConflictError):
                await late
        with pytest.raises(ConflictError):
            desk.drawn(ids[0], drawn, 0)
        assert [(await stored(app, image)).state for image in ids] == [None] * len(ids)
        assert (await drafted(app, ids[0]), await drafted(app, ids[1])) == ([MIDDLE], [])


async def test_boxes_of_the_image_before_do_not_stick_to_the_next(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        await decide(pilot, "n", "1", "enter")
        for image in ids[1:4]:
            await shows(pilot, image)
            assert screen(app).boxes_drawn == 0
            assert screen(app).view.several.boxes == ()
            await decide(pilot, "0")
        await shows(pilot, ids[4])
        await press(pilot, "h")
        await shows(pilot, ids[3])
        await press(pilot, "l")
        await settle(pilot)
        assert [(await stored(app, image)).state for image in ids[:5]] == ["boxes", "empty", "empty", "empty", None]
        assert [await drafted(app, image) for image in ids[:5]] == [[]] * 5


async def test_labels_do_not_go_with_their_class(root: Path, ids: list[int]) -> None:
    with Workspace(root) as ws:
        m3, washer = (ws.db.read(labels.find_class, name).id for name in ("m3", "washer"))
        drawn = [LabelBox(box=(0.1, 0.1, 0.2, 0.2), class_id=m3), LabelBox(box=(0.5, 0.5, 0.6, 0.6), class_id=washer)]
        ws.db.write(box_labels.set_boxes, ws.user.uid, ids[0], drawn)
        ws.db.write(box_labels.set_count, ws.user.uid, ids[0], 4, class_id=m3)
    app = BinScoutApp(root)
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        await press(pilot, "o", "o")
        await shows(pilot, ids[0])
        with Workspace(root) as other:
            other.db.write(classes.archive, other.user.uid, m3)
        app.session.nudge()
        while [item.name for item in screen(app).keys.values()] != ["washer"]:
            await pilot.pause()
        assert [one.class_id for one in screen(app).edit.boxes] == [m3, washer]
        await decide(pilot, "tab", "right", "enter")
        await shows(pilot, ids[1])
        assert [one.class_id for one in (await stored(app, ids[0])).boxes] == [m3, washer]
        assert [one.count for one in await app.workspace.db.read(box_labels.counts, ids[0])] == [4]
