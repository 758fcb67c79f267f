"""Pictures in a kitty terminal: what is sent, when, and what is not sent again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from queue import Queue
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot

from binscout_tui.terminal.graphics import Protocol
from binscout_tui.terminal.payload import Quality
from binscout_tui.widgets import picture as picture_module
from binscout_tui.widgets import picture_sending
from binscout_tui.widgets.picture import Box
from binscout_tui.widgets.picture_store import store_of
from tests.seeing.kinds import KITTY
from tests.seeing.screen import Screen
from tests.widgets.showing import Question, Shows, cells, prepared, quality, text, until

pytestmark = pytest.mark.usefixtures("no_rest")
PLACEHOLDER = "\U0010eeee"
MakeFile = Callable[..., Path]


@pytest.fixture
def app() -> Shows:
    return Shows(Protocol.KITTY)


async def shown(app: Shows, pilot: Pilot[None], path: Path) -> int:
    """Show `path` and wait for it; the id that its cells carry."""
    app.picture.show(path)
    await app.report(pilot)
    return carried(app)


def carried(app: Shows) -> int:
    """The lower three bytes of the id that the cells carry."""
    front = cells(app)[10][20][1]
    assert front is not None
    return front[0] << 16 | front[1] << 8 | front[2]


async def test_the_cells_carry_the_id_of_the_pixels_sent(app: Shows, picture_file: MakeFile) -> None:
    async with app.run_test(size=(60, 24)) as pilot:
        first = await shown(app, pilot, picture_file("a.png", (10, 200, 10)))
        assert cells(app)[10][20][0] == PLACEHOLDER
        second = await shown(app, pilot, picture_file("b.png", (10, 10, 200)))
        assert [number & 0xFFFFFF for number in app.transmitted] == [first, second]
        assert first != second


async def test_going_back_to_a_picture_that_the_terminal_holds_sends_only_cells(
    app: Shows, picture_file: MakeFile
) -> None:
    async with app.run_test(size=(60, 24)) as pilot:
        paths = [picture_file(f"{number}.png", (number * 60, 9, 9)) for number in range(3)]
        ids = [await shown(app, pilot, path) for path in paths]
        before = app.written
        store_of(app).payloads._payloads.drop_where(lambda _: True)
        for path in paths:
            path.unlink()
        assert [await shown(app, pilot, path) for path in paths] == ids
        assert app.written == before


async def test_a_picture_that_no_frame_showed_is_not_sent(app: Shows, picture_file: MakeFile) -> None:
    async with app.run_test(size=(60, 24)) as pilot:
        paths = [picture_file(f"{number}.png", (number * 60, 9, 9)) for number in range(4)]
        await shown(app, pilot, paths[0])
        app.picture.prefetch(paths[1:])
        await until(pilot, lambda: all(prepared(app, path) for path in paths))
        for path in paths[1:]:
            app.picture.show(path)
        assert (await app.report(pilot)).path == paths[3]
        assert len(app.transmitted) == 2
        assert [report.path for report in app.reports] == [paths[0], paths[3]]


async def test_the_fine_one_replaces_the_draft_in_place_and_once(
    app: Shows, noisy_file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_module, "REST_S", 0.05)
    async with app.run_test(size=(60, 24)) as pilot:
        path = noisy_file("a.png")
        await shown(app, pilot, path)
        seen = {text(app)}
        await until(pilot, lambda: seen.add(text(app)) or quality(app) is Quality.FINE)
        await until(pilot, lambda: len(app.transmitted) == 2)
        await pilot.pause()
        assert all(PLACEHOLDER in picture for picture in seen), "nothing blank between"
        assert carried(app) == app.transmitted[1] & 0xFFFFFF
        assert len(app.reports) == 1
        sent = app.written
        # Whoever moves on at once gets no fine one between, however slow the machine is.
        monkeypatch.setattr(picture_module, "REST_S", 60.0)
        app.picture.show(noisy_file("b.png", seed=2))
        await app.report(pilot)
        between = app.written
        app.picture.show(path)
        await app.report(pilot)
        assert quality(app) is Quality.FINE, "the terminal holds it"
        assert app.written == between != sent


@pytest.mark.parametrize("change", [{"protocol": Protocol.HALFBLOCK}, {"cell_width": 12}])
async def test_nothing_is_sent_again_that_was_made_for_another_terminal(
    app: Shows, picture_file: MakeFile, change: dict[str, Any]
) -> None:
    async with app.run_test(size=(60, 24)) as pilot:
        await shown(app, pilot, picture_file("a.png", (10, 200, 10)))
        before = len(app.transmitted)
        app.graphics = replace(app.graphics, **change)
        store_of(app).lost()
        app.picture.redraw()
        app.refresh(repaint=True, layout=True)
        app.reports.clear()
        app.reported.clear()
        await app.report(pilot)
        assert len(app.transmitted) - before == (app.graphics.protocol is Protocol.KITTY)
        assert (PLACEHOLDER in text(app)) is (app.graphics.protocol is Protocol.KITTY)


async def test_a_fine_one_that_is_large_goes_in_pieces_and_is_broken_off_by_the_next(
    app: Shows, noisy_file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_sending, "PIECE", 4096)
    monkeypatch.setattr(picture_sending, "LARGEST_PIECE", 4096)
    async with app.run_test(size=(60, 24)) as pilot:
        # The link takes the beginning of the fine picture and then no more, until the next one is wanted.
        monkeypatch.setattr(app.picture._slow, "_is_busy", lambda: len(app.transmitted) == 2 and not app.deleted)
        app.picture.show(noisy_file("a.png"), fine=True)
        await app.report(pilot)
        draft = carried(app)
        await until(pilot, lambda: len(app.transmitted) == 2)
        assert carried(app) == draft, "what is shown stays"
        app.picture.show(noisy_file("b.png", seed=2))
        await app.report(pilot)
        assert app.deleted == [app.transmitted[1]]
        screen = Screen(KITTY, 60, 24)
        screen.feed(app.written.encode())
        assert screen.errors == []
        assert screen.held_ids == {app.transmitted[0], app.transmitted[2]}


async def test_hidden_amid_a_fine_one_it_is_sent_when_seen_again(
    app: Shows, noisy_file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_sending, "PIECE", 4096)
    monkeypatch.setattr(picture_sending, "LARGEST_PIECE", 4096)
    async with app.run_test(size=(60, 24)) as pilot:
        # The link takes the beginning of the fine picture and then no more, until the picture was hidden.
        monkeypatch.setattr(app.picture._slow, "_is_busy", lambda: len(app.transmitted) == 2 and not app.deleted)
        app.picture.show(noisy_file("a.png"), fine=True)
        await app.report(pilot)
        await until(pilot, lambda: len(app.transmitted) == 2)
        app.picture.display = False
        await until(pilot, lambda: app.deleted == [app.transmitted[1]])
        app.picture.display = True
        await until(pilot, lambda: quality(app) is Quality.FINE)


async def test_whoever_moves_on_gets_no_fine_one(app: Shows, noisy_file: MakeFile) -> None:
    async with app.run_test(size=(60, 24)) as pilot:
        for number in range(3):
            await shown(app, pilot, noisy_file(f"{number}.png", seed=number))
            assert quality(app) is Quality.DRAFT
        assert len(app.transmitted) == 3


async def test_where_details_matter_the_fine_one_follows_at_once(app: Shows, noisy_file: MakeFile) -> None:
    async with app.run_test(size=(60, 24)) as pilot:
        app.picture.show(noisy_file("a.png"), fine=True)
        await app.report(pilot)
        await until(pilot, lambda: quality(app) is Quality.FINE)
        assert len(app.reports) == 1


async def test_hidden_and_shown_again_sends_nothing(app: Shows, picture_file: MakeFile) -> None:
    async with app.run_test(size=(60, 24)) as pilot:
        await shown(app, pilot, picture_file("a.png", (200, 100, 50)))
        before = app.written
        app.picture.display = False
        await pilot.pause()
        assert PLACEHOLDER not in text(app)
        app.picture.display = True
        await until(pilot, lambda: PLACEHOLDER in text(app))
        assert app.written == before


async def test_what_nobody_shows_is_deleted_when_the_terminal_holds_too_much(
    app: Shows, picture_file: MakeFile
) -> None:
    async with app.run_test(size=(60, 24)) as pilot:
        store_of(app).held._limit = 1
        for number in range(3):
            await shown(app, pilot, picture_file(f"{number}.png", (number * 60, 9, 9)))
        assert app.deleted == app.transmitted[:2]
        await app.picture.remove()
        await pilot.pause()
        assert app.deleted == app.transmitted


async def test_lost_pixels_are_sent_again(app: Shows, picture_file: MakeFile) -> None:
    async with app.run_test(size=(60, 24)) as pilot:
        await shown(app, pilot, picture_file("a.png", (200, 100, 50)))
        app.picture.redraw()
        await pilot.pause()
        assert len(app.transmitted) == 1, "the terminal still holds it"
        store_of(app).lost()
        app.picture.redraw()
        await until(pilot, lambda: len(app.transmitted) == 2)


async def test_lost_pixels_whose_payload_was_dropped_are_made_again(app: Shows, picture_file: MakeFile) -> None:
    async with app.run_test(size=(60, 24)) as pilot:
        first, second = picture_file("a.png", (200, 100, 50)), picture_file("b.png", (20, 10, 50))
        for path in (first, second):
            await shown(app, pilot, path)
        store_of(app).payloads._payloads.drop_where(lambda _: True)
        await shown(app, pilot, first)
        store_of(app).lost()
        app.picture.redraw()
        await until(pilot, lambda: len(app.transmitted) == 3 and PLACEHOLDER in text(app))


async def test_after_a_modal_the_terminal_still_has_the_fine_picture(app: Shows, noisy_file: MakeFile) -> None:
    async with app.run_test(size=(60, 24)) as pilot:
        app.picture.show(noisy_file("a.png"), fine=True, boxes=[Box(0, 0, 0.5, 0.5)])
        await app.report(pilot)
        await until(pilot, lambda: quality(app) is Quality.FINE)
        before = app.written
        await app.push_screen(Question())
        await app.report(pilot)
        assert PLACEHOLDER not in text(app)
        app.pop_screen()
        await app.report(pilot)
        assert PLACEHOLDER in text(app)
        assert quality(app) is Quality.FINE
        assert app.written == before


async def test_another_terminal_that_shows_sixel_gets_sixel(app: Shows, picture_file: MakeFile) -> None:
    async with app.run_test(size=(60, 24)) as pilot:
        await shown(app, pilot, picture_file("a.png", (200, 100, 50)))
        app.graphics = app.graphics.__class__(Protocol.SIXEL)
        store_of(app).lost()
        app.picture.redraw()
        await until(pilot, lambda: "\x1bP0;1q" in app.written)
        await pilot.pause()
        assert PLACEHOLDER not in text(app)


async def test_while_the_link_is_busy_only_the_latest_waits(app: Shows, picture_file: MakeFile) -> None:
    async with app.run_test(size=(60, 24)) as pilot:
        paths = [picture_file(f"{number}.png", (number * 60, 9, 9)) for number in range(4)]
        await shown(app, pilot, paths[0])
        app.picture.prefetch(paths[1:])
        await until(pilot, lambda: all(prepared(app, path) for path in paths))
        output: Queue[str] = Queue()
        output.put("a frame that is not out yet")
        app._driver._writer_thread = SimpleNamespace(_queue=output)  # type: ignore[union-attr]
        for path in paths[1:]:
            app.picture.show(path)
            await pilot.pause(0.02)
        assert len(app.transmitted) == 1
        assert app.picture.state == "loading"
        output.get()
        assert (await app.report(pilot)).path == paths[3]
        assert len(app.transmitted) == 2
