"""The JSON card beside a model's weights: everything needed to load it strictly and to judge what it is worth."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Protocol, TypeVar

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
    """How models of earlier versions told of the one linear classifier beside their network."""

    weight: float
    turns: int


class OpinionPart(msgspec.Struct, frozen=True, kw_only=True):
    """A linear head on the descriptor `kind`: its share in the answer, and how many quarter turns it averages."""

    kind: str
    weight: float
    turns: int


class UnknownRule(msgspec.Struct, frozen=True, kw_only=True):
    """When a picture is none of the classes: far from all training pictures and doubted, both against validation.

    `features` are those of the `network` or of the descriptor `circles`. Strangeness is the sum of distance (1 - cosine
    to the `neighbour`-th nearest training picture) and doubt (log odds against the best class), each less its mean and
    over its deviation on the validation pictures; above `threshold` a picture is unknown.
    """

    features: str
    neighbour: int
    distance_mean: float
    distance_spread: float
    doubt_mean: float
    doubt_spread: float
    threshold: float


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """What a model folder says about `model.safetensors`.

    `classes` are in the order of the logits. The network, unless `arch` is "none", has the share in the answer that the
    `opinions` leave. `temperature` divides the log-probabilities (fitted on val); `unknown` says when a picture is none
    of the classes, and without it a best probability below `unknown_threshold` does. `metrics` holds the summary
    figures, `mode` how the network came to its weights ("scratch", "fine-tune", "frozen": only its last layer
    was fitted).
    """

    format: int = FORMAT
    task: str = "classify"
    arch: str
    arch_options: dict[str, Any]
    preset: str
    classes: list[str]
    preprocessing: Preprocessing
    second_opinion: SecondOpinion | None = None
    opinions: list[OpinionPart] = []
    unknown: UnknownRule | None = None
    mode: str = "scratch"
    temperature: float
    unknown_threshold: float
    dataset: str
    seed: int
    epochs: int
    code_version: str
    weights_sha256: str
    metrics: dict[str, Any]

    @property
    def parts(self) -> list[OpinionPart]:
        """What answers beside the network, for models of any version."""
        if self.second_opinion is None:
            return self.opinions
        return [OpinionPart(kind="gradients", weight=self.second_opinion.weight, turns=self.second_opinion.turns)]


class Weighed(Protocol):
    """Any card that says which weights it belongs to."""

    @property
    def weights_sha256(self) -> str:
        """Hexadecimal."""


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


def verified_weights(folder: Path, card: Weighed) -> bytes:
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


class CommonCard(Protocol):
    """What every card has."""

    @property
    def format(self) -> int:
        """The version of its layout."""


Card = TypeVar("Card", bound=CommonCard)


class _TaskOnly(msgspec.Struct, frozen=True):
    task: str = "classify"


def read_task_card(folder: Path, kind: type[Card], task: str, words: str) -> Card:
    """The card of a model of `task`, whose work is called `words`.

    BinScoutError `model_missing`, `model_corrupt`, or `model_other_task`.
    """
    path = folder / CARD_FILE
    if not path.is_file():
        raise BinScoutError(
            f"There is no model in {folder}.", hint="Train one, or name another folder.", code="model_missing"
        )
    try:
        data = path.read_bytes()
        trained = msgspec.json.decode(data, type=_TaskOnly).task
        if trained != task:
            raise BinScoutError(
                f"The model in {folder} was trained for {trained}, not for {words}.",
                hint=f"Name a model of the task {task}.",
                code="model_other_task",
            )
        card = msgspec.json.decode(data, type=kind)
    except (OSError, msgspec.MsgspecError) as error:
        raise corrupt(path, str(error)) from error
    if card.format != FORMAT:
        raise corrupt(path, f"format {card.format} is not {FORMAT}")
    return card
