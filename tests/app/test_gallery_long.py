"""Decisions on very many images of the gallery: beside the keys, with a bar, and stopped half-way."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.dialogs.pick import Pick
from binscout_tui.dialogs.typed import TypedConfirm
from binscout_tui.screens import gallery_batch
from binscout_tui.store import images
from binscout_tui.workspace import Workspace

from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle, told
from .made_up import add_classes, add_images
from .test_gallery_batch import counts, gallery, until

PURGE = gallery_batch._purge


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Twelve images, the newest first as the gallery shows them; there are two classes."""
    add_classes(root, ["nut", "washer"])
    return add_images(root, 12)[::-1]


async def test_a_decision_on_very_many_goes_on_beside_the_keys_and_can_be_stopped(
    app: BinScoutApp, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts of two images stand for the parts of a very long decision."""
    monkeypatch.setattr("binscout_tui.browsing.desk.PART", 2)
    monkeypatch.setattr("binscout_tui.screens.gallery_deciding.PART", 2)
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        screen, gate = gallery(app), asyncio.Event()
        desk = screen.desk
        assert desk is not None
        decided = desk._decided

        async def slowly(changed: Any) -> None:
            await decided(changed)
            await gate.wait()

        monkeypatch.setattr(desk, "_decided", slowly)
        await press(pilot, "A")
        await pilot.press("f")
        await until(pilot, lambda: "Giving stars" in screen_text(app)[22])
        assert "0 of 12" in screen_text(app)[22]
        await pilot.press("l")
        await until(pilot, lambda: screen.here == ids[1])
        await ready(pilot)
        await pilot.press("d")
        await until(pilot, lambda: any("x stops it" in line for line in told(app)))
        await pilot.press("x")
        await settle(pilot)
        gate.set()
        await until(pilot, lambda: any("Stopped after 2 of 12. 2 images starred." in line for line in told(app)))
        assert (await counts(app)) | {"starred": 2, "trash": 0} == await counts(app)
        assert "12 marked" in screen_text(app)[22]
        await press(pilot, "asterisk")
        await decide(pilot, "z")
        await until(pilot, lambda: any("2 images again." in line for line in told(app)))
        assert (await counts(app))["starred"] == 0


async def test_a_short_decision_ends_and_leaves_a_long_one_its_bar(
    app: BinScoutApp, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("binscout_tui.browsing.desk.PART", 2)
    monkeypatch.setattr("binscout_tui.screens.gallery_deciding.PART", 2)
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        screen, gates = gallery(app), [asyncio.Event(), asyncio.Event()]
        desk, left = screen.desk, iter(gates)
        assert desk is not None
        decided = desk._decided

        async def slowly(changed: Any) -> None:
            await decided(changed)
            if (gate := next(left, None)) is not None:
                await gate.wait()

        monkeypatch.setattr(desk, "_decided", slowly)
        await decide(pilot, "L")
        await until(pilot, lambda: isinstance(app.screen, Pick))
        await pilot.press(*"washer", "enter")
        await until(pilot, lambda: app.screen is screen)
        # What was decided on is not there yet, so that nothing may be waited for.
        await pilot.press("A")
        await until(pilot, lambda: screen.marked == 12)
        await pilot.press("f")
        await until(pilot, lambda: screen.is_deciding)
        gates[0].set()
        await until(pilot, lambda: any("1 image labelled washer." in line for line in told(app)))
        assert screen.is_deciding
        assert "Giving stars" in screen_text(app)[22]
        gates[1].set()
        await until(pilot, lambda: any("12 images starred." in line for line in told(app)))
        assert not screen.is_deciding
        assert "12 marked" in screen_text(app)[22]


async def test_keys_move_while_very_much_is_undone_which_can_be_stopped_and_goes_on(
    app: BinScoutApp, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts of two images stand for the parts of a very long decision."""
    monkeypatch.setattr("binscout_tui.store.undoing.PART", 2)
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        await press(pilot, "A")
        await decide(pilot, "f")
        await settle(pilot)
        screen, gate, parts = gallery(app), asyncio.Event(), 0
        desk = screen.desk
        assert desk is not None
        decided = desk._decided

        async def slowly(changed: Any) -> None:
            nonlocal parts
            parts += 1
            if parts > 1:
                await gate.wait()
            await decided(changed)

        monkeypatch.setattr(desk, "_decided", slowly)
        await decide(pilot, "z")
        await until(pilot, lambda: "Undoing" in screen_text(app)[22] and "2 of 12" in screen_text(app)[22])
        await pilot.press("l")
        await until(pilot, lambda: screen.here == ids[1])
        await decide(pilot, "f")
        assert any("A decision on many images is on its way; x stops it." in line for line in told(app))
        await pilot.press("x")
        gate.set()
        await until(pilot, lambda: any("Stopped after 4 of 12. 4 images again." in line for line in told(app)))
        await until(pilot, lambda: "12 marked" in screen_text(app)[22])
        assert (await counts(app))["starred"] == 8
        await decide(pilot, "z")
        await until(pilot, lambda: any(" 8 images again." in line for line in told(app)))
        assert (await counts(app))["starred"] == 0
        assert not screen.is_deciding


async def test_a_purge_goes_on_behind_a_dialog_and_tells_what_came_of_it(
    app: BinScoutApp, root: Path, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Workspace(root) as ws:
        ws.db.write(images.trash, ws.user.uid, ids[:2])
    gate = threading.Event()
    monkeypatch.setattr(gallery_batch, "_purge", lambda *given: gate.wait(30) and PURGE(*given))
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        screen = gallery(app)
        await press(pilot, "slash", *"in:trash", "enter", "A")
        await decide(pilot, "D")
        await until(pilot, lambda: isinstance(app.screen, TypedConfirm))
        await pilot.press(*"purge", "enter")
        await until(pilot, lambda: screen.is_deciding)
        await press(pilot, "T")
        await until(pilot, lambda: app.screen is not screen)
        assert screen.is_deciding
        await press(pilot, "escape")
        gate.set()
        await until(pilot, lambda: any("2 images deleted for ever" in line for line in told(app)))
        assert (await counts(app))["trash"] == 0
        assert not screen.is_deciding
