"""Loads trained models for the server. This imports torch, so only the server's loader thread imports this."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from binscout_tui.engine.model_files import task_of
from binscout_tui.engine.predictor import Predictor
from binscout_tui.learning.inference import Classifier

MOST_THREADS = 8


def set_threads() -> int:
    """Use the cores that this process may use, up to 8: more only helps models bigger than those trained here."""
    threads = max(1, min(MOST_THREADS, len(os.sched_getaffinity(0))))
    torch.set_num_threads(threads)
    return threads


set_threads()


def load(folder: Path, device: str) -> Predictor:
    """The model saved in `folder`, of the task on its card.

    Raises BinScoutError (`model_missing`, `model_corrupt`, `model_mismatch`).
    """
    task = task_of(folder)
    if task == "select":
        from binscout_tui.learning.select.inference import Selector

        return Selector.load(folder, device)
    if task == "count":
        from binscout_tui.learning.count.inference import Counter

        return Counter.load(folder, device)
    return Classifier.load(folder, device)
