"""The JSON card beside the weights of a model for sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.learning.card import FORMAT, read_task_card


class SelectCard(msgspec.Struct, frozen=True, kw_only=True):
    """What a model folder says about `model.safetensors`.

    Pictures are upright RGB, letterboxed to `image_size` px with repeated edges, `(x - mean) / std` with x in 0..1. The
    network's shares of the choice and of the box are 0..1; with 0 for both its weights are not kept. `measures` and
    `maps` name what the opinions beside it look at. `cuts` is false for a model that never saw a crop.
    """

    format: int = FORMAT
    task: str = "select"
    arch: str
    arch_options: dict[str, Any]
    preset: str
    image_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    choice_share: float
    crop_share: float
    temperature: float
    confident_from: float
    cuts: bool
    measures: list[str]
    maps: list[str]
    dataset: str
    seed: int
    epochs: int
    code_version: str
    weights_sha256: str
    metrics: dict[str, Any]


def read_select_card(folder: Path) -> SelectCard:
    """The card of a model folder; BinScoutError `model_missing`, `model_corrupt`, or `model_other_task`."""
    return read_task_card(folder, SelectCard, "select", "choosing from sets")
