"""The look at sidecars with keys: a folder, its findings, the plan, mending, and undo; asserted on the disk."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from textual import events
from textual.pilot import Pilot

from binscout_tui.app import BinScoutApp
from binscout_tui.operations import operations_log
from binscout_tui.operations.files.plan import Refused
from binscout_tui.operations.files.running import Done
from binscout_tui.operations.sidecars.looking import Audit
from binscout_tui.screens.sidecars import SidecarsScreen
from binscout_tui.screens.sidecars_rows import empty_words
from binscout_tui.store import images
from binscout_tui.workers import sidecars as workers
from binscout_tui.workspace import Paths, Workspace
from tests.conftest import row

from .driving import press, screen_text, settle, told


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures of which one has its sidecar; one's differs in case, one's is misspelled, one sidecar has no picture."""
    found = tmp_path / "pile [red]x"
    (found / "below").mkdir(parents=True)
    for name in ("IMG_1.jpg", "IMG_2.jpg", "m3-washer_012.jpg", "IMG_4.jpg", "below/z.jpg"):
        (found / name).write_bytes(name.encode())
    for name, text in {
        "img_1.txt": "a brass washer",
        "IMG_2.txt": "a nut",
        "m3_washer_12.txt": "an M3 washer",
        "below/gone.txt": "of nothing",
    }.items():
        (found / name).write_text(text)
    return found


def files(folder: Path) -> dict[str, str]:
    """What lies beside and below a folder, with what it holds."""
    return {str(path.relative_to(folder.parent)): path.read_text() for path in folder.parent.rglob("*.txt")}


def screen(app: BinScoutApp) -> SidecarsScreen:
    assert isinstance(app.screen, SidecarsScreen)
    return app.screen


async def look(pilot: Pilot[Any], folder: Path) -> None:
    """Go to the area and look at a folder."""
    await settle(pilot)
    pilot.app.go_to("sidecars")  # type: ignore[attr-defined]
    await settle(pilot)
    await press(pilot, "o", "end", "ctrl+u")
    pilot.app.post_message(events.Paste(str(folder)))
    await press(pilot, "enter")
    await looked(pilot)


async def looked(pilot: Pilot[Any]) -> None:
    """Wait until no file is moved and nothing is being looked at."""
    while getattr(pilot.app.screen, "is_moving", False) or getattr(pilot.app.screen, "is_looking", False):
        await pilot.pause()
    await settle(pilot)


async def test_what_is_chosen_is_shown_done_and_taken_back(app: BinScoutApp, root: Path, folder: Path) -> None:
    before = files(folder)
    async with app.run_test() as pilot:
        await look(pilot, folder)
        text = "\n".join(screen_text(app))
        assert "pile [red]x" in text, "a name is shown as it is"
        assert "img_1.txt → IMG_1.txt" in text
        assert "m3_washer_12.txt → m3-washer_012.txt" in text
        assert "5 pictures · 4 sidecars · 4 findings" in text
        await press(pilot, "space", "space", "space")
        assert "3 chosen" in screen_text(app)[1]
        await press(pilot, "enter")
        assert "3 sidecars would get another name or place" in "\n".join(screen_text(app))
        await press(pilot, "escape")
        assert files(folder) == before, "nothing was done by looking at the plan"
        await press(pilot, "enter", "y")
        await looked(pilot)
        mended = {
            "pile [red]x/IMG_1.txt": "a brass washer",
            "pile [red]x/IMG_2.txt": "a nut",
            "pile [red]x/m3-washer_012.txt": "an M3 washer",
            "pile [red]x.held/below/gone.txt": "of nothing",
        }
        assert files(folder) == mended
        assert "3 sidecars mended" in told(app)[0]
        assert "1 finding" in screen_text(app)[1]
        await press(pilot, "z")
        await looked(pilot)
        assert files(folder) == before
        assert "4 findings" in screen_text(app)[1]
    lines, damaged = operations_log.read(Paths(root).logs / operations_log.NAME)
    assert damaged == 0
    assert [line.operation for line in lines if line.event == "begin"] == ["sidecars", "undo"]
    assert sum(line.event == "done" for line in lines) == 6


async def test_what_only_a_person_can_mend_says_so_and_kinds_are_jumped_to(app: BinScoutApp, folder: Path) -> None:
    async with app.run_test() as pilot:
        await look(pilot, folder)
        await press(pilot, "n", "n", "n")
        assert screen(app).here is not None
        assert screen(app).here.kind == "orphan_image"
        await press(pilot, "space")
        assert "Only a person can mend this" in told(app)[0]
        await press(pilot, "N", "N", "N", "enter", "y")
        await looked(pilot)
        assert (folder / "IMG_1.txt").read_text() == "a brass washer", "without a choice it is the one under the cursor"
        assert (folder / "m3_washer_12.txt").exists()


async def test_a_pair_that_changed_meanwhile_stays_as_it_is(app: BinScoutApp, folder: Path) -> None:
    async with app.run_test() as pilot:
        await look(pilot, folder)
        (folder / "IMG_1.txt").write_text("written meanwhile")
        await press(pilot, "enter")
        assert "is there already" in "\n".join(screen_text(app))
        await press(pilot, "y")
        assert "Nothing of this can be done" in told(app)[0]
        assert (folder / "img_1.txt").read_text() == "a brass washer"
        assert (folder / "IMG_1.txt").read_text() == "written meanwhile"


async def test_a_viewer_looks_and_moves_nothing(app: BinScoutApp, root: Path, folder: Path) -> None:
    with Workspace(root) as ws:
        ws.db.connection.execute("UPDATE user SET role = 'viewer'")
        ws.db.connection.commit()
    before = files(folder)
    async with app.run_test() as pilot:
        await look(pilot, folder)
        assert "4 findings" in screen_text(app)[1]
        await press(pilot, "enter")
        assert "needs the role operator" in told(app)[0]
        await press(pilot, "z")
    assert files(folder) == before


async def test_folders_that_are_away_are_told_with_their_reasons_and_nothing_is_called_clean(
    app: BinScoutApp, root: Path, tmp_path: Path
) -> None:
    with Workspace(root) as ws:
        for number in range(6):
            new = row(number, path=tmp_path / f"away{number}" / "a.jpg", storage="in_place")
            ws.db.write(images.add, ws.user.uid, new)
    async with app.run_test() as pilot:
        await settle(pilot)
        app.go_to("sidecars")
        await settle(pilot)
        await press(pilot, "w")
        await looked(pilot)
        text = "\n".join(screen_text(app))
        assert "6 folders could not be looked at" in text
        assert "Nothing is wrong here" not in text
        assert "away0: The folder cannot be read: No such file or directory." in text
        assert "and 2 more" in text


def test_only_a_whole_look_that_found_nothing_calls_it_well() -> None:
    found = Audit(roots=(Path("/pile"),), images=2, sidecars=1, findings=())
    away = Refused(Path("/pile/away"), "gone", "The folder is not there.")
    for audit, begins in (
        (found, "Nothing is wrong here: 2 pictures and 1 sidecar"),
        (structs.replace(found, stopped=True), "The look was stopped"),
        (structs.replace(found, refused=(away,)), "1 folder could not be looked at"),
    ):
        assert empty_words(audit, "pile", str).startswith(begins)


async def test_keys_work_while_files_are_moved_and_nothing_else_is_moved(
    app: BinScoutApp, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, goes_on, undo = files(folder), asyncio.Event(), workers.undo

    async def slow(root: Path) -> Done:
        await goes_on.wait()
        return await undo(root)

    monkeypatch.setattr(workers, "undo", slow)
    async with app.run_test() as pilot:
        await look(pilot, folder)
        await press(pilot, "enter", "y")
        await looked(pilot)
        moved = files(folder)
        await press(pilot, "z", "end")
        assert screen(app).here is not None
        assert screen(app).here.kind == "orphan_image"
        await press(pilot, "z", "home", "enter")
        assert "Files are being moved" in told(app)[0]
        assert files(folder) == moved != before
        goes_on.set()
        await looked(pilot)
        assert files(folder) == before


async def test_no_folder_says_what_is_wrong_and_the_last_one_is_remembered(
    app: BinScoutApp, root: Path, folder: Path
) -> None:
    async with app.run_test() as pilot:
        await look(pilot, folder / "nowhere")
        assert "is no folder" in told(app)[0]
        await press(pilot, "w")
        await looked(pilot)
        assert "No image of this workspace stayed where it was." in told(app)[0]
        await look(pilot, folder)
    again = BinScoutApp(root)
    async with again.run_test() as pilot:
        await settle(pilot)
        again.go_to("sidecars")
        await settle(pilot)
        assert "looks again at the last one" in "\n".join(screen_text(again))
        await press(pilot, "r")
        await looked(pilot)
        assert "4 findings" in screen_text(again)[1]
