"""Which candidate is the best, by its measures: a choice among the set, learned from what a person chose before.

The chance of a candidate is the softmax over its set of a weighted sum of its relative measures (the conditional logit
of McFadden 1974). A normal prior says what is known before any choice: blur, noise and burnt-out light are bad, and so
is a thing that the frame cuts off. With few sets the prior decides, with many the person does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from binscout_tui.learning.select.measures import Measured

# In the order of `measures.NAMES`; fitted on damaged copies of photos that are in no set, see docs/select-model.md.
PRIOR = np.array([1.1, 1.5, -1.1, -3.5, -1.2, -5.1, 7.0, -7.8])
# How much each measure usually differs within such a set.
USUAL = np.array([1.5, 0.78, 0.55, 0.15, 0.05, 0.14, 0.15, 0.12])
DOUBT = 0.5  # the deviation of the prior, for a measure in units of its usual difference
ROUNDS = 100
ENOUGH = 1e-9
LONGEST = 2.0  # of a step, in deviations of the prior

Weights = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SetOpinion:
    """`weight` (M,): times the relative measures it is a candidate's log-odds."""

    weight: Weights

    def scores(self, relatives: Sequence[Measured]) -> list[NDArray[np.float64]]:
        """(n,) a set, of mean 0; their softmax is the chance of each candidate."""
        return [measures @ self.weight for measures in relatives]


def fit_choices(
    relatives: Sequence[Measured], chosen: Sequence[int], prior: Weights = PRIOR, doubt: Weights = DOUBT / USUAL
) -> SetOpinion:
    """Learn from sets: (n, M) relative measures of each, and which candidate was chosen.

    Newton's method on the log posterior, which is concave; `doubt` (M,) are the deviations of the prior.
    """
    weight, precision = prior.astype(np.float64), doubt**-2.0
    for _ in range(ROUNDS):
        slope, curve = -precision * (weight - prior), np.diag(precision)
        for measures, best in zip(relatives, chosen, strict=True):
            chances = softmax(measures @ weight)
            centred = measures - chances @ measures
            slope += centred[best]
            curve += centred.T * chances @ centred
        step = np.linalg.solve(curve, slope)
        weight += step * min(1.0, LONGEST / max(ENOUGH, float(np.abs(step / doubt).max())))
        if np.abs(step / doubt).max() < ENOUGH:
            break
    return SetOpinion(weight)


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) shares that sum to 1."""
    shifted = np.exp(scores - scores.max())
    return np.asarray(shifted / shifted.sum())
