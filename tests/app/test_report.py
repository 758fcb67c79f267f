"""Report and Two runs: figures by sections, the worst as pictures, one in full, and on to Label."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.commands.areas import Opening
from binscout_tui.screens.case_view import CaseFull, CaseView
from binscout_tui.screens.report import ReportScreen
from binscout_tui.screens.versus import VersusScreen
from binscout_tui.store import images, known_good, places
from binscout_tui.widgets.case_strip import CaseStrip
from binscout_tui.workspace import Workspace
from tests.reporting import made

from .driving import press, screen_text, settle, told
from .made_up import add_files

SIZE = (80, 24)


def filled(root: Path, *tasks: str) -> list[str]:
    """Finished runs of these tasks; their ids."""
    with Workspace(root) as ws:
        return [
            made.add_run(ws, task, name=task, wrong=(3, 7, 20) if place % 2 == 0 else (3, 8), seed=place)
            for place, task in enumerate(tasks)
        ]


def _purge(db: Any, sha256: str) -> None:
    db.execute("DELETE FROM image WHERE sha256 = ?", (sha256,))


async def opened(pilot: Any, area: str = "report") -> Any:
    """The screen of an area, loaded."""
    await settle(pilot)
    pilot.app.go_to(area)
    await settle(pilot)
    return pilot.app.screen


def text_of(app: BinScoutApp) -> str:
    """What is on the screen."""
    return "\n".join(screen_text(app))


async def test_without_a_finished_run_it_says_what_to_do(app: BinScoutApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        assert "n   in Training starts a run" in text_of(app)
        await press(pilot, "enter")
        assert "No report is shown" in told(app)[0]
        await opened(pilot, "versus")
        assert "No runs are compared." in text_of(app)


async def test_figures_stand_beside_their_baselines_and_sections_follow(root: Path) -> None:
    filled(root, "classify")
    app = BinScoutApp(root)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        assert isinstance(screen, ReportScreen)
        text = text_of(app)
        assert "classify-1  classify · parts · tiny" in text
        assert "Figures on 40 test images, with 95 % intervals" in text
        own = next(row for row in screen_text(app) if "this model" in row)
        assert "0.93 " in own
        assert "●" in own
        assert "0.83 to 0.99" in own
        assert any("simple features" in row and "0.64" in row for row in screen_text(app))
        await press(pilot, "n")
        assert screen_text(app)[3].strip() == "What to mistrust"
        await press(pilot, "n", "n", "n")
        assert screen_text(app)[3].strip().startswith("What is taken for what")
        await press(pilot, "N")
        assert screen_text(app)[3].strip() == "Each family"
        await press(pilot, "G", "g")
        assert "Figures on 40" in screen_text(app)[3]
        await press(pilot, "j", "space", "k", "pageup", "N")
        assert told(app)[0].endswith("There is no section beyond.")


async def test_the_worst_are_pictures_beside_what_they_were_taken_for(root: Path) -> None:
    filled(root, "classify")
    with Workspace(root) as ws:
        shown = ws.db.read(images.by_hash, made.sha("train M2 screw 1"))
        assert shown is not None
        ws.db.write(known_good.add_known_good, ws.user.uid, "classify", shown.id, "M2 screw")
    app = BinScoutApp(root)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        await press(pilot, "enter")
        view, strip = screen.query_one(CaseView), screen.query_one(CaseStrip)
        assert "Worst  1 of 3  case-20.jpg" in text_of(app)
        assert "it is washer, the model says M2 screw 0.55" in text_of(app)
        assert strip.count == 2
        assert view.look.shots[1].title == "M2 screw looks like this"
        assert view.look.shots[1].image.id == shown.id
        for frame in strip.frames[:2]:
            while frame.picture.state != "shown":
                await pilot.pause(0.02)
        await press(pilot, "n")
        assert "Worst  2 of 3  case-7.jpg" in text_of(app)
        assert view.look.shots[1].image.sha256 == made.sha("train washer 0")
        await press(pilot, "N", "N")
        assert told(app)[0].endswith("This is the first case.")
        await press(pilot, "G", "n")
        assert told(app)[0].endswith("This is the last case.")
        await press(pilot, "escape")
        assert "Figures on 40" in text_of(app)


async def test_a_picture_in_full_leads_back_to_its_case(root: Path) -> None:
    filled(root, "classify")
    app = BinScoutApp(root)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        await press(pilot, "w", "enter")
        full = screen.query_one(CaseFull)
        assert screen.level == "full"
        assert full.picture.path is not None
        assert made.sha("case 20") in full.picture.path.name
        assert full.picture.size.width == SIZE[0]
        await press(pilot, "n")
        assert "2 of 2  M2 screw looks like this" in text_of(app)
        await press(pilot, "plus")
        assert full.picture.is_zoomed
        await press(pilot, "0", "home", "n", "n")
        assert told(app)[0].endswith("This is the last picture.")
        await press(pilot, "b")
        assert told(app)[0].endswith("Nothing is drawn on this picture.")
        await press(pilot, "escape")
        assert screen.level == "case"
        assert screen.query_one(CaseStrip).cursor == 1
        await press(pilot, "q", "q")
        assert app.current_mode == "training"


async def test_from_a_mistake_one_goes_to_label_and_back(root: Path) -> None:
    filled(root, "classify")
    app = BinScoutApp(root)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await press(pilot, "w", "n", "l")
        assert app.current_mode == "label"
        wanted = await app.workspace.db.read(images.by_hash, made.sha("case 7"))
        assert app.screen.candidate.image.id == wanted.id
        before = app.screen.desk.upcoming[0].image.id
        assert before != wanted.id
        await opened(pilot)
        assert app.screen.level == "case"
        assert "Worst  2 of 3" in text_of(app)


async def test_label_says_that_an_image_it_was_sent_to_is_gone(root: Path) -> None:
    filled(root, "classify")
    app = BinScoutApp(root)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, "label")
        here = app.screen.candidate.image.id
        app.go_to("home")
        await settle(pilot)
        app.go_to("label", sought="image:9999")
        await settle(pilot)
        assert told(app)[0].endswith("Image 9999 is not there to be labelled any more.")
        assert app.screen.candidate.image.id == here


async def test_an_image_that_is_gone_is_said_and_nothing_can_be_done_with_it(root: Path) -> None:
    filled(root, "classify")
    with Workspace(root) as ws:
        digest = made.sha("case 20")
        found = ws.db.read(images.by_hash, digest)
        assert found is not None
        ws.db.write(images.trash, ws.user.uid, [found.id])
        ws.db.write(_purge, made.sha("case 7"))
        for file in ws.paths.previews.rglob(f"{made.sha('case 7')}-*.jpg"):
            file.unlink()
    app = BinScoutApp(root)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await press(pilot, "w", "l")
        assert told(app)[0].endswith("This image is in the trash; restore it first.")
        await press(pilot, "n")
        assert "not in the workspace any more" in text_of(app)
        await press(pilot, "enter")
        assert told(app)[0].endswith("This image is not in the workspace any more.")


async def test_candidates_of_a_set_say_which_was_kept_and_which_the_model_keeps(root: Path) -> None:
    filled(root, "select")
    app = BinScoutApp(root)
    async with app.run_test(size=(160, 50)) as pilot:
        screen = await opened(pilot)
        assert "top-1" in text_of(app)
        await press(pilot, "w")
        view = screen.query_one(CaseView)
        titles = [shot.title for shot in view.look.shots]
        assert titles == ["1 the model's", "2 kept"]
        assert [len(shot.crops) for shot in view.look.shots] == [0, 2]
        frames = screen.query_one(CaseStrip).frames
        assert [(frame.has_class("truth"), frame.has_class("said")) for frame in frames[:2]] == [
            (False, True),
            (True, False),
        ]
        assert [box.dashed for box in frames[1].picture._boxes] == [False, True]
        assert screen.query_one(CaseStrip).cursor == 0
        await press(pilot, "right", "b")
        assert screen.query_one(CaseStrip).cursor == 1
        assert frames[1].picture._boxes == ()
        await press(pilot, "l")
        assert "only those of a classifier are labelled here" in told(app)[0]


async def test_counted_things_are_drawn_as_points(root: Path) -> None:
    filled(root, "count")
    app = BinScoutApp(root)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        assert "mean error" in text_of(app)
        assert "less is better" in text_of(app)
        await press(pilot, "w")
        assert "there are 3, the model counts 5 (+2)" in text_of(app)
        points = screen.query_one(CaseStrip).frames[0].picture._points
        assert len({(point.x, point.y) for point in points}) == 5
        assert len(points) == 3 + 5
        await press(pilot, "enter")
        assert len(screen.query_one(CaseFull).picture._points) == 3 + 5
        await press(pilot, "b")
        assert screen.query_one(CaseFull).picture._points == ()


async def test_another_run_is_chosen_from_a_list_and_the_place_is_kept(root: Path) -> None:
    filled(root, "classify", "count")
    app = BinScoutApp(root)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        assert "count-1  count" in text_of(app)
        await press(pilot, "v")
        assert "no other finished run of this task" in told(app)[0]
        await pilot.press("r")
        await pilot.pause(0.2)
        assert "classify-1           accuracy .93" in text_of(app)
        await press(pilot, "down", "enter")
        assert "classify-1  classify · parts · tiny" in text_of(app)
    again = BinScoutApp(root, opening=Opening("report"))
    async with again.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert "classify-1  classify" in text_of(again)


async def test_a_damaged_report_is_said_in_its_place(root: Path) -> None:
    (run_id,) = filled(root, "classify")
    with Workspace(root) as ws:
        (ws.paths.run(run_id) / "report.json").write_text("{")
    app = BinScoutApp(root)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        assert "cannot be read" in text_of(app)
        await press(pilot, "w")
        assert "No report is shown" in told(app)[0]


async def test_two_runs_stand_side_by_side(root: Path) -> None:
    filled(root, "classify", "classify")
    app = BinScoutApp(root)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("v")
        await pilot.pause(0.2)
        assert "Compare classify-2 with" in text_of(app)
        await press(pilot, "enter")
        assert app.current_mode == "versus"
        assert isinstance(app.screen, VersusScreen)
        text = text_of(app)
        assert "classify-1 → classify-2 on the 40 test images that both were asked" in text
        assert "+0.025" in text
        assert "✓      2  fixed: wrong before, right now" in text
        await press(pilot, "enter")
        assert "Fixed  1 of 2  case-20.jpg" in text_of(app)
        assert "is washer: M2 screw 0.55 → washer 0.55" in text_of(app)
        await press(pilot, "escape", "j", "enter")
        assert "Broken  1 of 1  case-8.jpg" in text_of(app)
        await press(pilot, "escape", "s")
        assert "classify-2 → classify-1" in text_of(app)
        assert "✓      1  fixed" in text_of(app)
        await press(pilot, "escape")
        assert app.current_mode == "report"
        kept = await app.workspace.db.read(places.get, app.workspace.user.uid, "versus")
        assert (kept["before"], kept["after"]) == ("classify-2", "classify-1")


async def test_runs_that_cannot_be_compared_say_why(root: Path) -> None:
    filled(root, "classify", "count")
    with Workspace(root) as ws:
        ws.db.write(places.keep, ws.user.uid, "versus", {"before": "classify-1", "after": "count-1"})
    app = BinScoutApp(root)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, "versus")
        assert "only runs of one task can be compared" in " ".join(text_of(app).split())
        await press(pilot, "enter")
        assert "No runs are compared" in told(app)[0]


@pytest.mark.parametrize("size", [(80, 24), (160, 50), (40, 14)])
async def test_names_of_strangers_are_shown_as_they_are(root: Path, size: tuple[int, int]) -> None:
    (run_id,) = filled(root, "classify")
    with Workspace(root) as ws:
        file = ws.paths.run(run_id) / "cases.jsonl"
        file.write_text(file.read_text().replace('"said": "washer"', '"said": "[red]x[/] \\u001b[2J"'))
    app = BinScoutApp(root)
    async with app.run_test(size=size) as pilot:
        await opened(pilot)
        await press(pilot, "w", "n")
        if size[0] >= 80:
            assert "[red]x[/] \\x1b[2J" in text_of(app)
        assert "\x1b" not in text_of(app)


async def test_a_preview_that_is_gone_is_made_again(root: Path, tmp_path: Path) -> None:
    (run_id,) = filled(root, "classify")
    (image_id,) = add_files(root, tmp_path / "photos", 1)
    with Workspace(root) as ws:
        found = ws.db.read(images.get, image_id)
        file = ws.paths.run(run_id) / "cases.jsonl"
        file.write_text(file.read_text().replace(made.sha("case 20"), found.sha256))
    app = BinScoutApp(root)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        await press(pilot, "w")
        frame = screen.query_one(CaseStrip).frames[0]
        assert found.sha256 in frame.picture.path.name
        while frame.picture.state != "shown":
            await pilot.pause(0.05)
        assert not [line for line in told(app) if "✗" in line]
