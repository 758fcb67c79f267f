"""Where a run stands, from its events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.eventlog.feed import RunFeed
from binscout_tui.eventlog.metrics import SERIES_LIMIT, MetricsReader, MetricsReducer
from binscout_tui.eventlog.series import POINT_LIMIT, Series
from binscout_tui.learning.events import FILE_NAME, EventWriter

from .lines import append, numbered


def lines(*events: dict[str, Any]) -> list[bytes]:
    return [json.dumps(event).encode() for event in events]


def test_a_run_from_start_to_end(tmp_path: Path) -> None:
    with EventWriter(tmp_path) as writer:
        writer.state("running", epochs=3)
        writer.progress(10, 40, 90.0, "images")
        writer.log("info", "first epoch")
        for epoch in (1, 2):
            writer.metric(epoch=epoch, loss=1 / epoch, val_acc=epoch / 4, lr=0.1, samples_per_s=12.5)
        reader = MetricsReader(tmp_path / FILE_NAME)
        reader.poll()
        progress = reader.progress
        assert (progress.state, progress.epoch, progress.epochs) == ("running", 2, 3)
        assert (progress.done, progress.total, progress.what, progress.eta_s) == (10, 40, "images", 90.0)
        assert list(progress.loss) == [(1, 1.0), (2, 0.5)]
        assert list(progress.val_acc) == [(1, 0.25), (2, 0.5)]
        assert (progress.lr, progress.samples_per_s, progress.message) == (0.1, 12.5, "first epoch")
        writer.metric(epoch=3, loss=float("nan"))
        writer.state("done")
        reader.poll()
        assert (reader.progress.state, reader.progress.eta_s, reader.progress.epoch) == ("done", None, 3)
        assert len(reader.progress.loss) == 2
    reader.close()


def test_names_and_values_make_curves_too() -> None:
    reducer = MetricsReducer()
    reducer.feed(lines(*({"type": "metric", "name": "loss", "value": 2.0, "step": n} for n in (5, 6))))
    assert reducer.progress.loss == ((5, 2.0), (6, 2.0))


def test_nonsense_counts_for_nothing() -> None:
    reducer = MetricsReducer()
    reducer.feed([b"no json", b"[]", b"{}", b'{"type":"metric","loss":"high","epoch":true,"lr":{}}', b"\xff"])
    reducer.feed([b'{"type":"state","state":7}', b'{"type":"metric","loss":1e999,"step":NaN}'])
    assert reducer.progress == MetricsReducer().progress


def test_a_run_with_endless_metric_names_stays_bounded() -> None:
    reducer = MetricsReducer()
    reducer.feed(lines(*({"type": "metric", f"m{n}": n} for n in range(1000))))
    assert len(reducer.progress.series) == SERIES_LIMIT


@given(st.lists(st.floats(-1e6, 1e6), max_size=300), st.sampled_from([2, 4, 10]))
def test_curves_are_bounded_ordered_and_fair(values: list[float], limit: int) -> None:
    series = Series(limit)
    for x, y in enumerate(values):
        series.add(x, y)
    points = series.points()
    assert len(points) <= min(limit, len(values))
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    if values:
        assert min(values) - 1e-6 <= min(y for _, y in points) <= max(y for _, y in points) <= max(values) + 1e-6


def test_incremental_reading_equals_reading_at_once(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    step_by_step = MetricsReader(path)
    for first in range(0, 2000, 100):
        append(path, numbered(first, first + 100))
        while step_by_step.poll().more:
            pass
    at_once = MetricsReader(path)
    while at_once.poll().more:
        pass
    assert step_by_step.progress == at_once.progress
    assert step_by_step.progress.step == 1999
    assert len(step_by_step.progress.loss) <= POINT_LIMIT


@pytest.mark.parametrize("close_first", [False, True])
def test_a_replaced_log_starts_the_metrics_again(tmp_path: Path, close_first: bool) -> None:
    path = tmp_path / "events.jsonl"
    append(path, numbered(0, 10))
    reader = MetricsReader(path)
    reader.poll()
    if close_first:
        reader.close()
    path.write_bytes(numbered(100, 103))
    reader.poll()
    assert [x for x, _ in reader.progress.loss] == [100, 101, 102]


def test_clear_does_not_touch_the_metrics(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    append(path, numbered(0, 10))
    feed = RunFeed(path)
    cursor = feed.log.clear()
    assert feed.poll().changed
    assert feed.log.line_count == 0
    assert feed.metrics.progress.step == 9
    feed.close()
    reopened = RunFeed(path, cursor)
    append(path, numbered(10, 12))
    batch = reopened.poll()
    assert (batch.added, reopened.log.line_count, len(reopened.metrics.progress.loss)) == (2, 2, 12)
    reopened.close()


def training(done: int, at: str, loss: float | None = 0.5, total: int = 100) -> dict[str, Any]:
    return {"t": at, "type": "progress", "what": "training", "done": done, "total": total, "loss": loss, "eta_s": 9.0}


def test_single_steps_have_a_curve_of_their_own_and_the_time_left_is_measured() -> None:
    reducer = MetricsReducer()
    reducer.feed(lines({"type": "state", "state": "running", "device": "cpu", "processes": 2}))
    reducer.feed(lines(*(training(n, f"2026-03-01T12:00:{n:02d}Z", 1.0 - n / 100) for n in range(1, 21))))
    progress = reducer.progress
    assert progress.step_loss[-1] == (20.0, 0.8)
    assert progress.loss == ()
    assert (progress.device, progress.processes) == ("cpu", 2)
    assert progress.eta_s == pytest.approx(80, abs=1)
    reducer.feed(lines({"type": "state", "state": "done"}))
    assert reducer.progress.eta_s is None


def test_the_time_that_training_had_left_is_not_that_of_the_report() -> None:
    reducer = MetricsReducer()
    reducer.feed(lines(*(training(n, f"2026-03-01T12:00:{n:02d}Z", total=20) for n in range(1, 20))))
    assert reducer.progress.eta_s == pytest.approx(1, abs=0.5)
    reducer.feed(lines({"type": "progress", "what": "report", "done": 0, "total": 1, "eta_s": None}))
    assert reducer.progress.eta_s is None


def test_steps_that_are_made_again_do_not_bend_the_curve_back() -> None:
    reducer = MetricsReducer()
    reducer.feed(lines({"type": "state", "state": "running"}))
    reducer.feed(lines(*(training(n, "2026-03-01T12:00:00Z") for n in range(1, 9))))
    reducer.feed(lines({"type": "state", "state": "running", "resumed_from": 0, "resumed_step": 4}))
    reducer.feed(lines(*(training(n, "2026-03-01T12:01:00Z") for n in range(5, 12))))
    assert [x for x, _ in reducer.progress.step_loss] == [1, 2, 3, 4, 5, 6, 7, 8, 8, 9, 10, 11]
    assert reducer.progress.resumed == 1


def test_a_run_that_begins_anew_begins_its_curves_anew() -> None:
    reducer = MetricsReducer()
    for loss in (3.0, 2.0):
        reducer.feed(lines({"type": "state", "state": "running"}, training(1, "2026-03-01T12:00:00Z", loss)))
    assert reducer.progress.step_loss == ((1.0, 2.0),)


def test_what_it_uses_is_kept_apart_from_how_far_it_is() -> None:
    reducer = MetricsReducer()
    reducer.feed(lines(training(5, "2026-03-01T12:00:00Z")))
    reducer.feed(
        lines({"type": "resources", "cpu_percent": 150, "rss_bytes": 2**30, "done": 99, "message": "x", "y": 1})
    )
    progress = reducer.progress
    assert progress.resources is not None
    assert (progress.resources.cpu_percent, progress.resources.rss_bytes) == (150, 2**30)
    assert progress.resources.gpu_percent is None
    assert (progress.done, progress.message) == (5, "")
    reducer.feed(lines({"type": "resources", "cpu_percent": "many"}))
    assert reducer.progress.resources is not None
    assert reducer.progress.resources.cpu_percent is None


def test_why_it_failed_is_kept_until_it_goes_on() -> None:
    reducer = MetricsReducer()
    failed = {"type": "state", "state": "failed", "message": "No memory.", "hint": "Smaller batches.", "code": "oom"}
    reducer.feed(lines(failed))
    failure = reducer.progress.failure
    assert failure is not None
    assert (failure.message, failure.hint, failure.code) == ("No memory.", "Smaller batches.", "oom")
    assert reducer.progress.message == "", "a run that begins again would show it as what it does"
    reducer.feed(lines({"type": "state", "state": "running", "resumed_from": 3}))
    assert reducer.progress.failure is None


def test_the_rate_has_a_curve_and_waiting_has_none() -> None:
    reducer = MetricsReducer()
    reducer.feed(lines({"type": "metric", "epoch": 1, "step": 10, "lr": 0.1, "waited": 0.02, "val_top1": 0.4}))
    progress = reducer.progress
    assert progress.curve("lr") == ((10.0, 0.1),)
    assert progress.curve("nothing", "val_top1") == ((10.0, 0.4),)
    assert (progress.waited, progress.curve("waited")) == (0.02, ())
