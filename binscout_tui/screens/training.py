"""Training: the runs, and the one under the cursor as it goes on."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from binscout_tui.commands import training
from binscout_tui.commands.table import with_keys
from binscout_tui.dialogs.confirm import Confirm
from binscout_tui.eventlog.cursor import START, Cursor
from binscout_tui.screens.base import BaseScreen, dialog
from binscout_tui.screens.run_lines import known_baselines
from binscout_tui.screens.run_panel import RunPanel
from binscout_tui.screens.training_rows import dataset_option, run_rows
from binscout_tui.store import datasets, jobs, models, places, runs
from binscout_tui.store.datasets import Dataset
from binscout_tui.store.events import Event
from binscout_tui.store.models import Model
from binscout_tui.store.runs import Run
from binscout_tui.widgets.log_view import LogView
from binscout_tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from binscout_tui.dialogs.new_run import NewRun

NO_RUN = "No run yet.\n\nn starts one on a dataset."
NO_DATASET = (
    "No run yet, and no dataset to train on.\n\n, l  label images first\nd    make a dataset of the labelled images"
)
DATASET_NAME = "parts"


def _standing(db: sqlite3.Connection) -> tuple[list[Run], list[Model], list[Dataset]]:
    """Runs, models and datasets of one moment."""
    return runs.latest(db), models.latest(db), datasets.latest(db)


class TrainingScreen(BaseScreen):
    """Runs on the left; progress, curves and log of the one under the cursor on the right."""

    SCOPE = training.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/training.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-normal")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (22, "-high")]

    def __init__(self) -> None:
        super().__init__()
        self.datasets = 0
        self._runs: dict[str, Run] = {}
        self._model_ids: dict[str, str] = {}
        self._loading = asyncio.Lock()

    @property
    def run(self) -> Run | None:
        """The run under the cursor."""
        return self._runs.get(self._list.key or "")

    @property
    def model_id(self) -> str | None:
        """The model that came out of the run under the cursor."""
        return self._model_ids.get(self._list.key or "")

    @property
    def at_gate(self) -> bool:
        """Whether that model is being tested at the gate."""
        return self.model_id in self.frame.at_gate

    @property
    def _list(self) -> RowList:
        return self.query_one("#runs", RowList)

    @property
    def _panel(self) -> RunPanel:
        return self.query_one(RunPanel)

    def body(self) -> ComposeResult:
        """The list, the panel, and what stands there while there is no run."""
        with Horizontal(id="training"):
            yield RowList(id="runs")
            yield RunPanel(lambda text: with_keys(text, self.frame.key_changes), id="run")
        yield Static(id="no-run", markup=False)

    async def start(self) -> None:
        """Load the runs and go to the one that was looked at last."""
        await self.resume()

    async def resume(self) -> None:
        """Take in what changed; Home may have asked for another run."""
        place = await self.kept_place() or {}
        asked = place.get("run") if isinstance(place, dict) else None
        await self._refresh(asked)
        self._panel.resume()

    async def changed(self, events: Sequence[Event]) -> None:
        """Jobs beat, runs end, models come."""
        if any(event.kind in ("job", "run", "model", "dataset", "gate") for event in events):
            await self._refresh(None)

    def on_screen_suspend(self) -> None:
        """Nobody looks: read nothing."""
        self._panel.pause()

    async def _refresh(self, key: str | None) -> None:
        # One after the other, so that an older state never replaces a newer one.
        async with self._loading:
            await self._load_runs(key)
            await self._follow()

    async def _load_runs(self, key: str | None) -> None:
        found, found_models, found_datasets = await self.ws.db.read(_standing)
        self._model_ids = {model.run_id: model.id for model in found_models if model.run_id is not None}
        self.datasets = len(found_datasets)
        self._runs = {run.id: run for run in found}
        self._list.show(run_rows(found), key=key if key in self._runs else None)
        self.set_class(not found, "-empty")
        self.query_one("#no-run", Static).update(NO_RUN if self.datasets else NO_DATASET)

    async def _follow(self) -> None:
        run = self.run
        if run is None:
            self._panel.stop()
        elif run.id == self._panel.run_id:
            self._panel.show(run, at_gate=self.at_gate, baselines=self._baselines(run))
        else:
            kept = await self.ws.db.read(runs.read_cursor, self.ws.user.uid, run.id)
            # Another key may have been pressed while the cursor was read.
            if self.run is not None and self.run.id == run.id:
                cursor = START if kept is None else msgspec.convert(kept, Cursor)
                log = self.ws.paths.run(run.id) / "events.jsonl"
                self._panel.follow(run, log, cursor, at_gate=self.at_gate, baselines=self._baselines(run))

    def _baselines(self, run: Run) -> dict[str, float]:
        return known_baselines(run, self._runs.values())

    async def on_row_list_moved(self, event: RowList.Moved) -> None:
        """Show the run under the cursor and remember it."""
        await self._follow()
        await self.keep_place({"run": event.key})
        self.frame.refresh_commands()

    async def _keep_cursor(self, cursor: dict[str, Any] | None) -> None:
        if (run_id := self._panel.run_id) is not None:
            await self.ws.db.write(runs.keep_cursor, self.ws.user.uid, run_id, cursor)

    async def on_log_view_cleared(self, event: LogView.Cleared) -> None:
        """The log begins here for this person, also after a restart."""
        await self._keep_cursor(msgspec.to_builtins(event.cursor))

    async def on_log_view_restarted(self, event: LogView.Restarted) -> None:
        """The file is another one; what was cleared is gone with the old one."""
        await self._keep_cursor(msgspec.to_builtins(event.cursor))

    async def on_log_view_all_shown(self, event: LogView.AllShown) -> None:
        """Everything is back."""
        await self._keep_cursor(None)
        self._panel.read_on()

    @dialog(description="start a run")
    async def action_new(self) -> None:
        """Ask what to train on, and start it in a process of its own."""
        from binscout_tui.dialogs.new_run import NewRunForm, Trainable
        from binscout_tui.learning.presets import PRESETS

        found = await self.ws.db.read(datasets.latest)
        form = NewRunForm(
            [Trainable(dataset_option(item), item.task) for item in found],
            {
                task: [(one.name, one.name, one.summary) for one in presets.values()]
                for task, presets in PRESETS.items()
            },
        )
        choice = await self.app.push_screen_wait(form)
        if choice is not None:
            await self._start_run(choice)

    async def _start_run(self, choice: NewRun) -> None:
        from binscout_tui.jobs.launch import launch
        from binscout_tui.operations import training as operation
        from binscout_tui.operations.code_version import code_version

        self.ws.user.must_be("operator", "Training")
        uid, paths = self.ws.user.uid, self.ws.paths
        run_id, job_id = await self.ws.db.write(
            operation.enqueue,
            paths,
            uid,
            dataset=choice.dataset,
            preset=choice.preset,
            epochs=choice.epochs,
            weights=choice.weights,
            seed=choice.seed,
            devices=choice.devices,
            code_version=await asyncio.to_thread(code_version),
        )
        await self.ws.db.write(places.keep, uid, self.SCOPE.id, {"run": run_id})
        launch(paths.root, job_id)
        self.frame.session.nudge()
        await self.resume()
        self.frame.toast(f"{run_id} starts; it goes on when you leave.")

    @dialog(description="make a dataset")
    async def action_dataset(self) -> None:
        """Ask for a name and freeze the labelled images under it."""
        from binscout_tui.dialogs.ask import Ask
        from binscout_tui.operations import datasets as operation

        self.ws.user.must_be("operator", "Building a dataset")
        text = "All labelled images, split 80/10/10 by source; it never changes, a later one is a new version."
        name = await self.app.push_screen_wait(Ask("Name of the dataset", text, DATASET_NAME))
        if name is not None:
            report = await operation.build_live(self.ws, operation.Wanted(name=name))
            self.frame.session.nudge()
            await self.resume()
            what = f"{report.name}: {report.images} images in {report.groups} groups"
            self.frame.toast(f"{what}; n trains on it." if report.is_new else f"{what}, the same as before.")

    @dialog(description="cancel a run")
    async def action_cancel(self) -> None:
        """Stop the run, after a question."""
        if (run := self.run) is None:
            return
        self.ws.user.must_be("operator", "Cancelling a run")
        text = "It stops at once and keeps its last checkpoint; r goes on from there."
        if await self.app.push_screen_wait(Confirm(f"Cancel {run.id}?", text, yes="Cancel it", no="Let it run")):
            await self.ws.db.write(jobs.ask_cancel, run.job.id)
            self.frame.session.nudge()

    async def action_resume(self) -> None:
        """Go on from the last checkpoint."""
        from binscout_tui.jobs.control import retry

        if (run := self.run) is not None:
            self.ws.user.must_be("operator", "Starting a run")
            await self.ws.db.write(retry, self.ws.paths.root, run.job.id)
            self.frame.session.nudge()
            self.frame.toast(f"{run.id} goes on.")

    @dialog(description="gate a model")
    async def action_gate(self) -> None:
        """Put the run's model to the gate's test."""
        from binscout_tui.screens.gating import run_gate

        if (model_id := self.model_id) is not None:
            await run_gate(self, model_id)

    async def action_report(self) -> None:
        """Show how good the model became, beside its baselines."""
        if (run := self.run) is not None:
            await self.ws.db.write(places.keep, self.ws.user.uid, "report", {"run": run.id})
            self.frame.go_to("report")

    @dialog(description="choose a run to compare with")
    async def action_versus(self) -> None:
        """Ask for another run of the task, and compare it with this one."""
        from binscout_tui.screens.run_options import pick_other

        if (run := self.run) is None:
            return
        other = await pick_other(self, run)
        if other is not None:
            pair = {"before": other.id, "after": run.id}
            await self.ws.db.write(places.keep, self.ws.user.uid, "versus", pair)
            self.frame.go_to("versus")

    @dialog(description="show the details of a run")
    async def action_details(self) -> None:
        """Show what is recorded of the run: seed, settings, code, data, and the last words of its process."""
        from binscout_tui.dialogs.reader import Reader
        from binscout_tui.screens.run_lines import details_text
        from binscout_tui.workers.run_words import last_words

        if (run := self.run) is not None:
            words = await last_words(self.ws.paths.run(run.id), tracebacks=run.job.state != "cancelled")
            progress = self._panel.progress if self._panel.run_id == run.id else None
            self.app.push_screen(Reader(f"Details of {run.id}", details_text(run, progress, words)))

    async def action_models(self) -> None:
        """Show the run's model among the models."""
        if (model_id := self.model_id) is not None:
            await self.ws.db.write(places.keep, self.ws.user.uid, "models", {"model": model_id})
        self.frame.go_to("models")

    def action_clear(self) -> None:
        """Hide the log's lines up to now."""
        self._panel.log_view.clear()

    def action_show_all(self) -> None:
        """Show the whole log."""
        self._panel.log_view.show_all()

    def action_follow(self) -> None:
        """Go to the log's end and stay there."""
        self._panel.log_view.follow()

    def action_up(self) -> None:
        """To the run above."""
        self._list.move(-1)

    def action_down(self) -> None:
        """To the run below."""
        self._list.move(1)

    def action_log_up(self) -> None:
        """Scroll the log up."""
        self._panel.log_view.action_half_page_up()

    def action_log_down(self) -> None:
        """Scroll the log down."""
        self._panel.log_view.action_half_page_down()

    def action_log_home(self) -> None:
        """To the log's beginning."""
        self._panel.log_view.action_scroll_home()

    def action_log_end(self) -> None:
        """To the log's end."""
        self._panel.log_view.follow()
