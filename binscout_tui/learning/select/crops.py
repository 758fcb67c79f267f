"""Where to cut, by what stands out in the picture and the crops that a person made before.

Each cell of the picture gets the log-odds that a person's crop holds it, by logistic regression on its saliency; the
box is the rectangle whose cells have the greatest sum (the efficient subwindow search of Lampert et al. 2008, done
exhaustively on a small grid). A normal prior holds the regression near what makes a thing stand out anywhere: a session
teaches its own light and its own table, which mean nothing in the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from binscout_tui.learning.select.boxes import Boxes, inside, overlap
from binscout_tui.learning.select.saliency import CELLS, NAMES

# In the order of `saliency.NAMES`, then the constant; how they were fitted is in docs/select-model.md.
PRIOR = np.array([0.41, 0.07, 0.52, 0.04, 0.06, -0.06, -0.02, 0.32, -0.13, -0.22, -0.4, -0.05])
MEAN = np.array([0.209, 0.158, 0.209, 0.157, 0.048, 0.045, 0.225, 0.0, 0.0, 0.333, 0.333])
SCALE = np.array([0.243, 0.146, 0.208, 0.109, 0.091, 0.064, 0.221, 0.685, 0.752, 0.298, 0.298])
DOUBT = np.array([0.25] * len(NAMES) + [0.1])  # deviations of the prior
MARGINS = (-0.8, -0.6, -0.4, -0.2, 0.0, 0.2)  # added to the log-odds: the lower, the tighter the box
USUAL_MARGIN = -0.4  # where there is nothing to choose it on
MARGIN_DOUBT = 0.05  # of mean overlap that a margin must gain to go 0.4 from the usual one
THINNED = 2  # every other cell is plenty to learn from
MOST_PICTURES = 2000
ROUNDS = 50
ENOUGH = 1e-7
FOLDS = 5

Maps = NDArray[np.floating[Any]]  # (N, CELLS, CELLS, F)
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CropOpinion:
    """`weight` (F + 1,) over standardised maps and a constant; `margin` (1,) is added to every cell."""

    weight: Floats
    margin: Floats

    def evidence(self, maps: Maps) -> Floats:
        """(N, CELLS, CELLS) log-odds that a cell belongs into the crop."""
        return np.asarray((maps - MEAN) / SCALE @ self.weight[:-1] + self.weight[-1] + self.margin)

    def boxes(self, maps: Maps) -> Boxes:
        """(N, 4) a box a picture."""
        return inside(np.array([best_rectangle(evidence) for evidence in self.evidence(maps)]).reshape(-1, 4))

    def arrays(self) -> dict[str, Floats]:
        """The fitted numbers by name."""
        return {"weight": self.weight, "margin": self.margin}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Floats]) -> CropOpinion:
        """The opinion that `arrays` gave; KeyError or ValueError when they do not belong together."""
        opinion = cls(arrays["weight"], arrays["margin"])
        if opinion.weight.shape != PRIOR.shape or opinion.margin.shape != (1,):
            raise ValueError("the crop opinion is of another program")
        return opinion


def best_rectangle(evidence: Floats) -> tuple[float, float, float, float]:
    """The rectangle of cells of `evidence` (H, W) with the greatest sum, as x1, y1, x2, y2 in 0..1.

    For each upper edge all lower edges at once, and in each of those rows of sums the best interval (Kadane).
    """
    height, width = evidence.shape
    sums = np.concatenate([np.zeros((1, width)), np.cumsum(evidence, axis=0)])
    best, found = -np.inf, (0, 0, width, height)
    for top in range(height):
        columns = np.cumsum(sums[top + 1 :] - sums[top], axis=1)
        columns = np.concatenate([np.zeros((len(columns), 1)), columns], axis=1)
        gains = columns[:, 1:] - np.minimum.accumulate(columns, axis=1)[:, :-1]
        row, right = divmod(int(gains.argmax()), width)
        if gains[row, right] > best:
            best = float(gains[row, right])
            found = (int(columns[row, : right + 1].argmin()), top, right + 1, top + row + 1)
    left, top, right, bottom = found
    return left / width, top / height, right / width, bottom / height


def fit_crops(maps: Maps, boxes: Boxes, groups: Sequence[str]) -> CropOpinion | None:
    """Learn from the crops `boxes` (N, 4) of pictures with `maps`; None without any.

    Groups count alike, whatever their size. The margin is the one whose boxes overlap best with the crops of groups
    that the regression had not seen.
    """
    if not len(boxes):
        return None
    some = slice(None, MOST_PICTURES)
    maps, boxes, groups = maps[some], boxes[some], list(groups)[some]
    weight = fit_weight(maps, cells_inside(boxes), groups)
    return CropOpinion(weight, np.array([_margin(maps, boxes, groups)]))


def fit_weight(
    maps: Maps, kept: NDArray[np.bool_], groups: Sequence[str], prior: Floats = PRIOR, doubt: Floats = DOUBT
) -> Floats:
    """(F + 1,) weights, by Newton's method on the log posterior, which is concave.

    `kept` (N, CELLS, CELLS) are the cells to be told from the others; a picture is one observation.
    """
    thin = maps[:, ::THINNED, ::THINNED].astype(np.float64)
    seen = ((thin - MEAN) / SCALE).reshape(-1, thin.shape[-1])
    seen = np.concatenate([seen, np.ones((len(seen), 1))], axis=1)
    inner = kept[:, ::THINNED, ::THINNED].reshape(-1).astype(np.float64)
    cells = thin.shape[1] * thin.shape[2]
    counted = np.repeat(_even(groups) / cells, cells)
    weight, precision = prior.copy(), doubt**-2.0
    for _ in range(ROUNDS):
        chance = 1 / (1 + np.exp(-np.clip(seen @ weight, -30, 30)))
        slope = seen.T @ (counted * (inner - chance)) - precision * (weight - prior)
        curve = (seen * (counted * chance * (1 - chance))[:, None]).T @ seen + np.diag(precision)
        step = np.linalg.solve(curve, slope)
        weight = weight + step
        if np.abs(step).max() < ENOUGH:
            break
    return weight


def cells_inside(boxes: Boxes) -> NDArray[np.bool_]:
    """(N, CELLS, CELLS): whether the middle of each cell lies in the box."""
    middles = (np.arange(CELLS) + 0.5) / CELLS
    across = (middles > boxes[:, :1]) & (middles < boxes[:, 2:3])
    down = (middles > boxes[:, 1:2]) & (middles < boxes[:, 3:])
    return np.asarray(down[:, :, None] & across[:, None, :])


def _margin(maps: Maps, boxes: Boxes, groups: Sequence[str]) -> float:
    folds = _folds(groups)
    if len(set(folds)) < 2:
        return USUAL_MARGIN
    gains = np.array([-MARGIN_DOUBT * abs(margin - USUAL_MARGIN) / 0.4 for margin in MARGINS])
    counted = _even(groups) / len(groups)
    for fold in sorted(set(folds)):
        held = folds == fold
        own = [name for name, out in zip(groups, held, strict=True) if not out]
        evidence = CropOpinion(fit_weight(maps[~held], cells_inside(boxes[~held]), own), np.zeros(1)).evidence(
            maps[held]
        )
        for number, margin in enumerate(MARGINS):
            found = np.array([best_rectangle(cells + margin) for cells in evidence])
            gains[number] += overlap(found, boxes[held]) @ counted[held]
    return MARGINS[int(gains.argmax())]


def _folds(groups: Sequence[str]) -> NDArray[np.intp]:
    """A fold for each picture, groups together, dealt from the largest group on to the emptiest fold."""
    names, where, counts = np.unique(np.array(groups), return_inverse=True, return_counts=True)
    dealt, filled = np.zeros(len(names), np.intp), np.zeros(FOLDS, np.intp)
    for group in np.argsort(-counts, kind="stable"):
        dealt[group] = filled.argmin()
        filled[dealt[group]] += counts[group]
    return np.asarray(dealt[where])


def _even(groups: Sequence[str]) -> Floats:
    """(N,) weights of mean 1 that give each group the same."""
    _, where, counts = np.unique(np.array(groups), return_inverse=True, return_counts=True)
    weights = 1 / counts[where]
    return np.asarray(weights / weights.mean())
