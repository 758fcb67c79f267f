"""Answers for a whole batch although one picture of it, or its size, is too much for the model."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from binscout_tui.engine.protocol import failed

Work = TypeVar("Work")
Predict = Callable[[Sequence[Work]], Sequence[Any]]
Failed = Callable[[str], Any]

log = logging.getLogger(__name__)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that memory ran out, in Python or on a device (by name: torch is not imported here)."""
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"


def predict_isolated(
    predict: Predict[Work],
    works: Sequence[Work],
    out_of_memory: Callable[[Sequence[Work]], None],
    failed: Failed = failed,
) -> list[Any]:
    """One answer a work, in order. A batch that raises is split in halves until only the bad ones fail.

    `out_of_memory` is told of every batch that did not fit, before its halves are tried; `failed` makes the
    answer that is an error.
    """
    answers = _all_or_error(predict, works)
    if not isinstance(answers, Exception):
        return answers
    too_big = is_out_of_memory(answers)
    reason = "not enough memory" if too_big else f"{type(answers).__name__}: {answers}"
    log.warning("a batch of %d failed: %s", len(works), reason, exc_info=answers if len(works) == 1 else None)
    del answers  # its traceback keeps the memory of the failed batch alive
    if too_big:
        out_of_memory(works)
    if len(works) == 1:
        return [failed(f"The model cannot read this picture ({reason}).")]
    half = len(works) // 2
    first = predict_isolated(predict, works[:half], out_of_memory, failed)
    return first + predict_isolated(predict, works[half:], out_of_memory, failed)


def _all_or_error(predict: Predict[Work], works: Sequence[Work]) -> list[Any] | Exception:
    """Whatever a model raises must not take other pictures along."""
    try:
        answers = list(predict(works))
    except Exception as error:  # noqa: BLE001 - returned, not swallowed
        return error
    if len(answers) != len(works):
        return RuntimeError(f"the model gave {len(answers)} answers for {len(works)} pictures")
    return answers


class BatchLimit:
    """How many pictures go into one batch: halved when memory runs out, doubled again after a good time."""

    GOOD_BATCHES = 64

    def __init__(self, most: int) -> None:
        self.most = most
        self.now = most
        self._good = 0

    def shrink(self, failed_size: int) -> None:
        """A batch of `failed_size` pictures did not fit."""
        self.now = max(1, min(self.now, failed_size // 2))
        self._good = 0

    def succeeded(self) -> None:
        """A batch went through as far as memory goes."""
        if self.now == self.most:
            return
        self._good += 1
        if self._good >= self.GOOD_BATCHES:
            self.now = min(self.most, self.now * 2)
            self._good = 0
