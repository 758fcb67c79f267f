"""The JSON card beside a model's weights: everything needed to load it strictly and to judge what it is worth."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui import atomic
from binscout_tui.errors import BinScoutError

CARD_FILE = "card.json"
WEIGHTS_FILE = "model.safetensors"
FORMAT = 1


class Preprocessing(msgspec.Struct, frozen=True, kw_only=True):
    """How pixels reach the network.

    Upright RGB, the longest side scaled to `square` pixels, edges repeated to a square; then `views` turned
    copies resampled to `size` pixels, each `(x - mean) / std` with x in 0..1.
    The answer is the mean of the copies' probabilities.
    """

    square: int
    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    views: int


class SecondOpinion(msgspec.Struct, frozen=True, kw_only=True):
    """The linear classifier beside the network: its share in the answer, and how many quarter turns it averages."""

    weight: float
    turns: int


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """What a model folder says about `model.safetensors`.

    `classes` are in the order of the logits. `temperature` divides the log-probabilities (fitted on val);
    a best probability below `unknown_threshold` means "none of these". `metrics` holds the summary figures.
    """

    format: int = FORMAT
    task: str = "classify"
    arch: str
    arch_options: dict[str, Any]
    preset: str
    classes: list[str]
    preprocessing: Preprocessing
    second_opinion: SecondOpinion | None
    temperature: float
    unknown_threshold: float
    dataset: str
    seed: int
    epochs: int
    code_version: str
    weights_sha256: str
    metrics: dict[str, Any]


def write_card(folder: Path, card: msgspec.Struct) -> None:
    """Write `card.json` atomically."""
    atomic.write_bytes(folder / CARD_FILE, msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")


def read_card(folder: Path) -> ModelCard:
    """The card of a model folder; BinScoutError `model_missing` or `model_corrupt`."""
    path = folder / CARD_FILE
    if not path.is_file():
        raise BinScoutError(
            f"There is no model in {folder}.", hint="Train one, or name another folder.", code="model_missing"
        )
    try:
        card = msgspec.json.decode(path.read_bytes(), type=ModelCard)
    except (OSError, msgspec.MsgspecError) as error:
        raise corrupt(path, str(error)) from error
    if card.format != FORMAT:
        raise corrupt(path, f"format {card.format} is not {FORMAT}")
    return card


def verified_weights(folder: Path, card: ModelCard) -> bytes:
    """The bytes of `model.safetensors`; BinScoutError unless their SHA-256 is the one on the card."""
    path = folder / WEIGHTS_FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise BinScoutError(
            f"The weights {path} are missing.", hint="Restore them, or train again.", code="model_missing"
        ) from None
    found = hashlib.sha256(data).hexdigest()
    if found != card.weights_sha256:
        raise corrupt(path, f"its SHA-256 is {found[:12]}…, the card says {card.weights_sha256[:12]}…")
    return data


def corrupt(path: Path, reason: str) -> BinScoutError:
    """The error for a model file that is not what it should be."""
    return BinScoutError(
        f"The model file {path.name} is damaged: {reason}.",
        hint="Restore it from a backup, or train again.",
        code="model_corrupt",
    )
