"""Starting a training run: its folder, its rows, its job."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3

import msgspec

from binscout_tui.errors import BinScoutError, StorageError
from binscout_tui.learning.config import DatasetItem, TrainConfig, check_config, prepare_run
from binscout_tui.store import datasets, runs
from binscout_tui.workspace import Paths


def enqueue(
    db: sqlite3.Connection,
    paths: Paths,
    uid: int,
    *,
    dataset: str,
    task: str = "classify",
    preset: str = "tiny",
    epochs: int | None = None,
    seed: int = 0,
    devices: int = 1,
    weights: str | None = None,
) -> tuple[str, int]:
    """(run id, job id): prepare a run on a dataset and queue its job (a store function).

    Raises BinScoutError, in one sentence and before anything is written, for settings or data that cannot work.
    """
    config = TrainConfig(
        task=task,
        preset=preset,
        epochs=epochs,
        seed=seed,
        devices=devices,
        weights=None if weights is None else os.path.abspath(weights),  # noqa: PTH100 - the job runs elsewhere
    )
    check_config(config)
    version = datasets.find(db, dataset)
    config = msgspec.structs.replace(config, dataset=version.id)
    if version.task != task:
        raise BinScoutError(f"The dataset {version.name} is for {version.task}, not {task}.", code="wrong_task")
    run_id = runs.free_id(db, version.name, lambda one: paths.run(one).exists())
    folder = paths.run(run_id)
    try:
        prepare_run(folder, config, dataset_items(db, paths, version.id))
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise StorageError(
            f"The run cannot be written to {folder}: {error.strerror}.",
            hint="Free some space and try again." if full else "Check the permissions of the workspace.",
            code="disk_full" if full else "read_only",
        ) from error
    job_id = runs.add(db, uid, run_id, task=task, dataset_id=version.id, config=msgspec.to_builtins(config))
    return run_id, job_id


def dataset_items(db: sqlite3.Connection, paths: Paths, dataset_id: str) -> list[DatasetItem]:
    """The lines that the trainer reads (a store function).

    Raises BinScoutError when files of the version are known to have changed or gone.
    """
    found = datasets.items(db, dataset_id)
    lost = [image for _, image in found if image.health != "ok"]
    if lost:
        raise BinScoutError(
            f"{len(lost)} images of the dataset have changed or gone since it was frozen (for example {lost[0].name}).",
            hint="Put the files back and run `binscout images check`, or build a new version.",
            code="dataset_lost",
        )
    return [
        DatasetItem(
            sha256=item.sha256,
            path=os.fspath(paths.original(image)),
            label=item.label,
            split=item.split,
            group=item.source_group,
            family=image.family or None,
        )
        for item, image in found
    ]
