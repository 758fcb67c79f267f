"""Starting a training run: its folder, its rows, its job."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui import __version__
from binscout_tui.errors import BinScoutError, StorageError
from binscout_tui.learning.config import TrainConfig, check_config, prepare_run
from binscout_tui.learning.presets import PRESETS, find_preset
from binscout_tui.learning.tasks import CHECKPOINT_FILE, find_task
from binscout_tui.operations.run_items import run_items
from binscout_tui.store import datasets, runs
from binscout_tui.store.runs import Run
from binscout_tui.workspace import Paths


def enqueue(
    db: sqlite3.Connection,
    /,
    paths: Paths,
    uid: int,
    *,
    dataset: str,
    task: str | None = None,
    weights: str | None = None,
    **settings: Any,
) -> tuple[str, int]:
    """(run id, job id): prepare a run on a dataset and queue its job (a store function).

    `settings` are fields of `TrainConfig`; the task is that of the dataset. Raises BinScoutError, in one sentence and
    before anything is written, for settings or data that cannot work.
    """
    _must_be_a_preset(task, settings.get("preset", ""))
    absolute = None if weights is None else checked_weights(weights)
    features = str(paths.root / "derived" / "features")
    config = TrainConfig(weights=absolute, features=features, **settings)
    version = datasets.find(db, dataset)
    if task is not None and version.task != task:
        raise BinScoutError(f"The dataset {version.name} is for {version.task}, not {task}.", code="wrong_task")
    config = _complete(config, version)
    check_config(config)
    run_id = runs.free_id(db, version.name, lambda one: paths.run(one).exists())
    folder = paths.run(run_id)
    try:
        prepare_run(folder, config, run_items(db, paths, version))
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise StorageError(
            f"The run cannot be written to {folder}: {error.strerror}.",
            hint="Free some space and try again." if full else "Check the permissions of the workspace.",
            code="disk_full" if full else "read_only",
        ) from error
    job_id = runs.add(db, uid, run_id, task=config.task, dataset_id=version.id, config=msgspec.to_builtins(config))
    return run_id, job_id


def go_on_hint(paths: Paths, run: Run) -> str:
    """How to take up a run that failed or was cancelled, and where it then begins."""
    has_checkpoint = (paths.run(run.id) / CHECKPOINT_FILE).exists()
    what = "goes on from its last checkpoint" if has_checkpoint else "starts it again from the beginning"
    return f"`binscout jobs retry {run.job.id}` {what}."


def must_have_report(paths: Paths, run: Run) -> None:
    """Raise BinScoutError `no_report`, with the reason and what to do, for a run that is not done."""
    state = run.job.state
    if state == "done":
        return
    if state in ("failed", "cancelled"):
        said = f"{run.id} {'failed' if state == 'failed' else 'was cancelled'}, so it has no report."
        sentence, hint = f"{said} {run.job.error or ''}".rstrip(), go_on_hint(paths, run)
    else:
        sentence, hint = f"{run.id} is {state}; no report yet.", "It is written at the end of a run."
    raise BinScoutError(sentence, hint=hint, code="no_report")


def _must_be_a_preset(task: str | None, name: str) -> None:
    """Raise UsageError for a preset that no task has, or not this one."""
    tasks = list(PRESETS) if task is None else [task]
    if name and not any(name in PRESETS[one] for one in tasks if one in PRESETS):
        find_preset(find_task(tasks[0]).name, name)


def checked_weights(text: str) -> str:
    """The absolute path of a file of weights that a person named: the job runs elsewhere. Raises BinScoutError."""
    path = Path(text).expanduser().absolute()
    if not path.is_file():
        raise BinScoutError(
            f"There is no weights file {text}.",
            hint="Name a .safetensors or .pt file, or train from scratch without it.",
            code="weights_missing",
        )
    return os.fspath(path)


def _complete(config: TrainConfig, version: datasets.Dataset) -> TrainConfig:
    """The settings with all that is to be written down: task, name of the preset, version of data and code."""
    return msgspec.structs.replace(
        config,
        task=version.task,
        preset=find_preset(version.task, config.preset).name,
        dataset=version.id,
        code_version=config.code_version or __version__,
    )
