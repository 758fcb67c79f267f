"""Verifying pages of one class with keys and mouse, from the screen to the journal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from binscout_tui.app import BinScoutApp
from binscout_tui.cli.arguments import split_arguments
from binscout_tui.cli.main import run
from binscout_tui.errors import ConflictError
from binscout_tui.imaging.previews import SIZES, preview_path
from binscout_tui.screens.verify import HELD_S, VerifyScreen
from binscout_tui.store import images, journal, labels, reviews, verifying
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle, told
from .made_up import add_classes, add_images, add_model

NAMES = ["nut", "washer", "hex bolt"]


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Sixty images: the first forty are nuts as the model says, the surest first; the others washers."""
    add_classes(root, NAMES)
    found = add_images(root, 60)
    nuts = {image_id: ("nut", 0.99 - place / 100) for place, image_id in enumerate(found[:40])}
    add_model(root, nuts | dict.fromkeys(found[40:], ("washer", 0.7)))
    return found


def verify(app: BinScoutApp) -> VerifyScreen:
    """The screen."""
    screen = app.screen
    assert isinstance(screen, VerifyScreen)
    return screen


def page(app: BinScoutApp) -> list[int]:
    """The images that are seen."""
    return list(verify(app).grid.page_ids)


async def enter(pilot: Pilot[Any]) -> None:
    """Press Enter a good while after the one before."""
    await ready(pilot)
    pressed = events.Key("enter", None)
    pressed.time = max(pressed.time, verify(pilot.app)._taken_at + HELD_S + 0.1)  # type: ignore[arg-type]
    pilot.app.post_message(pressed)
    await settle(pilot)


async def classes(app: BinScoutApp, ids: list[int]) -> list[str | None]:
    """What was said of these images."""
    found = [await app.workspace.db.read(labels.get, image_id) for image_id in ids]
    return [label.name if label else None for label in found]


def text(app: BinScoutApp) -> str:
    """The screen's rows."""
    return "\n".join(screen_text(app))


async def test_enter_takes_a_page_without_the_marked_ones_as_one_decision(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "verify")
        shown = page(app)
        assert shown == ids[: len(shown)]
        assert 8 <= len(shown) < 40
        assert "nut? 40 wait" in screen_text(app)[1]
        await decide(pilot, "l", "space", "x")
        await ready(pilot)
        assert text(app).count("✗ wrong") >= 2
        await enter(pilot)
        wrong, right = shown[1:3], [shown[0], *shown[3:]]
        assert await classes(app, right) == ["nut"] * len(right)
        assert await classes(app, wrong) == [None, None]
        await ready(pilot)
        second = page(app)
        assert second == ids[len(shown) : len(shown) + len(second)]
        assert f"nut? {40 - len(shown)} wait" in screen_text(app)[1]
        rows = await app.workspace.db.read(journal.history, limit=len(shown))
        assert {row.area for row in rows} == {"label", "verify"}
        assert all(row.suggested and row.suggested["model"] == "m-1" for row in rows)
        await press(pilot, "z")
        await ready(pilot)
        assert page(app) == shown
        assert await classes(app, shown) == [None] * len(shown)
        assert verify(app).grid.marks == set(wrong)
        await press(pilot, "Z")
        await ready(pilot)
        assert await classes(app, shown) == ["nut", None, None, *["nut"] * (len(shown) - 3)]


async def test_marked_ones_are_passed_over_for_this_class_also_after_a_restart(root: Path, ids: list[int]) -> None:
    first = BinScoutApp(root)
    async with first.run_test() as pilot:
        await open_area(pilot, "verify")
        shown = page(first)
        await decide(pilot, "space")
        await enter(pilot)
        await ready(pilot)
    second = BinScoutApp(root)
    async with second.run_test() as pilot:
        await open_area(pilot, "verify")
        assert page(second)[0] == ids[len(shown)]
        assert shown[0] not in verify(second).grid.ids
        await press(pilot, "z")
        await ready(pilot)
        assert page(second)[: len(shown)] == shown
        assert verify(second).grid.marks == {shown[0]}


async def test_a_held_enter_takes_one_page(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "verify")
        first = page(app)
        begin = verify(app)._taken_at + HELD_S + 0.1
        for number in range(30):
            pressed = events.Key("enter", None)
            pressed.time = begin + (0 if number == 0 else 0.9 + number / 30)
            app.post_message(pressed)
            await settle(pilot)
            await ready(pilot)
        taken = [image_id for image_id, name in zip(ids, await classes(app, ids), strict=True) if name]
        assert taken == first
        assert "29 early keys not taken" in screen_text(app)[1]


async def test_nothing_is_taken_before_all_pictures_of_the_page_are_seen(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "verify")
        hasty = events.Key("enter", None)
        verify(app).await_page()
        app.post_message(hasty)
        await settle(pilot)
        assert not any(await classes(app, ids))
        assert "1 early key not taken" in screen_text(app)[1]
        await press(pilot, "n")
        await ready(pilot)
        second = page(app)
        await enter(pilot)
        assert await classes(app, second) == ["nut"] * len(second)
        assert not any(await classes(app, ids[: len(second)])), "a page that was passed over is not taken with it"


async def test_a_damaged_picture_is_never_taken(root: Path, app: BinScoutApp, ids: list[int]) -> None:
    with Workspace(root) as ws:
        image = ws.db.read(images.get, ids[1])
        for size in SIZES:
            preview_path(ws.paths.previews, image.sha256, size).write_bytes(b"no picture")
    async with app.run_test() as pilot:
        await open_area(pilot, "verify")
        shown = page(app)
        await press(pilot, "l")
        assert "cannot be shown: it stays as it is" in screen_text(app)[22]
        await decide(pilot, "2")
        assert any("This picture cannot be shown; it stays as it is." in line for line in told(app))
        await enter(pilot)
        assert await classes(app, shown) == ["nut", None, *["nut"] * (len(shown) - 2)]


async def test_a_class_key_gives_one_image_another_class_at_once(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "verify")
        shown = page(app)
        await decide(pilot, "2")
        await ready(pilot)
        assert await classes(app, shown[:2]) == ["washer", None]
        assert verify(app).here == shown[1]
        assert "✓ washer" in text(app)
        await press(pilot, "slash", *"hex", "enter", "enter")
        await ready(pilot)
        assert await classes(app, shown[:3]) == ["washer", "hex bolt", None]
        row = (await app.workspace.db.read(journal.history, limit=1))[0]
        assert row.suggested == {"label": "nut", "score": pytest.approx(0.98), "model": "m-1"}
        await enter(pilot)
        assert await classes(app, shown) == ["washer", "hex bolt", *["nut"] * (len(shown) - 2)]
        await press(pilot, "z")
        assert await classes(app, shown) == ["washer", "hex bolt", *[None] * (len(shown) - 2)]
        await press(pilot, "z", "z")
        await ready(pilot)
        assert not any(await classes(app, shown))
        assert page(app) == shown


async def test_a_click_marks_and_a_second_one_takes_the_mark_away(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "verify")
        grid = verify(app).grid
        x, y = grid._place.layout.corner(2)
        await pilot.click("#verify-grid", offset=(x + 1, y + 1))
        assert grid.marks == {page(app)[2]}
        assert grid.cursor == 2
        await pilot.click("#verify-grid", offset=(x + 1, y + 1))
        assert not grid.marks


async def test_classes_are_gone_over_by_how_many_wait_and_the_place_is_kept(root: Path, ids: list[int]) -> None:
    first = BinScoutApp(root)
    async with first.run_test() as pilot:
        await open_area(pilot, "verify")
        await press(pilot, "right_square_bracket")
        assert "washer? 20 wait" in screen_text(first)[1]
        assert page(first)[0] == ids[59]
        await press(pilot, "tab")
        assert "nut? 40 wait" in screen_text(first)[1]
        await press(pilot, "left_square_bracket", "minus")
        assert "washer? 20 wait" in screen_text(first)[1]
    second = BinScoutApp(root)
    async with second.run_test() as pilot:
        await open_area(pilot, "verify")
        assert "washer? 20 wait" in screen_text(second)[1]
        assert str(verify(second).grid.tile_size) == "S"
        await press(pilot, "o", *"nut", "enter")
        assert "nut? 40 wait" in screen_text(second)[1]
        held = events.Key("enter", None)
        held.time = verify(second)._taken_at + HELD_S - 0.1
        second.post_message(held)
        await settle(pilot)
        assert not any(await classes(second, ids)), "the key that closed the dialog may still be held"


async def test_less_sure_images_are_left_out_on_request(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "verify")
        await press(pilot, "c", "c")
        assert "sure from .90" in screen_text(app)[1]
        assert list(verify(app).grid.ids) == ids[:10]
        await press(pilot, "c", "c", "c")
        assert len(verify(app).grid.ids) == 40


async def test_what_others_label_meanwhile_stays_theirs_and_is_shown(
    root: Path, app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "verify")
        shown = page(app)
        with Workspace(root) as ws:
            ws.db.write(labels.set_label, ws.user.uid, shown[2], "hex bolt")
        await enter(pilot)
        await ready(pilot)
        assert await classes(app, shown) == ["nut", "nut", "hex bolt", *["nut"] * (len(shown) - 3)]


async def test_a_page_is_not_taken_for_the_class_that_came_in_its_place(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "verify")
        desk, shown = verify(app).desk, page(app)
        assert desk is not None
        await desk.choose("washer")
        with pytest.raises(ConflictError):
            await desk.take("nut", shown, ())
        with pytest.raises(ConflictError):
            await desk.take("washer", shown, ())
        assert not any(await classes(app, ids))


async def test_the_end_of_a_class_says_what_is_next(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(160, 50)) as pilot:
        await open_area(pilot, "verify")
        while verify(app).desk.left:  # type: ignore[union-attr]
            await enter(pilot)
        assert await classes(app, ids[:40]) == ["nut"] * 40
        assert any("This was the last page; ] goes over the next class." in line for line in told(app))
        await press(pilot, "right_square_bracket")
        assert "washer? 20 wait" in screen_text(app)[1]


async def test_after_a_resize_only_what_is_seen_is_taken(app: BinScoutApp, ids: list[int]) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_area(pilot, "verify")
        wide = len(page(app))
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        await ready(pilot)
        shown = page(app)
        assert len(shown) < wide
        await enter(pilot)
        taken = [image_id for image_id, name in zip(ids, await classes(app, ids), strict=True) if name]
        assert taken == shown


async def test_letters_of_further_classes_are_those_of_label_but_for_commands(root: Path, app: BinScoutApp) -> None:
    add_classes(root, [f"class {number}" for number in range(9)] + ["gear", "wing", "xylo"])
    found = add_images(root, 3)
    add_model(root, dict.fromkeys(found, ("class 0", 0.9)))
    async with app.run_test() as pilot:
        await open_area(pilot, "verify")
        keys = {item.name: key for key, item in verify(app).keys.items()}
        assert (keys["gear"], keys["wing"]) == ("g", "i")
        assert "xylo" not in keys or keys["xylo"] != "x", "x marks"
        await decide(pilot, "i")
        await ready(pilot)
        assert await classes(app, [found[2]]) == ["wing"]


async def test_without_a_model_the_screen_says_what_is_missing(root: Path, app: BinScoutApp) -> None:
    add_classes(root, NAMES)
    add_images(root, 3)
    async with app.run_test() as pilot:
        await open_area(pilot, "verify", empty=True)
        assert "No model is active" in text(app)
        await press(pilot, "enter")
        assert any("No model is active yet" in line for line in told(app))


async def test_a_viewer_takes_nothing(root: Path, app: BinScoutApp, ids: list[int]) -> None:
    with Workspace(root) as ws:
        ws.db.connection.execute("UPDATE user SET role = 'viewer'")
    async with app.run_test() as pilot:
        await open_area(pilot, "verify")
        await enter(pilot)
        assert not any(await classes(app, ids))
        assert any("role operator" in line for line in told(app))


async def test_given_labels_are_gone_over_and_wrong_ones_flagged_for_review(root: Path, ids: list[int]) -> None:
    with Workspace(root) as ws:
        for image_id in ids[:30]:
            ws.db.write(labels.set_label, ws.user.uid, image_id, "nut")
    first = BinScoutApp(root)
    async with first.run_test() as pilot:
        await open_area(pilot, "verify")
        await press(pilot, "m", "right_square_bracket")
        assert "nut · 30 labels given" in screen_text(first)[1]
        shown = page(first)
        assert shown == ids[29 : 29 - len(shown) : -1]
        await decide(pilot, "space", "2")
        await enter(pilot)
        await ready(pilot)
        assert await classes(first, shown) == ["nut", "washer", *["nut"] * (len(shown) - 2)]
        assert await first.workspace.db.read(reviews.page) == [shown[0]]
        assert page(first)[0] == ids[29 - len(shown)]
    second = BinScoutApp(root)
    async with second.run_test() as pilot:
        await open_area(pilot, "verify")
        assert "nut · 29 labels given" in screen_text(second)[1]
        assert page(second)[0] == shown[2], "what waits for review is not asked again"
        await press(pilot, "z")
        await ready(pilot)
        assert await second.workspace.db.read(reviews.page) == []
        assert page(second)[0] == shown[0]
        await press(pilot, "m")
        assert "nut? 10 wait" in screen_text(second)[1] or "washer? 20 wait" in screen_text(second)[1]
        await press(pilot, "m", "c")
        assert any("These are labels that people gave; m shows what the model says." in line for line in told(second))


async def test_an_image_that_is_purged_meanwhile_does_not_stop_the_page(
    root: Path, app: BinScoutApp, ids: list[int]
) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "verify")
        shown = page(app)
        with Workspace(root) as ws:
            ws.db.connection.execute("PRAGMA foreign_keys=ON")
            ws.db.connection.execute("DELETE FROM image WHERE id = ?", (shown[1],))
        await verify(app)._refresh()
        await enter(pilot)
        await ready(pilot)
        assert await classes(app, [shown[0], *shown[2:]]) == ["nut"] * (len(shown) - 1)


def test_the_command_line_takes_what_the_model_is_sure_of(
    root: Path, ids: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    def call(*words: object) -> tuple[int, Any]:
        code = run(split_arguments(["--workspace", str(root), "--json", *map(str, words)]))
        return code, json.loads(capsys.readouterr().out)

    def take(*words: object) -> tuple[int, Any]:
        return call("label", "take", "--class", *words)

    def waiting() -> int:
        with Workspace(root) as ws:
            return ws.db.read(verifying.count, "m-1", "nut")

    code, would = take("nut", "--min-confidence", 0.9, "--dry-run")
    assert (code, would["taken"], len(would["images"]), would["waiting"]) == (0, 0, 10, 40)
    code, done = take("nut", "--min-confidence", 0.9, "--except", ids[3])
    assert (code, done["taken"], done["waiting"]) == (0, 9, 31)
    with Workspace(root) as ws:
        assert ws.db.read(labels.get, ids[3]) is None
    assert call("undo")[1]["area"] == "label"
    assert waiting() == 40
    assert take("nut", "--min-confidence", 0.9, "--limit", 3)[1]["taken"] == 3
    for words, expected in (
        (("nut", "--min-confidence", 0.9, "--except", 999), 1),
        (("bolt", "--min-confidence", 0.5), 1),
        (("nut",), 2),
        (("nut", "--min-confidence", 1.5), 2),
        (("nut", "--min-confidence", "nan"), 2),
    ):
        assert take(*words)[0] == expected, words
    assert waiting() == 37
