"""Images side by side: zoom together, differences, and a winner that is one decision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.geometry import Offset
from textual.pilot import Pilot

from binscout_tui.app import BinScoutApp
from binscout_tui.imaging.previews import PREVIEW
from binscout_tui.screens.compare_view import CompareView
from binscout_tui.screens.gallery import GalleryScreen
from binscout_tui.store import comparisons, images, journal, named, users
from binscout_tui.store.images import Image
from binscout_tui.store.named import TAG
from binscout_tui.terminal.view import View
from binscout_tui.workspace import Workspace
from tests.pictures import photo

from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle, told
from .made_up import add_images
from .test_gallery import gallery, text, trashed, until


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Eight images, the newest first as the gallery shows them."""
    return add_images(root, 8)[::-1]


@pytest.fixture
def photos(root: Path, tmp_path: Path) -> list[int]:
    """Two large photos, and a small copy of the first; the newest first."""
    from PIL import Image as Pillow

    from binscout_tui.operations.importing import import_paths

    folder = tmp_path / "photos"
    first = photo(folder / "a.png", 1, size=(PREVIEW * 2, PREVIEW))
    photo(folder / "b.png", 2, size=(PREVIEW * 2, PREVIEW))
    with Pillow.open(first) as picture:
        picture.resize((800, 400)).save(folder / "c.png")
    with Workspace(root) as ws:
        import_paths(ws, [folder])
        return [image.id for image in ws.db.read(images.page)][::-1]


def compared(app: BinScoutApp) -> CompareView:
    """The images side by side."""
    return gallery(app).compare_view


def views(app: BinScoutApp) -> list[View]:
    """What the frames look at."""
    strip = compared(app).strip
    return [frame.picture.view for frame in strip.frames[: strip.count]]


def state(app: BinScoutApp, place: int) -> str:
    """What a frame shows instead of its picture."""
    instead = compared(app).strip.frames[place].instead
    return instead.words if instead is not None else ""


async def starred(app: BinScoutApp) -> list[int]:
    """The images with a star."""
    found: list[Image] = await app.workspace.db.read(images.page)
    return [image.id for image in found if image.starred]


async def compare(pilot: Pilot[Any], marks: int) -> None:
    """Mark so many images from the first and show them side by side."""
    await open_area(pilot, "gallery")
    await press(pilot, *["space"] * marks, "c")
    await ready(pilot)


async def test_a_winner_of_three_is_chosen_and_the_others_go(app: BinScoutApp, ids: list[int]) -> None:
    """The way of one who has three retakes and keeps the best."""
    async with app.run_test() as pilot:
        await compare(pilot, 3)
        assert gallery(app).is_comparing
        assert compared(app).ids == ids[:3]
        assert "1-4 frame  + closer  w winner  x difference" in screen_text(app)[23]
        await press(pilot, "2")
        assert "▸ 2 #" in text(app)
        await press(pilot, "d")
        assert any("Choose the best one first, with w" in line for line in told(app))
        assert await trashed(app) == set()
        await decide(pilot, "w")
        await settle(pilot)
        assert (await starred(app), await trashed(app)) == ([ids[1]], set())
        assert compared(app).winner == ids[1]
        assert f"#{ids[1]} ★" in text(app)
        assert await app.workspace.db.read(comparisons.chosen_over, ids[1]) == sorted([ids[0], ids[2]])
        await decide(pilot, "d")
        await settle(pilot)
        assert await trashed(app) == {ids[0], ids[2]}
        assert not gallery(app).is_comparing
        await ready(pilot)
        assert (gallery(app).here, gallery(app).grid.marks) == (ids[1], {ids[1]})
        await decide(pilot, "z")
        await settle(pilot)
        assert (await starred(app), await trashed(app)) == ([ids[1]], set())
        await decide(pilot, "z")
        await settle(pilot)
        assert (await starred(app), await trashed(app)) == ([], set())
        await decide(pilot, "Z", "Z")
        await settle(pilot)
        assert (await starred(app), await trashed(app)) == ([ids[1]], {ids[0], ids[2]})


async def test_both_at_once_are_one_decision(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await compare(pilot, 4)
        await decide(pilot, "3", "W")
        await settle(pilot)
        assert (await starred(app), await trashed(app)) == ([ids[2]], {ids[0], ids[1], ids[3]})
        assert gallery(app).here == ids[2]
        [row] = await app.workspace.db.read(journal.history, area=comparisons.AREA)
        assert row.after == {"over": sorted([ids[0], ids[1], ids[3]]), "trashed": True}
        await decide(pilot, "z")
        await settle(pilot)
        assert (await starred(app), await trashed(app)) == ([], set())
        assert await app.workspace.db.read(comparisons.chosen_over, ids[2]) == []


async def test_escape_returns_to_the_winner_with_all_marks_and_undo_works_inside(
    app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await compare(pilot, 2)
        await press(pilot, "2")
        await decide(pilot, "w", "z")
        await settle(pilot)
        assert gallery(app).is_comparing
        assert await starred(app) == []
        assert "★" not in text(app)
        await decide(pilot, "Z")
        await settle(pilot)
        assert await starred(app) == [ids[1]]
        await press(pilot, "1", "escape")
        assert not gallery(app).is_comparing
        assert gallery(app).here == ids[1]
        assert gallery(app).grid.marks == set(ids[:2])


async def test_one_mark_and_the_cursor_are_two_and_other_numbers_are_refused(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "c")
        assert any("Mark 2 to 4 images first, with ␣" in line for line in told(app))
        await press(pilot, *["space"] * 5, "c")
        assert any("5 images are marked; up to 4 can be compared." in line for line in told(app))
        assert not gallery(app).is_comparing
        await press(pilot, "asterisk", "home", "space", "l", "c")
        await ready(pilot)
        assert compared(app).ids == [ids[0], ids[2]]
        assert compared(app).framed is not None
        assert compared(app).framed.image.id == ids[2]  # type: ignore[union-attr]
        await press(pilot, "4")
        assert any("2 images are compared; there is no 4." in line for line in told(app))
        await press(pilot, "space", "v", "asterisk", "slash")
        assert any("Go back to the grid first, with Esc." in line for line in told(app))
        assert gallery(app).grid.marks == {ids[0]}


async def test_how_many_would_be_compared_is_counted_without_looking_for_each(
    app: BinScoutApp, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        asked: list[int] = []
        monkeypatch.setattr(GalleryScreen, "_place_of", lambda _, image_id: asked.append(image_id))
        for keys, count in ((("space",), 2), (("h",), 1), (("l", "space"), 2), (("A",), len(ids))):
            await press(pilot, *keys)
            assert gallery(app).comparable == count
        assert not asked


async def test_what_is_sought_takes_the_place_of_what_is_compared(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await compare(pilot, 2)
        screen = gallery(app)
        app.go_to("home")
        await settle(pilot)
        app.go_to("gallery", sought=f"full:{ids[5]}")
        await settle(pilot)
        await ready(pilot)
        assert (screen.is_comparing, screen.is_full, screen.here) == (False, True, ids[5])
        assert screen.full.picture.size.height > 15
        app.post_message(events.Key("n", "n"))
        app.post_message(events.Key("d", "d"))
        await settle(pilot)
        await ready(pilot)
        assert screen.here == ids[6]
        assert screen.early == 1


async def test_zoom_and_pan_move_all_together_but_the_one_that_is_unlinked(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await compare(pilot, 4)
        await press(pilot, "plus", "plus", "L", "J", "right", "down")
        together = views(app)
        assert len(set(together)) == 1
        assert (together[0].zoom > 1.9, together[0].x > 0.5, together[0].y > 0.5) == (True, True, True)
        await press(pilot, "3", "u", "plus", "H")
        assert "moves alone" in text(app)
        after = views(app)
        assert after[0] == after[1] == after[3] == together[0]
        assert after[2] != together[0]
        await press(pilot, "1", "minus")
        assert views(app)[2] == after[2]
        assert len(set(views(app)[:2])) == 1
        await press(pilot, "shift+tab", "tab", "tab", "tab", "u")
        assert compared(app).strip.cursor == 2
        assert len(set(views(app))) == 1
        compared(app).strip.frames[3].picture.zoom_at(Offset(3, 3), 1.25)
        await settle(pilot)
        frames = compared(app).strip.frames
        assert len({frame.view for frame in frames}) == 1, "the wheel of a mouse moves all too"
        assert len({view.zoom for view in views(app)}) == 1
        assert compared(app).strip.zoom_text in screen_text(app)[22]
        await press(pilot, "p")
        assert compared(app).strip.framed.picture.zoom_text == "1:1"
        assert len({frame.view for frame in frames}) == 1
        await press(pilot, "plus", "0")
        assert all(view.is_whole for view in views(app))


async def test_blinking_shows_the_other_at_the_same_place_and_nothing_is_decided_on_it(
    app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await compare(pilot, 2)
        await press(pilot, "plus", "plus", "L", "2", "b")
        strip = compared(app).strip
        assert state(app, 1) == "shows 1"
        assert strip.frames[1].picture.path == strip.frames[0].picture.path
        assert len(set(views(app))) == 1
        await decide(pilot, "w")
        assert any("Not all pictures are seen now; ␣ shows them" in line for line in told(app))
        await press(pilot, "b")
        assert state(app, 1) == ""
        assert len(set(views(app))) == 1
        await press(pilot, "enter")
        assert [frame.display for frame in strip.frames] == [False, True, False, False]
        await decide(pilot, "W")
        assert (await starred(app), await trashed(app)) == ([], set())
        await press(pilot, "minus", "space")
        assert [frame.display for frame in strip.frames] == [True, True, False, False]
        assert len(set(views(app))) == 1
        await decide(pilot, "w")
        await settle(pilot)
        assert await starred(app) == [ids[1]]


async def test_the_difference_is_measured_on_all_pixels_of_the_originals(app: BinScoutApp, photos: list[int]) -> None:
    async with app.run_test(size=(120, 30)) as pilot:
        await compare(pilot, 3)
        await press(pilot, "2", "x")
        await until(pilot, lambda: state(app, 1) != "")
        await settle(pilot)
        strip = compared(app).strip
        assert state(app, 1).startswith("difference")
        assert "2 and 1: " in text(app)
        assert "% of pixels differ clearly, " in text(app)
        assert "; compared at 800x400" in text(app)
        await press(pilot, "x", "r", "3", "x")
        await until(pilot, lambda: state(app, 2) != "")
        instead = strip.frames[2].instead
        assert instead is not None
        assert (instead.size, instead.boxes != ()) == ((PREVIEW * 2, PREVIEW), True)
        folder = instead.path.parent
        assert folder.is_dir()
        await press(pilot, "escape")
        await until(pilot, lambda: not folder.exists())


async def test_without_originals_the_previews_are_compared_and_that_is_said(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(160, 50)) as pilot:
        await compare(pilot, 2)
        await press(pilot, "2", "x")
        await until(pilot, lambda: state(app, 1) != "")
        await settle(pilot)
        assert "(of the previews only: " in text(app)


async def test_what_differs_in_words_is_shown_below_pictures_that_stay(
    app: BinScoutApp, root: Path, ids: list[int]
) -> None:
    with Workspace(root) as ws:
        tag = ws.db.write(named.ensure, ws.user.uid, TAG, "bra[red]ss")
        ws.db.write(named.put, ws.user.uid, TAG, tag, [ids[0]])
    async with app.run_test() as pilot:
        await compare(pilot, 2)
        await press(pilot, "i")
        await until(pilot, lambda: compared(app).has_table)
        await ready(pilot)
        rows = screen_text(app)
        assert any("tags" in row and "bra[red]ss" in row and " - " in row for row in rows)
        assert not any("400x300" in row and "size" in row for row in rows)
        await decide(pilot, "w")
        await settle(pilot)
        assert await starred(app) == [ids[0]]
        await until(pilot, lambda: any("star" in row and "yes" in row for row in screen_text(app)))
        await press(pilot, "i")
        assert not compared(app).has_table


async def test_changes_made_elsewhere_are_followed_and_one_left_ends_it(
    app: BinScoutApp, root: Path, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await compare(pilot, 3)
        await press(pilot, "plus", "3")
        zoom = views(app)[0].zoom
        with Workspace(root) as ws:
            ws.db.write(images.trash, ws.user.uid, [ids[1]])
        await until(pilot, lambda: compared(app).ids == [ids[0], ids[2]])
        await ready(pilot)
        assert compared(app).framed.image.id == ids[2]  # type: ignore[union-attr]
        assert views(app)[0].zoom == zoom
        with Workspace(root) as ws:
            tag = ws.db.write(named.ensure, ws.user.uid, TAG, "private")
            ws.db.write(named.put, ws.user.uid, TAG, tag, [ids[2]])
            ws.db.write(named.hide, ws.user.uid, TAG, tag)
        await until(pilot, lambda: not gallery(app).is_comparing)
        assert any("Only one of the compared images is left." in line for line in told(app))
        await ready(pilot)
        assert gallery(app).here is not None


async def test_a_viewer_compares_and_decides_nothing(root: Path, ids: list[int]) -> None:
    with Workspace(root) as ws:
        ws.db.write(users.set_role, ws.user.uid, "viewer")
    app = BinScoutApp(root)
    async with app.run_test() as pilot:
        await compare(pilot, 2)
        await decide(pilot, "w")
        await settle(pilot)
        assert await starred(app) == []
        assert any("operator" in line for line in told(app))
