"""What is suggested is shown or hidden, taken by its own key alone, and written down beside every decision."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.store import images, journal, models, sets, suggestions
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle, told
from .filling import add_dataset, add_run
from .made_up import add_sets
from .selecting import chosen, frames, screen, shown, stored

BOX = (0.25, 0.25, 0.75, 0.75)


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Three sets; of the first the active model says something, of the second the rule, of the third nobody."""
    found = add_sets(root, [3, 2, 2])
    with Workspace(root) as ws:
        add_active_model(ws)
        first, second = (ws.db.read(sets.get, set_id).images for set_id in found[:2])
        ws.db.write(suggestions.put, found[0], "m-1", first[2].id, 0.84, BOX)
        ws.db.write(suggestions.put, found[0], "sharpest", first[0].id, 0.9)
        ws.db.write(suggestions.put, found[1], "sharpest", second[1].id, 0.71)
    return found


def add_active_model(ws: Workspace) -> None:
    """`m-1` is active, but has no files with which it could say more than was written down."""
    run = add_run(ws, add_dataset(ws), state="done")
    uid = ws.user.uid
    ws.db.write(models.add, uid, "m-1", run_id=run, task="select", sha256="0" * 64, size=1, card={})
    ws.db.write(models.activate, uid, "m-1", ws.settings.gate, reason="for a test")


async def last(app: BinScoutApp) -> dict[str, object] | None:
    """What the newest decision on a set says of a suggestion."""
    return (await app.workspace.db.read(journal.history, area="set", limit=1))[0].suggested


async def test_t_shows_and_y_takes_image_and_crop(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        assert "84 %" not in "\n".join(screen_text(app))
        assert frames(app, "suggested") == []
        await decide(pilot, "y")
        assert any("Suggestions are hidden; t shows them." in line for line in told(app))
        await press(pilot, "t")
        await ready(pilot)
        assert "model m-1: 3 (84 %), crop shown dashed · y takes both" in "\n".join(screen_text(app))
        assert frames(app, "suggested") == [3]
        (hint,) = screen(app).strip.frames[2].member.boxes  # type: ignore[union-attr]
        assert hint.dashed
        await decide(pilot, "y")
        found = await stored(app, ids[0])
        assert (chosen(found), found.crop) == (3, BOX)
        said = {"by": "m-1", "image": found.images[2].id, "score": 0.84, "crop": list(BOX)}
        assert await last(app) == said | {"shown": True, "taken": True}
        await ready(pilot)
        assert "sharpest: 2 (71 %) · y takes it" in "\n".join(screen_text(app))


async def test_another_choice_than_the_suggested_one_is_written_down_with_it(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await decide(pilot, "1")
        assert (await last(app) or {})["shown"] is False
        await decide(pilot, "x")
        said = await last(app)
        assert said is not None
        assert (said["by"], said["shown"], said["taken"]) == ("sharpest", False, False)
        await decide(pilot, "z")
        await press(pilot, "t")
        await decide(pilot, "space")
        assert (await last(app) or {})["shown"] is True


async def test_nothing_is_taken_by_itself(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "t", "l", "l", "h", "t", "t", "v", "v")
        await settle(pilot)
        assert [(await stored(app, set_id)).state for set_id in ids] == ["pending"] * 3
        assert await app.workspace.db.read(journal.history, area="set") == []


async def test_whether_it_is_shown_stays_across_a_restart(root: Path, ids: list[int]) -> None:
    app = BinScoutApp(root)
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "t")
        await decide(pilot, "1")
    again = BinScoutApp(root)
    async with again.run_test() as pilot:
        await open_area(pilot, "select")
        assert shown(again) == ids[1]
        assert frames(again, "suggested") == [2]
        await press(pilot, "t")
        assert frames(again, "suggested") == []


async def test_the_title_of_a_narrow_frame_is_never_cut(root: Path) -> None:
    (only,) = add_sets(root, [9])
    with Workspace(root) as ws:
        ws.db.write(suggestions.put, only, "sharpest", ws.db.read(sets.get, only).images[5].id, 0.9)
    for width in (66, 80, 100):
        again = BinScoutApp(root)
        async with again.run_test(size=(width, 24)) as pilot:
            await open_area(pilot, "select")
            await press(pilot, *([] if screen(again).suggestions else ["t"]))
            await ready(pilot)
            assert frames(again, "suggested") == [6]
            assert not [line for line in screen_text(again)[2:] if "…" in line]


async def test_what_cannot_be_chosen_is_not_suggested(root: Path, app: BinScoutApp, ids: list[int]) -> None:
    with Workspace(root) as ws:
        members = ws.db.read(sets.get, ids[1]).images
        ws.db.write(images.set_health, members[1].id, "missing")
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "t", "l")
        await ready(pilot)
        assert "nothing is suggested for this set" in "\n".join(screen_text(app))
        await decide(pilot, "y")
        assert any("Nothing is suggested for this set." in line for line in told(app))
        assert (await stored(app, ids[1])).state == "pending"


async def test_a_suggestion_that_comes_meanwhile_is_shown_where_one_is(
    root: Path, app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        await press(pilot, "t", "l", "l", "right")
        with Workspace(root) as other:
            members = other.db.read(sets.get, ids[2]).images
            other.db.write(suggestions.put, ids[2], "m-1", members[0].id, 0.5)
        app.session.nudge()
        while frames(app, "suggested") != [1]:
            await pilot.pause()
        assert (shown(app), frames(app, "cursor")) == (ids[2], [2])


async def test_the_rule_looks_at_a_set_that_has_no_words_yet(root: Path, app: BinScoutApp) -> None:
    (only,) = add_sets(root, [3])
    async with app.run_test() as pilot:
        await open_area(pilot, "select")
        assert (await stored(app, only)).suggested is None
        await press(pilot, "t")
        while not frames(app, "suggested"):
            await pilot.pause()
        said = (await stored(app, only)).suggested
        assert said is not None
        assert said.by == "sharpest"
        assert (await stored(app, only)).state == "pending"
