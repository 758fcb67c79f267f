"""The folder of a model as the engine sees it: where it is, which weights it holds, and whether it changed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.errors import BinScoutError, NotFoundError, UsageError
from binscout_tui.learning.card import CARD_FILE, WEIGHTS_FILE, corrupt
from binscout_tui.learning.tasks import TASKS

MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")

Stamp = tuple[tuple[int, ...] | None, ...]


def model_folder(models: Path, model_id: str) -> Path:
    """The folder of the model. Raises UsageError (`bad_model_id`), NotFoundError (`model_missing`)."""
    if not MODEL_ID.fullmatch(model_id):
        raise UsageError(f"{model_id!r} is not the id of a model.", code="bad_model_id")
    folder = models / model_id
    if not folder.is_dir():
        raise NotFoundError(
            f"There is no model {model_id} in {models}.", hint="Train one, or name another.", code="model_missing"
        )
    return folder


def stamp(folder: Path) -> Stamp:
    """Inode, size and times (ns) of the model's files; writing to one of them, however it is done, changes this.

    The time of the last change of the inode cannot be set back, as that of the content can.
    """
    return tuple(_stamp(folder / name) for name in (CARD_FILE, WEIGHTS_FILE))


def weights_sha256(folder: Path) -> str:
    """What the card says of the weights; the loader has compared them. Empty for a predictor without cards."""
    try:
        card = json.loads((folder / CARD_FILE).read_bytes())
    except FileNotFoundError:
        return ""
    return str(msgspec.convert(card, dict[str, Any]).get("weights_sha256", ""))


def task_of(folder: Path) -> str:
    """The task on the card; `classify` for a predictor without cards. Raises BinScoutError for one that is none."""
    try:
        task = json.loads((folder / CARD_FILE).read_bytes()).get("task", "classify")
    except FileNotFoundError:
        return "classify"
    except (ValueError, AttributeError) as error:
        raise corrupt(folder / CARD_FILE, str(error)) from error
    if task not in TASKS:
        raise corrupt(folder / CARD_FILE, f"there is no task {task!r}")
    return str(task)


def changed(model_id: str, reason: str) -> BinScoutError:
    """The error for a model that is not the one that was meant."""
    return BinScoutError(
        f"The files of model {model_id} changed: {reason}.",
        hint="Restore them from a backup, or train again.",
        code="model_changed",
    )


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
