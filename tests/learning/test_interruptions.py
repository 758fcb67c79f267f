"""Killed, cancelled, or started twice: a run is never lost and never trained by two."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file

from binscout_tui.errors import ConflictError
from binscout_tui.learning import process
from binscout_tui.learning.config import command, prepare_run, read_config
from binscout_tui.learning.items import read_dataset

from .shapes import QUICK, environment, events, make_items, start


def wait_until(running: subprocess.Popen[bytes], condition: Callable[[], bool]) -> None:
    """Return as soon as `condition` holds; fail when the process ends before."""
    while not condition():
        try:
            running.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"the process ended too early, with {running.returncode}")


def test_a_killed_run_continues_and_ends_with_the_same_numbers(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    prepare_run(folder, read_config(finished), read_dataset(finished / "dataset.jsonl"))
    first = start(folder)
    wait_until(first, lambda: bool(events(folder, "metric")))
    first.kill()
    first.wait()
    done = events(folder, "metric")[-1]["epoch"]
    assert not (folder / "card.json").exists()
    assert start(folder).wait(120) == 0, (folder / "log.txt").read_text()
    running = events(folder, "state")[1]
    assert running["resumed_from"] in {done, done + 1}  # a checkpoint may be written and not yet told
    epochs = [event["epoch"] for event in events(folder, "metric")]
    assert epochs[-1] == QUICK.epochs
    assert len(epochs) == len(set(epochs))
    uninterrupted, continued = (load_file(path / "model.safetensors") for path in (finished, folder))
    assert all(uninterrupted[name].equal(continued[name]) for name in uninterrupted)


def test_a_cancelled_run_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    prepare_run(folder, QUICK, make_items(tmp_path / "p"))
    launcher = subprocess.Popen(
        command(folder), env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_until(launcher, lambda: bool(events(folder, "metric")))
    worker = events(folder, "state")[0]["pid"]
    launcher.send_signal(signal.SIGTERM)
    launcher.wait(60)
    assert events(folder)[-1]["state"] == "cancelled"
    assert not alive(worker)
    assert not (folder / "card.json").exists()


def test_the_worker_dies_with_its_launcher(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    prepare_run(folder, QUICK, make_items(tmp_path / "p"))
    launcher = subprocess.Popen(
        command(folder), env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_until(launcher, lambda: bool(events(folder, "state")))
    worker = os.pidfd_open(events(folder, "state")[0]["pid"])
    launcher.kill()
    launcher.wait()
    assert ended(worker, 10)
    assert events(folder, "state")[-1]["state"] == "running"


def test_two_trainings_in_one_folder_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "LOCK_PATIENCE", 0.2)
    held = process.lock_run(tmp_path)
    with pytest.raises(ConflictError, match="Another process"):
        process.lock_run(tmp_path)
    os.close(held)
    os.close(process.lock_run(tmp_path))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ended(descriptor: int, seconds: float) -> bool:
    """Whether the process behind a pidfd ends within `seconds`."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    try:
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(descriptor)
