"""Labelling with keys, from the screen to the journal."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from textual import events

from binscout_tui.app import BinScoutApp
from binscout_tui.commands.class_keys import reserved_keys
from binscout_tui.errors import StorageError
from binscout_tui.labelling import queue
from binscout_tui.screens import label_showing
from binscout_tui.screens.label import LabelScreen
from binscout_tui.store import images, journal, labels, places, users
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle, told
from .made_up import add_classes, add_files, add_images, add_model

NAMES = ["M2", "M3", "M4", "nut", "washer", "spring", "pin", "clip", "rivet", "hex bolt", "zip"]


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Eight images, eleven classes."""
    add_classes(root, NAMES)
    return add_images(root, 8)


async def label(app: BinScoutApp, image_id: int) -> tuple[str, str | None] | None:
    """(state, class) of an image."""
    found = await app.workspace.db.read(labels.get, image_id)
    return (found.state, found.name) if found else None


def current(app: BinScoutApp) -> int | None:
    """The image on the screen."""
    screen = app.screen
    assert isinstance(screen, LabelScreen)
    return screen.candidate.image.id if screen.candidate else None


def row(app: BinScoutApp, number: int) -> str:
    """A row of the screen."""
    return screen_text(app)[number]


async def test_one_key_labels_and_brings_the_next_image(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        assert "8 left" in row(app, 1)
        await decide(pilot, "2", "b", "0", "space")
        await ready(pilot)
        assert [await label(app, image) for image in ids[:5]] == [
            ("class", "M3"),
            ("class", "hex bolt"),
            ("empty", None),
            ("skipped", None),
            None,
        ]
        assert current(app) == ids[4]
        assert "4 left" in row(app, 1)
        assert "last: M3 ✓  hex bolt ✓  nothing there ✓  skipped ✓" in row(app, 22)
        history = await app.workspace.db.read(journal.history, area="label")
        assert [entry.target for entry in history] == [ids[3], ids[2], ids[1], ids[0]]


async def test_classes_show_their_keys_and_none_is_a_command(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        text = "\n".join(screen_text(app))
        assert "1 M2" in text
        assert "9 rivet" in text
        assert "b hex bolt" in text
        screen = app.screen
        assert isinstance(screen, LabelScreen)
        reserved = reserved_keys({}).keys()
        assert reserved.isdisjoint(screen.keys)
        assert {"h", "l", "z", "Z", "u", "y", "t", "d", "q", "e"} <= reserved


async def test_a_key_pressed_before_the_picture_was_there_labels_nothing(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        hasty = events.Key("3", "3")
        await decide(pilot, "1")
        await ready(pilot)
        app.post_message(hasty)
        await settle(pilot)
        assert current(app) == ids[1]
        assert await label(app, ids[1]) is None
        assert row(app, 22).startswith(" 1 key too early: not taken  last: M2 ✓")


async def test_keys_typed_ahead_label_only_what_was_shown(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        for key in "1234":
            app.post_message(events.Key(key, key))
        await settle(pilot)
        await ready(pilot)
        assert [await label(app, image) for image in ids] == [("class", "M2"), *[None] * 7]
        assert current(app) == ids[1]


async def test_a_held_key_labels_only_what_was_shown(
    root: Path, app: BinScoutApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_classes(root, NAMES)
    ids = add_images(root, 40)
    seen: list[int | None] = []
    early: list[None] = []
    real = LabelScreen.seen

    def note(screen: LabelScreen) -> None:
        if not screen.is_seen:
            seen.append(screen.candidate.image.id if screen.candidate else None)
        real(screen)

    monkeypatch.setattr(LabelScreen, "seen", note)
    monkeypatch.setattr(LabelScreen, "came_early", lambda _: early.append(None))
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        for number in range(30):
            app.post_message(events.Key("1", "1"))
            if number % 3:
                await pilot.pause()
        await settle(pilot)
        labelled = [image for image in ids if await label(app, image) is not None]
        assert labelled == seen[: len(labelled)]
        assert len(labelled) + len(early) == 30
        assert len(labelled) >= 10


async def test_a_held_undo_takes_back_only_what_was_shown(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await decide(pilot, "1", "2", "3")
        await ready(pilot)
        for _ in range(3):
            app.post_message(events.Key("z", "z"))
        await settle(pilot)
        await ready(pilot)
        assert [await label(app, image) for image in ids[:3]] == [("class", "M2"), ("class", "M3"), None]
        assert current(app) == ids[2]
        assert "2 keys too early: not taken" in row(app, 22)


async def test_the_skipped_are_gone_over_with_a_key_and_left_with_it(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await press(pilot, "s")
        assert any("No image is skipped." in line for line in told(app))
        await decide(pilot, "space", "1", "space", "2")
        await ready(pilot)
        await press(pilot, "s")
        await ready(pilot)
        assert current(app) == ids[0]
        assert "the 2 skipped · s leaves them" in row(app, 1)
        await decide(pilot, "3")
        await ready(pilot)
        assert current(app) == ids[2]
        assert await label(app, ids[0]) == ("class", "M4")
        await press(pilot, "s")
        await ready(pilot)
        assert current(app) == ids[4]
        assert "4 left" in row(app, 1)


async def test_when_all_is_labelled_the_way_to_the_skipped_is_told(app: BinScoutApp, root: Path) -> None:
    add_classes(root, ["nut"])
    ids = add_images(root, 2)
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await decide(pilot, "1", "space")
        await settle(pilot)
        text = "\n".join(screen_text(app))
        assert "Everything is labelled: 1 images, 1 skipped." in text
        assert "s goes over the skipped ones" in text
        await press(pilot, "s")
        await ready(pilot)
        assert current(app) == ids[1]
        await decide(pilot, "1")
        await settle(pilot)
        assert await label(app, ids[1]) == ("class", "nut")
        assert "No further image is skipped" in "\n".join(screen_text(app))


async def test_the_skipped_are_gone_over_after_a_restart_too(root: Path, ids: list[int]) -> None:
    first = BinScoutApp(root)
    async with first.run_test() as pilot:
        await open_area(pilot, "label")
        await decide(pilot, "space", "space")
        await ready(pilot)
        await press(pilot, "s")
    second = BinScoutApp(root)
    async with second.run_test() as pilot:
        await open_area(pilot, "label")
        assert current(second) == ids[0]
        await decide(pilot, "1")
        await ready(pilot)
        assert current(second) == ids[1]


async def test_undo_and_redo_go_back_to_their_image_across_a_restart(root: Path, ids: list[int]) -> None:
    first = BinScoutApp(root)
    async with first.run_test() as pilot:
        await open_area(pilot, "label")
        await decide(pilot, "1", "2", "3")
    second = BinScoutApp(root)
    async with second.run_test() as pilot:
        await open_area(pilot, "label")
        assert current(second) == ids[3]
        await decide(pilot, "z", "z")
        await settle(pilot)
        assert current(second) == ids[1]
        assert [await label(second, image) for image in ids[:3]] == [("class", "M2"), None, None]
        assert "7 left" in row(second, 1)
        await decide(pilot, "Z")
        await settle(pilot)
        assert current(second) == ids[1]
        assert await label(second, ids[1]) == ("class", "M3")
        await decide(pilot, "u", "z", "z")
        await settle(pilot)
        assert "There is nothing to undo." in "\n".join(told(second))
        assert current(second) == ids[0]
        assert await label(second, ids[0]) is None


async def test_an_undo_that_somebody_overtook_is_said_and_changes_nothing(
    root: Path, app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await decide(pilot, "1", "2")
        with Workspace(root) as other:
            bea = other.db.write(users.sign_in, other.user.uid + 1, "bea")
            other.db.write(labels.set_label, bea.uid, ids[1], "M4")
        await decide(pilot, "z")
        await settle(pilot)
        assert await label(app, ids[1]) == ("class", "M4")
        assert any("was changed since by somebody" in line for line in told(app))
        await decide(pilot, "z")
        await settle(pilot)
        assert await label(app, ids[0]) is None
        assert current(app) == ids[0]


async def test_a_correction_shows_the_label_and_goes_on_with_the_unlabelled(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await decide(pilot, "1", "2")
        await press(pilot, "h", "h")
        await ready(pilot)
        assert current(app) == ids[0]
        assert "labelled M2" in row(app, 1)
        assert "✓1 M2" in "\n".join(screen_text(app))
        await decide(pilot, "4")
        assert await label(app, ids[0]) == ("class", "nut")
        assert current(app) == ids[2]
        assert "6 left" in row(app, 1)


async def test_on_and_back_decide_nothing_and_come_round(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await press(pilot, *"lll")
        assert current(app) == ids[3]
        await press(pilot, "h")
        assert current(app) == ids[2]
        await press(pilot, *"llllll")
        assert current(app) == ids[0]
        assert await app.workspace.db.read(journal.history) == []


async def test_the_same_image_after_a_restart(root: Path, ids: list[int]) -> None:
    for _ in range(2):
        app = BinScoutApp(root)
        async with app.run_test() as pilot:
            await open_area(pilot, "label")
            await press(pilot, "l", "l")
            here = current(app)
    assert here == ids[4]
    with Workspace(root) as ws:
        assert ws.db.read(places.get, ws.user.uid, "label")["image"] == ids[4]


async def test_find_by_typing_and_label_with_enter(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await press(pilot, "slash", *"wsh", "enter")
        await ready(pilot)
        assert await label(app, ids[0]) == ("class", "washer")
        assert current(app) == ids[1]
        await press(pilot, "slash", *"p", "down", "enter")
        assert (await label(app, ids[1])) is not None


async def test_the_finder_lists_all_classes_used_ones_first_and_enter_alone_labels_nothing(
    app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await decide(pilot, "8")
        await ready(pilot)
        await press(pilot, "slash")
        listed = [row[-22:].strip() for row in screen_text(app)[2:]]
        assert listed[1:12] == ["clip", *(name for name in NAMES if name != "clip")]
        await press(pilot, "enter")
        assert await label(app, ids[1]) is None
        assert app.screen.has_class("-finding")
        await press(pilot, "down", "enter")
        assert await label(app, ids[1]) == ("class", "clip")


@pytest.mark.parametrize("width", [60, 80, 160])
async def test_the_finder_names_its_keys(app: BinScoutApp, ids: list[int], width: int) -> None:
    async with app.run_test(size=(width, 24)) as pilot:
        await open_area(pilot, "label")
        await press(pilot, "slash")
        assert "Enter label" in row(app, 23)
        assert "↑ up" in row(app, 23)
        assert "Enter labels · ↓↑ mark · Esc leaves · new: Enter twice" in row(app, 22)
        await press(pilot, "escape")
        assert "Esc leaves" not in row(app, 22)


async def test_a_new_class_needs_enter_twice(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await press(pilot, "slash", *"o-ring")
        assert '+ make class "o-ring"' in "\n".join(screen_text(app))
        await press(pilot, "enter")
        assert await label(app, ids[0]) is None
        assert "Enter again" in "\n".join(screen_text(app))
        await press(pilot, "enter")
        assert await label(app, ids[0]) == ("class", "o-ring")
        await ready(pilot)
        await decide(pilot, "g")
        assert await label(app, ids[1]) == ("class", "o-ring")


async def test_leaving_the_finder_labels_nothing_and_gives_the_keys_back(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await press(pilot, "slash", *"nut", "escape")
        assert await label(app, ids[0]) is None
        assert app.current_mode == "label"
        await decide(pilot, "1")
        assert await label(app, ids[0]) == ("class", "M2")


async def test_suggestions_are_shown_taken_and_journaled(root: Path, app: BinScoutApp, ids: list[int]) -> None:
    add_model(root, {ids[0]: ("nut", 0.92), ids[1]: ("pin", 0.4), ids[2]: ("M4", 0.7)})
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        assert "model: nut .92 y" in "\n".join(screen_text(app))
        await decide(pilot, "y", "1")
        await press(pilot, "t")
        await ready(pilot)
        assert "suggestions hidden" in "\n".join(screen_text(app))
        await decide(pilot, "y")
        assert await label(app, ids[2]) is None
        await decide(pilot, "3")
        found = await app.workspace.db.read(journal.history, area="label")
        assert [(entry.target, entry.suggested) for entry in found] == [
            (ids[2], None),
            (ids[1], {"label": "pin", "score": 0.4, "model": "m-1"}),
            (ids[0], {"label": "nut", "score": 0.92, "model": "m-1"}),
        ]
        assert await label(app, ids[0]) == ("class", "nut")
        assert await label(app, ids[1]) == ("class", "M2")


async def test_take_says_why_there_is_nothing_to_take(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await decide(pilot, "y")
        assert any("No model is active yet" in line for line in told(app))
        assert await label(app, ids[0]) is None


async def test_trash_moves_on_and_undo_brings_the_image_back(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await decide(pilot, "1", "d")
        await ready(pilot)
        assert current(app) == ids[2]
        assert (await app.workspace.db.read(images.get, ids[1])).trashed_at is not None
        assert "6 left" in row(app, 1)
        await decide(pilot, "z")
        await settle(pilot)
        assert current(app) == ids[1]
        assert (await app.workspace.db.read(images.get, ids[1])).trashed_at is None
        assert await label(app, ids[0]) == ("class", "M2")
        assert "7 left" in row(app, 1)
        await decide(pilot, "Z")
        await settle(pilot)
        assert (await app.workspace.db.read(images.get, ids[1])).trashed_at is not None
        assert current(app) == ids[2]


async def test_a_commit_that_fails_keeps_the_image_and_says_so(
    app: BinScoutApp, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        real = queue.decide

        def full(db: sqlite3.Connection, *arguments: Any) -> None:
            real(db, *arguments)
            raise StorageError("The disk is full; nothing was changed.", hint="Free some space.", code="disk_full")

        monkeypatch.setattr(queue, "decide", full)
        await decide(pilot, "1")
        assert current(app) == ids[0]
        assert await label(app, ids[0]) is None
        assert "8 left" in row(app, 1)
        assert "✗ not labelled: The disk is full" in row(app, 22)
        monkeypatch.setattr(queue, "decide", real)
        await decide(pilot, "2")
        assert await label(app, ids[0]) == ("class", "M3")
        assert "✗" not in row(app, 22)


async def test_a_picture_that_cannot_be_shown_is_not_labelled_but_skipped(root: Path, app: BinScoutApp) -> None:
    add_classes(root, NAMES)
    ids = add_images(root, 2, previews=False)
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await decide(pilot, "1", "0")
        assert await label(app, ids[0]) is None
        assert any("This picture cannot be shown" in line for line in told(app))
        await decide(pilot, "space")
        assert await label(app, ids[0]) == ("skipped", None)


async def test_a_deleted_preview_is_made_again(root: Path, app: BinScoutApp, tmp_path: Path) -> None:
    add_classes(root, NAMES)
    ids = add_files(root, tmp_path / "photos", 2)
    async with app.run_test() as pilot:
        await open_area(pilot, "label", empty=True)
        screen = app.screen
        assert isinstance(screen, LabelScreen)
        async with asyncio.timeout(20):
            while screen.picture.state != "shown":
                await pilot.pause()
        await decide(pilot, "1")
        assert await label(app, ids[0]) == ("class", "M2")


async def test_what_others_did_is_taken_over_without_moving(root: Path, app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        with Workspace(root) as other:
            other.db.write(labels.set_label, other.user.uid, ids[1], "nut")
            other.db.write(labels.add_class, "gasket")
        app.session.nudge()
        screen = app.screen
        assert isinstance(screen, LabelScreen)
        while screen.desk is None or screen.desk.left != 7:
            await pilot.pause()
        assert current(app) == ids[0]
        assert "gasket" in "\n".join(screen_text(app))
        await decide(pilot, "1")
        assert current(app) == ids[2]


async def test_the_end_and_the_beginning_say_what_to_do(app: BinScoutApp, root: Path) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "label", empty=True)
        assert "binscout import FOLDER" in "\n".join(screen_text(app))
    add_classes(root, ["nut"])
    add_images(root, 1)
    again = BinScoutApp(root)
    async with again.run_test() as pilot:
        await open_area(pilot, "label")
        await decide(pilot, "1")
        assert "Everything is labelled: 1 images." in "\n".join(screen_text(again))
        await press(pilot, "h")
        await ready(pilot)
        assert "labelled nut" in row(again, 1)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (160, 50)])
async def test_the_picture_takes_the_room_at_every_size(
    app: BinScoutApp, ids: list[int], size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        await open_area(pilot, "label")
        screen = app.screen
        assert isinstance(screen, LabelScreen)
        assert screen.picture.size.width * screen.picture.size.height >= 0.55 * size[0] * size[1]
        assert "1 M2" in "\n".join(screen_text(app))


async def test_a_viewer_decides_nothing(app: BinScoutApp, root: Path, ids: list[int]) -> None:
    with Workspace(root) as workspace:
        workspace.db.write(users.set_role, workspace.user.uid, "viewer")
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await decide(pilot, "1")
        assert any("needs the role operator" in line for line in told(app))
        assert await label(app, ids[0]) is None


async def test_that_a_key_came_too_early_is_told_for_a_while(
    app: BinScoutApp, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "label")
        for way in ("l", "h"):
            hasty = events.Key("3", "3")
            hasty.time -= 1000
            app.post_message(hasty)
            await settle(pilot)
            assert "1 key too early: not taken" in row(app, 22)
            await press(pilot, way)
            assert "too early" not in row(app, 22)
        monkeypatch.setattr(label_showing, "EARLY_S", 0.3)
        hasty = events.Key("3", "3")
        hasty.time -= 1000
        app.post_message(hasty)
        async with asyncio.timeout(20):
            while "too early" not in row(app, 22):
                await pilot.pause()
            while "too early" in row(app, 22):
                await pilot.pause()
        assert await label(app, ids[0]) is None
