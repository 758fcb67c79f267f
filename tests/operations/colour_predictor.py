"""A predictor for the engine that tells red from blue; with `"swap"` in its weights it says the opposite."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.pixels import read_square


class ColourPredictor:
    device = "cpu"

    def __init__(self, classes: list[str], swap: bool) -> None:
        self.classes = classes
        self.swap = swap

    def warm_up(self) -> None:
        pass

    def memory_bytes(self) -> int:
        return 1000

    def predict(self, sources: Sequence[Any], crops: Sequence[Any]) -> list[Any]:
        return [self._say(source, crop) for source, crop in zip(sources, crops, strict=True)]

    def _say(self, source: Any, crop: Any) -> Any:
        try:
            red, _, blue = read_square(source, crop, 8).mean(axis=(0, 1))
        except BinScoutError as error:
            return SimpleNamespace(label=None, score=0.0, probabilities={}, unknown=False, error=error.sentence)
        label = self.classes[int((blue > red) != self.swap)]
        return SimpleNamespace(label=label, score=0.9, probabilities={label: 0.9}, unknown=False, error=None)


def load(folder: Path, device: str) -> ColourPredictor:
    card = json.loads((folder / "card.json").read_bytes())
    weights = (folder / "model.safetensors").read_bytes()
    if hashlib.sha256(weights).hexdigest() != card["weights_sha256"]:
        raise BinScoutError("The weights are damaged.", code="model_corrupt")
    return ColourPredictor(card["classes"], json.loads(weights)["swap"])


def write_model(folder: Path, *, swap: bool = False) -> tuple[str, dict[str, Any]]:
    """(sha256 of the weights, card) of a model written to `folder`."""
    folder.mkdir(parents=True)
    weights = json.dumps({"swap": swap, "name": folder.name}).encode()
    card = {"classes": ["red", "blue"], "weights_sha256": hashlib.sha256(weights).hexdigest()}
    (folder / "model.safetensors").write_bytes(weights)
    (folder / "card.json").write_text(json.dumps(card))
    return card["weights_sha256"], card  # type: ignore[return-value]
