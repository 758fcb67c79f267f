"""The state of a training after an epoch, written so that a kill at any moment leaves the last complete one."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import torch

from binscout_tui import atomic
from binscout_tui.errors import BinScoutError
from binscout_tui.learning.tasks import CHECKPOINT_FILE as CHECKPOINT_FILE


def save_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Replace the checkpoint of the run by `state` (tensors, numbers and text only). Raises OSError."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    atomic.write_bytes(folder / CHECKPOINT_FILE, buffer.getvalue())


def load_checkpoint(folder: Path) -> dict[str, Any] | None:
    """The last state, None before the first epoch; BinScoutError `checkpoint_corrupt` when it is not readable."""
    path = folder / CHECKPOINT_FILE
    if not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError, ValueError) as error:
        raise BinScoutError(
            f"The checkpoint {path} cannot be read: {first_line(error)}",
            hint="Delete it to start this run from the beginning.",
            code="checkpoint_corrupt",
        ) from error
    return state


def first_line(error: Exception) -> str:
    """What an exception says, short enough for a sentence; its type when it says nothing."""
    return next(iter(str(error).splitlines()), "")[:200] or type(error).__name__


def mismatch(error: Exception) -> BinScoutError:
    """The error for a checkpoint that holds another network, or another kind of state."""
    return BinScoutError(
        f"The checkpoint does not fit this run: {first_line(error)}",
        hint=f"Delete {CHECKPOINT_FILE} in the run's folder to start it from the beginning.",
        code="checkpoint_mismatch",
    )
