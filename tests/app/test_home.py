"""Home says what needs me, from the state of the workspace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.screens.home_rows import Entry, entries
from binscout_tui.screens.words import ago, bar, counted, duration, fraction
from binscout_tui.store import jobs, journal, labels, models, overview, places, runs, sets
from binscout_tui.workspace import Workspace

from .driving import press, screen_text, settle, told
from .filling import add_dataset, add_images, add_known_good, add_run, add_set, fill, finish_run, judge, label_images

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def shown(ws: Workspace) -> dict[str, Entry]:
    """What Home would show."""
    state = ws.db.read(overview.overview, ws.user.uid, "2020-01-01", "2019-12-25")
    return {entry.key: entry for entry in entries(state, NOW)}


def test_an_empty_workspace_says_what_to_run_first(root: Path) -> None:
    with Workspace(root) as ws:
        found = shown(ws)
    assert list(found) == ["empty", "today"]
    assert any("binscout demo" in hint for hint in found["empty"].hints)
    assert found["empty"].area == "capture"


def test_work_waits(root: Path) -> None:
    with Workspace(root) as ws:
        ids = add_images(ws, 7)
        label_images(ws, ids[:3])
        add_set(ws, ids[3:6])
        ws.db.write(places.keep, ws.user.uid, "label", {"image": ids[3]})
        found = shown(ws)
    assert found["labels"].text == "4 images are unlabelled"
    assert (found["sets"].text, found["sets"].area) == ("1 set waits for a choice", "select")
    assert "Label · 4 images left" in found["continue"].text
    assert found["dataset"].area == "training"
    assert found["today"].text.startswith("3 labels · 0 sets")


def test_todays_figures_take_back_what_was_undone(root: Path) -> None:
    with Workspace(root) as ws:
        label_images(ws, add_images(ws, 3))
        ws.db.write(journal.undo, ws.user.uid, "label")
        ws.db.write(journal.undo, ws.user.uid, "label")
        ws.db.write(journal.redo, ws.user.uid, "label")
        state = ws.db.read(overview.overview, ws.user.uid, "2020-01-01", "2019-12-25")
        assert state.labelled == overview.Done(today=2, daily_mean=0)
        later = ws.db.read(overview.overview, ws.user.uid, "2999-01-01", "2020-01-01")
        assert later.labelled == overview.Done(today=0, daily_mean=2 / 7)


def test_a_failed_run_is_told_until_a_later_one_is_done(root: Path) -> None:
    with Workspace(root) as ws:
        dataset_id = add_dataset(ws)
        failed = add_run(ws, dataset_id, state="failed", error="The disk is full.\nmore")
        entry = shown(ws)[f"run:{failed}"]
        assert entry.text == f"run {failed} failed: The disk is full."
        assert (entry.area, entry.place) == ("training", {"run": failed})
        add_run(ws, dataset_id, state="done")
        assert f"run:{failed}" not in shown(ws)


def test_a_model_asks_for_the_gate_then_for_activation_then_is_quiet(root: Path) -> None:
    with Workspace(root) as ws:
        ids = add_images(ws, 3)
        label_images(ws, ids)
        run_id = add_run(ws, add_dataset(ws), state="done")
        finish_run(ws, run_id)
        assert "no known-good images" in shown(ws)["known_good"].text
        add_known_good(ws, ids)
        key = f"model:{run_id}"
        assert "has not stood at the gate" in shown(ws)[key].text
        judge(ws, run_id, passed=False)
        assert "did not pass the gate" in shown(ws)[key].text
        judge(ws, run_id, passed=True)
        assert "passed the gate and is not active" in shown(ws)[key].text
        ws.db.write(models.activate, ws.user.uid, run_id, ws.settings.gate)
        assert key not in shown(ws)
        assert shown(ws)["calm"].text == "Nothing needs you now."


def test_files_that_went_are_told(root: Path) -> None:
    from binscout_tui.store import images

    with Workspace(root) as ws:
        ids = add_images(ws, 3, storage="in_place")
        ws.db.write(images.set_health, ids[0], "missing")
        ws.db.write(images.set_health, ids[1], "changed")
        found = shown(ws)
    assert found["health:missing"].text == "1 original gone from its place"
    assert found["health:changed"].text == "1 original changed since the import"


def test_a_running_job_shows_how_far_it_is(root: Path) -> None:
    with Workspace(root) as ws:
        run_id = add_run(ws, add_dataset(ws), state="running")
        job = ws.db.read(runs.get, run_id).job
        ws.db.write(jobs.beat, job.id, 7, 20, "epoch 7/20")
        text = str(shown(ws)[f"job:{job.id}"].text)
        assert f"train {run_id}" in text
        assert "35 %  epoch 7/20" in text
        ws.db.write(jobs.ask_cancel, job.id)
        assert "cancelling" in str(shown(ws)[f"job:{job.id}"].text)


async def test_enter_goes_to_what_the_row_is_about(root: Path) -> None:
    with Workspace(root) as ws:
        dataset_id = add_dataset(ws)
        failed = add_run(ws, dataset_id, state="failed", error="No space.")
        add_run(ws, dataset_id, state="cancelled")
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        assert app.current_mode == "training"
        assert any(f"▸ {failed}" in row for row in screen_text(app))


async def test_a_row_that_leads_nowhere_says_so(app: BinScoutApp) -> None:
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "down", "enter")
        assert told(app)[0].endswith("There is nothing to open on this row.")


async def test_without_a_target_a_calm_row_leads_to_the_backups(root: Path) -> None:
    app = BinScoutApp(root)
    async with app.run_test(size=(100, 24)) as pilot:
        await settle(pilot)
        assert not any("backups" in row for row in screen_text(app)), "nothing is there that could be lost"
        with Workspace(root) as ws:
            add_images(ws, 4)
        while not any("· no target for backups yet" in row for row in screen_text(app)):
            await pilot.pause(0.02)
        await press(pilot, "down")
        assert any("▸" in row and "no target for backups" in row for row in screen_text(app))
        await press(pilot, "enter")
        assert app.current_mode == "backups"


async def test_new_rows_above_do_not_move_the_cursor(root: Path) -> None:
    with Workspace(root) as ws:
        add_images(ws, 4)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "end")
        assert any("▸ Today" in row for row in screen_text(app))
        with Workspace(root) as ws:
            add_run(ws, add_dataset(ws), state="failed", error="x")
        while not any("failed" in row for row in screen_text(app)):
            await pilot.pause(0.02)
        assert any("▸ Today" in row for row in screen_text(app))


async def test_a_full_home_fits_80_columns(root: Path) -> None:
    fill(root)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        rows = screen_text(app)
        assert all(len(row) == 80 for row in rows)
        text = "\n".join(rows)
        for words in ("36 images are unlabelled", "8 sets wait", "screws-5", "24 labels", "⟳ 1 job"):
            assert words in text


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "just now"), (720, "12 min ago"), (7200, "2 h ago"), (200_000, "2 d ago")]
)
def test_ago(seconds: int, words: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_words() -> None:
    assert counted(1, "set", "waits") == "1 set waits"
    assert counted(2431, "image", "") == "2,431 images"
    assert bar(0.5, 4) == "▓▓░░"
    assert [duration(s) for s in (12, 240, 4800)] == ["12 s", "4 min", "1 h 20 min"]
    assert [fraction(v) for v in (0.814, 0.999, None)] == [".81", "1.0", "-"]


def test_sets_chosen_today_count(root: Path) -> None:
    with Workspace(root) as ws:
        ids = add_images(ws, 3)
        ws.db.write(sets.choose, ws.user.uid, add_set(ws, ids), ids[1])
        ws.db.write(labels.add_class, "x")
        assert shown(ws)["today"].text.startswith("0 labels · 1 set ")


async def test_the_next_step_fits_80_columns(root: Path) -> None:
    with Workspace(root) as ws:
        label_images(ws, add_images(ws, 1200))
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert any("1,200 images labelled; d in Training makes a dataset" in row for row in screen_text(app))
