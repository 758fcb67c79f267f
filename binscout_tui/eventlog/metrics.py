"""Where a training run stands, reduced from its events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from binscout_tui.eventlog.event import TIME_KEYS, Event, decode_event, number
from binscout_tui.eventlog.reader import SLICE_S, Batch, LogReader
from binscout_tui.eventlog.series import Point, Series

SERIES_LIMIT = 32
"""So many different metrics of a run are kept."""

LINE_BYTES = 1 << 20

_COUNTS = ("epoch", "epochs", "step", "steps", "done", "total")
_RATES = ("lr", "samples_per_s", "eta_s")
_ENDED = frozenset({"done", "failed", "cancelled"})
_NOT_METRICS = frozenset({"v", *TIME_KEYS, *_COUNTS, *_RATES, "value"})
_LOSS_NAMES = ("loss", "train_loss")
_ACCURACY_NAMES = ("val_acc", "val_accuracy", "val_top1")


@dataclass(frozen=True, slots=True)
class RunProgress:
    """A run as the screen shows it; `done` of `total` parts of `what` are ready.

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
    message: str = ""
    series: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)

    @property
    def loss(self) -> tuple[Point, ...]:
        """The training loss."""
        return self._curve(_LOSS_NAMES)

    @property
    def val_acc(self) -> tuple[Point, ...]:
        """The accuracy on the validation split, 0..1."""
        return self._curve(_ACCURACY_NAMES)

    def _curve(self, names: tuple[str, ...]) -> tuple[Point, ...]:
        return next((self.series[name] for name in names if name in self.series), ())


class MetricsReducer:
    """Takes events in their order and keeps what `RunProgress` needs; memory does not grow with the run."""

    def __init__(self) -> None:
        self._texts = {"state": "", "message": "", "what": ""}
        self._counts: dict[str, int | None] = dict.fromkeys(_COUNTS)
        self._rates: dict[str, float | None] = dict.fromkeys(_RATES)
        self._series: dict[str, Series] = {}
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
            eta_s=self._rates["eta_s"],
            series={name: series.points() for name, series in self._series.items()},
        )

    def feed(self, lines: Iterable[bytes]) -> None:
        """Take in complete lines; those that are not events count for nothing."""
        for line in lines:
            event = decode_event(line)
            if event is not None:
                self._take(event)

    def _take(self, event: Event) -> None:
        self._events += 1
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

    def _take_texts(self, event: Event) -> None:
        message = event.get("message", event.get("msg"))
        if isinstance(message, str):
            self._texts["message"] = message
        what = event.get("what")
        if isinstance(what, str):
            self._texts["what"] = what
        state = event.get("state")
        if event.get("type") == "state" and isinstance(state, str):
            self._texts["state"] = state
            if state in _ENDED:
                self._rates["eta_s"] = None

    def _take_metrics(self, event: Event) -> None:
        x = next((v for key in ("step", "epoch") if (v := number(event.get(key))) is not None), self._events)
        name = event.get("name")
        if isinstance(name, str):
            self._add(name, x, event.get("value"))
        for key, value in event.items():
            if key not in _NOT_METRICS:
                self._add(key, x, value)

    def _add(self, name: str, x: float, value: object) -> None:
        y = number(value)
        if y is None or (name not in self._series and len(self._series) >= SERIES_LIMIT):
            return
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
