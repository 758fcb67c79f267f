"""What the panel of a run says, as pure lines."""

from __future__ import annotations

from typing import Any

import pytest

from binscout_tui.eventlog.metrics import Failure, Resources, RunProgress
from binscout_tui.screens.run_lines import (
    best_so_far,
    curves,
    details_text,
    known_baselines,
    resources_line,
    why_text,
)
from binscout_tui.store.jobs import Job
from binscout_tui.store.runs import Run
from binscout_tui.widgets.line_plot import curve_cells, extent, level_cells

GB = 2**30
USED = Resources(cpu_percent=180, cores=2, rss_bytes=1.2 * GB, disk_free_bytes=40 * GB)


def run(task: str = "classify", state: str = "running", metrics: dict[str, Any] | None = None, **more: Any) -> Run:
    job = Job(
        id=3, kind="train", state=state, payload={}, pid=None, pid_started=None, attempts=1, heartbeat_at=None,
        done=0, total=0, message="", cancel_asked=False, error=more.pop("error", None), result=None, uid=0,
        created_at="2026-03-01T12:00:00Z", queued_at="2026-03-01T12:00:00Z", started_at="2026-03-01T12:00:05Z",
        finished_at=more.pop("finished_at", None),
    )  # fmt: skip
    fields: dict[str, Any] = {
        "id": "screws-3", "task": task, "dataset_id": "d1", "dataset_name": "screws", "preset": "tiny", "config": {},
        "metrics": metrics, "created_at": "2026-03-01T12:00:00Z", "job": job,
    }  # fmt: skip
    return Run(**(fields | more))


def spelled(text: str) -> str:
    return text.replace("{training.resume}", "r").replace("{training.details}", "e")


def measured(task: str, name: str, **baselines: float) -> dict[str, Any]:
    def entry(value: float) -> dict[str, Any]:
        return {"figures": {name: {"value": value, "ci95": None}}}

    return {"task": task, "metrics": entry(0.5), "baselines": {key: entry(value) for key, value in baselines.items()}}


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (80, "148 img/s · waits 2 % · CPU 180 % · 1.2 GB · 40 GB free"),
        (40, "148 img/s · waits 2 % · CPU 180 %"),
        (5, ""),
    ],
)
def test_what_has_no_room_falls_away(width: int, text: str) -> None:
    progress = RunProgress(samples_per_s=148.2, waited=0.021, resources=USED)
    line = resources_line(run(), progress, width)
    assert (line.plain, line.cell_length <= width) == (text, True)


def test_a_disk_that_is_nearly_full_stands_first() -> None:
    used = Resources(cpu_percent=10, disk_free_bytes=300 * 2**20)
    assert resources_line(run(), RunProgress(resources=used), 60).plain.startswith("! only 300 MB free · CPU 10 %")


def test_samples_are_called_what_they_are() -> None:
    assert resources_line(run("select"), RunProgress(samples_per_s=12), 60).plain == "12 sets/s"


@pytest.mark.parametrize(
    ("task", "series", "title", "best", "most"),
    [
        ("classify", "val_acc", "network so far", 0.8, 1.0),
        ("select", "val_top1", "network so far", 0.8, 1.0),
        ("count", "val_mae", "mean error so far", 0.4, None),
    ],
)
def test_each_task_shows_the_figure_that_it_is_judged_by(
    task: str, series: str, title: str, best: float, most: float | None
) -> None:
    progress = RunProgress(series={series: ((1, 0.4), (2, 0.8)), "loss": ((1, 2.0),), "step loss": ((1, 3.0),)})
    loss, primary, _ = curves(run(task), progress, {"area": 0.6})
    assert (primary.title, primary.points, primary.ends) == (title, ((1, 0.4), (2, 0.8)), (0.0, most))
    assert primary.levels == {"area": 0.6}
    assert (loss.points, loss.behind) == (((1, 2.0),), ((1, 3.0),))
    assert best_so_far(run(task), progress) == best
    assert "network, best" in details_text(run(task), progress, "").plain


def test_before_the_first_epoch_the_loss_of_steps_is_the_curve() -> None:
    loss, _, _ = curves(run(), RunProgress(series={"step loss": ((1, 3.0),)}), {})
    assert (loss.points, loss.behind) == (((1, 3.0),), ())


def test_baselines_come_from_itself_or_from_a_run_on_the_same_data() -> None:
    done = run(metrics=measured("classify", "accuracy", majority=0.3, simple_features=0.6), id="screws-2")
    other_task = run("count", metrics=measured("count", "mae", area=2.0))
    other_data = run(metrics=measured("classify", "accuracy", majority=0.1), dataset_id="d2")
    going = run()
    assert known_baselines(going, [other_task, other_data, done]) == {"majority": 0.3, "simple": 0.6}
    assert known_baselines(other_data, [done]) == {"majority": 0.1}
    assert known_baselines(going, [other_task, other_data]) == {}


def test_a_failed_run_says_why_and_what_to_do() -> None:
    failure = Failure("The loss is not a number.", "Lower the learning rate.", "loss_not_finite")
    text = why_text(run(state="failed"), RunProgress(failure=failure, epoch=4), 50, spelled)
    assert text is not None
    assert text.plain.splitlines() == [
        "The loss is not a number.",
        "→ Lower the learning rate.",
        "It got to epoch 4. r goes on from its last",
        "checkpoint; e shows details to copy.",
    ]


def test_only_a_run_with_a_checkpoint_is_said_to_go_on_from_one() -> None:
    def said(state: str, **known: Any) -> str:
        text = why_text(run(state=state, error="No CUDA."), RunProgress(**known), 200, spelled)
        assert text is not None
        return text.plain.splitlines()[-1]

    steps = {"step loss": ((3, 1.0),)}
    assert said("failed") == "r tries it again; e shows details to copy."
    assert said("failed", series=steps) == "r tries it again; e shows details to copy."
    assert said("cancelled") == "r tries it again; e shows details to copy."
    assert said("cancelled", series=steps).startswith("r goes on from its last checkpoint;")
    assert said("failed", epoch=1).startswith("It got to epoch 1. r goes on from its last checkpoint;")


def test_what_stopped_without_a_word_says_what_its_job_knows() -> None:
    text = why_text(
        run(state="failed", error="The trainer died 4 times. Its words are in x."), RunProgress(), 60, spelled
    )
    assert text is not None
    assert text.plain.startswith("The trainer died 4 times.")
    text = why_text(run(state="cancelled"), RunProgress(failure=Failure("old")), 60, spelled)
    assert text is not None
    assert text.plain.startswith("Somebody asked it to stop.")
    assert why_text(run(), RunProgress(failure=Failure("old")), 60, spelled) is None


def test_details_hold_what_makes_the_same_run_again() -> None:
    config = {
        "seed": 7,
        "preset": "tiny",
        "code_version": "0.1.0 (abc1234)",
        "lr": 0.001,
        "weights": None,
        "task": "classify",
    }
    made = run(config=config, state="failed", finished_at="2026-03-01T12:10:05Z", error="[bold]x[/bold]")
    text = details_text(made, RunProgress(device="cpu", processes=2, resumed=1, epoch=3), "last words").plain
    for words in (
        "screws d1",
        "0.1.0 (abc1234)",
        "seed",
        "7",
        "0.001",
        "took",
        "10 min",
        "last words",
        "[bold]x[/bold]",
    ):
        assert words in text
    assert "weights" not in text
    assert "not recorded" in details_text(run(), None, "").plain


def test_two_curves_share_their_axes() -> None:
    long, short = ((0, 1.0), (10, 1.0)), ((5, 0.0), (10, 0.0))
    assert extent(long, short) == (0, 10)
    cells = curve_cells(short, 10, 1, (0.0, 1.0), extent(long, short))
    assert [bool(cell) for cell in cells[0]] == [False] * 5 + [True] * 5


def test_a_level_is_a_dotted_line_at_its_height() -> None:
    top, bottom = level_cells([0.9], 4, 2, (0.0, 1.0))
    assert [bool(cell) for cell in top] == [True, False, True, False]
    assert not any(bottom)
    assert level_cells([5.0], 4, 2, (0.0, 1.0))[0] != [0] * 4, "what lies outside is drawn at the edge"
