"""The set of classes with keys: each change is one decision, and undo takes it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from binscout_tui.app import BinScoutApp
from binscout_tui.screens.classes import ClassesScreen
from binscout_tui.store import box_labels, classes, journal, labels, users
from binscout_tui.store.box_labels import LabelBox
from binscout_tui.store.classes import ClassRow
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press
from .driving import screen_text, settle, told
from .made_up import add_classes, add_images

NAMES = ("m3 washer", "m4 washer", "[red]nut[/]", "spring")


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Six images: two of each of the first three classes."""
    add_classes(root, NAMES)
    found = add_images(root, 6, previews=False)
    with Workspace(root) as ws:
        for place, image_id in enumerate(found):
            ws.db.write(labels.set_label, ws.user.uid, image_id, NAMES[place % 3])
    return found


async def found(app: BinScoutApp) -> dict[str, ClassRow]:
    """All classes by name, in order."""
    return {one.name: one for one in await app.workspace.db.read(classes.all_classes, archived=True)}


async def decisions(app: BinScoutApp) -> list[str]:
    """What was decided of classes, the newest first."""
    return [entry.action for entry in await app.workspace.db.read(journal.history, area=classes.AREA, limit=100)]


def screen(app: BinScoutApp) -> ClassesScreen:
    assert isinstance(app.screen, ClassesScreen)
    return app.screen


def rows(app: BinScoutApp) -> list[str]:
    return [line.strip(" ▸") for line in screen_text(app)[3:22] if line.strip()]


def here(app: BinScoutApp) -> str:
    one = screen(app).here
    return one.name if one is not None else ""


async def answer(pilot: Pilot[Any], text: str) -> None:
    """Type over what stands in the dialog, and Enter."""
    await press(pilot, "end", "ctrl+u")
    await pilot.press(*text)
    await press(pilot, "enter")


async def test_the_list_shows_keys_names_and_how_many_images(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "classes")
        assert "4 classes" in screen_text(app)[1]
        assert [line.split()[0] for line in rows(app)[:4]] == ["1", "2", "3", "4"]
        assert rows(app)[2].split("  ")[-1].strip() == "2"
        assert "[red]nut[/]" in rows(app)[2], "a name is shown as it is"
        await press(pilot, "j", "down", "k")
        assert here(app) == "m4 washer"
        await press(pilot, "end")
        assert here(app) == "spring"


async def test_one_class_is_made_renamed_keyed_coloured_grouped_and_put_below_another(
    app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "classes")
        await press(pilot, "n")
        await answer(pilot, "hex bolt")
        assert here(app) == "hex bolt"
        await press(pilot, "r")
        await answer(pilot, "hex bolt M3")
        await press(pilot, "s")
        await answer(pilot, "i")
        await press(pilot, "c")
        await answer(pilot, "oran")
        await press(pilot, "g")
        await answer(pilot, "bolts")
        await press(pilot, "enter", "p")
        await answer(pilot, "spring")
        await settle(pilot)
        one = (await found(app))["hex bolt M3"]
        spring = (await found(app))["spring"]
        assert (one.key, one.colour, one.group, one.parent_id) == ("i", "#ff8700", "bolts", spring.id)
        assert await decisions(app) == ["parent", "group", "colour", "key", "rename", "add"]
        line = next(line for line in rows(app) if "hex bolt M3" in line)
        assert line.split() == ["i", "██", "orange", "hex", "bolt", "M3", "bolts", "spring", "0"]
        await decide(pilot, *["z"] * 6)
        await settle(pilot)
        assert (await found(app))["hex bolt"].archived_at is not None, "what was made is not offered any more"
        assert len(rows(app)) == 4
        await decide(pilot, *["Z"] * 6)
        await settle(pilot)
        again = (await found(app))["hex bolt M3"]
        assert (again.key, again.group, again.archived_at) == ("i", "bolts", None)


async def test_a_key_that_something_has_is_refused_with_its_name(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "classes")
        await press(pilot, "s")
        await answer(pilot, "g")
        await press(pilot, "j", "s")
        await answer(pilot, "g")
        assert "The class m3 washer has the key g." in told(app)[0]
        await press(pilot, "s")
        await answer(pilot, "d")
        assert "The key d is a command: trash in Label." in told(app)[0]
        await press(pilot, "s")
        await answer(pilot, "ab")
        assert "one digit or one letter" in told(app)[0]
        assert (await found(app))["m4 washer"].key is None
        await press(pilot, "k", "s")
        await answer(pilot, "")
        assert (await found(app))["m3 washer"].key is None


async def test_a_class_is_never_below_itself(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "classes")
        await press(pilot, "p")
        await answer(pilot, "m4 washer")
        await press(pilot, "j", "p")
        await answer(pilot, "m3 washer")
        assert "A class cannot be below itself." in told(app)[0]
        assert (await found(app))["m4 washer"].parent_id is None


async def test_the_order_changes_by_keys_and_the_cursor_stays_on_its_class(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "classes")
        await press(pilot, "J", "J")
        assert list(await found(app)) == ["m4 washer", "[red]nut[/]", "m3 washer", "spring"]
        assert here(app) == "m3 washer"
        await press(pilot, "K")
        assert list(await found(app)) == ["m4 washer", "m3 washer", "[red]nut[/]", "spring"]
        await press(pilot, "home", "K")
        assert len(await decisions(app)) > 0
        assert here(app) == "m4 washer"
        await decide(pilot, "z", "z", "z")
        await settle(pilot)
        assert list(await found(app)) == list(NAMES)


async def test_a_merge_says_what_moves_and_one_undo_brings_all_back(
    app: BinScoutApp, root: Path, ids: list[int]
) -> None:
    with Workspace(root) as ws:
        nut, spring = (ws.db.read(classes.find, name).id for name in ("[red]nut[/]", "spring"))
        box = LabelBox(box=(0.1, 0.1, 0.4, 0.4), class_id=nut)
        ws.db.write(box_labels.set_boxes, ws.user.uid, ids[0], [box])
        ws.db.write(classes.set_parent, ws.user.uid, spring, nut)
        before = said(ws)
    async with app.run_test() as pilot:
        await open_area(pilot, "classes")
        await press(pilot, "j", "j", "m")
        await answer(pilot, "m4 washer")
        words = " ".join("\n".join(screen_text(app)).replace("│", " ").split())
        assert "2 labelled images, 1 box, 1 class below it of [red]nut[/] become m4 washer" in words
        await press(pilot, "enter")
        assert (await found(app))["[red]nut[/]"].archived_at is None, "Enter alone does nothing"
        await press(pilot, "m")
        await answer(pilot, "m4 washer")
        await press(pilot, "y")
        after = await found(app)
        assert (after["m4 washer"].images, after["[red]nut[/]"].images) == (4, 0)
        assert after["[red]nut[/]"].archived_at is not None
        assert after["spring"].parent_id == after["m4 washer"].id
        assert here(app) == "m4 washer"
        assert "1 archived, not shown (a)" in screen_text(app)[1]
        await decide(pilot, "z")
        await settle(pilot)
        assert here(app) == "[red]nut[/]"
    with Workspace(root) as ws:
        assert said(ws) == before


def said(ws: Workspace) -> list[tuple[Any, ...]]:
    """The classes, and what was labelled with them."""
    asked = (
        "SELECT id, name, key, images, parent_id, archived_at FROM class ORDER BY id",
        "SELECT image_id, state, class_id FROM label ORDER BY 1",
        "SELECT image_id, class_id, x1, y1, x2, y2 FROM label_box ORDER BY 1",
    )
    return [tuple(row) for sql in asked for row in ws.db.connection.execute(sql)]


async def test_what_is_archived_is_hidden_shown_and_brought_back(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "classes")
        await decide(pilot, "d")
        await settle(pilot)
        assert (await found(app))["m3 washer"].images == 2, "its labels stay"
        assert here(app) == "m4 washer"
        await press(pilot, "a")
        assert "1 archived, shown (a)" in screen_text(app)[1]
        await press(pilot, "home")
        assert here(app) == "m3 washer"
        await press(pilot, "m")
        assert "This class is archived; R brings it back." in told(app)[0]
        await decide(pilot, "R")
        await settle(pilot)
        assert (await found(app))["m3 washer"].archived_at is None
        await decide(pilot, "R")
        await settle(pilot)
        assert "This class is not archived; a shows those that are." in told(app)[0]


async def test_an_empty_list_says_what_to_press(app: BinScoutApp) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "classes", empty=True)
        assert any("n   makes the first" in line for line in screen_text(app))
        await press(pilot, "r")
        assert "There is no class yet; n makes one." in told(app)[0]
        await press(pilot, "n")
        await answer(pilot, "first")
        assert here(app) == "first"


async def test_very_many_classes_and_names_of_any_kind_fit(app: BinScoutApp, root: Path) -> None:
    add_classes(root, [*(f"class {number}" for number in range(300)), "螺" * 90, "x" * 200])
    async with app.run_test() as pilot:
        await open_area(pilot, "classes")
        await press(pilot, "end")
        assert here(app) == "x" * 200
        text = screen_text(app)
        assert all(len(line) <= 80 for line in text)
        assert any("螺…" in line for line in text)
        await press(pilot, "pageup", "K")
        assert await decisions(app)


async def test_the_keys_are_those_of_the_label_screen(app: BinScoutApp, root: Path, ids: list[int]) -> None:
    add_classes(root, [*(f"class {number}" for number in range(12)), "Zange"])
    async with app.run_test(size=(80, 40)) as pilot:
        await open_area(pilot, "classes")
        keys = {line[3:6].strip() for line in screen_text(app)[3:20]}
        await open_area(pilot, "label", empty=True)
        assert keys == set(app.screen.keys)  # type: ignore[attr-defined]
        assert len(keys) == 17


async def test_others_changes_come_and_the_cursor_stays(app: BinScoutApp, root: Path, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "classes")
        await press(pilot, "j", "j")
        with Workspace(root) as ws:
            ws.db.write(labels.set_label, ws.user.uid, ids[0], "[red]nut[/]")
            ws.db.write(classes.rename, ws.user.uid, ws.db.read(classes.find, "m3 washer").id, "m3 ring")
        while "m3 ring" not in rows(app)[0] or not rows(app)[2].endswith("3"):
            await pilot.pause()
        assert here(app) == "[red]nut[/]"


@pytest.mark.parametrize(("role", "refused"), [("viewer", "nrscgpmdzZKJ"), ("operator", "md")])
async def test_a_smaller_role_may_look(app: BinScoutApp, root: Path, ids: list[int], role: Any, refused: str) -> None:
    with Workspace(root) as ws:
        ws.db.write(users.set_role, ws.user.uid, role)
    async with app.run_test() as pilot:
        await open_area(pilot, "classes")
        for key in refused:
            await decide(pilot, key)
            await settle(pilot)
            assert f"is {role}." in told(app)[0], key
        assert list(await found(app)) == list(NAMES)
        assert await decisions(app) == []


async def test_the_place_is_kept_over_restarts(root: Path, ids: list[int]) -> None:
    first = BinScoutApp(root)
    async with first.run_test() as pilot:
        await open_area(pilot, "classes")
        await press(pilot, "j", "j")
    second = BinScoutApp(root)
    async with second.run_test() as pilot:
        await open_area(pilot, "classes")
        assert here(second) == "[red]nut[/]"
