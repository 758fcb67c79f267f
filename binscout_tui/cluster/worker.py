"""What one worker does with one shard: every file examined in a guarded process, then shown to the model."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from binscout_tui.errors import BinScoutError
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Decoded
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.learning.pixels import Pixels, read_square
from binscout_tui.learning.sources import Pinned

from .models import PackedModel
from .shards import File, Job

if TYPE_CHECKING:
    from binscout_tui.learning.features import Features
    from binscout_tui.learning.frozen import Kind

BATCH = 32
NO_NUMBER = "The model gave no number for this picture."

Row = dict[str, Any]
Ask = Callable[[Sequence[Pinned]], list[Row]]  # one row a picture: what the model says, or `error`


class ShardWorker:
    """Loads a model once and answers shard after shard. `close` ends its process for decoding."""

    def __init__(self, job: Job, model: PackedModel, device: str = "auto") -> None:
        with tempfile.TemporaryDirectory() as folder:
            model.unpack(Path(folder))
            self._ask = asker(job, Path(folder), device)
        self._pool = DecodePool(None, workers=1)

    def rows(self, first: int, files: Sequence[File]) -> list[Row]:
        """One row for each of `files`, numbered from `first`; what cannot be looked at has an `error`.

        Raises what a model raises that fails as a whole, such as torch's out-of-memory error.
        """
        rows = [{"row": number, "path": display_name(file.path)} for number, file in enumerate(files, first)]
        for row, file in zip(rows, files, strict=True):
            row["error"] = file.refused
        waiting = [(row, file.path) for row, file in zip(rows, files, strict=True) if file.refused is None]
        pictures: list[tuple[Row, Pinned]] = []
        for (row, path), outcome in zip(waiting, self._pool.run(path for _, path in waiting), strict=True):
            if isinstance(outcome, Decoded):
                row["sha256"] = outcome.sha256
                pictures.append((row, Pinned(path, outcome.sha256)))
            else:
                row["error"] = outcome.reason
        for (row, _), said in zip(pictures, self._ask([source for _, source in pictures]), strict=True):
            row.update(said)
        return rows

    def close(self) -> None:
        """End the process that decodes."""
        self._pool.close()


def asker(job: Job, folder: Path, device: str) -> Ask:
    """How the model in `folder` is asked. Imports torch; raises what loading a model raises."""
    if job.kind == "embed":
        return _embedder(folder)
    return _counter(folder, device) if job.task == "count" else _classifier(folder, device)


def _classifier(folder: Path, device: str) -> Ask:
    from binscout_tui.learning.inference import Classifier

    model = Classifier.load(folder, device)

    def ask(sources: Sequence[Pinned]) -> list[Row]:
        return [
            {"error": one.error}
            if one.error is not None
            else {
                "label": one.label,
                "score": one.score,
                "unknown": one.unknown,
                "probabilities": [one.probabilities[name] for name in model.classes],
            }
            for one in model.predict(sources)
        ]

    return ask


def _counter(folder: Path, device: str) -> Ask:
    from binscout_tui.learning.count.inference import Counter

    model = Counter.load(folder, device)

    def ask(sources: Sequence[Pinned]) -> list[Row]:
        return [
            {"error": one.error}
            if one.error is not None
            else {"count": one.count, "raw": one.raw, "by_area": one.by_area, "doubt": one.doubt}
            for one in model.count(sources)
        ]

    return ask


def _embedder(folder: Path) -> Ask:
    from binscout_tui.learning.embedding import embedding_kind

    kind = embedding_kind(folder, "cluster")

    def ask(sources: Sequence[Pinned]) -> list[Row]:
        return [row for start in range(0, len(sources), BATCH) for row in _embedded(kind, sources[start:][:BATCH])]

    return ask


def _embedded(kind: Kind, sources: Sequence[Pinned]) -> list[Row]:
    squares: list[Pixels | None] = []
    rows: list[Row] = [{} for _ in sources]
    for row, source in zip(rows, sources, strict=True):
        try:
            squares.append(read_square(source, None, kind.side))
        except BinScoutError as error:
            squares.append(None)
            row["error"] = error.sentence
    good = [square for square in squares if square is not None]
    features = iter(kind.describe(np.stack(good)) if good else np.zeros((0, kind.width), np.float32))
    for row, square in zip(rows, squares, strict=True):
        if square is not None:
            numbers: Features = next(features)
            row.update({"embedding": numbers} if np.isfinite(numbers).all() else {"error": NO_NUMBER})
    return rows
