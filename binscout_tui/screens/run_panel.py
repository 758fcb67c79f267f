"""One run as it goes on: progress, figures, curves, log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static
from textual.worker import Worker

from binscout_tui.eventlog.cursor import Cursor
from binscout_tui.eventlog.feed import RunFeed
from binscout_tui.eventlog.metrics import RunProgress
from binscout_tui.eventlog.reader import Batch
from binscout_tui.screens.run_lines import LEVELS, NETWORK, curves, resources_line, why_text
from binscout_tui.screens.training_rows import figures_line, plain_figures, progress_line, result_text
from binscout_tui.store.runs import Run
from binscout_tui.widgets.line_plot import LinePlot
from binscout_tui.widgets.log_view import LogView
from binscout_tui.workers.run_follower import RunFollower

REDRAW_S = 0.5
FEWEST_POINTS = 3
WIDE = 100
"""From so many columns on there is room for the learning rate too."""
RESULT_MARGIN = 2


class RunPanel(Vertical):
    """Follows the event log of one run at a time; its `LogView` posts what happens to the cursor."""

    def __init__(self, keys: Callable[[str], str], *, id: str | None = None) -> None:
        """`keys` fills in the keys that a text names."""
        super().__init__(id=id)
        self._keys = keys
        self._run: Run | None = None
        self._feed: RunFeed | None = None
        self._follower: RunFollower | None = None
        self._worker: Worker[None] | None = None
        self._dirty = False
        self._at_gate = False
        self._baselines: Mapping[str, float] = {}

    @property
    def progress(self) -> RunProgress | None:
        """How far the run that is followed is."""
        return self._feed.metrics.progress if self._feed else None

    @property
    def run_id(self) -> str | None:
        """The run that is followed."""
        return self._run.id if self._run else None

    @property
    def log_view(self) -> LogView:
        """The log."""
        return self.query_one(LogView)

    def compose(self) -> ComposeResult:
        """Lines of words, why it stopped where it did, two or three curves, the log."""
        yield Static(id="run-head")
        yield Static(id="run-figures")
        yield Static(id="run-resources")
        yield Static(id="run-why")
        with Horizontal(id="run-plots"):
            yield LinePlot("loss", id="run-loss")
            yield LinePlot(NETWORK, id="run-accuracy")
            yield LinePlot("lr", id="run-lr")
            yield Static(id="run-result")
        yield Static(id="run-plain")
        yield Static(id="run-log-status")
        yield LogView(id="run-log")

    def on_mount(self) -> None:
        """Draw at most twice a second, whatever arrives."""
        self.set_interval(REDRAW_S, self._draw_if_dirty)
        self.watch(self.log_view, "status", self._show_status)

    def follow(
        self,
        run: Run,
        events: Path,
        cursor: Cursor,
        *,
        at_gate: bool = False,
        baselines: Mapping[str, float] | None = None,
    ) -> None:
        """Show `run`, whose event log is `events`, with the log from `cursor` on; `baselines` are drawn as levels."""
        self.stop()
        self._run = run
        self._at_gate = at_gate
        self._baselines = baselines or {}
        self._feed = RunFeed(events, cursor)
        self._follower = RunFollower(self._feed)
        self.log_view.show(self._feed.log)
        self._worker = self.run_worker(
            partial(self._follower.run, self._arrived),
            group="run-log",
            exclusive=True,
            exit_on_error=False,
            description=f"follow the log of {run.id}",
        )
        self._draw()

    def show(self, run: Run, *, at_gate: bool = False, baselines: Mapping[str, float] | None = None) -> None:
        """The followed run's row has changed; another state is shown at once, so that list and panel agree."""
        before, self._run = self._run, run
        turned = before is None or before.job.state != run.job.state or at_gate is not self._at_gate
        self._at_gate = at_gate
        self._baselines = baselines or {}
        if turned:
            self._draw()
        else:
            self._dirty = True

    def stop(self) -> None:
        """Follow nothing any more."""
        if self._worker is not None:
            self._worker.cancel()
        if self._feed is not None:
            self.log_view.show(None)
            self._feed.close()
        self._worker = self._feed = self._follower = self._run = None

    def pause(self) -> None:
        """Nobody looks: read nothing."""
        if self._follower is not None:
            self._follower.pause()

    def resume(self) -> None:
        """Somebody looks again."""
        if self._follower is not None:
            self._follower.resume()

    def read_on(self) -> None:
        """Look at the log now."""
        if self._follower is not None:
            self._follower.nudge()

    def on_resize(self) -> None:
        """The lines are made for a width."""
        self._dirty = True

    def on_log_view_cleared(self) -> None:
        """Say that what is shown is not the whole log."""
        self._dirty = True

    def on_log_view_all_shown(self) -> None:
        """What is shown is the whole log again."""
        self._dirty = True

    def on_unmount(self) -> None:
        """Let go of the file."""
        if self._feed is not None:
            self._feed.close()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Hand what happens to the follower to the screen."""
        self.screen.post_message(event)

    def _arrived(self, batch: Batch) -> None:
        self.log_view.apply(batch)
        self._dirty = True

    def _draw_if_dirty(self) -> None:
        if self._dirty:
            self._draw()

    def _draw(self) -> None:
        self._dirty = False
        if self._run is None or self._feed is None:
            return
        progress = self._feed.metrics.progress
        width = self.log_view.size.width
        self.query_one("#run-head", Static).update(progress_line(self._run, progress, width, at_gate=self._at_gate))
        self.query_one("#run-figures", Static).update(figures_line(self._run, progress, width))
        self._draw_state(self._run, progress, width)
        self._draw_curves(self._run, progress)
        self._draw_result(self._run, progress, width)
        self._show_status(self.log_view.status)

    def _draw_state(self, run: Run, progress: RunProgress, width: int) -> None:
        """What it uses while it goes on; why it stopped, and what to do, when it did."""
        why = why_text(run, progress, max(1, width), self._keys)
        self.set_class(run.job.state == "running", "-live")
        self.set_class(why is not None, "-stopped")
        self.set_class(width >= WIDE, "-wide")
        self.query_one("#run-resources", Static).update(resources_line(run, progress, width))
        self.query_one("#run-why", Static).update(why or "")

    def _draw_curves(self, run: Run, progress: RunProgress) -> None:
        for place, curve in zip(("loss", "accuracy", "lr"), curves(run, progress, self._baselines), strict=True):
            plot = self.query_one(f"#run-{place}", LinePlot)
            plot.show(
                curve.points,
                behind=curve.behind,
                levels=curve.levels,
                note=LEVELS,
                title=curve.title,
                ends=curve.ends,
            )

    def _draw_result(self, run: Run, progress: RunProgress, width: int) -> None:
        """The result in place of the network's curve when there is one; words where points make no curve."""
        few = all(len(points) < FEWEST_POINTS for points in (progress.loss, progress.step_loss, progress.val_acc))
        result = result_text(run, (width if few else width // 2) - RESULT_MARGIN)
        self.set_class(few, "-few")
        self.set_class(result is not None, "-result")
        self.query_one("#run-result", Static).update(result or "")
        self.query_one("#run-plain", Static).update(plain_figures(run, progress, width) if few else "")

    def _show_status(self, status: str) -> None:
        cleared = self._feed is not None and self._feed.log.cursor.offset > 0
        name = "log, cleared (A shows all)" if cleared else "log"
        begins = self._run is not None and self._run.job.is_open
        self.log_view.empty_text = "Cleared; A shows all." if cleared else "starting…" if begins else "No lines."
        self.query_one("#run-log-status", Static).update(
            Content.assemble((f"{name}  ", "$text-muted"), (status, "$accent" if self.log_view.following else "bold"))
        )
