"""Whatever ends a training early: a clear state, a sentence that helps, and the last good checkpoint as it was."""

from __future__ import annotations

import errno
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from safetensors.torch import load_file

from binscout_tui.learning.checkpoint import CHECKPOINT_FILE, load_checkpoint, save_checkpoint
from binscout_tui.learning.config import TrainConfig, prepare_run, read_config
from binscout_tui.learning.faults import in_words
from binscout_tui.learning.items import DATASET_FILE, read_dataset

from .count.bins import make_bins
from .nursery import Nursery
from .select.made_sets import make_sets
from .shapes import QUICK, events, make_items

EVERY_STEP = msgspec.structs.replace(QUICK, checkpoint_every=0)
OF_THE_CLOCK = {"t", "samples_per_s", "waited"}


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as started:
        yield started


def prepared(folder: Path, config: TrainConfig = EVERY_STEP, finished: Path | None = None) -> Path:
    """A run folder: over the pictures of `finished`, else over its own."""
    items = make_items(folder / "pictures") if finished is None else read_dataset(finished / DATASET_FILE)
    prepare_run(folder / "run", config, items)
    return folder / "run"


def curve(folder: Path) -> list[dict[str, Any]]:
    """All figures of all epochs that do not depend on time."""
    return [{name: event[name] for name in event.keys() - OF_THE_CLOCK} for event in events(folder, "metric")]


def last_state(folder: Path) -> dict[str, Any]:
    return events(folder, "state")[-1]


def after_checkpoints(folder: Path, number: int) -> None:
    """Return when the checkpoint has been replaced so many times."""
    seen: set[int] = set()
    deadline = time.monotonic() + 60
    while len(seen) < number:
        if (folder / CHECKPOINT_FILE).exists():
            seen.add((folder / CHECKPOINT_FILE).stat().st_mtime_ns)
        assert time.monotonic() < deadline, (folder / "log.txt").read_text()
        time.sleep(0.001)


def kill_at_random(nursery: Nursery, folder: Path, times: int, chance: random.Random) -> None:
    """Kill the training `times` times, some steps after it began or went on, each time at another moment of a step."""
    for _ in range(times):
        pid = nursery.start(folder)
        after_checkpoints(folder, chance.randrange(2, 5))
        time.sleep(chance.random() * 0.05)
        os.kill(pid, signal.SIGKILL)
        assert nursery.wait(pid) == -signal.SIGKILL
        assert not (folder / "card.json").exists()


def same_in_the_end(nursery: Nursery, folder: Path, uninterrupted: Path) -> None:
    assert nursery.run(folder) == 0, (folder / "log.txt").read_text()
    assert curve(folder) == curve(uninterrupted)
    mine, other = (load_file(path / "model.safetensors") for path in (folder, uninterrupted))
    assert all(other[name].equal(mine[name]) for name in other)
    assert last_state(folder)["state"] == "done"


def test_killed_at_random_steps_it_ends_with_the_same_curve_and_weights(
    finished: Path, tmp_path: Path, nursery: Nursery
) -> None:
    folder = prepared(tmp_path, msgspec.structs.replace(read_config(finished), checkpoint_every=0), finished)
    kill_at_random(nursery, folder, 3, random.Random(1))
    same_in_the_end(nursery, folder, finished)
    resumed = [(event["resumed_from"], event["resumed_step"]) for event in events(folder, "state")[1:-1]]
    assert len(resumed) == 3
    assert any(step for _, step in resumed), "no kill hit the inside of an epoch"


@pytest.mark.slow
def test_killed_ten_times_over_a_longer_run(tmp_path: Path, nursery: Nursery) -> None:
    config = msgspec.structs.replace(EVERY_STEP, epochs=20)
    whole = prepared(tmp_path / "whole", config)
    assert nursery.run(whole) == 0
    folder = prepared(tmp_path / "killed", config, whole)
    kill_at_random(nursery, folder, 10, random.Random(2))
    same_in_the_end(nursery, folder, whole)
    assert len(events(folder, "state")) == 12


@pytest.mark.slow
@pytest.mark.parametrize("task", ["select", "count"])
def test_other_tasks_go_on_at_any_step_too(tmp_path: Path, nursery: Nursery, task: str) -> None:
    items = make_sets(tmp_path / "p") if task == "select" else make_bins(tmp_path / "p")
    whole, folder = tmp_path / "whole", tmp_path / "killed"
    config = TrainConfig(task=task, image_size=64, batch_size=4, epochs=6, device="cpu", checkpoint_every=0)
    for one in (whole, folder):
        prepare_run(one, config, items)
    assert nursery.run(whole) == 0, (whole / "log.txt").read_text()
    kill_at_random(nursery, folder, 3, random.Random(3))
    same_in_the_end(nursery, folder, whole)


def test_a_loss_that_is_no_number_ends_it_before_anything_is_spoilt(tmp_path: Path, nursery: Nursery) -> None:
    folder = prepared(tmp_path, msgspec.structs.replace(EVERY_STEP, lr=1e30))
    assert nursery.run(folder) == 1
    state = last_state(folder)
    assert (state["state"], state["code"]) == ("failed", "loss_not_finite")
    assert "--lr" in state["hint"]
    kept = load_checkpoint(folder)
    assert kept is not None
    assert all(bool(torch.isfinite(value).all()) for value in kept["network"].values())
    assert not (folder / "card.json").exists()


@pytest.mark.parametrize(
    ("leave", "code"),
    [
        (lambda item: item.label == "bar", "dataset_one_class"),
        (lambda item: item.split != "val", "dataset_no_val"),
        (lambda item: item.split != "train", "dataset_no_train"),
        (lambda item: False, "dataset_empty"),
    ],
)
def test_data_that_teaches_nothing_is_refused_by_the_trainer_too(
    tmp_path: Path, nursery: Nursery, leave: Any, code: str
) -> None:
    folder = prepared(tmp_path)
    items = read_dataset(folder / DATASET_FILE)
    lines = (folder / DATASET_FILE).read_text().splitlines(keepends=True)
    (folder / DATASET_FILE).write_text("".join(line for line, item in zip(lines, items, strict=True) if leave(item)))
    assert nursery.run(folder) == 1
    state = last_state(folder)
    assert (state["state"], state["code"]) == ("failed", code)
    assert state["hint"]


def test_a_validation_split_that_cannot_be_read_is_told(tmp_path: Path, nursery: Nursery) -> None:
    folder = prepared(tmp_path)
    for item in read_dataset(folder / DATASET_FILE):
        if item.split == "val":
            Path(item.path).write_bytes(b"no picture")
    assert nursery.run(folder) == 1
    assert (last_state(folder)["code"], last_state(folder)["state"]) == ("dataset_unreadable", "failed")
    assert len([event for event in events(folder, "log") if event["level"] == "warning"]) == 7


def cancelled(nursery: Nursery, folder: Path) -> None:
    """Have the training stop amid an epoch."""
    pid = nursery.start(folder)
    after_checkpoints(folder, 2)
    os.kill(pid, signal.SIGTERM)
    assert nursery.wait(pid) == 143
    assert last_state(folder)["state"] == "cancelled"


@pytest.mark.parametrize(
    "damage", ["cut off", "other bytes", "another network", "another kind of state", "another batch size"]
)
def test_a_checkpoint_that_does_not_fit_is_named_and_left_alone(tmp_path: Path, nursery: Nursery, damage: str) -> None:
    folder = prepared(tmp_path)
    path = folder / CHECKPOINT_FILE
    if damage == "other bytes":
        path.write_bytes(b"no checkpoint")
    else:
        cancelled(nursery, folder)
    state = load_checkpoint(folder) if "another" in damage else None
    if damage == "cut off":
        path.write_bytes(path.read_bytes()[:5000])
    elif damage == "another network":
        save_checkpoint(folder, {**(state or {}), "network": {"other.weight": torch.zeros(3)}})
    elif damage == "another kind of state":
        save_checkpoint(folder, {"epoch": 3})
    elif damage == "another batch size":
        config = folder / "config.json"
        config.write_text(config.read_text().replace('"batch_size": 8', '"batch_size": 4'))
    before = path.read_bytes()
    assert nursery.run(folder) == 1
    told = last_state(folder)
    assert told["code"] == ("checkpoint_mismatch" if "another" in damage else "checkpoint_corrupt"), told
    assert "elete" in told["hint"]
    assert path.read_bytes() == before


def test_a_full_disk_leaves_the_last_checkpoint_and_the_run_goes_on_from_it(
    finished: Path, tmp_path: Path, nursery: Nursery
) -> None:
    folder = prepared(tmp_path, msgspec.structs.replace(read_config(finished), checkpoint_every=0), finished)
    cancelled(nursery, folder)
    before = (folder / CHECKPOINT_FILE).read_bytes()
    assert nursery.run(folder, file_bytes=1_000_000) == 74
    state = last_state(folder)
    assert (state["state"], state["code"]) == ("failed", "disk_full")
    assert "room" in state["hint"]
    assert (folder / CHECKPOINT_FILE).read_bytes() == before
    assert not list(folder.glob(".tmp-*"))
    kept = load_checkpoint(folder)
    same_in_the_end(nursery, folder, finished)
    running = [event for event in events(folder, "state") if event["state"] == "running"][-1]
    assert kept is not None
    assert (running["resumed_from"], running["resumed_step"]) == (kept["epoch"], kept["step"])


def test_too_little_memory_says_what_would_help(tmp_path: Path, nursery: Nursery) -> None:
    folder = prepared(tmp_path, msgspec.structs.replace(EVERY_STEP, batch_size=512))
    cancelled(nursery, folder)
    before = load_checkpoint(folder)
    assert nursery.run(folder, more_memory=120_000_000) == 1
    state = last_state(folder)
    assert (state["state"], state["code"]) == ("failed", "out_of_memory"), state
    assert "--batch-size" in state["hint"]
    after = load_checkpoint(folder)
    assert before is not None
    assert after is not None
    assert (after["epoch"], after["step"]) >= (before["epoch"], before["step"])
    assert not list(folder.glob(".tmp-*"))


@pytest.mark.parametrize(
    ("number", "code", "advice"),
    [
        (errno.ENOMEM, "out_of_memory", "--batch-size"),
        (errno.ENOSPC, "disk_full", "Make room"),
        (errno.EACCES, "storage", "permissions"),
    ],
)
def test_what_the_system_refuses_is_told_apart(number: int, code: str, advice: str) -> None:
    told = in_words(OSError(number, "refused", "/p/1.png"))
    assert told is not None
    assert told.code == code
    assert advice in told.hint


def test_sigterm_amid_an_epoch_loses_no_step(tmp_path: Path, nursery: Nursery) -> None:
    folder = prepared(tmp_path, msgspec.structs.replace(QUICK, checkpoint_every=1000))
    pid = nursery.start(folder)
    after_checkpoints(folder, 1)
    os.kill(pid, signal.SIGTERM)
    assert nursery.wait(pid) == 143
    kept = load_checkpoint(folder)
    assert kept is not None
    assert kept["step"] > 0, "the checkpoint is that of the end of an epoch"
    assert len(kept["optimizer"]["state"]) > 0
