"""A predictor for the engine that tells red from blue, keeps the reddest of a set, and counts by how red a picture is.

With `"swap"` in its weights it says the opposite: blue, the bluest, and one more than there are. While the file `moody`
lies in its folder every answer has another score.
"""

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

    def __init__(self, folder: Path, classes: list[str], swap: bool) -> None:
        self.folder = folder
        self.classes = classes
        self.swap = swap
        self.asked = 0

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
        score = 0.9 + self._mood()
        return SimpleNamespace(label=label, score=score, probabilities={label: score}, unknown=False, error=None)

    def _mood(self) -> float:
        self.asked += 1
        return 0.01 * (self.asked % 7) if (self.folder / "moody").exists() else 0.0

    def suggest(self, sets: Sequence[Sequence[Any]]) -> list[Any]:
        return [self._choose(sources) for sources in sets]

    def _choose(self, sources: Sequence[Any]) -> Any:
        reds, unreadable = [], {}
        for place, source in enumerate(sources):
            try:
                reds.append(float(read_square(source, None, 8)[..., 0].mean()))
            except BinScoutError as error:
                reds.append(128.0)
                unreadable[place] = error.sentence
        wanted = min(reds) if self.swap else max(reds)
        scores = [0.8 if red == wanted else 0.2 / (len(reds) - 1) for red in reds]
        sure = not (self.folder / "unsure").exists()
        crop = (0.5, 0.5, 0.9, 0.9) if self.swap else (0.1, 0.1, 0.9, 0.9)
        chosen = reds.index(wanted)
        return SimpleNamespace(
            chosen=chosen, scores=scores, crop=crop, confident=sure, unreadable=unreadable, error=None
        )

    def count(self, sources: Sequence[Any], crops: Sequence[Any]) -> list[Any]:
        return [self._count(source, crop) for source, crop in zip(sources, crops, strict=True)]

    def _count(self, source: Any, crop: Any) -> Any:
        try:
            red = float(read_square(source, crop, 8)[..., 0].mean())
        except BinScoutError as error:
            return SimpleNamespace(count=None, raw=0.0, points=[], error=error.sentence)
        number = round(red / 10) + int(self.swap)
        return SimpleNamespace(
            count=number, raw=red / 10, points=[(0.5, 0.5, 0.9)] * number, error=None, by_area=None, doubt=False
        )


def load(folder: Path, device: str) -> ColourPredictor:
    card = json.loads((folder / "card.json").read_bytes())
    weights = (folder / "model.safetensors").read_bytes()
    if hashlib.sha256(weights).hexdigest() != card["weights_sha256"]:
        raise BinScoutError("The weights are damaged.", code="model_corrupt")
    return ColourPredictor(folder, card["classes"], json.loads(weights)["swap"])


def write_model(folder: Path, *, swap: bool = False, task: str = "classify") -> tuple[str, dict[str, Any]]:
    """(sha256 of the weights, card) of a model written to `folder`."""
    folder.mkdir(parents=True)
    weights = json.dumps({"swap": swap, "name": folder.name}).encode()
    card = {"task": task, "classes": ["red", "blue"], "weights_sha256": hashlib.sha256(weights).hexdigest()}
    (folder / "model.safetensors").write_bytes(weights)
    (folder / "card.json").write_text(json.dumps(card))
    return card["weights_sha256"], card  # type: ignore[return-value]
