"""Counts that a person enters, kept apart from the model's and from the boxes."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.store import box_labels, journal, labels, models, predictions
from binscout_tui.store.box_labels import LabelCount
from binscout_tui.store.predictions import Prediction
from binscout_tui.workspace import Workspace

from .boxing import shows, stored
from .deciding import decide, open_area, press
from .driving import screen_text, settle
from .made_up import add_classes, add_images


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Two images and a class."""
    add_classes(root, ["m3"])
    return add_images(root, 2)


def add_counting_model(root: Path, said: dict[int, str]) -> None:
    """A model that counts is active and said these numbers."""
    with Workspace(root) as ws:
        ws.db.write(models.add, ws.user.uid, "c-1", run_id=None, task="count", sha256="a" * 64, size=1, card={})
        ws.db.write(models.activate, ws.user.uid, "c-1", ws.settings.gate, reason="for a test")
        found = [
            Prediction(image_id=image, model_id="c-1", label=text, score=0.9, unknown=False)
            for image, text in said.items()
        ]
        ws.db.write(predictions.keep, found)


async def counts(app: BinScoutApp, image_id: int) -> tuple[LabelCount, ...]:
    """What people counted."""
    return await app.workspace.db.read(box_labels.counts, image_id)


def line(app: BinScoutApp) -> str:
    """The line of the counts."""
    return next(row for row in screen_text(app) if " counted " in row)


async def test_a_count_is_one_decision_beside_the_boxes(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        assert "counted not yet (c) · model none that counts is active" in line(app)
        await decide(pilot, "n", "c")
        await settle(pilot)
        assert any("= takes the 1 box drawn" in row for row in screen_text(app))
        await press(pilot, *"many", "enter")
        assert any("A count is a whole number" in row for row in screen_text(app))
        assert await counts(app, ids[0]) == ()
        await press(pilot, "ctrl+u", *"12", "enter")
        await settle(pilot)
        assert await counts(app, ids[0]) == (LabelCount(class_id=None, count=12),)
        assert "counted 12 ·" in line(app)
        assert (await stored(app, ids[0])).state is None, "a count says nothing of the boxes"
        assert len(await app.workspace.db.read(journal.history, area="counts")) == 1
        await decide(pilot, "enter")
        await shows(pilot, ids[1])
        await decide(pilot, "z")
        await shows(pilot, ids[0])
        assert (await stored(app, ids[0])).state is None
        await decide(pilot, "z")
        await settle(pilot)
        assert await counts(app, ids[0]) == ()
        await decide(pilot, "Z")
        await settle(pilot)
        assert await counts(app, ids[0]) == (LabelCount(class_id=None, count=12),)


async def test_boxes_and_the_model_offer_a_count_that_is_taken_only_when_typed(root: Path, ids: list[int]) -> None:
    add_counting_model(root, {ids[0]: "7"})
    app = BinScoutApp(root)
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        assert "counted not yet (c) · model 7" in line(app)
        await decide(pilot, "n", "a", "c")
        await settle(pilot)
        await press(pilot, "escape")
        assert await counts(app, ids[0]) == ()
        for typed, taken in (("m", 7), ("=", 2)):
            await decide(pilot, "c")
            await settle(pilot)
            await press(pilot, "ctrl+u", typed, "enter")
            await settle(pilot)
            assert [one.count for one in await counts(app, ids[0])] == [taken]
            assert f"counted {taken} · model 7" in line(app), "the model's number stays its own"
        await decide(pilot, "c")
        await settle(pilot)
        await press(pilot, "ctrl+u", "minus", "enter")
        await settle(pilot)
        assert await counts(app, ids[0]) == ()
        await decide(pilot, "l")
        await shows(pilot, ids[1])
        assert "model said no count" in line(app)


async def test_a_count_of_one_class_is_kept_beside_that_of_everything(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "boxes")
        await decide(pilot, "n", "1", "a", "C")
        await settle(pilot)
        await press(pilot, *"m3", "enter")
        await settle(pilot)
        assert any("= takes the 2 boxes drawn" in row for row in screen_text(app))
        await press(pilot, "equals_sign", "enter")
        await settle(pilot)
        await decide(pilot, "c")
        await settle(pilot)
        await press(pilot, "5", "enter")
        await settle(pilot)
        m3 = (await app.workspace.db.read(labels.find_class, "m3")).id
        assert await counts(app, ids[0]) == (LabelCount(class_id=None, count=5), LabelCount(class_id=m3, count=2))
        assert "counted 5, 2 m3" in line(app)
