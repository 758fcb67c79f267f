"""Training: following a run, the log's cursor, starting, cancelling, going on."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.errors import BinScoutError
from binscout_tui.operations import gating
from binscout_tui.screens.run_panel import RunPanel
from binscout_tui.screens.training import TrainingScreen
from binscout_tui.screens.training_rows import dataset_option
from binscout_tui.store import datasets, jobs, places, runs
from binscout_tui.widgets.log_view import LogView
from binscout_tui.workspace import Workspace

from .driving import press, screen_text, settle, told
from .filling import add_dataset, add_images, add_run, fill, finish_run, judge, label_images, write_events


async def open_training(pilot: Any) -> TrainingScreen:
    """Go to Training and wait until it is loaded."""
    await settle(pilot)
    await press(pilot, "f6")
    return pilot.app.screen


async def until(pilot: Any, words: str) -> None:
    """Wait until the screen shows `words`."""
    while not any(words in row for row in screen_text(pilot.app)):
        await pilot.pause(0.02)


async def until_gone(pilot: Any, words: str) -> None:
    """Wait until the screen does not show `words`."""
    while any(words in row for row in screen_text(pilot.app)):
        await pilot.pause(0.02)


async def test_nothing_to_train_on_says_what_to_do(app: BinScoutApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_training(pilot)
        assert any("make a dataset of the labelled images" in row for row in screen_text(app))
        await press(pilot, "n")
        assert "There is no dataset yet" in told(app)[0]


async def test_a_running_run_shows_progress_figures_and_log(root: Path) -> None:
    fill(root)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_training(pilot)
        await until(pilot, "epoch 7/20  ▓▓")
        await until(pilot, "network so far 0.876")
        text = "\n".join(screen_text(app))
        assert "▸ screws-5   ⟳  7/20" in text
        assert "screws-1   ✗" in text
        assert "4 min left" in text
        assert "↓ following" in text
        await press(pilot, "down")
        await until(pilot, "test accuracy .87 (majority .33, simple .64)")
        text = "\n".join(screen_text(app))
        assert "on the test images" in text
        assert "this model ▓" in text
        assert "network so far" not in text


async def test_new_lines_arrive_while_one_looks(root: Path) -> None:
    with Workspace(root) as ws:
        run_id = add_run(ws, add_dataset(ws), state="running")
        folder = ws.paths.run(run_id)
        write_events(folder, 1)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_training(pilot)
        await until(pilot, "epoch 1/20")
        write_events(folder, 3)
        await until(pilot, "epoch 3/20")


async def test_clear_holds_over_a_restart_and_show_all_brings_it_back(root: Path) -> None:
    with Workspace(root) as ws:
        run_id = add_run(ws, add_dataset(ws), state="running")
        folder = ws.paths.run(run_id)
        write_events(folder, 2)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_training(pilot)
        await until(pilot, "val_acc 0.565")
        await press(pilot, "C")
        await until_gone(pilot, "val_acc 0.565")
        await until(pilot, "Cleared; A shows all.")
        kept = await app.workspace.db.read(runs.read_cursor, app.workspace.user.uid, run_id)
        assert kept["offset"] == (folder / "events.jsonl").stat().st_size
    again = BinScoutApp(root)
    async with again.run_test(size=(80, 24)) as pilot:
        await open_training(pilot)
        await until(pilot, "log, cleared")
        assert not any("val_acc" in row for row in screen_text(again))
        await press(pilot, "A")
        await until(pilot, "val_acc 0.565")
        await settle(pilot)
        assert await again.workspace.db.read(runs.read_cursor, again.workspace.user.uid, run_id) is None


async def test_scrolled_back_says_so_until_follow(root: Path) -> None:
    fill(root)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_training(pilot)
        await until(pilot, "↓ following")
        await press(pilot, "pageup")
        await until(pilot, "not following")
        await press(pilot, "f")
        await until(pilot, "↓ following")
        assert screen.query_one(LogView).following


async def test_the_place_comes_back(root: Path) -> None:
    fill(root)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_training(pilot)
        await press(pilot, "down", "down")
        assert await app.workspace.db.read(places.get, app.workspace.user.uid, "training") == {"run": "screws-3"}
    again = BinScoutApp(root)
    async with again.run_test(size=(80, 24)) as pilot:
        await open_training(pilot)
        assert any("▸ screws-3" in row for row in screen_text(again))


async def test_cancel_asks_first_and_enter_alone_does_not(root: Path) -> None:
    with Workspace(root) as ws:
        run_id = add_run(ws, add_dataset(ws), state="running")
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_training(pilot)
        job = (await app.workspace.db.read(runs.get, run_id)).job

        async def asked() -> bool:
            return (await app.workspace.db.read(jobs.get, job.id)).cancel_asked

        await press(pilot, "x")
        assert any(f"Cancel {run_id}?" in row for row in screen_text(app))
        await press(pilot, "enter")
        assert not await asked()
        await press(pilot, "x", "y")
        await until(pilot, "cancelling")
        assert await asked()
        await press(pilot, "x")
        assert told(app)[0].endswith(f"{run_id} is being cancelled.")


async def test_a_failed_run_goes_on(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launched: list[int] = []
    monkeypatch.setattr("binscout_tui.jobs.control.launch", lambda root, job_id: launched.append(job_id))
    with Workspace(root) as ws:
        run_id = add_run(ws, add_dataset(ws), state="failed", error="The disk is full.")
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_training(pilot)
        assert any("✗ failed  The disk is full." in row for row in screen_text(app))
        await press(pilot, "r")
        job = (await app.workspace.db.read(runs.get, run_id)).job
        assert (job.state, launched) == ("queued", [job.id])
        await until(pilot, "◌ queued")


async def test_a_dataset_is_made_of_the_labelled_images(root: Path) -> None:
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_training(pilot)
        await press(pilot, "d", "enter")
        while "No image has a label yet" not in "".join(told(app)):
            await pilot.pause(0.02)
        with Workspace(root) as other:
            label_images(other, add_images(other, 36))
        await press(pilot, "d", "backspace", *"screws", "enter")
        while "screws: 36 images" not in "".join(told(app)):
            await pilot.pause(0.02)
        found = await app.workspace.db.read(datasets.latest)
        assert [(one.name, sorted(one.counts)) for one in found] == [("screws", ["M2 screw", "M3 screw", "washer"])]
        assert any("n starts one on a dataset." in row for row in screen_text(app))


async def test_a_new_run_is_entered_and_launched(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launched: list[int] = []
    asked: dict[str, Any] = {}

    def enqueue(db: Any, paths: Any, uid: int, **wanted: Any) -> tuple[str, int]:
        asked.update(wanted)
        config = {"preset": wanted["preset"], "epochs": wanted["epochs"]}
        job_id = runs.add(db, uid, "screws-1", task="classify", dataset_id=wanted["dataset"], config=config)
        return "screws-1", job_id

    monkeypatch.setattr("binscout_tui.jobs.launch.launch", lambda root, job_id: launched.append(job_id))
    monkeypatch.setattr("binscout_tui.operations.training.enqueue", enqueue)
    with Workspace(root) as ws:
        dataset_id = add_dataset(ws)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_training(pilot)
        await press(pilot, "n")
        assert any("3 classes · 4 train · 4 val · 4 test" in row for row in screen_text(app))
        await press(pilot, "down", "right", "left", "down", "down", *"0", "enter")
        assert any("epochs is a number" in row for row in screen_text(app))
        await press(pilot, "backspace", *"12")
        assert not any("epochs is a number" in row for row in screen_text(app))
        await press(pilot, "enter")
        await until(pilot, "▸ screws-1")
        assert {name: asked[name] for name in ("dataset", "preset", "epochs")} == {
            "dataset": dataset_id,
            "preset": "tiny",
            "epochs": 12,
        }
        assert launched == [(await app.workspace.db.read(runs.get, "screws-1")).job.id]


async def test_the_gate_shows_every_check(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Workspace(root) as ws:
        run_id = add_run(ws, add_dataset(ws), state="done")
        finish_run(ws, run_id)

    async def gate(ws: Any, model_id: str) -> Any:
        from binscout_tui.store import models

        with Workspace(root) as other:
            judge(other, model_id, passed=False)
        return await ws.db.read(models.last_gate, model_id)

    monkeypatch.setattr(gating, "gate", gate)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_training(pilot)
        await press(pilot, "G")
        await until(pilot, "✗ failed: overall")
        text = "\n".join(screen_text(app))
        assert "✓ images" in text
        assert ".42  at least .60  5 of 12 right" in text


async def test_a_hidden_screen_reads_nothing(root: Path) -> None:
    with Workspace(root) as ws:
        run_id = add_run(ws, add_dataset(ws), state="running")
        folder = ws.paths.run(run_id)
        write_events(folder, 1)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_training(pilot)
        await until(pilot, "epoch 1/20")
        await press(pilot, "f2")
        end = screen.query_one(LogView).reader.end
        write_events(folder, 3)
        for _ in range(10):
            await pilot.pause(0.05)
        assert screen.query_one(LogView).reader.end == end
        await press(pilot, "f6")
        await until(pilot, "epoch 3/20")


async def test_the_list_moves_with_letters_as_every_list(root: Path) -> None:
    fill(root)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_training(pilot)
        await press(pilot, "j", "j", "k")
        assert any("▸ screws-4" in row for row in screen_text(app))


async def test_what_to_press_first_is_in_the_footer(app: BinScoutApp) -> None:
    async with app.run_test(size=(60, 18)) as pilot:
        await open_training(pilot)
        assert "d dataset" in screen_text(app)[-1]


async def test_a_run_without_a_line_is_starting(root: Path) -> None:
    with Workspace(root) as ws:
        add_run(ws, add_dataset(ws), state="running")
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_training(pilot)
        await until(pilot, "starting…")
        assert not any("No lines" in row for row in screen_text(app))


async def test_too_few_points_for_a_curve_are_words(root: Path) -> None:
    with Workspace(root) as ws:
        dataset_id = add_dataset(ws)
        run_id = add_run(ws, dataset_id, state="running")
        folder = ws.paths.run(run_id)
        write_events(folder, 2, steps=10)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_training(pilot)
        await until(pilot, "loss 1.63")
        assert any("network so far 0.13 0.565" in row for row in screen_text(app))
        assert not screen.query_one("#run-loss").display
        write_events(folder, 3, steps=10)
        await until(pilot, "⠒")
        assert screen.query_one("#run-loss").display


async def test_list_and_panel_turn_together_when_the_run_ends(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Workspace(root) as ws:
        run_id = add_run(ws, add_dataset(ws), state="running")
        write_events(ws.paths.run(run_id), 4)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_training(pilot)
        await until(pilot, "⟳ running")
        with Workspace(root) as other:
            finish_run(other, run_id)
            other.db.write(jobs.finish, other.db.read(runs.get, run_id).job.id, "done", error=None)
        # The clock must not be what brings them together.
        monkeypatch.setattr(RunPanel, "_draw_if_dirty", lambda panel: None)
        await screen.resume()
        await pilot.pause()
        text = "\n".join(screen_text(app))
        assert "✓   .87" in text
        assert "✓ done" in text


async def test_a_model_at_the_gate_shows_it_and_is_not_sent_twice(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Workspace(root) as ws:
        run_id = add_run(ws, add_dataset(ws), state="done")
        finish_run(ws, run_id)
    go_on = asyncio.Event()

    async def gate(ws: Any, model_id: str) -> Any:
        await go_on.wait()
        raise BinScoutError("The engine did not start.", code="engine")

    monkeypatch.setattr(gating, "gate", gate)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_training(pilot)
        await press(pilot, "G")
        await until(pilot, "⟳ at the gate…")
        await press(pilot, "G")
        assert told(app)[0].endswith("is at the gate; wait for its verdict.")
        await press(pilot, "f7")
        assert any("Gate  ⟳ at the gate…" in row for row in screen_text(app))
        go_on.set()
        await until(pilot, "○ not at the gate yet")


async def test_a_narrow_screen_stacks_list_and_panel(root: Path) -> None:
    fill(root)
    app = BinScoutApp(root)
    async with app.run_test(size=(60, 18)) as pilot:
        await open_training(pilot)
        await until(pilot, "epoch 7/20  ▓▓")
        rows = screen_text(app)
        assert next(row for row in rows if "▸ screws-5" in row).rstrip().endswith("7/20")
        assert any("min left" in row for row in rows)


def test_versions_of_a_dataset_are_told_apart_by_time_and_size(root: Path) -> None:
    with Workspace(root) as ws:
        add_dataset(ws)
        (dataset,) = ws.db.read(datasets.latest)
    _, words, about = dataset_option(dataset)
    assert re.fullmatch(r"screws · \d\d \w{3} \d\d:\d\d · 12 images", words)
    assert about == "3 classes · 4 train · 4 val · 4 test"
