"""Measuring a model on a dataset version."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.config import dataset_text
from binscout_tui.learning.splits import Split
from binscout_tui.operations.training import dataset_items
from binscout_tui.store import datasets, models, runs
from binscout_tui.workspace import Workspace


def evaluate(workspace: Workspace, model_id: str, dataset: str, split: Split) -> dict[str, Any]:
    """`{"model", "dataset", "split", "seen", "metrics", "baselines"}`: figures of a model on one split of a version.

    `seen` is how many images of the split the model learned from or was tuned on: with any, the figures flatter it.
    The baselines are those of the model's own run where that was the same version. Raises BinScoutError.
    """
    model = workspace.db.read(models.get, model_id)
    version = workspace.db.read(datasets.find, dataset)
    items = workspace.db.read(dataset_items, workspace.paths, version.id)
    if not any(item.split == split for item in items):
        raise BinScoutError(f"The dataset {dataset} has no images in {split}.", code="split_empty")
    from binscout_tui.learning.evaluate import evaluate as measure

    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "dataset.jsonl"
        lines.write_text(dataset_text(items), "ascii")
        metrics = measure(workspace.paths.model(model_id), lines, split)
    run = None if model.run_id is None else workspace.db.read(runs.get, model.run_id)
    baselines: dict[str, Any] = {}
    if run and run.metrics and run.dataset_id == version.id and split == "test":
        baselines = run.metrics["baselines"]
    seen = 0
    if run:
        learned = workspace.db.read(datasets.hashes, run.dataset_id, ("train", "val"))
        seen = sum(item.split == split and item.sha256 in learned for item in items)
    return {
        "model": model_id,
        "dataset": version.id,
        "split": split,
        "seen": seen,
        "metrics": metrics,
        "baselines": baselines,
    }
