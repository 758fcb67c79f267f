"""How far two sets of answers agree, and how often people are right. numpy only."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from binscout_tui.learning.metrics import Floats, wilson

Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two answers to each of `n` questions.

    `observed` is the share of equal answers, `expected` the share that chance gives people with these habits.
    `kappa` (Cohen 1960) is how much of the rest they agree in, `low` and `high` its 95 % interval. All are None without
    answers; kappa and interval are None too when everybody always said the same, for then chance explains everything.
    """

    n: int
    observed: float | None = None
    expected: float | None = None
    kappa: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """`right` of `n` answers, their share (None without any), and its 95 % interval (Wilson 1927)."""

    n: int
    right: int
    share: float | None
    low: float
    high: float


def agreement(first: Sequence[Hashable], second: Sequence[Hashable]) -> Agreement:
    """Compare `first[i]` with `second[i]`; ValueError when they differ in length."""
    if len(first) != len(second):
        raise ValueError("the two lists of answers differ in length")
    if not first:
        return Agreement(0)
    table = _shares(first, second)
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    observed, expected = float(np.trace(table)), float(rows @ columns)
    if 1 - expected < 1e-12:
        return Agreement(len(first), observed, expected)
    kappa = (observed - expected) / (1 - expected)
    half = Z95 * _standard_error(table, observed, expected, len(first))
    return Agreement(len(first), observed, expected, kappa, max(-1.0, kappa - half), min(1.0, kappa + half))


def _shares(first: Sequence[Hashable], second: Sequence[Hashable]) -> Floats:
    """(C, C) share of each pair of answers, C being the number of answers that occur."""
    numbers = {answer: number for number, answer in enumerate(dict.fromkeys([*first, *second]))}
    table = np.zeros((len(numbers), len(numbers)))
    np.add.at(table, ([numbers[one] for one in first], [numbers[one] for one in second]), 1)
    return table / len(first)


def _standard_error(table: Floats, observed: float, expected: float, count: int) -> float:
    """Of kappa, for many answers (Fleiss, Cohen and Everitt 1969, formula 13)."""
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    both = rows[None, :] + columns[:, None]  # [i, j]: how often j is said first and i second
    diagonal = np.diag(table) @ ((1 - expected) - np.diag(both) * (1 - observed)) ** 2
    apart = (table * both**2).sum() - np.diag(table) @ np.diag(both) ** 2
    rest = (observed * expected - 2 * expected + observed) ** 2
    variance = (diagonal + (1 - observed) ** 2 * apart - rest) / (count * (1 - expected) ** 4)
    return float(np.sqrt(max(variance, 0.0)))


def accuracy_by_person(answers: Iterable[tuple[int, Hashable, Hashable]]) -> dict[int, Accuracy]:
    """For each person (uid) how often the answer was the truth, from (uid, answer, truth)."""
    counts: dict[int, list[int]] = {}
    for uid, answer, truth in answers:
        found = counts.setdefault(uid, [0, 0])
        found[0] += 1
        found[1] += answer == truth
    return {uid: accuracy(right, total) for uid, (total, right) in sorted(counts.items())}


def accuracy(right: int, total: int) -> Accuracy:
    """`right` of `total` with its interval."""
    low, high = wilson(right, total)
    return Accuracy(total, right, right / total if total else None, low, high)
