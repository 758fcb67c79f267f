"""Measuring a model on a dataset version."""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from binscout_tui.errors import BinScoutError, NotFoundError
from binscout_tui.learning.items import DatasetItem, Item, SetItem, dataset_text
from binscout_tui.learning.metrics import wilson
from binscout_tui.learning.splits import SPLITS, Split
from binscout_tui.operations.counting import item_of
from binscout_tui.operations.dataset_material import counted_class
from binscout_tui.operations.run_items import run_items
from binscout_tui.store import datasets, models, runs
from binscout_tui.store.datasets import Dataset
from binscout_tui.store.models import Model
from binscout_tui.store.runs import Run
from binscout_tui.workspace import Workspace


def evaluate(workspace: Workspace, model_id: str, dataset: str, split: Split) -> dict[str, Any]:
    """`{"model", "task", "dataset", "split", "seen", "warning", "metrics", "baselines"}` of a model on one split.

    `seen` is how many images (sets for `select`) of the split the model learned from or was tuned on: with any, the
    figures flatter it; None where nobody knows, since no run is known that made it. The baselines are those of the
    model's own run where that was judged on the same pictures, else they are measured too where they need no training.
    `warning` says where a model that counts one thing is measured by numbers of another, else None.
    Raises BinScoutError.
    """
    model = workspace.db.read(models.get, model_id)
    version = workspace.db.read(datasets.find, dataset)
    if version.task != model.task:
        raise BinScoutError(
            f"The dataset {version.name} is for {version.task}, and the model {model_id} for {model.task}.",
            code="wrong_task",
        )
    items = workspace.db.read(run_items, workspace.paths, version)
    if not any(item.split == split for item in items):
        raise BinScoutError(f"The dataset {dataset} has nothing in {split}.", code="split_empty")
    metrics = _measured(model.task, workspace.paths.model(model_id), items, split)
    baselines = metrics.pop("baselines", {})
    run = None if model.run_id is None else workspace.db.read(runs.get, model.run_id)
    return {
        "model": model_id,
        "task": model.task,
        "dataset": version.id,
        "split": split,
        "seen": _seen(workspace, run, items, split),
        "warning": workspace.db.read(_other_item, model, version) if model.task == "count" else None,
        "metrics": metrics,
        "baselines": _of_run(run, version.id, split) or baselines,
    }


def _measured(task: str, folder: Path, items: Sequence[Item], split: Split) -> dict[str, Any]:
    """The figures of the model in `folder`; `baselines` is among them where the task measures some."""
    if task == "classify":
        from binscout_tui.learning.evaluate import evaluate as measure

        with tempfile.TemporaryDirectory() as scratch:
            lines = Path(scratch) / "dataset.jsonl"
            lines.write_text(dataset_text(items), "ascii")
            return measure(folder, lines, split) | {"baselines": {"majority": _majority(items, split)}}
    found: dict[str, Any] = import_module(f"binscout_tui.learning.{task}.evaluate").evaluate(folder, items, split)
    return found


def _majority(items: Sequence[Item], split: Split) -> dict[str, Any]:
    """What is right by always saying the commonest class of the version's train split."""
    labels = {
        name: [one.label for one in items if isinstance(one, DatasetItem) and one.split == name] for name in SPLITS
    }
    commonest = Counter(sorted(labels["train"] or labels[split])).most_common(1)[0][0]
    right, n = labels[split].count(commonest), len(labels[split])
    share, interval = right / n, wilson(right, n)
    return {"n": n, "accuracy": share, "ci95": interval, "figures": {"accuracy": {"value": share, "ci95": interval}}}


def _of_run(run: Run | None, version_id: str, split: Split) -> dict[str, Any]:
    """The baselines that a run was judged beside, if it was judged on this split of this version."""
    if run is None or not run.metrics or run.dataset_id != version_id or split != "test":
        return {}
    found: dict[str, Any] = run.metrics["baselines"]
    return found


def _other_item(db: sqlite3.Connection, model: Model, version: Dataset) -> str | None:
    """What to say where a model and a version count different things; nothing where nobody knows (a store function)."""
    learned = item_of(db, model)
    if learned is None or _class_of(db, learned) == _class_of(db, version.item):
        return None
    model_counts, there = learned or "everything", version.item or "everything"
    return f"{model.id} counts {model_counts}, and {version.name} has numbers of {there}: these are different things."


def _class_of(db: sqlite3.Connection, item: str) -> str | int:
    """The class of an item, since two names may stand for one; its name where it has none any more."""
    try:
        return counted_class(db, item)[1] if item else ""
    except NotFoundError:
        return item


def _seen(workspace: Workspace, run: Run | None, items: Sequence[Item], split: Split) -> int | None:
    if run is None:
        return None
    learned = workspace.db.read(datasets.hashes, run.dataset_id, ("train", "val"))
    return sum(not learned.isdisjoint(_hashes(item)) for item in items if item.split == split)


def _hashes(item: Item) -> set[str]:
    return {image.sha256 for image in item.images} if isinstance(item, SetItem) else {item.sha256}
