"""What looks alike, with keys: from the gallery to neighbours and back, groups, the map, decisions."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual import events
from textual.pilot import Pilot

from binscout_tui.app import BinScoutApp
from binscout_tui.errors import BinScoutError
from binscout_tui.imaging.similar.clusters import Grouping, cluster
from binscout_tui.imaging.similar.vectors import appending, mark_of
from binscout_tui.screens.gallery import GalleryScreen
from binscout_tui.screens.similar import SimilarScreen
from binscout_tui.store import images, jobs, labels, named, stars, texts
from binscout_tui.store.named import TAG
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle, told
from .made_up import add_classes, add_images, add_model


def hash_of(number: int) -> int:
    """Hashes in three families, each a bit further from the first of its own."""
    family, place = divmod(number, 10)
    base = (0x0F0F0F0F0F0F0F0F, 0x3333333333333333, 0x00000000FFFFFFFF)[family]
    return base ^ ((1 << place) - 1)


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Thirty images: three families of ten, of which the first two have a class."""
    add_classes(root, ["nut", "washer"])
    found = add_images(root, 30)
    with Workspace(root) as ws:

        def enter(db) -> None:  # type: ignore[no-untyped-def]
            for number, image_id in enumerate(found):
                db.execute("UPDATE image SET phash = ? WHERE id = ?", (images.signed(hash_of(number)), image_id))
                if number < 20:
                    labels.set_label(db, ws.user.uid, image_id, ("nut", "washer")[number // 10])

        ws.db.write(enter)
    return found


def similar(app: BinScoutApp) -> SimilarScreen:
    """The screen."""
    screen = app.screen
    assert isinstance(screen, SimilarScreen)
    return screen


def shown(app: BinScoutApp) -> list[int]:
    """The images that are shown, in their order."""
    return list(similar(app).grid.ids)


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    """Wait until something holds, ten seconds at most."""
    async with asyncio.timeout(10):
        while not holds():
            await pilot.pause()


async def near(pilot: Pilot[Any], image_id: int) -> None:
    """From the gallery to the neighbours of an image."""
    app = pilot.app
    await open_area(pilot, "gallery")
    app.screen.grid.go_to(image_id)  # type: ignore[attr-defined]
    await settle(pilot)
    await press(pilot, "y")
    await until(pilot, lambda: isinstance(app.screen, SimilarScreen) and app.screen.page is not None)
    await ready(pilot)


async def test_y_shows_what_looks_alike_and_leads_on_and_back(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await near(pilot, ids[3])
        assert shown(app)[0] == ids[3]
        assert set(shown(app)[:10]) == set(ids[:10])
        assert shown(app)[1:3] == [ids[2], ids[4]]
        assert "like #4: 29 nearest · by hash · no classifier is active" in screen_text(app)[1]
        assert "source" in "\n".join(screen_text(app))
        await press(pilot, "l", "l", "y")
        assert shown(app)[0] == ids[4]
        await press(pilot, "enter")
        assert similar(app).is_full
        await press(pilot, "n", "y")
        await until(pilot, lambda: not similar(app).is_full and similar(app).page is not None)
        assert shown(app)[0] in (ids[3], ids[5])
        await press(pilot, "backspace")
        assert shown(app)[0] == ids[4]
        await press(pilot, "backspace")
        assert (shown(app)[0], similar(app).here) == (ids[3], ids[4])
        assert similar(app).depth == 0
        await press(pilot, "escape")
        assert app.current_mode == "gallery"


async def test_marked_ones_go_to_the_gallery_and_the_place_is_kept(root: Path, ids: list[int]) -> None:
    first = BinScoutApp(root)
    async with first.run_test() as pilot:
        await near(pilot, ids[12])
        marked = shown(first)[1:3]
        await press(pilot, "l", "space", "space", "g")
        await until(pilot, lambda: isinstance(first.screen, GalleryScreen))
        await until(pilot, lambda: sorted(first.screen.grid.ids) == sorted(marked))  # type: ignore[attr-defined]
        assert first.screen.desk.filter_text.startswith("id:")  # type: ignore[attr-defined]
    second = BinScoutApp(root)
    async with second.run_test() as pilot:
        await open_area(pilot, "similar")
        assert shown(second)[0] == ids[12]


async def test_decisions_on_neighbours_are_those_of_the_gallery(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await near(pilot, ids[20])
        following = shown(app)[1]
        await press(pilot, "l")
        await decide(pilot, "f")
        await settle(pilot)
        assert (await app.workspace.db.read(images.get, following)).starred
        await decide(pilot, "d")
        await settle(pilot)
        assert (await app.workspace.db.read(images.get, following)).trashed_at is not None
        assert following not in shown(app)
        await decide(pilot, "z")
        await settle(pilot)
        assert (await app.workspace.db.read(images.get, following)).trashed_at is None
        assert shown(app)[1] == following
        await decide(pilot, "z")
        await settle(pilot)
        assert not (await app.workspace.db.read(images.get, following)).starred


async def test_what_is_hidden_meanwhile_goes_from_every_view(app: BinScoutApp, ids: list[int], root: Path) -> None:
    def hide(image_id: int) -> None:
        with Workspace(root) as ws:
            tag = ws.db.write(named.ensure, ws.user.uid, TAG, f"secret {image_id}")
            ws.db.write(named.put, ws.user.uid, TAG, tag, [image_id])
            ws.db.write(named.hide, ws.user.uid, TAG, tag)

    async with app.run_test() as pilot:
        await near(pilot, ids[0])
        hide(ids[1])
        await until(pilot, lambda: ids[1] not in shown(app))
        await press(pilot, "y")
        assert ids[1] not in shown(app)
        await press(pilot, "c")
        await until(pilot, lambda: similar(app).view == "groups")
        await until(pilot, lambda: "of 29 images" in screen_text(app)[1])
        beside = shown(app)
        assert len(beside) > 2
        hide(beside[1])
        await until(pilot, lambda: shown(app) == [beside[0], *beside[2:]])
        await until(pilot, lambda: "of 28 images" in screen_text(app)[1])
        await press(pilot, "p")
        await until(pilot, lambda: "map of 28 images" in screen_text(app)[1])
        with Workspace(root) as ws:
            ws.db.write(images.trash, ws.user.uid, [next(one for one in ids if one not in (ids[1], beside[1]))])
        await until(pilot, lambda: "map of 27 images" in screen_text(app)[1])


async def test_groups_and_map_lead_to_their_images(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "similar", empty=True)
        assert "Nothing is compared yet." in "\n".join(screen_text(app))
        await press(pilot, "c")
        await until(pilot, lambda: similar(app).view == "groups" and bool(similar(app).grid.ids))
        before = len(similar(app)._groups)
        await press(pilot, "left_square_bracket")
        await until(pilot, lambda: len(similar(app)._groups) < before)
        rows = "\n".join(screen_text(app))
        assert "nut 10" in rows
        assert "washer 10" in rows
        await press(pilot, "j", "enter")
        assert similar(app).view == "grid"
        assert similar(app).page is not None
        assert similar(app).page.kind == "group"
        count = len(shown(app))
        await press(pilot, "p")
        await until(pilot, lambda: similar(app).view == "map" and similar(app).count_here > 0)
        assert "a nut  b washer" in screen_text(app)[21]
        await press(pilot, "v")
        assert "few to many images" in screen_text(app)[21]
        await press(pilot, "n", "N", "home")
        here = similar(app).count_here
        await press(pilot, "enter")
        assert len(shown(app)) == here
        await press(pilot, "backspace", "backspace")
        assert len(shown(app)) == count
        assert similar(app).depth == 1


async def test_vectors_are_used_once_they_are_there_and_asked_for_by_a_key(
    app: BinScoutApp, ids: list[int], root: Path
) -> None:
    add_model(root, {})
    with Workspace(root) as ws:
        found = [ws.db.read(images.get, image_id) for image_id in ids]
        folder = ws.paths.vectors / f"m-1-{'a' * 8}"
    with appending(folder, 2) as end:
        # In the order of their ids around a quarter of a circle, unlike their hashes.
        angles = np.linspace(0, np.pi / 2, len(ids) - 1)
        marks = np.array([mark_of(image.sha256) for image in found[1:]])
        end.append(np.array(ids[1:]), marks, np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32))
    async with app.run_test() as pilot:
        await near(pilot, ids[9])
        assert "by classifier · 29 of 30 have vectors" in screen_text(app)[1]
        assert set(shown(app)[1:3]) == {ids[8], ids[10]}
        await press(pilot, "o")
        assert "by hash" in screen_text(app)[1]
        assert set(shown(app)[:10]) == set(ids[:10])
        await press(pilot, "escape")
        await near(pilot, ids[0])
        assert "by hash · 29 of 30 have vectors" in screen_text(app)[1]


async def test_words_of_title_prompt_and_tag_are_found_from_the_filter_bar(
    app: BinScoutApp, ids: list[int], root: Path
) -> None:
    with Workspace(root) as ws:
        uid = ws.user.uid
        ws.db.write(texts.set_title, uid, ids[3], "Brass gear")
        ws.db.write(texts.set_prompt, ids[5], "a photo of brass screws")
        ws.db.write(named.put, uid, TAG, ws.db.write(named.ensure, uid, TAG, "brass plate"), [ids[7]])
        ws.db.write(stars.star, uid, [ids[5]])
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        screen = app.screen
        assert isinstance(screen, GalleryScreen)
        await press(pilot, "slash", *"text", "colon", *"bras", "enter")
        await until(pilot, lambda: list(screen.grid.ids) == [ids[7], ids[5], ids[3]])
        await press(pilot, "slash", *" star", "enter")
        await until(pilot, lambda: list(screen.grid.ids) == [ids[5]])


async def test_in_full_it_has_all_columns_and_decisions_are_on_what_is_shown(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await near(pilot, ids[3])
        first, second, third, fourth = shown(app)[:4]
        await press(pilot, "space", "home", "enter", "tab")
        assert similar(app).full.picture.size.width == similar(app).size.width
        assert similar(app).full.has_focus
        await press(pilot, "n", "n")
        await decide(pilot, "f")
        await settle(pilot)
        assert (await app.workspace.db.read(images.get, third)).starred
        await decide(pilot, "d")
        await until(pilot, lambda: similar(app).here == fourth)
        assert [one for one in ids if (await app.workspace.db.read(images.get, one)).trashed_at is not None] == [third]
        assert similar(app).is_full
        assert shown(app)[:3] == [first, second, fourth]
        assert similar(app).grid.marks == {first}
        await press(pilot, "escape")
        assert similar(app).here == fourth


async def test_a_key_typed_ahead_of_the_next_picture_decides_and_marks_nothing(
    app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await near(pilot, ids[3])
        await press(pilot, "enter")
        for key in ("d", "space"):
            app.post_message(events.Key("n", "n"))
            app.post_message(events.Key(key, key))
            await settle(pilot)
            await ready(pilot)
        assert similar(app).here == shown(app)[2]
        assert len(shown(app)) == 30
        assert similar(app).marked == 0
        assert similar(app).early == 2


async def test_a_held_key_marks_only_what_was_shown(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await near(pilot, ids[3])
        await press(pilot, *["plus"] * 4)
        page = similar(app).grid.page_ids
        assert len(page) < 20
        for _ in range(20):
            app.post_message(events.Key("space", " "))
        await settle(pilot)
        assert similar(app).grid.marks >= set(page)
        assert similar(app).early > 0
        assert similar(app).marked + similar(app).early == 20


async def test_view_and_way_back_are_kept_over_a_restart(root: Path, ids: list[int]) -> None:
    first = BinScoutApp(root)
    async with first.run_test() as pilot:
        await near(pilot, ids[3])
        await press(pilot, "l", "y", "l", "l", "c")
        await until(pilot, lambda: similar(first).view == "groups")
        source = similar(first).trail[1].source
    second = BinScoutApp(root)
    async with second.run_test() as pilot:
        await open_area(pilot, "similar", empty=True)
        await until(pilot, lambda: similar(second).view == "groups" and bool(similar(second).grid.ids))
        await press(pilot, "backspace")
        page = similar(second).page
        assert page is not None
        assert (page.source, similar(second).here) == (source, shown(second)[2])
        await press(pilot, "backspace")
        assert shown(second)[0] == ids[3]
        assert similar(second).depth == 0


async def test_a_held_key_makes_groups_once_and_an_error_leaves_no_word_of_it(
    app: BinScoutApp, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "similar", empty=True)
        await press(pilot, "c")
        await until(pilot, lambda: similar(app).view == "groups" and bool(similar(app).grid.ids))
        before = len(similar(app)._groups)
        gate, asked = threading.Event(), []

        def slowly(space: Any, number: int, stop: Callable[[], bool]) -> Grouping:
            asked.append(number)
            gate.wait(10)
            return cluster(space, number, stop)

        monkeypatch.setattr("binscout_tui.browsing.similar.cluster", slowly)
        for _ in range(4):
            await pilot.press("right_square_bracket")
        assert "putting images into groups…" in screen_text(app)[1]
        gate.set()
        await until(pilot, lambda: len(similar(app)._groups) > before)
        assert asked == [2 * before]
        assert any("Images are being put into groups" in line for line in told(app))
        monkeypatch.setattr("binscout_tui.browsing.similar.cluster", broken)
        await press(pilot, "left_square_bracket")
        await until(pilot, lambda: any("the disk is on fire" in line for line in told(app)))
        assert "putting images into groups" not in "\n".join(screen_text(app))
        assert f"{len(similar(app)._groups)} groups" in screen_text(app)[1]


def broken(*_: Any) -> None:
    raise BinScoutError("the disk is on fire")


async def test_an_image_that_nobody_looked_at_and_a_missing_classifier_are_told(
    app: BinScoutApp, ids: list[int], root: Path
) -> None:
    with Workspace(root) as ws:
        ws.db.write(lambda db: db.execute("UPDATE image SET phash = NULL WHERE id = ?", (ids[0],)).rowcount)
    async with app.run_test() as pilot:
        await near(pilot, ids[1])
        assert ids[0] not in shown(app)
        await press(pilot, "escape", "home", "end", "y")
        await until(pilot, lambda: any("was not looked at yet" in line for line in told(app)))
        await press(pilot, "b")
        assert any("no active classifier" in line for line in told(app))
        assert await app.workspace.db.read(jobs.open_jobs) == []
