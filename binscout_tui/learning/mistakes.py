"""Which labels are probably wrong: a classifier that has never seen an image says what it would have called it.

Logistic regression on frozen features, out of fold: the images are dealt into folds, pictures of one source photo
always together, and each fold is judged by a model of the others. A label is suspect when its probability is small
beside the best other class (Northcutt et al. 2021, confident learning; the score is that paper's normalised margin).
numpy and scikit-learn; no torch, no database.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.features import Features
from binscout_tui.learning.metrics import Floats, Ints

FOLDS = 5
DIMENSIONS = 128  # that the features are projected to
STRENGTH = 0.1  # inverse of regularisation: strong, so that a wrong label among the others is not learned
ROUNDS = 100
LENGTH = 10.0  # root mean square of a projected picture, for which STRENGTH was chosen
LEAST_IMAGES = 20

Order = Literal["margin", "confidence"]


@dataclass(frozen=True, slots=True)
class Opinions:
    """What was said out of fold of N labels, in the order of the images.

    `probability` (N,) that the label is right, `likely` (N,) the best other class, `likely_probability` (N,) its
    probability, `margin` (N,) 0..1 where below a half the other class is more probable, `judged` (N,) bool: False
    where the other folds had no image of the label's class, and then nothing else of that row means anything.
    """

    probability: Floats
    likely: Ints
    likely_probability: Floats
    margin: Floats
    judged: NDArray[np.bool_]

    def queue(self, order: Order = "margin") -> Ints:
        """The judged rows, the most suspect first."""
        score = self.margin if order == "margin" else self.probability
        rows = np.flatnonzero(self.judged)
        return rows[np.argsort(score[rows], kind="stable")]


def find_mistakes(
    blocks: Sequence[Features], weights: Sequence[float], labels: Ints, groups: Sequence[str], seed: int = 0
) -> Opinions:
    """Judge every label.

    `blocks` are arrays (N, D) of features of different kinds, `weights` how much each kind counts, `labels` class
    numbers from 0, `groups` the source of each image.
    """
    features = projected(blocks, weights)
    return opinions(out_of_fold(features, labels, deal(labels, groups, FOLDS, seed)), labels)


def check_labels(labels: Sequence[str], groups: Sequence[str]) -> None:
    """Refuse, in one sentence, what nothing can be found in; raises BinScoutError."""
    sources: dict[str, set[str]] = {}
    for label, group in zip(labels, groups, strict=True):
        sources.setdefault(label, set()).add(group)
    if not labels:
        raise _refusal("No image has a class yet, so no label can be wrong.", "no_labels")
    if len(sources) < 2:
        raise _refusal(f"All labelled images are {labels[0]!r}; there is nothing to mix it up with.", "one_class")
    if len(labels) < LEAST_IMAGES:
        raise _refusal(
            f"{len(labels)} labelled images are too few to tell which is odd; it takes {LEAST_IMAGES}.", "few_labels"
        )
    if sum(len(of_class) > 1 for of_class in sources.values()) < 2:
        raise _refusal("Fewer than two classes have images of more than one source photo.", "few_sources")


def _refusal(sentence: str, code: str) -> BinScoutError:
    return BinScoutError(sentence, hint="Label more images, of other photos or sets too, and try again.", code=code)


def projected(blocks: Sequence[Features], weights: Sequence[float]) -> Features:
    """(N, d) float32 with d at most 128: the main directions of all features, each kind counted by its weight."""
    from sklearn.utils.extmath import randomized_svd
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    joined = np.concatenate([_levelled(block) * weight for block, weight in zip(blocks, weights, strict=True)], axis=1)
    wanted = min(DIMENSIONS, *joined.shape)
    with threadpool_limits(1):  # more threads only wait for each other at this size
        left, sizes, _ = randomized_svd(joined, wanted, n_oversamples=16, n_iter=2, random_state=0)
    scores = left * sizes
    length = np.sqrt((scores**2).sum(axis=1).mean())
    return np.asarray(scores * (LENGTH / length if length else 1), np.float32)


def _levelled(block: Features) -> Features:
    """Columns standardised (nearly constant ones stay small), rows with a mean square length of about 1."""
    centred = block - block.mean(axis=0)
    spread = centred.std(axis=0)
    return np.asarray(centred / (spread + 1e-3 * spread.max() + 1e-9) / np.sqrt(block.shape[1]), np.float32)


def deal(labels: Ints, groups: Sequence[str], folds: int, seed: int = 0) -> Ints:
    """(N,) the fold of each image: groups whole, every class and the whole spread as evenly as greed can."""
    _, group_of = np.unique(np.asarray(groups), return_inverse=True)
    sizes = np.bincount(group_of)
    main = _main_class(labels, group_of, len(sizes))
    shuffled = np.random.default_rng(seed).permutation(len(sizes))
    of_class = np.zeros((int(labels.max(initial=0)) + 1, folds), np.int64)
    load = np.zeros(folds, np.int64)
    fold = np.zeros(len(sizes), np.int64)
    for group in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        kin = of_class[main[group]]
        chosen = np.lexsort((load, kin))[0]
        fold[group] = chosen
        kin[chosen] += sizes[group]
        load[chosen] += sizes[group]
    return fold[group_of]


def _main_class(labels: Ints, group_of: NDArray[np.intp], groups: int) -> Ints:
    """(G,) the commonest label of each group."""
    main = np.zeros(groups, np.int64)
    pairs, counts = np.unique(np.stack([group_of, labels]), axis=1, return_counts=True)
    order = np.argsort(counts, kind="stable")  # the commonest is written last
    main[pairs[0][order]] = pairs[1][order]
    return main


def out_of_fold(features: Features, labels: Ints, folds: Ints) -> Floats:
    """(N, C) probabilities by models that saw no image of the row's fold; NaN for a class that such a model lacks.

    Folds differ in how common a class is, for no better reason than chance, so each model's class prior is replaced
    by that of all labels.
    """
    classes = int(labels.max()) + 1
    prior = np.bincount(labels, minlength=classes) / len(labels)
    found = np.full((len(labels), classes), np.nan)
    for fold in np.unique(folds):
        held = folds == fold
        known, answers = _judge(features[~held], labels[~held], features[held])
        if len(known):
            seen = np.bincount(labels[~held], minlength=classes)[known] / (~held).sum()
            answers = answers * (prior[known] / seen)
            found[np.ix_(held, known)] = answers / answers.sum(axis=1, keepdims=True)
    return found


def _judge(train: Features, truth: Ints, asked: Features) -> tuple[Ints, Floats]:
    """The classes (K,) that the model knows, and its probabilities (M, K); K is 0 where `truth` has one class."""
    if len(np.unique(truth)) < 2:
        return np.zeros(0, np.int64), np.zeros((len(asked), 0))
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)  # what 100 rounds have not settled changes no order
        model = LogisticRegression(C=STRENGTH, max_iter=ROUNDS).fit(train, truth)
        return model.classes_, model.predict_proba(asked).astype(np.float64)


def opinions(probabilities: Floats, labels: Ints) -> Opinions:
    """The figures of each label from (N, C) probabilities, NaN for what was not judged."""
    rows = np.arange(len(labels))
    own = probabilities[rows, labels]
    others = np.nan_to_num(probabilities, nan=-1.0)
    others[rows, labels] = -1
    likely = others.argmax(axis=1).astype(np.int64)
    best = others[rows, likely]
    judged = ~np.isnan(own) & (best >= 0)
    return Opinions(
        probability=np.where(judged, own, 0.0),
        likely=likely,
        likely_probability=np.where(judged, best, 0.0),
        margin=np.where(judged, (own - best + 1) / 2, 0.5),
        judged=judged,
    )


def without_company(labels: Sequence[str], groups: Sequence[str]) -> list[str]:
    """The classes whose images all come from one source, so that nothing else can speak for or against them."""
    sources = Counter(label for label, _ in set(zip(labels, groups, strict=True)))
    return sorted(label for label, count in sources.items() if count == 1)
