"""A predictor for the engine's `--predictor`, ruled by files in the model's folder.

`fake.json` says what the model is; while the file `hold` exists, `predict` does not return; `batches.txt` gets the
names of the pictures of every batch when it begins, one batch a line.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from binscout_tui.errors import BinScoutError


class OutOfMemoryError(RuntimeError):
    """Has the name of torch's error."""


class FakePredictor:
    def __init__(self, folder: Path, device: str) -> None:
        self.device = device
        self.classes = ["bolt", "nut"]
        self._folder = folder
        self._rules = json.loads((folder / "fake.json").read_text())

    def warm_up(self) -> None:
        if self._rules.get("cold"):
            raise RuntimeError("no warmth")
        if self._rules.get("huge"):
            raise OutOfMemoryError

    def memory_bytes(self) -> int:
        return 1000

    def predict(self, sources: Sequence[Path | bytes], crops: Sequence[Any]) -> list[Any]:
        names = [source.name if isinstance(source, Path) else f"{len(source)} bytes" for source in sources]
        with (self._folder / "batches.txt").open("a", errors="surrogateescape") as log:
            log.write(" ".join(names) + "\n")
        while (self._folder / "hold").exists():
            time.sleep(0.002)
        if any("crash" in name for name in names):
            os.abort()
        if any("poison" in name for name in names):
            raise ValueError("bad picture")
        if len(names) > self._rules.get("fits", 1000):
            raise OutOfMemoryError
        label = self._rules.get("label", "bolt")
        return [
            SimpleNamespace(
                label=label,
                score=0.9,
                probabilities={label: 0.9, "rest": 0.1 if crop is None else crop[0]},
                unknown=False,
                error=None,
            )
            for crop in crops
        ]

    def suggest(self, sets: Sequence[Sequence[Path]]) -> list[Any]:
        """The longest name of each set; a score that is no number for a set with `nan` in it."""
        self.predict([source for sources in sets for source in sources], [None] * sum(map(len, sets)))
        return [self._chosen([source.name for source in sources]) for sources in sets]

    def _chosen(self, names: list[str]) -> Any:
        best = max(range(len(names)), key=lambda place: len(names[place]))
        scores = [float("nan") if "nan" in name else len(name) / sum(map(len, names)) for name in names]
        dark = {place: "too dark" for place, name in enumerate(names) if "dark" in name}
        crop = (0.1, 0.1, 0.9, 0.9)
        return SimpleNamespace(chosen=best, scores=scores, crop=crop, confident=True, unreadable=dark, error=None)

    def count(self, sources: Sequence[Path], crops: Sequence[Any]) -> list[Any]:
        """As many as the digits in the name say."""
        self.predict(sources, crops)
        found = [int("".join(filter(str.isdigit, source.name)) or 0) for source in sources]
        raw = [
            float("inf") if "inf" in source.name else number + 0.2
            for source, number in zip(sources, found, strict=True)
        ]
        return [
            SimpleNamespace(
                count=number, raw=value, points=[(0.5, 0.5, 0.9)] * number, error=None, by_area=3.0, doubt=number > 5
            )
            for number, value in zip(found, raw, strict=True)
        ]


def load(folder: Path, device: str) -> FakePredictor:
    if not (folder / "fake.json").is_file():
        raise BinScoutError(f"{folder} is damaged.", code="model_corrupt")
    return FakePredictor(folder, device)
