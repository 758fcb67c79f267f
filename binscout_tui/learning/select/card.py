"""The JSON card beside the weights of a model for sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.card import CARD_FILE, FORMAT, corrupt


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
    path = folder / CARD_FILE
    if not path.is_file():
        raise BinScoutError(
            f"There is no model in {folder}.", hint="Train one, or name another folder.", code="model_missing"
        )
    try:
        data = path.read_bytes()
        task = msgspec.json.decode(data, type=_Task).task
        if task != "select":
            raise BinScoutError(
                f"The model in {folder} was trained for {task}, not for choosing from sets.",
                hint="Name a model of the task select.",
                code="model_other_task",
            )
        card = msgspec.json.decode(data, type=SelectCard)
    except (OSError, msgspec.MsgspecError) as error:
        raise corrupt(path, str(error)) from error
    if card.format != FORMAT:
        raise corrupt(path, f"format {card.format} is not {FORMAT}")
    return card


class _Task(msgspec.Struct):
    task: str
