"""Training as it goes on: what it uses, its curves, why it failed, what is recorded of it."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.learning.events import EventWriter
from binscout_tui.screens.run_panel import REDRAW_S, RunPanel
from binscout_tui.store import runs
from binscout_tui.widgets.line_plot import LinePlot
from binscout_tui.workspace import Workspace

from .driving import press, screen_text, settle
from .filling import add_dataset, add_run, finish_run
from .test_training import open_training, until, until_gone

GB = 2**30
USED = {"cpu_percent": 180, "cores": 2, "rss_bytes": 1.2 * GB, "disk_free_bytes": 40 * GB}
STOPPED = """Sending process 7 closing signal SIGTERM
Traceback (most recent call last):
  File "run.py", line 745, in run
    result = self._invoke_run(role)
             ^^^^^^^^^^^^^^^^^^^^^^
torch.distributed.elastic.SignalException: Process 6 got signal: 15
"""


def going(root: Path, epochs: int = 4) -> Path:
    """The folder of a run that goes on, beside one that is done on the same dataset."""
    with Workspace(root) as ws:
        dataset_id = add_dataset(ws)
        finish_run(ws, add_run(ws, dataset_id, state="done"))
        folder = ws.paths.run(add_run(ws, dataset_id, state="running"))
    with EventWriter(folder) as events:
        events.state("running", pid=1, device="cpu", processes=1, epochs=10)
        for epoch in range(1, epochs + 1):
            for step in range(1, 6):
                done = 5 * (epoch - 1) + step
                events.progress(done, 50, 60.0, "training", loss=2 / done, samples_per_s=148.2)
            figures = {"loss": 2 / epoch, "val_acc": 1 - 0.8 / epoch, "waited": 0.021, "lr": 1e-3 / epoch}
            events.metric(epoch=epoch, epochs=10, step=5 * epoch, samples_per_s=148.2, **figures)
        events.write("resources", **USED)
    return folder


@pytest.mark.parametrize(("size", "rate"), [((80, 24), False), ((160, 50), True)])
async def test_a_run_that_goes_on_shows_what_it_uses_and_its_curves(
    root: Path, size: tuple[int, int], rate: bool
) -> None:
    going(root)
    app = BinScoutApp(root)
    async with app.run_test(size=size) as pilot:
        screen = await open_training(pilot)
        await until(pilot, "148 img/s · waits 2 % · CPU 180 % · 1.2 GB · 40 GB free")
        text = "\n".join(screen_text(app))
        assert "network so far, best .80" in text
        assert "network so far 0.8" in text
        assert "simple 0.64" in text, "the baselines of the run before stand in the plot"
        assert "majority 0.333" in text
        assert screen.query_one("#run-lr", LinePlot).display is rate
        assert ("lr 3e-4" in text) is rate
        assert all(len(row.rstrip()) <= size[0] for row in screen_text(app))


async def test_what_it_uses_follows_the_events_and_goes_with_the_run(root: Path) -> None:
    folder = going(root)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_training(pilot)
        await until(pilot, "CPU 180 %")
        with EventWriter(folder) as events:
            events.write("resources", **USED | {"cpu_percent": 95, "disk_free_bytes": 2**29, "gpu_percent": 71})
        await until(pilot, "! only 512 MB free")
        assert any("GPU 71 %" in row for row in screen_text(app))
        await press(pilot, "down")
        await until_gone(pilot, "CPU 95 %")
        assert not screen.query_one("#run-resources").display


async def test_a_failed_run_says_why_what_to_do_and_by_which_keys(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launched: list[int] = []
    monkeypatch.setattr("binscout_tui.jobs.control.launch", lambda root, job_id: launched.append(job_id))
    with Workspace(root) as ws:
        run_id = add_run(ws, add_dataset(ws), state="failed", error="No memory was left.")
        folder = ws.paths.run(run_id)
    with EventWriter(folder) as events:
        events.state("running", epochs=10)
        for epoch in range(1, 5):
            events.metric(epoch=epoch, step=epoch, loss=1.0 / epoch, val_acc=0.2 * epoch)
        events.state("failed", code="out_of_memory", message="No memory was left.", hint="Use --batch-size 16.")
    (folder / "log.txt").write_bytes(b"step 12\n\x1b[31mRuntimeError\xff: [b]alloc[/b]\n")
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_training(pilot)
        await until(pilot, "→ Use --batch-size 16.")
        text = " ".join(" ".join(screen_text(app)).split())
        assert "It got to epoch 4. r goes on from its last checkpoint; e shows details to copy." in text
        await press(pilot, "e")
        shown = await reader_text(pilot)
        for words in ("out_of_memory", "RuntimeError\\xff: [b]alloc[/b]", "\\x1b[31m", "seed", "screws"):
            assert words in shown
        await press(pilot, "y")
        assert app.clipboard == shown
        await press(pilot, "escape", "r")
        await until(pilot, "◌ queued")
        assert (await app.workspace.db.read(runs.get, run_id)).job.id in launched
        assert not any("Use --batch-size 16" in row for row in screen_text(app)[:8])


async def reader_text(pilot: Any) -> str:
    """The whole text of the window that is open."""
    await settle(pilot)
    return str(pilot.app.screen._text.plain)


async def test_details_of_a_run_say_what_made_it(root: Path) -> None:
    with Workspace(root) as ws:
        run_id = add_run(ws, add_dataset(ws), state="done")
        config = '{"preset": "tiny", "seed": 7, "epochs": 20, "code_version": "0.1.0 (abc1234)"}'
        ws.db.connection.execute("UPDATE run SET config = ? WHERE id = ?", (config, run_id))
        ws.db.connection.commit()
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_training(pilot)
        await press(pilot, "e")
        shown = await reader_text(pilot)
        for words in ("0.1.0 (abc1234)", "seed     7", "preset   tiny", "state  done"):
            assert words in shown


async def test_a_cancelled_run_says_so(root: Path) -> None:
    with Workspace(root) as ws:
        run_id = add_run(ws, add_dataset(ws), state="cancelled")
        folder = ws.paths.run(run_id)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log.txt").write_text("3 photos are missing\n" + STOPPED)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_training(pilot)
        await until(pilot, "Somebody asked it to stop.")
        await press(pilot, "e")
        shown = await reader_text(pilot)
        assert "3 photos are missing\nSending process 7" in shown
        assert "Traceback" not in shown
        assert "SignalException" not in shown


async def test_what_arrives_is_drawn_at_most_twice_a_second(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = going(root)
    drawn: list[int] = []
    real = RunPanel._draw

    def draw(panel: RunPanel) -> None:
        drawn.append(1)
        real(panel)

    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_training(pilot)
        await until(pilot, "CPU 180 %")
        monkeypatch.setattr(RunPanel, "_draw", draw)
        begun = monotonic()
        with EventWriter(folder) as events:
            for step in range(21, 50):
                events.progress(step, 50, 60.0, "training", loss=1.0, samples_per_s=148.2)
                await pilot.pause(0.02)
            events.write("resources", **USED | {"cpu_percent": 7})
        await until(pilot, "CPU 7 %")
        assert len(drawn) <= (monotonic() - begun) / REDRAW_S + 1
