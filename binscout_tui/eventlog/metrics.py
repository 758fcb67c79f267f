"""Where a training run stands, reduced from its events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC
from pathlib import Path
from time import perf_counter

from binscout_tui.eventlog.event import TIME_KEYS, Event, decode_event, event_time, number
from binscout_tui.eventlog.reader import SLICE_S, Batch, LogReader
from binscout_tui.eventlog.series import Point, Series
from binscout_tui.eventlog.time_left import TimeLeft

SERIES_LIMIT = 32
"""So many different metrics of a run are kept."""

LINE_BYTES = 1 << 20

_COUNTS = ("epoch", "epochs", "step", "steps", "done", "total")
_RATES = ("lr", "samples_per_s", "eta_s", "waited")
_ENDED = frozenset({"done", "failed", "cancelled"})
_NOT_METRICS = frozenset({"v", *TIME_KEYS, *_COUNTS, *_RATES, "value"})
TRAINING = "training"
"""What `what` says while steps are made."""
_STEP_LOSS = "step loss"
_LOSS_NAMES = ("loss", "train_loss")
_ACCURACY_NAMES = ("val_acc", "val_accuracy", "val_top1")


@dataclass(frozen=True, slots=True)
class Resources:
    """What a run used when it told last: 100 per cent is one core, memory and room on the disk in bytes."""

    cpu_percent: float | None = None
    cores: float | None = None
    rss_bytes: float | None = None
    disk_free_bytes: float | None = None
    gpu_percent: float | None = None
    gpu_bytes: float | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run failed, and what to do next, in the trainer's words."""

    message: str
    hint: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class RunProgress:
    """A run as the screen shows it; `done` of `total` parts of `what` are ready.

    `waited` is the share of time, 0..1, that training waited for pictures. `eta_s` is smoothed while training goes
    on. `device`, `processes` and `resumed` (how often it went on after a stop) are what the trainer said of itself.
    Curves are `(x, y)` with x the step, or the epoch where no step is given, at most 500 points each.
    """

    state: str = ""
    epoch: int | None = None
    epochs: int | None = None
    step: int | None = None
    steps: int | None = None
    done: int | None = None
    total: int | None = None
    what: str = ""
    lr: float | None = None
    samples_per_s: float | None = None
    eta_s: float | None = None
    waited: float | None = None
    message: str = ""
    device: str = ""
    processes: int | None = None
    resumed: int = 0
    resources: Resources | None = None
    failure: Failure | None = None
    series: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)

    @property
    def loss(self) -> tuple[Point, ...]:
        """The training loss, a mean for each epoch."""
        return self.curve(*_LOSS_NAMES)

    @property
    def step_loss(self) -> tuple[Point, ...]:
        """The training loss of single steps, one about every second."""
        return self.curve(_STEP_LOSS)

    @property
    def val_acc(self) -> tuple[Point, ...]:
        """The accuracy on the validation split, 0..1."""
        return self.curve(*_ACCURACY_NAMES)

    def curve(self, *names: str) -> tuple[Point, ...]:
        """The first of these curves that there is."""
        return next((self.series[name] for name in names if name in self.series), ())


class MetricsReducer:
    """Takes events in their order and keeps what `RunProgress` needs; memory does not grow with the run."""

    def __init__(self) -> None:
        self._texts = {"state": "", "message": "", "what": "", "device": ""}
        self._counts: dict[str, int | None] = dict.fromkeys(_COUNTS)
        self._rates: dict[str, float | None] = dict.fromkeys(_RATES)
        self._series: dict[str, Series] = {}
        self._latest_x: dict[str, float] = {}
        self._time_left = TimeLeft()
        self._processes: int | None = None
        self._resumed = 0
        self._resources: Resources | None = None
        self._failure: Failure | None = None
        self._events = 0

    @property
    def progress(self) -> RunProgress:
        """The run as of the last event."""
        return RunProgress(
            state=self._texts["state"],
            message=self._texts["message"],
            epoch=self._counts["epoch"],
            epochs=self._counts["epochs"],
            step=self._counts["step"],
            steps=self._counts["steps"],
            done=self._counts["done"],
            total=self._counts["total"],
            what=self._texts["what"],
            lr=self._rates["lr"],
            samples_per_s=self._rates["samples_per_s"],
            eta_s=self._eta_s,
            waited=self._rates["waited"],
            device=self._texts["device"],
            processes=self._processes,
            resumed=self._resumed,
            resources=self._resources,
            failure=self._failure,
            series={name: series.points() for name, series in self._series.items()},
        )

    @property
    def _eta_s(self) -> float | None:
        """Measured where steps are made; of other work, such as the report behind them, what it says itself."""
        measured = self._time_left.seconds if self._texts["what"] == TRAINING else None
        return self._rates["eta_s"] if measured is None else measured

    def feed(self, lines: Iterable[bytes]) -> None:
        """Take in complete lines; those that are not events count for nothing."""
        for line in lines:
            event = decode_event(line)
            if event is not None:
                self._take(event)

    def _take(self, event: Event) -> None:
        self._events += 1
        if event.get("type") == "resources":
            self._resources = Resources(**{item.name: number(event.get(item.name)) for item in fields(Resources)})
            return
        for key in self._counts:
            value = number(event.get(key))
            if value is not None:
                self._counts[key] = int(value)
        for key in self._rates:
            if key in event:
                self._rates[key] = number(event[key])
        self._take_texts(event)
        if event.get("type") == "metric":
            self._take_metrics(event)
        elif event.get("type") == "progress" and event.get("what") == TRAINING:
            self._take_training(event)

    def _take_texts(self, event: Event) -> None:
        message = event.get("message", event.get("msg"))
        failed = event.get("type") == "state" and event.get("state") == "failed"
        if isinstance(message, str) and not failed:  # why it failed is no word on how far it is
            self._texts["message"] = message
        what = event.get("what")
        if isinstance(what, str):
            self._texts["what"] = what
        state = event.get("state")
        if event.get("type") == "state" and isinstance(state, str):
            self._take_state(state, event)

    def _take_state(self, state: str, event: Event) -> None:
        self._texts["state"] = state
        self._time_left, self._rates["eta_s"] = TimeLeft(), None
        self._failure = None
        if state == "failed":
            self._failure = Failure(*(str(event.get(key) or "") for key in ("message", "hint", "code")))
        if state in _ENDED:
            return
        self._texts["device"] = str(event.get("device") or "")
        processes = number(event.get("processes"))
        self._processes = None if processes is None else int(processes)
        if "resumed_from" in event:
            self._resumed += 1
        else:
            # It begins at its first step, whatever an earlier try has told.
            self._series, self._latest_x, self._resumed = {}, {}, 0

    def _take_training(self, event: Event) -> None:
        done, total, at = number(event.get("done")), number(event.get("total")), event_time(event, UTC)
        if done is None or total is None:
            return
        self._add(_STEP_LOSS, done, event.get("loss"))
        if at is not None:
            self._time_left.add(at.timestamp(), done, total)

    def _take_metrics(self, event: Event) -> None:
        x = next((v for key in ("step", "epoch") if (v := number(event.get(key))) is not None), self._events)
        name = event.get("name")
        if isinstance(name, str):
            self._add(name, x, event.get("value"))
        for key, value in event.items():
            if key not in _NOT_METRICS or key == "lr":
                self._add(key, x, value)

    def _add(self, name: str, x: float, value: object) -> None:
        y = number(value)
        if y is None or (name not in self._series and len(self._series) >= SERIES_LIMIT):
            return
        if x < self._latest_x.get(name, x):
            return  # steps that are made again, after the process died behind its last checkpoint
        self._latest_x[name] = x
        self._series.setdefault(name, Series()).add(x, y)


class MetricsReader:
    """Follows a log from its first line, wherever the reader of the text has cleared it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader = LogReader(path, tail_first=False)
        self._generation = self._reader.generation
        self._reducer = MetricsReducer()
        self._progress: RunProgress | None = None

    @property
    def progress(self) -> RunProgress:
        """The run as of the last poll."""
        if self._progress is None:
            self._progress = self._reducer.progress
        return self._progress

    def poll(self, budget_s: float = SLICE_S) -> Batch:
        """Take in what was written since, for at most about `budget_s` seconds; raises StorageError."""
        deadline = perf_counter() + budget_s
        first, reset, changed = self._reader.stop, False, False
        while True:
            batch = self._reader.poll(0.0)
            if self._generation != self._reader.generation:
                self._generation, self._reducer, first = self._reader.generation, MetricsReducer(), 0
            self._reducer.feed(self._reader.lines(batch.first, batch.first + batch.added, LINE_BYTES))
            reset, changed = reset or batch.reset, changed or batch.changed
            if not batch.more or perf_counter() >= deadline:
                break
        if changed:
            self._progress = None
        added = self._reader.stop - first
        return Batch(first, added, batch.end, reset, batch.more, changed, batch.generation)

    def close(self) -> None:
        """Let go of the file; the progress stays."""
        self._reader.close()
