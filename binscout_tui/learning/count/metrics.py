"""Figures of counting from counts and points. numpy only.

A figure is `{"value", "ci95"}`; its interval is a bootstrap over groups, because photos of one session err together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from binscout_tui.learning.metrics import wilson

Floats = NDArray[np.float64]

ROUNDS = 1000
BUCKETS: dict[str, tuple[float, float]] = {"0": (0, 0), "1-5": (1, 5), "6-20": (6, 20), ">20": (21, np.inf)}

FIGURES: dict[str, Callable[[Floats, Floats], float]] = {
    "mae": lambda said, truth: float(np.abs(said - truth).mean()),
    "rmse": lambda said, truth: float(np.sqrt(((said - truth) ** 2).mean())),
    "exact": lambda said, truth: float((said == truth).mean()),
    "within1": lambda said, truth: float((np.abs(said - truth) <= 1).mean()),
    "bias": lambda said, truth: float((said - truth).mean()),
    "nae": lambda said, truth: float((np.abs(said - truth) / np.maximum(truth, 1)).mean()),
}


SHARES = frozenset({"exact", "within1"})


def figures(said: Sequence[float], truth: Sequence[int], groups: Sequence[str], seed: int = 0) -> dict[str, Any]:
    """Every figure with its interval; without photos every value is None, with a single group every interval.

    The interval of a share is never narrower than that of Wilson for as many groups: three of three prove little.
    """
    guesses, counts = np.asarray(said, np.float64), np.asarray(truth, np.float64)
    draws = resamples(groups, seed)
    number = len(_members(groups))
    return {name: _figure(name, guesses, counts, draws, number) for name in FIGURES}


def _figure(name: str, said: Floats, truth: Floats, draws: list[NDArray[np.intp]], groups: int) -> dict[str, Any]:
    if not len(truth):
        return {"value": None, "ci95": None}
    measure = FIGURES[name]
    value = measure(said, truth)
    if not draws:
        return {"value": value, "ci95": None}
    low, high = np.quantile([measure(said[rows], truth[rows]) for rows in draws], (0.025, 0.975)).tolist()
    if name in SHARES:
        least, most = wilson(round(value * groups), groups)
        low, high = min(low, least), max(high, most)
    return {"value": value, "ci95": [low, high]}


def resamples(groups: Sequence[str], seed: int = 0) -> list[NDArray[np.intp]]:
    """Rows of bootstrap samples of whole groups; none where there are fewer than two groups.

    A photo without a group is one of its own.
    """
    parts = _members(groups)
    if len(parts) < 2:
        return []
    dice = np.random.default_rng(seed)
    return [np.concatenate([parts[i] for i in dice.integers(len(parts), size=len(parts))]) for _ in range(ROUNDS)]


def _members(groups: Sequence[str]) -> list[NDArray[np.intp]]:
    """The rows of each group."""
    members: dict[str, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group or f"\0{row}", []).append(row)
    return [np.array(rows, np.intp) for rows in members.values()]


def by_bucket(said: Sequence[float], truth: Sequence[int]) -> dict[str, dict[str, Any]]:
    """n, mae, exact and bias by how many objects there are; buckets without photos are left out."""
    guesses, counts = np.asarray(said, np.float64), np.asarray(truth, np.float64)
    return _parts({name: (counts >= low) & (counts <= high) for name, (low, high) in BUCKETS.items()}, guesses, counts)


def by_family(said: Sequence[float], truth: Sequence[int], families: Sequence[str | None]) -> dict[str, dict[str, Any]]:
    """The same by family; empty where no photo has one."""
    guesses, counts = np.asarray(said, np.float64), np.asarray(truth, np.float64)
    names = sorted({family for family in families if family is not None})
    return _parts({name: np.array([family == name for family in families]) for name in names}, guesses, counts)


def _parts(masks: Mapping[str, NDArray[np.bool_]], said: Floats, truth: Floats) -> dict[str, dict[str, Any]]:
    shown = ("mae", "exact", "within1", "bias")
    return {
        name: {"n": int(mask.sum()), **{figure: FIGURES[figure](said[mask], truth[mask]) for figure in shown}}
        for name, mask in masks.items()
        if mask.any()
    }


def false_alarms(said: Sequence[float], truth: Sequence[int]) -> dict[str, int]:
    """Of the photos without any object: how many there are, and in how many some were seen."""
    empty = [guess for guess, count in zip(said, truth, strict=True) if count == 0]
    return {"n": len(empty), "seen_some": sum(guess > 0 for guess in empty)}


def match_points(said: Floats, truth: Floats, reach: Floats) -> int:
    """How many of `truth` (T, 2) are hit by a point of `said` (S, 2), each by one of its own within `reach` (T,).

    Both in the same unit on both axes. Greedy, nearest pairs first.
    """
    if not len(said) or not len(truth):
        return 0
    apart = np.linalg.norm(said[:, None] - truth[None], axis=2)
    apart[apart > reach[None]] = np.inf
    hits = 0
    while np.isfinite(best := apart.min()):
        row, column = np.argwhere(apart == best)[0]
        apart[row], apart[:, column] = np.inf, np.inf
        hits += 1
    return hits


def point_scores(hits: int, said: int, truth: int) -> dict[str, float | int | None]:
    """Precision, recall and F1 of points; None where nothing was said or nothing is there."""
    precision = hits / said if said else None
    recall = hits / truth if truth else None
    f1 = 2 * hits / (said + truth) if said + truth else None
    return {"said": said, "truth": truth, "hits": hits, "precision": precision, "recall": recall, "f1": f1}
