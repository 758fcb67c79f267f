"""Data sets with keys: plan and freeze, inspect, filter, difference, check, export."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from binscout_tui.app import BinScoutApp
from binscout_tui.operations.datasets import Wanted, build
from binscout_tui.screens.datasets import DatasetsScreen
from binscout_tui.screens.datasets_full import VersionFull
from binscout_tui.store import box_labels, classes, datasets, images, journal, labels, sets
from binscout_tui.workspace import Workspace

from .driving import press, screen_text, settle, told
from .made_up import add_classes, add_images

CLASSES = ("nut", "pin", "clip")


@pytest.fixture
def filled(root: Path) -> Path:
    """Sixty images of three classes, each from a photo of its own."""
    add_classes(root, CLASSES)
    ids = add_images(root, 60)
    with Workspace(root) as ws:
        ws.db.connection.execute("UPDATE image SET source_group = 'photo ' || id")
        for place, image_id in enumerate(ids):
            ws.db.write(labels.set_label, ws.user.uid, image_id, CLASSES[place % 3])
    return root


@pytest.fixture
def two(filled: Path) -> Path:
    """Two versions: in the second image 1 is a clip, 2 is gone, and the newest two are new."""
    freeze(filled, "old")
    add_images(filled, 2, first=200)
    with Workspace(filled) as ws:
        ws.db.connection.execute("UPDATE image SET source_group = 'photo ' || id")
        for image_id in (61, 62):
            ws.db.write(labels.set_label, ws.user.uid, image_id, "nut")
        ws.db.write(labels.set_label, ws.user.uid, 1, "clip")
        ws.db.write(images.trash, ws.user.uid, [2])
    freeze(filled, "new")
    return filled


def freeze(root: Path, name: str, **options: bool) -> str:
    """Freeze what is labelled now; the id."""
    with Workspace(root) as ws:
        return build(ws, Wanted(name=name, **options)).id  # type: ignore[arg-type]


def stored(root: Path) -> list[str]:
    """The names of all versions, the newest first."""
    with Workspace(root) as ws:
        return [one.name for one in ws.db.read(datasets.latest)]


def text(app: BinScoutApp) -> str:
    """The screen's rows."""
    return "\n".join(screen_text(app))


async def until(pilot: Pilot[Any], holds: Callable[[], object]) -> None:
    """Wait until something holds, twenty seconds at most."""
    async with asyncio.timeout(20):
        while not holds():
            await pilot.pause(0.01)


async def shows(pilot: Pilot[Any], words: str) -> None:
    """Wait until the screen shows `words`."""
    await until(pilot, lambda: words in text(pilot.app))  # type: ignore[arg-type]


async def opened(pilot: Pilot[Any], words: str = "built") -> DatasetsScreen:
    """Go to Data sets."""
    await settle(pilot)
    await press(pilot, "comma", "d")
    await shows(pilot, words)
    screen = pilot.app.screen
    assert isinstance(screen, DatasetsScreen)
    return screen


def images_of(screen: DatasetsScreen) -> list[int]:
    """The ids on the grid."""
    return list(screen.images.grid.ids)


async def typed(pilot: Pilot[Any], words: str) -> None:
    """Type into the field that has the focus, in place of what is there."""
    await until(pilot, lambda: isinstance(pilot.app.focused, Input))
    focused = pilot.app.focused
    assert isinstance(focused, Input)
    focused.value = words
    await pilot.press("enter")


async def test_no_version_says_how_one_is_made(app: BinScoutApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, "No data set yet")
        await press(pilot, "enter")
        assert told(app)[0].endswith("There is no data set yet; n makes one of the labelled images.")


async def test_counts_of_an_item_are_planned_and_frozen(filled: Path) -> None:
    with Workspace(filled) as ws:
        nut = ws.db.read(classes.find, "nut").id
        for image_id in range(1, 41):
            ws.db.write(box_labels.set_count, ws.user.uid, image_id, image_id % 9, class_id=nut)
    app = BinScoutApp(filled)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, "No data set yet")
        await press(pilot, "n")
        await shows(pilot, "60 images with a class")
        await press(pilot, "tab", "right")
        await shows(pilot, "0 decided sets")
        await press(pilot, "right")
        await shows(pilot, "everything: nut")
        await press(pilot, "tab", *"bolt", "enter")
        await shows(pilot, "No data set yet")
        await press(pilot, "n", "tab", "left", "tab", *"nut", "enter")
        await shows(pilot, "20 images without boxes and without a count")
        await press(pilot, "f")
        await shows(pilot, "built")
        found = await app.workspace.db.read(datasets.latest)
        assert [(one.task, one.item, sorted(one.counts)) for one in found] == [("count", "nut", ["0", "1-5", "6-20"])]
        await press(pilot, "enter")
        await shows(pilot, "40 images")


async def test_a_plan_is_shown_before_anything_is_frozen(filled: Path) -> None:
    app = BinScoutApp(filled)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, "No data set yet")
        await press(pilot, "n")
        await typed(pilot, "a/b")
        await shows(pilot, "no slash")
        await typed(pilot, "screws")
        await shows(pilot, "60 images in 60 groups")
        assert stored(filled) == []
        await press(pilot, "escape")
        assert stored(filled) == []
        await press(pilot, "n")
        await typed(pilot, "screws")
        await shows(pilot, "60 images in 60 groups")
        await press(pilot, "f")
        await shows(pilot, "built")
        assert stored(filled) == ["screws"]
        assert "screws" in screen_text(app)[1]


async def test_enter_on_a_plan_freezes_nothing(filled: Path) -> None:
    app = BinScoutApp(filled)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, "No data set yet")
        await press(pilot, "n")
        await typed(pilot, "screws")
        await shows(pilot, "60 images in 60 groups")
        await press(pilot, "enter", "y")
        assert stored(filled) == []


async def test_leaks_are_frozen_only_with_a_typed_reason(filled: Path) -> None:
    freeze(filled, "before", fill_known_good=False)
    with Workspace(filled) as ws:
        found = ws.db.read(datasets.items, ws.db.read(datasets.latest)[0].id)
        pair = [next(image.id for item, image in found if item.split == split) for split in ("train", "test")]
        ws.db.write(sets.add, name="burst", kind="burst", image_ids=pair)
    app = BinScoutApp(filled)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "n")
        await typed(pilot, "leaky")
        await shows(pilot, "1 leak: freezing asks for a reason")
        await press(pilot, "f")
        await shows(pilot, "Why is that all right?")
        await press(pilot, "enter", "enter")
        assert "Why is that all right?" in text(app)
        await press(pilot, "escape")
        assert stored(filled) == ["before"]
        await press(pilot, "n")
        await typed(pilot, "leaky")
        await shows(pilot, "1 leak: freezing asks for a reason")
        await press(pilot, "f")
        await typed(pilot, "two sides of one part")
        await until(pilot, lambda: "leaky" in stored(filled))
    with Workspace(filled) as ws:
        kept = ws.db.read(journal.history, area="dataset")[0].after["leaks_allowed"]
    assert (kept["reason"], [sorted(one) for one in kept["pairs"]]) == ("two sides of one part", [sorted(pair)])


async def test_what_changed_since_the_plan_is_not_frozen_unseen(filled: Path) -> None:
    app = BinScoutApp(filled)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, "No data set yet")
        await press(pilot, "n")
        await typed(pilot, "screws")
        await shows(pilot, "60 images in 60 groups")
        with Workspace(filled) as ws:
            ws.db.write(labels.set_label, ws.user.uid, 5, "nut")
        await press(pilot, "f")
        await until(pilot, lambda: told(app))
        assert "have changed since this list was shown" in told(app)[0]
        assert stored(filled) == []


async def test_a_viewer_looks_but_does_not_build(two: Path) -> None:
    with Workspace(two) as ws:
        ws.db.connection.execute("UPDATE user SET role = 'viewer'")
    app = BinScoutApp(two)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await press(pilot, "n")
        assert "needs the role operator" in told(app)[0]
        await press(pilot, "enter")
        await until(pilot, lambda: images_of(screen))


async def test_images_are_narrowed_by_split_class_and_filter(two: Path) -> None:
    app = BinScoutApp(two)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: len(images_of(screen)) == 61)
        await press(pilot, "s")
        await shows(pilot, "· train ·")
        trained = images_of(screen)
        assert 0 < len(trained) < 61
        await press(pilot, "asterisk", "slash")
        await typed(pilot, "label:pin id:..20")
        await until(pilot, lambda: images_of(screen) == [5, 8, 11, 14, 17, 20])
        await until(pilot, lambda: screen.focused is screen.images)
        await press(pilot, "slash")
        await typed(pilot, "label:bolt")
        await shows(pilot, "There is no class")
        assert images_of(screen) == [5, 8, 11, 14, 17, 20]
        await press(pilot, "escape", "asterisk")
        assert len(images_of(screen)) == 61
        await press(pilot, "c")
        await typed(pilot, "clip")
        await until(pilot, lambda: images_of(screen) == [1, *range(3, 61, 3)])


async def test_the_frozen_label_is_shown_beside_what_is_said_today(two: Path) -> None:
    with Workspace(two) as ws:
        ws.db.write(labels.set_label, ws.user.uid, 3, "pin")
    app = BinScoutApp(two)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: images_of(screen))
        await press(pilot, "right")
        await shows(pilot, "#3 · clip")
        await shows(pilot, "≠ pin today")
        with Workspace(two) as ws:
            ws.db.write(labels.set_label, ws.user.uid, 3, "clip")
        await until(pilot, lambda: "≠" not in text(app))
        assert "#3 · clip" in text(app)


async def test_one_image_in_full_and_up_again_level_by_level(two: Path) -> None:
    app = BinScoutApp(two)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await press(pilot, "enter", "enter")
        await shows(pilot, "1 of 61")
        assert screen.query_one(VersionFull).picture.size.width == 80
        await press(pilot, "n", "n", "N")
        await shows(pilot, "2 of 61")
        await press(pilot, "end", "n")
        assert told(app)[0].endswith("This is the last image.")
        await press(pilot, "q")
        assert (screen.level, screen.images.grid.cursor_id) == ("images", 62)
        await press(pilot, "escape")
        assert screen.level == "list"


async def test_the_place_is_found_again_after_a_restart(two: Path) -> None:
    app = BinScoutApp(two)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await press(pilot, "down", "enter", "s", "right", "enter")
        await shows(pilot, "2 of ")
        here = screen.images.grid.cursor_id
    again = BinScoutApp(two)
    async with again.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, "2 of ")
        assert (screen.level, screen.images.grid.cursor_id) == ("full", here)
        await press(pilot, "q")
        await shows(pilot, "old")
        assert "· train ·" in text(again)


async def test_what_is_trashed_elsewhere_leaves_the_grid_and_the_cursor_stays_near(two: Path) -> None:
    app = BinScoutApp(two)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await press(pilot, "enter", "right", "right")
        assert screen.images.grid.cursor_id == 4
        with Workspace(two) as ws:
            ws.db.write(images.trash, ws.user.uid, [4])
        await until(pilot, lambda: 4 not in images_of(screen))
        assert screen.images.grid.cursor_id == 5


async def test_two_marked_versions_are_compared_down_to_the_images(two: Path) -> None:
    app = BinScoutApp(two)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await press(pilot, "v")
        assert "Mark two versions with ␣" in told(app)[0]
        await press(pilot, "space", "down", "space", "v")
        await shows(pilot, "2 added · 1 removed · 1 relabelled · 0 moved")
        rows = text(app)
        assert "relabelled nut → clip" in rows
        await press(pilot, "down", "down", "enter")
        await until(pilot, lambda: images_of(screen) == [1])
        await press(pilot, "slash")
        assert "go up to the version" in told(app)[0]
        await press(pilot, "q", "up", "enter")
        assert "None of these images can be shown" in told(app)[0]
        await press(pilot, "up", "enter")
        await until(pilot, lambda: images_of(screen) == [61, 62])
        await press(pilot, "backspace", "backspace")
        assert screen.level == "list"


async def test_a_check_leads_to_the_images_that_it_is_about(two: Path) -> None:
    with Workspace(two) as ws:
        ws.db.write(images.set_health, 9, "missing")
        ws.db.write(images.set_health, 12, "missing")
    app = BinScoutApp(two)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await press(pilot, "c")
        await shows(pilot, "2 images have lost their files")
        assert "1 problem" in text(app)
        assert "images check" in text(app)
        await press(pilot, "enter")
        await until(pilot, lambda: images_of(screen) == [9, 12])
        await shows(pilot, "its file is missing")


async def test_a_version_is_exported_and_a_folder_that_is_there_is_refused(two: Path, tmp_path: Path) -> None:
    app = BinScoutApp(two)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot)
        for folder, said in ((tmp_path, "already"), (tmp_path / "out", "missing")):
            await press(pilot, "E", "down")
            await typed(pilot, str(folder))
            await until(pilot, lambda said=said: told(app) and said in told(app)[0])
        version = (await app.workspace.db.read(datasets.latest))[0].id
    assert json.loads((tmp_path / "out" / "dataset.json").read_text())["dataset"] == version


async def test_names_from_outside_are_shown_as_they_are(filled: Path) -> None:
    with Workspace(filled) as ws:
        ws.db.connection.execute("UPDATE class SET name = '[red]nut[/]' WHERE name = 'nut'")
    freeze(filled, "x [b]bold")
    app = BinScoutApp(filled)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        assert "x [b]bold" in text(app)
        assert "[red]nut[/]" in text(app)
        await press(pilot, "enter")
        await until(pilot, lambda: images_of(screen))
        await shows(pilot, "[red]nut[/]")
