"""The card of a counting model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.learning.card import FORMAT, read_task_card
from binscout_tui.learning.count.rules import CountRules

AREA = "area"  # the arch of a model that has no network


class CountCard(msgspec.Struct, frozen=True, kw_only=True):
    """What a model folder says about `model.safetensors`.

    The network sees `(x - mean) / std` with x in 0..1, in `views` flipped copies whose maps are averaged; `rules` says
    at which size, and what counts. `metrics` holds the summary figures.
    """

    format: int = FORMAT
    task: str = "count"
    arch: str
    arch_options: dict[str, Any]
    preset: str
    rules: CountRules
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    views: int
    dataset: str
    seed: int
    epochs: int
    code_version: str
    weights_sha256: str
    metrics: dict[str, Any]


def read_count_card(folder: Path) -> CountCard:
    """The card of a counting model; BinScoutError `model_missing`, `model_corrupt`, or `model_other_task`."""
    return read_task_card(folder, CountCard, "count", "counting")
