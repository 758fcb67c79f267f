"""Duplicates with keys: a group side by side, which one stays, what is no duplicate, the sure ones, and undo."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from binscout_tui.app import BinScoutApp
from binscout_tui.browsing import duplicates as browsing
from binscout_tui.screens.duplicates import DuplicatesScreen
from binscout_tui.store import duplicates, images, jobs, labels, named, stars
from binscout_tui.store.images import Image
from binscout_tui.store.named import TAG
from binscout_tui.widgets.line import Line
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle, told
from .made_up import add_classes, add_images


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Seven images; two pairs with the same pixels and a near group of three, whose second one has what people said."""
    found = add_images(root, 7)
    add_classes(root, ["nut"])
    with Workspace(root) as ws:
        db, uid = ws.db, ws.user.uid
        a, b, c, d, e, f, g = found
        groups: list[tuple[duplicates.Kind, bool, list[tuple[int, str]]]] = [
            ("pixels", True, [(a, "first"), (b, "pixels")]),
            ("pixels", True, [(c, "first"), (d, "pixels")]),
            ("near", False, [(e, "first"), (f, "mirrored"), (g, "changed")]),
        ]
        db.write(duplicates.replace, groups)
        db.write(named.put, uid, TAG, db.write(named.ensure, uid, TAG, "[red]brass"), [f])
        db.write(labels.set_label, uid, f, "nut")
        db.write(stars.star, uid, [g])
    return found


def screen(app: BinScoutApp) -> DuplicatesScreen:
    assert isinstance(app.screen, DuplicatesScreen)
    return app.screen


def text(app: BinScoutApp) -> str:
    return "\n".join(screen_text(app))


async def trashed(app: BinScoutApp) -> set[int]:
    """The images in the trash."""
    found: list[Image] = await app.workspace.db.read(images.page, trashed=True, limit=1000)
    return {image.id for image in found}


async def test_one_stays_with_what_is_known_of_all_and_one_key_takes_it_back(app: BinScoutApp, ids: list[int]) -> None:
    e, f, g = ids[4:]
    async with app.run_test() as pilot:
        await open_area(pilot, "duplicates")
        assert "group 1 of 3 · same pixels · 2 sure" in screen_text(app)[1]
        await press(pilot, "end")
        await ready(pilot)
        assert "near · mirrored, a part differs" in screen_text(app)[1]
        assert "tags [red]brass" in text(app), "a name is shown as it is"
        assert screen(app).strip.count == 3
        await decide(pilot, "enter")
        await settle(pilot)
        assert await trashed(app) == set(), "nobody has said yet which one stays"
        assert "Say first which one stays: press its number." in told(app)[-1]
        await decide(pilot, "7")
        await settle(pilot)
        assert screen(app).chosen is None
        await decide(pilot, "1")
        await settle(pilot)
        assert await trashed(app) == set()
        assert "Enter keeps 1, 2 others to the trash" in text(app)
        await decide(pilot, "enter")
        await settle(pilot)
        assert await trashed(app) == {f, g}
        [kept] = await app.workspace.db.read(duplicates.facts, [e])
        assert (kept.tags, kept.label, kept.image.starred) == (["[red]brass"], "nut", True)
        assert "group 2 of 2" in screen_text(app)[1]
        await decide(pilot, "z")
        await settle(pilot)
        assert await trashed(app) == set()
        [kept] = await app.workspace.db.read(duplicates.facts, [e])
        assert (kept.tags, kept.label, kept.image.starred) == ([], "", False)
        await ready(pilot)
        assert "group 3 of 3" in screen_text(app)[1], "the group that came back is shown"


async def test_what_is_no_duplicate_is_remembered_and_skipping_decides_nothing(
    app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "duplicates")
        await press(pilot, "s")
        assert "group 2 of 3" in screen_text(app)[1]
        assert await app.workspace.db.read(duplicates.not_duplicates) == set()
        await decide(pilot, "n")
        await settle(pilot)
        assert await app.workspace.db.read(duplicates.not_duplicates) == {(ids[2], ids[3])}
        assert "of 2 · near" in screen_text(app)[1]
        await decide(pilot, "z")
        await settle(pilot)
        assert await app.workspace.db.read(duplicates.not_duplicates) == set()
        assert await trashed(app) == set()


async def test_the_sure_ones_are_taken_together_only_after_a_word(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "duplicates")
        await press(pilot, "A", "enter")
        assert "2 groups with the same bytes or pixels" in text(app)
        assert await trashed(app) == set()
        await pilot.press(*"keep", "enter")
        await settle(pilot)
        gone = await trashed(app)
        assert len(gone) == 2
        assert gone <= set(ids[:4]), "near ones are not touched"
        await ready(pilot)
        assert "group 1 of 1 · near" in screen_text(app)[1]
        await decide(pilot, "z")
        await settle(pilot)
        assert await trashed(app) == set()


async def test_keys_typed_ahead_of_a_move_decide_on_nothing(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "duplicates")
        for move in ("j", "k", "end", "home", "s"):
            await ready(pilot)
            app.post_message(events.Key(move, move if len(move) == 1 else None))
            app.post_message(events.Key("n", "n"))
            await settle(pilot)
            assert screen(app).early == 1
        assert await app.workspace.db.read(duplicates.not_duplicates) == set()


async def test_only_groups_that_were_counted_are_taken(app: BinScoutApp, root: Path, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "duplicates")
        await press(pilot, "A", "enter")
        more: list[tuple[duplicates.Kind, bool, list[tuple[int, str]]]] = [
            ("pixels", True, [(one, "first"), (other, "pixels")]) for one, other in ((ids[0], ids[1]), (ids[4], ids[5]))
        ]
        with Workspace(root) as other_program:
            other_program.db.write(duplicates.replace, more)
        while len(screen_of(app).desk.groups) != 2:  # type: ignore[union-attr]
            await pilot.pause(0.05)
        await pilot.press(*"keep", "enter")
        await settle(pilot)
        assert await trashed(app) == set()
        assert "0 images in the trash" in told(app)[-1]


def screen_of(app: BinScoutApp) -> DuplicatesScreen:
    """The screen of duplicates, also below a dialog."""
    return next(one for one in app.screen_stack if isinstance(one, DuplicatesScreen))


async def test_taking_the_sure_ones_tells_how_far_it_is_and_escape_stops_it(
    app: BinScoutApp, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsing, "PART", 1)
    said: list[str] = []
    tell = DuplicatesScreen._tell_taken

    def stopping(self: DuplicatesScreen, done: int, total: int) -> bool:
        assert self.go_up()
        try:
            return tell(self, done, total)
        finally:
            said.append(str(self.query_one("#duplicates-status", Line).content))

    monkeypatch.setattr(DuplicatesScreen, "_tell_taken", stopping)
    async with app.run_test() as pilot:
        await open_area(pilot, "duplicates")
        await press(pilot, "A", "enter")
        await pilot.press(*"keep", "enter")
        await settle(pilot)
        assert len(await trashed(app)) == 1
        assert [words.split(" · ")[0] for words in said] == ["taking the sure ones: 1 of 2 groups, Esc stops"]
        assert not screen(app).is_taking


async def test_undo_tells_what_no_group_shows(app: BinScoutApp, root: Path, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "duplicates")
        alone = ids[6]
        with Workspace(root) as other:
            other.db.write(duplicates.replace, [("pixels", True, [(ids[0], "first"), (ids[1], "pixels")])])
            other.db.write(images.trash, other.user.uid, [alone])
        await gone_from(pilot, 3)
        await decide(pilot, "z")
        await settle(pilot)
        assert told(app)[0].endswith(f"Image #{alone} is back from the trash.")
        await decide(pilot, "Z")
        await settle(pilot)
        assert told(app)[0].endswith(f"Image #{alone} is in the trash again.")
        await decide(pilot, "n", "z")
        await settle(pilot)
        assert told(app)[0].endswith("These may be duplicates again.")


async def test_the_group_is_kept_over_a_restart(app: BinScoutApp, root: Path, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "duplicates")
        await press(pilot, "j")
        await settle(pilot)
    again = BinScoutApp(root)
    async with again.run_test() as pilot:
        await open_area(pilot, "duplicates")
        assert "group 2 of 3" in screen_text(again)[1]


async def test_a_change_from_elsewhere_is_taken_in(app: BinScoutApp, root: Path, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "duplicates")
        await press(pilot, "end")
        with Workspace(root) as other:
            other.db.write(images.trash, other.user.uid, [ids[1]])
        await gone_from(pilot, 3)
        assert "group 2 of 2" in screen_text(app)[1], "the cursor stays on its group"


async def gone_from(pilot: Pilot[Any], before: int) -> None:
    """Wait until there are fewer groups."""
    found = screen(pilot.app)  # type: ignore[arg-type]
    while found.desk is None or len(found.desk.groups) >= before:
        await pilot.pause(0.05)
    await settle(pilot)


async def test_what_enter_does_is_said_of_nine_images_too(app: BinScoutApp, ids: list[int], root: Path) -> None:
    nine = [*ids, *add_images(root, 2, first=7)]
    with Workspace(root) as ws:
        ws.db.write(duplicates.replace, [("near", False, [(one, "alike") for one in nine])])
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "duplicates")
        assert "1-9 says which stays" in text(app)


async def test_an_empty_screen_says_what_to_do_and_looks(app: BinScoutApp, root: Path) -> None:
    add_images(root, 3)
    with Workspace(root) as ws:
        for image in ws.db.read(images.page):
            original = ws.paths.original(image)
            original.parent.mkdir(exist_ok=True)
            original.write_bytes(bytes(image.bytes))
    async with app.run_test() as pilot:
        await open_area(pilot, "duplicates", empty=True)
        assert "Nobody has looked for duplicates yet." in text(app)
        await press(pilot, "s")
        assert "There is no group here; f looks for duplicates." in told(app)[-1]
        await press(pilot, "F")
        [job] = await app.workspace.db.read(jobs.latest)
        assert (job.kind, job.payload) == ("duplicates", {"near": "wide"})
        async with asyncio.timeout(60):
            while (await app.workspace.db.read(jobs.get, job.id)).is_open:
                await pilot.pause(0.1)
            while screen(app).is_looking:
                await pilot.pause(0.1)
        done = await app.workspace.db.read(jobs.get, job.id)
        assert (done.state, (done.result or {})["pictures"]) == ("done", 3)
        assert "Nobody has looked" not in text(app)
