"""Workspaces with rows and run folders as the other processes write them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from binscout_tui.jobs.process import started
from binscout_tui.store import datasets, images, jobs, labels, models, runs, sets
from binscout_tui.store.datasets import Item
from binscout_tui.workspace import Workspace

CLASSES = ("M2 screw", "M3 screw", "washer")
START = 1_790_000_000.0


def digest(name: object) -> str:
    """A hash for a made-up file."""
    return hashlib.sha256(str(name).encode()).hexdigest()


def add_images(ws: Workspace, count: int, *, storage: str = "copy") -> list[int]:
    """Enter images whose files are not there."""
    first = ws.db.read(images.count)
    found = []
    for number in range(first, first + count):
        new = images.NewImage(
            sha256=digest(number),
            storage=storage,
            path=Path(f"originals/{number}.png"),
            name=f"{number}.png",
            source="camera",
            bytes=1,
            mtime_ns=1,
            width=64,
            height=48,
            format="PNG",
            mode="RGB",
            source_group=f"g{number // 2}",
        )
        found.append(ws.db.write(images.add, ws.user.uid, new)[0])
    return found


def label_images(ws: Workspace, ids: Iterable[int]) -> None:
    """Give images classes in turn."""
    for name in CLASSES:
        ws.db.write(labels.add_class, name)
    for place, image_id in enumerate(ids):
        ws.db.write(labels.set_label, ws.user.uid, image_id, CLASSES[place % len(CLASSES)])


def add_set(ws: Workspace, ids: list[int]) -> int:
    """A set of candidates."""
    return ws.db.write(sets.add, name=f"burst {ids[0]}", kind="burst", image_ids=ids)[0]


def add_dataset(ws: Workspace, name: str = "screws", count: int = 12) -> str:
    """A dataset version over images that need not exist."""
    items = [Item(digest(n), CLASSES[n % 3], ("train", "val", "test")[n % 3], f"g{n}") for n in range(count)]
    dataset_id = datasets.content_id("classify", items)
    version = datasets.new_dataset(name, "classify", dataset_id, "manifest.jsonl", items)
    ws.db.write(datasets.add, ws.user.uid, version, items)
    return dataset_id


def add_run(
    ws: Workspace, dataset_id: str, *, state: str = "queued", name: str = "screws", error: str = "", pid: int = 0
) -> str:
    """A run whose job is in `state`, worked on by process `pid` (this one); its folder has a log."""
    pid = pid or os.getpid()
    run_id = ws.db.read(runs.free_id, name)
    config = {"preset": "tiny", "epochs": 20, "dataset": dataset_id}
    job_id = ws.db.write(runs.add, ws.user.uid, run_id, task="classify", dataset_id=dataset_id, config=config)
    if state != "queued":
        ws.db.write(jobs.begin, job_id, pid, started(pid))
    if state in ("done", "failed", "cancelled"):
        ws.db.write(jobs.finish, job_id, state, error=error or None)
    ws.paths.run(run_id).mkdir(parents=True)
    return run_id


def write_events(folder: Path, epochs: int, *, total: int = 20, steps: int = 30) -> None:
    """Append the events of training to `events.jsonl`."""
    with (folder / "events.jsonl").open("a") as log:
        for event in training_events(epochs, total, steps):
            log.write(json.dumps(event) + "\n")


def training_events(epochs: int, total: int, steps: int) -> Iterable[dict[str, Any]]:
    """What a trainer tells in `epochs` epochs."""
    at = START
    yield {"type": "state", "time": at, "state": "running", "pid": 1}
    yield {"type": "log", "time": at, "level": "info", "message": "96 images in train, 12 in val, 12 in test"}
    for epoch in range(1, epochs + 1):
        for step in range(10, steps + 1, 10):
            at += 1.5
            done = (epoch - 1) * steps + step
            loss = 1.9 / (1 + done / 60) + 0.05 * ((done * 7) % 5)
            metric = {"epoch": epoch, "step": done, "loss": round(loss, 4), "lr": 0.003, "samples_per_s": 148.2}
            yield {"type": "metric", "time": at, **metric}
        yield {
            "type": "metric",
            "time": at,
            "epoch": epoch,
            "step": epoch * steps,
            "val_acc": round(1 - 0.87 / epoch, 4),
        }
        progress = {"epoch": epoch, "epochs": total, "eta_s": (total - epoch) * 18.0, "samples_per_s": 148.2}
        yield {"type": "progress", "time": at, **progress}


def report() -> dict[str, Any]:
    """A report as an evaluation writes it."""
    matrix = [[9, 1, 0], [2, 7, 1], [0, 0, 10]]
    model = {
        "n": 30,
        "unreadable": 0,
        "accuracy": 26 / 30,
        "ci95": [0.70, 0.95],
        "per_class": {name: {"recall": matrix[row][row] / 10, "support": 10} for row, name in enumerate(CLASSES)},
        "confusion": {"labels": list(CLASSES), "matrix": matrix},
        "ece": 0.04,
        "nll": 0.41,
        "by_family": {},
        "worst": [],
    }
    baselines = {
        "majority": {"n": 30, "accuracy": 1 / 3, "ci95": [0.19, 0.51]},
        "simple_features": {"n": 30, "accuracy": 0.64, "ci95": [0.46, 0.79]},
    }
    return {"val": model, "test": model, "baselines": baselines, "calibration": {}, "timing": {"train_s": 312.0}}


def finish_run(ws: Workspace, run_id: str) -> None:
    """Give a run its report, its figures, and its model, as the training job does."""
    found = report()
    (ws.paths.run(run_id) / "report.json").write_text(json.dumps(found))
    figures = {
        "metrics": {"n": 30, "accuracy": found["test"]["accuracy"], "ci95": found["test"]["ci95"]},
        "baselines": {name: {"accuracy": entry["accuracy"]} for name, entry in found["baselines"].items()},
    }
    ws.db.write(runs.set_metrics, run_id, figures)
    card = {"classes": list(CLASSES), "preset": "tiny", "arch": "resnet10t", "epochs": 20, "dataset": "screws"}
    card |= {"metrics": figures, "unknown_threshold": 0.42, "temperature": 1.3, "seed": 0, "code_version": "0.1.0"}
    run = ws.db.read(runs.get, run_id)
    ws.db.write(
        models.add,
        ws.user.uid,
        run_id,
        run_id=run.id,
        task="classify",
        sha256=digest(run_id),
        size=1_234_567,
        card=card,
    )


def add_known_good(ws: Workspace, ids: Iterable[int]) -> None:
    """Put images on the gate's list."""
    for place, image_id in enumerate(ids):
        ws.db.write(models.add_known_good, ws.user.uid, "classify", image_id, CLASSES[place % 3])


def judge(ws: Workspace, model_id: str, *, passed: bool) -> None:
    """Write a verdict on the present list down."""
    checks = [
        {"name": "images", "passed": True, "detail": "12 known-good images, 10 needed", "value": 12, "limit": 10},
        {
            "name": "overall",
            "passed": passed,
            "detail": "10 of 12 right" if passed else "5 of 12 right",
            "value": 0.83 if passed else 0.42,
            "limit": 0.6,
        },
        {"name": "speed", "passed": True, "detail": "0.021 s an image", "value": 0.021, "limit": 1.0},
    ]
    ws.db.write(
        models.add_gate,
        ws.user.uid,
        model_id,
        passed=passed,
        checks=checks,
        basis=ws.db.read(models.basis, model_id, ws.settings.gate),
    )


def fill(root: Path, pid: int = 0) -> None:
    """A workspace in which something of everything is going on."""
    with Workspace(root) as ws:
        ids = add_images(ws, 60)
        label_images(ws, ids[:24])
        add_known_good(ws, ids[:12])
        for first in range(30, 54, 3):
            add_set(ws, ids[first : first + 3])
        dataset_id = add_dataset(ws)
        failed = add_run(ws, dataset_id, state="failed", error="The disk is full.")
        write_events(ws.paths.run(failed), 2)
        for passed in (False, True):
            run_id = add_run(ws, dataset_id, state="done")
            write_events(ws.paths.run(run_id), 20)
            finish_run(ws, run_id)
            judge(ws, run_id, passed=passed)
        ws.db.write(models.activate, ws.user.uid, run_id, ws.settings.gate)
        run_id = add_run(ws, dataset_id, state="done")
        write_events(ws.paths.run(run_id), 20)
        finish_run(ws, run_id)
        running = add_run(ws, dataset_id, state="running", pid=pid)
        write_events(ws.paths.run(running), 7)
        job = ws.db.read(runs.get, running).job
        ws.db.write(jobs.beat, job.id, 7, 20, "epoch 7/20 acc 0.81")
