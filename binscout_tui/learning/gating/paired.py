"""A candidate beside the active model on the same samples: is it worse by more than chance explains?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from binscout_tui.learning.gating.verdict import Check, Sample, listed, number

SIGNIFICANCE = 0.05  # newly broken samples may outnumber the newly mended only as far as chance explains it
RESAMPLES = 2000


def no_regression(
    cases: Sequence[Sample], active: Sequence[Sample], max_drop: float, name: str = "regression"
) -> tuple[Check, list[str]]:
    """Right and wrong, paired: the share lost, and the exact McNemar test. Returns the newly broken as well."""
    before = {case.identity: case for case in active}
    after = {case.identity: case for case in cases}
    if doubt := other_samples(before, after, name) or unanswered(active, name):
        return doubt, []
    broken = sorted(key for key, case in before.items() if case.right and not after[key].right)
    mended = sum(1 for key, case in before.items() if not case.right and after[key].right)
    drop = (len(broken) - mended) / len(before)
    chance = sign_test(len(broken), mended)
    significant = len(broken) > mended and chance < SIGNIFICANCE
    detail = f"{len(broken)} newly wrong, {mended} newly right, p = {chance:.3f} (one-sided McNemar)"
    passed = drop <= max_drop and not significant
    return Check(name=name, passed=passed, detail=detail, value=drop, limit=max_drop), broken


def other_samples(before: Mapping[str, object], after: Mapping[str, object], name: str) -> Check | None:
    """The failed check where both were not judged on the same samples, or one of them could not answer."""
    if before and before.keys() == after.keys():
        return None
    return Check(name=name, passed=False, detail="the active model was judged on other samples", unsure=bool(after))


def unanswered(active: Sequence[Sample], name: str) -> Check | None:
    """The failed check where the active model gave no answer: that is no mistake to be better than."""
    mute = [f"{case.identity[:12]} ({case.error})" for case in active if case.error is not None]
    if not mute:
        return None
    detail = listed("sample", "without an answer of the active model", mute)
    return Check(name=name, passed=False, detail=detail, unsure=True)


def no_rise(name: str, before: Sequence[float], after: Sequence[float], limit: float, what: str) -> Check:
    """Errors of the same samples under both models: their mean may rise by `limit`, and not beyond chance.

    The rise is beyond chance where the lower end of its 95 % paired bootstrap interval (Efron 1979, percentiles,
    seeded) is above 0.
    """
    rises = np.asarray(after, dtype=np.float64) - np.asarray(before, dtype=np.float64)
    rise = float(rises.mean()) if len(rises) else math.nan
    low = lower_bound(rises.tolist())
    passed = rise <= limit and not low > 0  # false for NaN
    detail = f"{what} {'+' if rise >= 0 else ''}{rise:.3g} against the active model, at least {low:.3g} at 95 %"
    return Check(name=name, passed=passed, detail=detail, value=number(rise), limit=limit)


def lower_bound(values: Sequence[float], seed: int = 0) -> float:
    """The lower end of the 95 % bootstrap interval of the mean; NaN without values."""
    if not len(values):
        return math.nan
    sample = np.asarray(values, dtype=np.float64)
    rows = np.random.default_rng(seed).integers(0, len(sample), (RESAMPLES, len(sample)))
    return float(np.quantile(sample[rows].mean(axis=1), 0.025))


def sign_test(worse: int, better: int) -> float:
    """One-sided exact McNemar test: the chance of at least `worse` of `worse + better` changes being for the worse."""
    changes = worse + better
    return float(sum(math.comb(changes, k) for k in range(worse, changes + 1)) / 2**changes)
