"""Training as a job: it outlives who started it, goes on after kill -9, and stops when asked."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from binscout_tui.eventlog.metrics import RunProgress
from binscout_tui.jobs.control import reconcile
from binscout_tui.jobs.process import is_alive, started
from binscout_tui.jobs.train import position, reached
from binscout_tui.store import jobs, models, runs
from binscout_tui.store.jobs import Job
from binscout_tui.workspace import Workspace
from tests.command_line import binscout, ok
from tests.pictures import parts_library

PATIENCE_S = 240
EPOCHS = 6


@pytest.fixture
def ready(workspace: Workspace, tmp_path: Path) -> Iterator[Workspace]:
    """A workspace with a small dataset called shapes; its jobs are ended with the test."""
    ok(workspace.paths.root, "import", parts_library(tmp_path / "library"), "--labels", "folder")
    ok(workspace.paths.root, "dataset", "build", "shapes")
    yield workspace
    for job in workspace.db.read(jobs.open_jobs):
        if job.pid and is_alive(job.pid, job.pid_started):
            os.kill(job.pid, signal.SIGKILL)


def train(workspace: Workspace) -> str:
    return str(ok(workspace.paths.root, "train", "--dataset", "shapes", "--epochs", EPOCHS)["run"])


def wait_for(happened: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def job_of(workspace: Workspace, run: str) -> Job:
    return workspace.db.read(runs.get, run).job


def events(workspace: Workspace, run: str) -> list[dict[str, object]]:
    path = workspace.paths.run(run) / "events.jsonl"
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines]


def epochs(workspace: Workspace, run: str) -> list[object]:
    return [event["epoch"] for event in events(workspace, run) if event["type"] == "metric"]


def trainers(workspace: Workspace, run: str) -> list[int]:
    """The pids of processes that train in the run's folder."""
    folder = str(workspace.paths.run(run)).encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if folder in words and b"torch.distributed.run" not in words:
                found.append(int(entry.name))
    return found


def test_kill_of_the_trainer_goes_on_from_its_checkpoint(ready: Workspace) -> None:
    run = train(ready)
    wait_for(lambda: len(epochs(ready, run)) >= 2)
    (pid,) = trainers(ready, run)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not job_of(ready, run).is_open)
    job = job_of(ready, run)
    assert job.state == "done", job.error
    assert (job.done, job.total) == (EPOCHS, EPOCHS)
    assert re.fullmatch(r"accuracy \d\.\d\d \(baseline \d\.\d\d\)", job.message)
    assert any(event.get("resumed_from") for event in events(ready, run))
    assert sorted(set(epochs(ready, run))) == list(range(1, EPOCHS + 1))
    assert ready.db.read(models.get, run).sha256


def test_kill_of_the_job_takes_the_trainer_along_and_the_next_look_resumes(ready: Workspace) -> None:
    run = train(ready)
    wait_for(lambda: len(epochs(ready, run)) >= 1)
    job = job_of(ready, run)
    assert job.pid is not None
    assert os.getsid(job.pid) == job.pid, "the job must not die with the terminal"
    os.kill(job.pid, signal.SIGKILL)
    wait_for(lambda: not trainers(ready, run))
    assert job_of(ready, run).state == "running"
    assert [touched.id for touched in ready.db.write(reconcile, ready.paths.root)] == [job.id]
    wait_for(lambda: not job_of(ready, run).is_open)
    assert job_of(ready, run).state == "done", job_of(ready, run).error
    assert job_of(ready, run).attempts == 2
    assert sorted(set(epochs(ready, run))) == list(range(1, EPOCHS + 1))


def test_cancel_stops_everything_and_retry_goes_on(ready: Workspace) -> None:
    run = train(ready)
    wait_for(lambda: len(epochs(ready, run)) >= 1)
    job = job_of(ready, run)
    ok(ready.paths.root, "jobs", "cancel", job.id)
    wait_for(lambda: not job_of(ready, run).is_open)
    assert job_of(ready, run).state == "cancelled"
    assert trainers(ready, run) == []
    ok(ready.paths.root, "jobs", "retry", job.id)
    wait_for(lambda: not job_of(ready, run).is_open)
    assert job_of(ready, run).state == "done", job_of(ready, run).error
    assert binscout(ready.paths.root, "jobs", "retry", job.id).code == 1


def test_a_failing_trainer_says_why(ready: Workspace) -> None:
    for original in ready.paths.originals.rglob("*.png"):
        original.unlink()
    answer = binscout(ready.paths.root, "train", "--dataset", "shapes", "--epochs", 1, "--wait")
    assert answer.code == 1
    assert answer.data["error"]["code"] == "run_failed"
    assert "Traceback" not in answer.err


def test_while_it_goes_on_the_figure_is_said_to_be_the_networks() -> None:
    progress = RunProgress(epoch=2, epochs=5, series={"val_top1": ((1, 0.25), (2, 0.5))})
    assert position(progress) == (2, 5, "epoch 2/5 network top-1 0.50")


@pytest.mark.parametrize(
    ("task", "figure", "text"),
    [("select", "top1", "top-1 0.50 (baseline 0.75)"), ("count", "mae", "mean error 0.50 (baseline 0.25)")],
)
def test_a_job_that_is_done_says_what_it_reached_and_the_best_baseline(task: str, figure: str, text: str) -> None:
    def entry(value: float) -> dict[str, object]:
        return {"figures": {figure: {"value": value, "ci95": None}}}

    baselines = {"one": entry(0.25), "other": entry(0.75), "no such figure": {"figures": {}}}
    assert reached({"task": task, "metrics": entry(0.5), "baselines": baselines}) == text


def test_a_pid_that_is_used_again_is_another_process() -> None:
    assert is_alive(os.getpid(), started(os.getpid()))
    assert not is_alive(os.getpid(), "00000000-1")
    assert not is_alive(2**22 + 1, "00000000-1")
