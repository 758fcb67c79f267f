"""Loads trained classifiers for the server. This imports torch, so only the server's loader thread imports this."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from binscout_tui.learning.inference import Classifier

MOST_THREADS = 8


def set_threads() -> int:
    """Use the cores that this process may use, up to 8: more only helps models bigger than those trained here."""
    threads = max(1, min(MOST_THREADS, len(os.sched_getaffinity(0))))
    torch.set_num_threads(threads)
    return threads


set_threads()


def load(folder: Path, device: str) -> Classifier:
    """The classifier saved in `folder`; raises BinScoutError (`model_missing`, `model_corrupt`, `model_mismatch`)."""
    return Classifier.load(folder, device)
