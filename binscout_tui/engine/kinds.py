"""How a loaded model of each task is asked, and what its answers are made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from binscout_tui.engine.answers import CountAnswer, SetAnswer
from binscout_tui.engine.batcher import SetWork, Work
from binscout_tui.engine.protocol import Answer

Ask = Callable[[Any, Sequence[Any]], list[Any]]


def classify(predictor: Any, works: Sequence[Work]) -> list[Answer]:
    """What a classifier says of pictures."""
    told = predictor.predict([work.source for work in works], [work.crop for work in works])
    return [
        Answer(
            label=one.label,
            score=float(one.score),
            probabilities=dict(one.probabilities),
            unknown=bool(one.unknown),
            error=one.error,
        )
        for one in told
    ]


def suggest(predictor: Any, works: Sequence[SetWork]) -> list[SetAnswer]:
    """What a selector says of sets. Numbers that are none are an error."""
    return [_set_answer(one) for one in predictor.suggest([list(work.sources) for work in works])]


def count(predictor: Any, works: Sequence[Work]) -> list[CountAnswer]:
    """What a counter says of pictures. Numbers that are none are an error."""
    told = predictor.count([work.source for work in works], [work.crop for work in works])
    return [_count_answer(one) for one in told]


ASK: dict[str, Ask] = {"classify": classify, "select": suggest, "count": count}


def _set_answer(told: Any) -> SetAnswer:
    scores = [float(score) for score in told.scores or ()]
    crop = None if told.crop is None else tuple(float(edge) for edge in told.crop)
    error = told.error
    if error is None and not all(math.isfinite(value) for value in (*scores, *(crop or ()))):
        error = "The model gave no number for this set."
    if error is not None:
        return SetAnswer(chosen=None, scores=[], crop=None, confident=False, error=error)
    return SetAnswer(
        chosen=int(told.chosen),
        scores=scores,
        crop=crop,  # type: ignore[arg-type]  # four edges
        confident=bool(told.confident),
        unreadable=sorted(told.unreadable.items()),
    )


def _count_answer(told: Any) -> CountAnswer:
    if told.error is None and told.count is not None and math.isfinite(told.raw):
        points = [(float(x), float(y), float(score)) for x, y, score in told.points]
        return CountAnswer(
            count=int(told.count), raw=float(told.raw), points=points, by_area=told.by_area, doubt=bool(told.doubt)
        )
    return CountAnswer(count=None, raw=0.0, points=[], error=told.error or "The model gave no number for this picture.")
