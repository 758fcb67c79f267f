"""Item Capture with keys alone: what is captured for, the queue, retakes, failures, coverage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from binscout_tui.app import BinScoutApp
from binscout_tui.capture.instance import only_instance
from binscout_tui.dialogs.coverage import Coverage
from binscout_tui.dialogs.pick import Pick
from binscout_tui.screens.capture import CaptureScreen
from binscout_tui.store import capture_sources, compartments, journal
from binscout_tui.workspace import Workspace

from . import captures as made
from .deciding import decide, open_area, press, ready
from .driving import screen_text, settle, told


@pytest.fixture(autouse=True)
def no_runner(root: Path) -> Iterator[None]:
    """The test is the process that takes pictures: it holds the lock, so that the app starts none."""
    with only_instance(root):
        yield


def screen(app: BinScoutApp) -> CaptureScreen:
    """The capture screen."""
    assert isinstance(app.screen, CaptureScreen)
    return app.screen


def here(app: BinScoutApp) -> int | None:
    """The capture on the desk."""
    found = screen(app).capture
    return found.id if found else None


def text(app: BinScoutApp) -> str:
    """The whole screen as text."""
    return "\n".join(screen_text(app))


async def until(pilot: Pilot[int], holds: Callable[[], object]) -> None:
    """Wait for what another process, played by the test, has brought about."""
    async with asyncio.timeout(10):
        while not holds():
            await pilot.pause(0.01)
    await settle(pilot)


async def test_the_happy_path_takes_two_keys_a_picture(app: BinScoutApp, root: Path) -> None:
    made.add_source(root)
    ids = [
        made.add_place(root, code, item) for code, item in (("A1", "M2 screw"), ("A2", "M3 screw"), ("A3", "washer"))
    ]
    async with app.run_test() as pilot:
        await open_area(pilot, "capture", empty=True)
        await press(pilot, "c", *"a1", "enter")
        assert "drawer A · A1  →  M2 screw  (placement)" in screen_text(app)[1]
        assert "have 0 of 30" in screen_text(app)[1]
        for number, compartment in enumerate(ids):
            await press(pilot, "space")
            assert [(one.compartment_id, one.replaces) for one in made.asked(root)] == [(compartment, None)]
            taken = made.take(root, number)
            await until(pilot, lambda taken=taken: here(app) == taken)
            assert "sharp    ✓" in text(app)
            await decide(pilot, "enter")
            await settle(pilot)
            assert made.capture(root, taken or 0).state == "accepted"
            assert made.withheld(root, taken or 0) is None
        assert "drawer A · A1  →  M2 screw" in screen_text(app)[1]
        assert "have 1 of 30" in screen_text(app)[1]
        assert "accepted 3" in text(app)


async def test_a_picture_that_is_there_shows_at_once_and_enter_accepts_it_for_what_is_chosen(
    app: BinScoutApp, root: Path
) -> None:
    made.add_source(root, kind="inbox", config={"path": "/photos"})
    made.add_place(root, "A1", "M2 screw")
    first, second = made.stage(root, 1, 2)
    async with app.run_test() as pilot:
        await open_area(pilot, "capture")
        assert here(app) == first
        await press(pilot, "c", *"A1", "enter")
        assert made.capture(root, first).item == "M2 screw"
        await decide(pilot, "enter")
        await ready(pilot)
        assert here(app) == second
        await decide(pilot, "enter")
        await settle(pilot)
        assert [made.capture(root, one).item for one in (first, second)] == ["M2 screw", "M2 screw"]
        assert "Ready for pictures" in text(app)


async def test_a_code_in_the_picture_chooses_the_compartment_for_those_that_follow(
    app: BinScoutApp, root: Path
) -> None:
    made.add_place(root, "A1", "M2 screw")
    b3 = made.add_place(root, "B3", "washer")
    label = made.stage(root, 1, compartment_id=b3, codes=["B3"])[0]
    plain = made.stage(root, 2)[0]
    async with app.run_test() as pilot:
        await open_area(pilot, "capture")
        assert "drawer A · B3  →  washer" in screen_text(app)[1] or "B3  →  washer" in screen_text(app)[1]
        await decide(pilot, "enter", "enter")
        await settle(pilot)
        assert [made.capture(root, one).compartment for one in (label, plain)] == ["B3", "B3"]


async def test_what_arrives_never_takes_the_place_of_what_is_looked_at(app: BinScoutApp, root: Path) -> None:
    first = made.stage(root, 1)[0]
    async with app.run_test() as pilot:
        await open_area(pilot, "capture")
        more = made.stage(root, 2, 3)
        await until(pilot, lambda: "staged 3" in text(app))
        assert here(app) == first
        assert "1 of 3 staged" in text(app)
        await press(pilot, "n")
        assert here(app) == more[0]
        await press(pilot, "N")
        assert here(app) == first


async def test_keys_decide_only_on_the_picture_that_was_on_the_screen(app: BinScoutApp, root: Path) -> None:
    ids = made.stage(root, *range(6))
    async with app.run_test() as pilot:
        await open_area(pilot, "capture")
        for _ in range(5):
            app.post_message(events.Key("enter", "\r"))
        await settle(pilot)
        await ready(pilot)
        accepted = [one for one in ids if made.states(root)[one] == "accepted"]
        assert accepted == ids[:1]
        assert "4 early keys not taken" in text(app)


async def test_retaking_supersedes_and_follows_any_number_of_times(app: BinScoutApp, root: Path) -> None:
    made.add_source(root)
    first = made.stage(root, 1)[0]
    async with app.run_test() as pilot:
        await open_area(pilot, "capture")
        chain = [first]
        for number in (2, 3):
            await decide(pilot, "r")
            await settle(pilot)
            assert [one.replaces for one in made.asked(root)] == [chain[-1]]
            newer = made.take(root, number) or 0
            await until(pilot, lambda newer=newer: here(app) == newer)
            await ready(pilot)
            chain.append(newer)
        assert "attempt 3, replaces" in text(app)
        await decide(pilot, "enter")
        await settle(pilot)
        assert list(made.states(root).values()) == ["superseded", "superseded", "accepted"]
        assert [made.withheld(root, one) for one in chain] == ["superseded", "superseded", None]


async def test_an_accepted_one_is_retaken_later_with_a_reason(app: BinScoutApp, root: Path) -> None:
    made.add_source(root)
    first, second = made.stage(root, 1, 2)
    async with app.run_test() as pilot:
        await open_area(pilot, "capture")
        await decide(pilot, "enter", "enter")
        await press(pilot, "f")
        assert here(app) == second
        await press(pilot, "N")
        assert here(app) == first
        await ready(pilot)
        await press(pilot, "R", *"shadow", "enter")
        newer = made.take(root, 3) or 0
        await until(pilot, lambda: here(app) == newer)
        assert made.states(root) == {first: "superseded", second: "accepted", newer: "staged"}
        assert made.capture(root, newer).reason == "shadow"
        assert 'why: "shadow"' in text(app)


async def test_with_an_inbox_the_next_picture_is_the_retake(app: BinScoutApp, root: Path) -> None:
    made.add_source(root, "drop", "inbox", {"path": "/photos"})
    first = made.stage(root, 1)[0]
    async with app.run_test() as pilot:
        await open_area(pilot, "capture")
        await decide(pilot, "r")
        await settle(pilot)
        assert f"the next picture in drop replaces #{first}" in text(app)
        await press(pilot, "space")
        assert "An inbox needs no key" in "\n".join(told(app))
        newer = made.take(root, 2) or 0
        await until(pilot, lambda: here(app) == newer)


async def test_undo_and_redo_walk_over_accepting_rejecting_and_choosing(app: BinScoutApp, root: Path) -> None:
    made.add_place(root, "A1", "M2 screw")
    first, second = made.stage(root, 1, 2)
    async with app.run_test() as pilot:
        await open_area(pilot, "capture")
        await decide(pilot, "x", "enter")
        await settle(pilot)
        assert made.states(root) == {first: "rejected", second: "accepted"}
        await press(pilot, "z")
        assert here(app) == second
        await press(pilot, "z")
        assert here(app) == first
        assert set(made.states(root).values()) == {"staged"}
        await press(pilot, "Z", "Z")
        assert made.states(root) == {first: "rejected", second: "accepted"}
        await press(pilot, "Z")
        assert "There is nothing to redo." in "\n".join(told(app))


async def test_a_shot_that_fails_is_told_and_kept_and_tried_again(app: BinScoutApp, root: Path) -> None:
    made.add_source(root)
    async with app.run_test() as pilot:
        await open_area(pilot, "capture", empty=True)
        await press(pilot, "space")
        made.refuse(root, "The camera does not answer.")
        await until(pilot, lambda: "No picture: The camera does not answer." in "\n".join(told(app)))
        await until(pilot, lambda: "failed 1" in text(app))
        await press(pilot, "F", "F")
        assert "The camera does not answer." in text(app)
        await ready(pilot)
        await press(pilot, "e")
        assert "(camera)" in text(app)
        await press(pilot, "escape")
        await ready(pilot)
        await press(pilot, "y")
        failed = here(app)
        assert [one.capture_id for one in made.asked(root)] == [failed]
        assert made.take(root, 1) == failed
        await until(pilot, lambda: "staged 1" in text(app))
        assert made.states(root) == {failed: "staged"}


async def test_all_failures_are_tried_again_and_one_is_put_aside(app: BinScoutApp, root: Path) -> None:
    source = made.add_source(root)
    ids = [made.fail(root, f"{number}.jpg", source_id=source) for number in range(3)]
    async with app.run_test() as pilot:
        await open_area(pilot, "capture", empty=True)
        await press(pilot, "F", "F")
        assert here(app) == ids[2]
        assert "The file ends too early." in text(app)
        await ready(pilot)
        await press(pilot, "enter")
        assert "There is no picture to accept" in "\n".join(told(app))
        await press(pilot, "x")
        assert made.states(root)[ids[2]] == "rejected"
        await press(pilot, "Y")
        assert [one.capture_id for one in made.asked(root)] == [ids[1], ids[0]]


async def test_all_without_warnings_are_accepted_after_a_question_and_one_undo_takes_them_back(
    app: BinScoutApp, root: Path
) -> None:
    fine = made.stage(root, 1, 2, 3)
    warned = made.stage(root, 4, checks=made.WARNED)[0]
    async with app.run_test() as pilot:
        await open_area(pilot, "capture")
        await press(pilot, "A")
        assert "Accept 3 pictures that no check warns of?" in text(app)
        assert "1 picture with a warning stays staged" in text(app)
        await press(pilot, "enter")
        assert set(made.states(root).values()) == {"staged"}
        await ready(pilot)
        await press(pilot, "A", "y")
        assert [made.states(root)[one] for one in fine] == ["accepted"] * 3
        assert here(app) == warned
        assert "blurred or" in text(app)
        await press(pilot, "z")
        assert set(made.states(root).values()) == {"staged"}


async def test_every_state_has_its_filter_and_keeps_its_place(app: BinScoutApp, root: Path) -> None:
    ids = made.stage(root, *range(5))
    async with app.run_test() as pilot:
        await open_area(pilot, "capture")
        await decide(pilot, "enter", "x", "n")
        await ready(pilot)
        assert here(app) == ids[3]
        seen = []
        for _ in range(6):
            await press(pilot, "f")
            seen.append(here(app))
        assert seen == [ids[0], None, ids[1], None, ids[4], ids[3]]
        assert "No capture is superseded" not in text(app)


async def test_coverage_leads_to_what_needs_most(app: BinScoutApp, root: Path) -> None:
    made.add_source(root)
    made.add_place(root, "A1", "few", target=2)
    made.add_place(root, "B2", "many", target=50)
    async with app.run_test() as pilot:
        await open_area(pilot, "capture", empty=True)
        await press(pilot, "w")
        assert isinstance(app.screen, Coverage)
        rows = [row for row in screen_text(app) if "few" in row or "many" in row]
        assert "many" in rows[0]
        assert "50" in rows[0]
        await press(pilot, "down", "enter")
        assert "A1  →  few" in screen_text(app)[1]
        assert "have 0 of 2" in screen_text(app)[1]
        await press(pilot, "w", "w")
        assert isinstance(app.screen, CaptureScreen)


async def test_a_scanner_loses_no_key(app: BinScoutApp, root: Path) -> None:
    for number in range(40):
        made.add_place(root, f"BIN-{number:04}-XY")
    async with app.run_test() as pilot:
        await open_area(pilot, "capture", empty=True)
        for number in (7, 39, 12):
            for letter in ("c", *f"BIN-{number:04}-XY"):
                app.post_message(events.Key("minus" if letter == "-" else letter, letter))
            app.post_message(events.Key("enter", "\r"))
            await until(pilot, lambda number=number: f"BIN-{number:04}-XY  →" in text(app))
            assert isinstance(app.screen, CaptureScreen)


async def test_what_is_typed_behind_a_scan_is_carried_out_after_it(app: BinScoutApp, root: Path) -> None:
    made.add_source(root)
    place = made.add_place(root, "A1")
    async with app.run_test() as pilot:
        await open_area(pilot, "capture", empty=True)
        for key, letter in (("c", "c"), ("A", "A"), ("1", "1"), ("enter", "\r"), ("space", " ")):
            app.post_message(events.Key(key, letter))
        await until(pilot, lambda: made.asked(root))
        assert [one.compartment_id for one in made.asked(root)] == [place]


async def test_a_code_that_nobody_knows_is_asked_about_and_can_be_made(app: BinScoutApp, root: Path) -> None:
    made.add_place(root, "A1")
    async with app.run_test() as pilot:
        await open_area(pilot, "capture", empty=True)
        await press(pilot, "c", *"C7", "enter")
        assert isinstance(app.screen, Pick)
        assert "Enter again makes it" in text(app)
        await press(pilot, "enter")
        await press(pilot, "i", *"washer", "enter", "enter")
        assert "C7  →  washer  (chosen)" in screen_text(app)[1]
        await press(pilot, "p")
        assert "C7  →  washer  (placement)" in screen_text(app)[1]
        found = await app.workspace.db.read(compartments.by_code, "C7")
        assert found is not None
        assert found.item == "washer"


async def test_an_item_chosen_for_the_picture_on_the_desk_can_be_noted_as_living_there(
    app: BinScoutApp, root: Path
) -> None:
    made.add_place(root, "A1")
    made.stage(root, 1)
    async with app.run_test() as pilot:
        await open_area(pilot, "capture")
        await press(pilot, "c", *"A1", "enter", "i", *"washer", "enter", "enter")
        assert "p notes that washer lives in A1" in text(app)
        await press(pilot, "p")
        assert "washer lives in A1 now" in text(app)


async def test_what_was_asked_for_before_a_restart_can_be_taken_back(app: BinScoutApp, root: Path) -> None:
    made.add_source(root, "desk", "inbox", {"path": str(root / "inbox")})
    (first,) = made.stage(root, 1)
    async with app.run_test() as pilot:
        await open_area(pilot, "capture")
        await decide(pilot, "r")
        assert [ask.replaces for ask in made.asked(root)] == [first]
    again = BinScoutApp(root)
    async with again.run_test() as pilot:
        await open_area(pilot, "capture")
        await decide(pilot, "r")
        assert any("take it back with Esc" in line for line in told(again))
        await press(pilot, "escape")
        await until(pilot, lambda: not made.asked(root))
        assert "is not wanted any more" in text(again)


async def test_without_a_source_one_key_makes_an_inbox(app: BinScoutApp, root: Path) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "capture", empty=True)
        assert "There is no source of pictures yet." in text(app)
        await press(pilot, "m")
        assert (root / "inbox").is_dir()
        found = await app.workspace.db.read(capture_sources.sources)
        assert [(one.kind, one.config["path"]) for one in found] == [("inbox", str(root / "inbox"))]
        assert "Ready for pictures" in text(app)


async def test_a_failing_source_says_why_and_another_is_chosen(app: BinScoutApp, root: Path) -> None:
    first, _ = made.add_source(root, "one"), made.add_source(root, "two")
    made.stage(root, 1)
    async with app.run_test(size=(120, 30)) as pilot:
        await open_area(pilot, "capture")
        with Workspace(root) as ws:
            ws.db.write(capture_sources.set_state, first, "failing", "unplugged")
        await until(pilot, lambda: "✗ one: unplugged" in text(app))
        await press(pilot, "s")
        assert "failing unplugged" in text(app)
        await press(pilot, *"two", "enter")
        assert "● two" in text(app)


async def test_the_place_survives_a_restart(root: Path) -> None:
    made.add_place(root, "A1", "M2 screw")
    ids = made.stage(root, 1, 2, 3)
    first = BinScoutApp(root)
    async with first.run_test() as pilot:
        await open_area(pilot, "capture")
        await press(pilot, "n", "c", *"A1", "enter")
    second = BinScoutApp(root)
    async with second.run_test() as pilot:
        await open_area(pilot, "capture")
        assert here(second) == ids[1]
        assert "A1  →  M2 screw" in screen_text(second)[1]


async def test_words_from_outside_are_shown_as_they_are(app: BinScoutApp, root: Path) -> None:
    bad = "[red]x[/] \x1b[31m\n$accent"
    made.add_place(root, "[b]A1[/]", "[i]nut[/i]")
    made.stage(root, 1, origin=bad, codes=[bad], checks={"findings": [{"check": "[u]", "sentence": bad}]})
    made.fail(root, bad)
    async with app.run_test(size=(130, 40)) as pilot:
        await open_area(pilot, "capture")
        await press(pilot, "c", *"[b]A1[/]", "enter")
        assert "[b]A1[/]  →  [i]nut[/i]" in screen_text(app)[1]
        assert "[red]x[/]" in text(app)
        assert "\x1b[31m" not in text(app)
        await press(pilot, "F")
        assert "[red]x[/]" in text(app)
        await press(pilot, "c")
        assert "[b]A1[/]" in text(app)


async def test_a_picture_that_cannot_be_shown_is_not_accepted(app: BinScoutApp, root: Path) -> None:
    found = made.stage(root, 1, previews=False)[0]
    async with app.run_test() as pilot:
        await open_area(pilot, "capture")
        await decide(pilot, "enter")
        assert "This picture cannot be shown" in "\n".join(told(app))
        assert made.states(root) == {found: "staged"}
        await press(pilot, "x")
        assert made.states(root) == {found: "rejected"}


async def test_who_retook_what_and_why_is_in_the_journal(app: BinScoutApp, root: Path) -> None:
    made.add_source(root)
    first = made.stage(root, 1)[0]
    async with app.run_test() as pilot:
        await open_area(pilot, "capture")
        await press(pilot, "R", *"blur", "enter")
        newer = made.take(root, 2) or 0
        await until(pilot, lambda: here(app) == newer)
        entries = await app.workspace.db.read(journal.history, area="capture")
        assert [(one.action, one.target, one.after["reason"]) for one in entries] == [("retake", newer, "blur")]
        assert made.states(root)[first] == "superseded"


async def test_without_a_model_the_other_half_says_what_is_missing(app: BinScoutApp, root: Path) -> None:
    made.stage(root, 1)
    async with app.run_test(size=(120, 30)) as pilot:
        await open_area(pilot, "capture")
        await press(pilot, "b")
        await until(pilot, lambda: "odel" in text(app))
        await press(pilot, "b")
        assert "being removed" not in text(app)


async def test_staying_keeps_the_compartment(app: BinScoutApp, root: Path) -> None:
    made.add_place(root, "A1", "M2 screw")
    made.add_place(root, "A2", "M3 screw")
    made.stage(root, 1)
    async with app.run_test() as pilot:
        await open_area(pilot, "capture")
        await press(pilot, "c", *"A1", "enter", "t")
        await decide(pilot, "enter")
        await settle(pilot)
        assert "A1  →  M2 screw  (placement)  stays here" in screen_text(app)[1]


async def test_a_shot_that_is_not_taken_yet_can_be_taken_back(app: BinScoutApp, root: Path) -> None:
    made.add_source(root, "drop", "inbox", {"path": "/photos"})
    first = made.stage(root, 1)[0]
    async with app.run_test() as pilot:
        await open_area(pilot, "capture")
        await decide(pilot, "r")
        await settle(pilot)
        assert [one.replaces for one in made.asked(root)] == [first]
        await press(pilot, "escape")
        assert made.asked(root) == []
        assert app.current_mode == "capture"
        await press(pilot, "escape")
        assert app.current_mode == "home"


async def test_home_leads_to_what_waits(app: BinScoutApp, root: Path) -> None:
    first, _ = made.stage(root, 1, 2)
    made.fail(root, "x.jpg")
    async with app.run_test() as pilot:
        await settle(pilot)
        assert "2 captures wait for accept or retake" in text(app)
        assert "1 capture failed" in text(app)
        while "▸" not in next(row for row in screen_text(app) if "2 captures wait" in row):
            await press(pilot, "j")
        await press(pilot, "enter")
        await ready(pilot)
        assert here(app) == first


async def test_what_looks_only_while_shown_looks_seldom_elsewhere(app: BinScoutApp, root: Path) -> None:
    async with app.run_test() as pilot:
        await open_area(pilot, "capture", empty=True)
        watcher = app.session._changes
        assert watcher is not None
        assert watcher.interval_s == 0.1
        await press(pilot, "f2")
        assert watcher.interval_s == 0.5


async def test_ten_thousand_wait_and_keys_go_on(app: BinScoutApp, root: Path) -> None:
    first = made.stage(root, 1)[0]
    made.stage_many(root, 10_000)
    last = made.stage(root, 2)[0]
    async with app.run_test() as pilot:
        await open_area(pilot, "capture")
        assert here(app) == first
        assert "1 of 10,002 staged" in text(app)
        await press(pilot, "G")
        assert here(app) == last
        assert "10,002 of 10,002 staged" in text(app)
        await press(pilot, "n")
        assert "This is the last capture." in "\n".join(told(app))
        await press(pilot, "g")
        assert here(app) == first


async def test_a_viewer_looks_and_decides_nothing(app: BinScoutApp, root: Path) -> None:
    found = made.stage(root, 1)[0]
    with Workspace(root) as ws:
        ws.db.connection.execute("UPDATE user SET role = 'viewer'")
    async with app.run_test() as pilot:
        await open_area(pilot, "capture")
        assert here(app) == found
        await decide(pilot, "enter")
        await settle(pilot)
        assert made.states(root) == {found: "staged"}
        assert "operator" in "\n".join(told(app))
