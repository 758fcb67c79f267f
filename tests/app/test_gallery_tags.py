"""Tags in the gallery with keys: choosing them for images, and managing them; asserted on the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from binscout_tui.app import BinScoutApp
from binscout_tui.errors import StorageError
from binscout_tui.screens.gallery import GalleryScreen
from binscout_tui.store import journal, named, safe_mode
from binscout_tui.store.named import TAG, Name
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle, told
from .made_up import add_images


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Twelve images, the newest first as the gallery shows them; the first has brass, the second brass and nut."""
    found = add_images(root, 12)[::-1]
    with Workspace(root) as ws:
        for name, under in {"brass": found[:2], "nut": found[1:2], "[red]steel": []}.items():
            tag = ws.db.write(named.add, ws.user.uid, TAG, name)
            ws.db.write(named.put, ws.user.uid, TAG, tag, under)
    return found


def gallery(app: BinScoutApp) -> GalleryScreen:
    assert isinstance(app.screen, GalleryScreen)
    return app.screen


async def tags(app: BinScoutApp, image_id: int) -> list[str]:
    """The names of the tags of an image, hidden ones too."""
    sql = (
        "SELECT name FROM image_tag JOIN tag ON tag.id = tag_id"
        " WHERE image_id = ? AND archived_at IS NULL ORDER BY fold"
    )
    return await app.workspace.db.read(lambda db: [row[0] for row in db.execute(sql, (image_id,))])


async def all_tags(app: BinScoutApp) -> dict[str, Name]:
    """Every tag by name, hidden ones too."""
    return {one.name: one for one in await app.workspace.db.read(named.listed, TAG, concealed=True)}


async def choose(pilot: Pilot[Any], *keys: str) -> None:
    """Open the picker and press keys in it; wait until the grid takes keys again."""
    await decide(pilot, "t")
    await settle(pilot)
    await pilot.press(*keys)
    await settle(pilot)
    await ready(pilot)


def text(app: BinScoutApp) -> str:
    return "\n".join(screen_text(app))


async def test_a_few_letters_and_enter_put_a_tag_and_enter_again_takes_it(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "l", "l")
        await choose(pilot, *"bra", "enter")
        assert await tags(app, ids[2]) == ["brass"]
        assert "1 image tagged." in told(app)[0]
        await choose(pilot, "enter")
        assert await tags(app, ids[2]) == [], "the tag used last is the first, and Enter turns it"
        await decide(pilot, "z", "z")
        await settle(pilot)
        assert await tags(app, ids[2]) == []
        await decide(pilot, "Z")
        await settle(pilot)
        assert await tags(app, ids[2]) == ["brass"]


async def test_several_at_once_new_ones_too_are_one_decision_about_what_is_marked(
    app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "space", "space", "space")
        await decide(pilot, "t")
        await settle(pilot)
        assert "Tags of 3 images" in text(app)
        assert "◐   brass  2" in text(app)
        assert "◐   nut  1" in text(app)
        assert "○   [red]steel  0" in text(app)
        await pilot.press(*"brass, hex bolt", "enter")
        await settle(pilot)
        await ready(pilot)
        assert [await tags(app, one) for one in ids[:4]] == [
            ["brass", "hex bolt"],
            ["brass", "hex bolt", "nut"],
            ["brass", "hex bolt"],
            [],
        ]
        batch = (await app.workspace.db.read(journal.history, area="tag"))[:3]
        assert {entry.action for entry in batch} == {"put"}
        await decide(pilot, "z")
        await settle(pilot)
        assert [await tags(app, one) for one in ids[:3]] == [["brass"], ["brass", "nut"], []]
        assert gallery(app).marked == 3, "what is marked stays marked"


async def test_space_turns_and_stays_and_escape_changes_nothing(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await choose(pilot, "space", "down", "down", "space", "escape")
        assert await tags(app, ids[0]) == ["brass"]
        await choose(pilot, *"nut", "tab", *"steel", "down", "up", "space", "enter")
        assert await tags(app, ids[0]) == ["[red]steel", "brass", "nut"]
        await choose(pilot, *"steel", "down", "up", "space", *"brass", "tab", "enter")
        assert await tags(app, ids[0]) == ["nut"]


async def test_in_full_view_the_image_that_is_shown_is_tagged(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "l", "l", "l", "enter")
        await ready(pilot)
        await choose(pilot, *"nut", "enter")
        assert gallery(app).is_full
        assert await tags(app, ids[3]) == ["nut"]


async def test_a_hidden_tag_is_not_completed_and_its_whole_name_hides_the_image(
    app: BinScoutApp, root: Path, ids: list[int]
) -> None:
    with Workspace(root) as ws:
        ws.db.write(named.hide, ws.user.uid, TAG, ws.db.read(named.find, TAG, "nut").id)
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        assert gallery(app).here == ids[0]
        await decide(pilot, "t")
        await settle(pilot)
        await pilot.press("n", "u")
        await settle(pilot)
        assert '+ new tag "nu"' in text(app)
        assert "○ " not in text(app), "what is hidden is completed for nobody"
        await pilot.press("t", "enter")
        await settle(pilot)
        await ready(pilot)
        assert await tags(app, ids[0]) == ["brass", "nut"]
        assert ids[0] not in gallery(app).grid.ids
        assert gallery(app).here == ids[2]
        assert "1 image tagged." in told(app)[0]
        await decide(pilot, "z")
        await settle(pilot)
        assert ids[0] in gallery(app).grid.ids


async def test_a_viewer_tags_nothing(app: BinScoutApp, root: Path, ids: list[int]) -> None:
    with Workspace(root) as ws:
        ws.db.connection.execute("UPDATE user SET role = 'viewer'")
        ws.db.connection.commit()
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await choose(pilot, *"nut", "enter")
        assert await tags(app, ids[0]) == ["brass"]
        assert any("operator" in line for line in told(app))


async def test_tags_that_cannot_be_read_are_told_and_no_name_is_new(
    app: BinScoutApp, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise StorageError("The disk is gone.", code="gone")

    monkeypatch.setattr(named, "shared", fail)
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await decide(pilot, "t")
        await settle(pilot)
        await pilot.press(*"brass", "enter")
        await settle(pilot)
        assert "could not be read" in text(app)
        assert "new tag" not in text(app)
        await press(pilot, "escape")
        await ready(pilot)
        assert list(await all_tags(app)) == ["[red]steel", "brass", "nut"]


# Managing.


async def manage(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys in the manager, each after the one before has had its effect."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def answer(pilot: Pilot[Any], words: str) -> None:
    """Type over what stands in the question, and Enter."""
    await manage(pilot, "end", "ctrl+u")
    await pilot.press(*words)
    await manage(pilot, "enter")


async def test_tags_are_made_renamed_coloured_merged_and_deleted_and_all_of_it_is_undone(
    app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "gallery")
        await manage(pilot, "T")
        assert "3 tags" in text(app)
        assert "[red]steel" in text(app), "a name is shown as it is"
        await manage(pilot, "n")
        await answer(pilot, "zinc")
        await manage(pilot, "r")
        await answer(pilot, "zinc plated")
        await manage(pilot, "c")
        await answer(pilot, "oran")
        found = await all_tags(app)
        assert found["zinc plated"].colour == "#ff8700"
        await manage(pilot, "home", "j", "j", "m")
        await pilot.press(*"brass")
        await manage(pilot, "enter")
        assert "1 image of" in text(app)
        await manage(pilot, "y")
        assert [await tags(app, one) for one in ids[:2]] == [["brass"], ["brass"]]
        await manage(pilot, "d")
        assert "2 images have the tag" in text(app)
        await manage(pilot, "enter")
        assert "brass" in await all_tags(app), "Enter alone deletes nothing"
        await manage(pilot, "d", "y")
        assert list(await all_tags(app)) == ["[red]steel", "zinc plated"]
        await manage(pilot, *["z"] * 5)
        assert list(await all_tags(app)) == ["[red]steel", "brass", "nut"]
        assert [await tags(app, one) for one in ids[:2]] == [["brass"], ["brass", "nut"]]
        await manage(pilot, "Z")
        assert "zinc" in await all_tags(app)


async def test_hiding_a_tag_takes_its_images_out_of_the_grid_and_back(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "gallery")
        await manage(pilot, "T", "j", "h")
        assert (await all_tags(app))["brass"].hidden
        assert "hidden" in text(app)
        await manage(pilot, "enter")
        assert "Its images are hidden" in told(app)[0]
        await manage(pilot, "escape")
        await ready(pilot)
        assert list(gallery(app).grid.ids) == ids[2:]
        await manage(pilot, "T", "j", "h", "escape")
        await ready(pilot)
        assert list(gallery(app).grid.ids) == ids


async def test_what_is_sensitive_is_managed_while_safe_mode_is_off_and_nowhere_while_it_is_on(
    app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "gallery")
        await manage(pilot, "T", "j", "x")
        assert (await all_tags(app))["brass"].sensitive
        assert "sensitive" in text(app)
        await manage(pilot, "escape")
        await app.workspace.db.write(safe_mode.switch, app.workspace.user.uid, on=True)
        await manage(pilot, "T")
        assert "brass" not in text(app)
        assert "2 tags" in text(app)


async def test_a_held_key_changes_one_tag(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "gallery")
        await app.workspace.db.write(safe_mode.switch, app.workspace.user.uid, on=True)
        await manage(pilot, "T")
        await pilot.press(*"xxxx")
        await settle(pilot)
        await app.workspace.db.write(safe_mode.switch, app.workspace.user.uid, on=False)
        assert [one.name for one in (await all_tags(app)).values() if one.sensitive] == ["[red]steel"]
        await manage(pilot, "h", "j", "h")
        assert len([one for one in (await all_tags(app)).values() if one.hidden]) == 2, "another row is another wish"


async def test_a_tag_that_somebody_deleted_meanwhile_is_not_called_deleted_here(
    app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "gallery")
        await manage(pilot, "T", "j", "d")
        tag = (await all_tags(app))["brass"].id
        await app.workspace.db.write(named.delete, app.workspace.user.uid, TAG, tag)
        await manage(pilot, "y")
        assert not any("brings it back" in line for line in told(app))
        assert "2 tags" in text(app)


async def test_two_thousand_tags_are_found_by_letters_and_one_shows_its_images(
    app: BinScoutApp, root: Path, ids: list[int]
) -> None:
    with Workspace(root) as ws:

        def fill(db: Any) -> None:
            db.executemany(
                "INSERT INTO tag (name, fold) VALUES (?1, ?1)", [(f"part {number:04}",) for number in range(2000)]
            )

        ws.db.write(fill)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "gallery")
        await manage(pilot, "T", "slash")
        await pilot.press(*"1234")
        await settle(pilot)
        assert "1 of 2,003 tags" in text(app)
        await manage(pilot, "escape", "slash")
        await pilot.press(*"bras")
        await manage(pilot, "enter", "enter")
        await ready(pilot)
        assert list(gallery(app).grid.ids) == ids[:2]
        assert gallery(app).desk is not None
        assert gallery(app).desk.filter_text == 'tag:"brass"'
