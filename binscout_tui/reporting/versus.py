"""Two runs side by side, on the test cases that both were asked: which were mended, which broke, what that means.

Differences are paired: each case is compared with itself. Intervals are percentile bootstrap over sources (cases of
one source stand or fall together), over cases where no sources are known (Efron & Tibshirani 1993, ch. 16). The p of
McNemar's exact test (two-sided) says how likely so uneven a split of fixed and broken is by chance. numpy only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.tasks import Figure as About
from binscout_tui.learning.tasks import Task
from binscout_tui.reporting.cases import Case, of_split
from binscout_tui.reporting.report import Report
from binscout_tui.reporting.words import renamed

ROUNDS = 2000
SEED = 0
BLOCK = 4_000_000
"""So many draws are held at a time."""
Sort = Literal["fixed", "broken", "wrong", "right"]
SORTS: dict[Sort, str] = {
    "fixed": "fixed: wrong before, right now",
    "broken": "broken: right before, wrong now",
    "wrong": "wrong before and now",
    "right": "right before and now",
}
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the runs: name, report, cases, the source of each case, settings, {class: pictures that it learned}."""

    run: str
    report: Report
    cases: Sequence[Case]
    groups: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pair:
    """One case as both models answered it."""

    before: Case
    after: Case

    @property
    def sort(self) -> Sort:
        """What became of it."""
        if self.before.right:
            return "right" if self.after.right else "broken"
        return "fixed" if self.after.right else "wrong"


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of both over the shared cases, and second less first with its paired 95 % interval."""

    about: About
    before: float | None
    after: float | None
    difference: float | None = None
    ci95: tuple[float, float] | None = None

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.ci95 is not None and (self.ci95[0] > 0 or self.ci95[1] < 0)

    @property
    def is_better(self) -> bool | None:
        """Whether the second is better; None where they are alike, or where it is not said which is better."""
        if not self.difference:
            return None
        if self.about.name == "bias":
            return abs(self.after or 0.0) < abs(self.before or 0.0)
        return (self.difference > 0) is self.about.higher_is_better


@dataclass(frozen=True)  # no slots, for what is cached
class Versus:
    """What came of comparing run `before` with run `after`.

    `only_before` and `only_after` count test cases that only one was asked, `changed` those whose truth has changed.
    """

    before: str
    after: str
    task: Task
    pairs: tuple[Pair, ...]
    figures: tuple[Difference, ...]
    mcnemar_p: float
    only_before: int = 0
    only_after: int = 0
    changed: int = 0
    sources: int = 0
    settings: tuple[tuple[str, str, str], ...] = ()

    def of(self, sort: Sort) -> Sequence[Pair]:
        """The pairs of one sort, the worst first."""
        return self._by_sort[sort]

    @cached_property
    def _by_sort(self) -> dict[Sort, tuple[Pair, ...]]:
        """Sorted once: a screen asks with every row that it draws."""
        found: dict[Sort, list[Pair]] = {sort: [] for sort in SORTS}
        for pair in self.pairs:
            found[pair.sort].append(pair)
        return {sort: tuple(sorted(pairs, key=_loss, reverse=True)) for sort, pairs in found.items()}

    def named(self, names: Mapping[str, str]) -> Versus:
        """The same with what people call the images, {SHA-256: name}."""
        return replace(self, pairs=tuple(Pair(pair.before, renamed(pair.after, names)) for pair in self.pairs))


def compare(before: Side, after: Side) -> Versus:
    """Compare two runs; raises BinScoutError (`different_tasks`, `nothing_shared`, `same_run`)."""
    if before.run == after.run:
        raise BinScoutError("A run cannot be compared with itself.", hint="Name two runs.", code="same_run")
    if before.report.task != after.report.task:
        raise BinScoutError(
            f"{before.run} learned to {before.report.task} and {after.run} to {after.report.task}; "
            "only runs of one task can be compared.",
            code="different_tasks",
        )
    pairs, only_before, only_after, changed = _paired(of_split(before.cases), of_split(after.cases))
    if not pairs:
        raise BinScoutError(
            f"{before.run} and {after.run} share no test case.",
            hint="Train both on versions of one data set.",
            code="nothing_shared",
        )
    groups = {**before.groups, **after.groups}
    task = before.report.about
    clusters = _clusters(pairs, groups)
    return Versus(
        before=before.run,
        after=after.run,
        task=task,
        pairs=tuple(pairs),
        figures=tuple(_differences(task, pairs, clusters)),
        mcnemar_p=mcnemar(sum(p.sort == "fixed" for p in pairs), sum(p.sort == "broken" for p in pairs)),
        only_before=only_before,
        only_after=only_after,
        changed=changed,
        sources=int(clusters.max()) + 1 if any(_source(pair, groups) for pair in pairs) else 0,
        settings=tuple(_settings(before, after)),
    )


def mcnemar(fixed: int, broken: int) -> float:
    """Two-sided exact McNemar test: the chance of a split at least as uneven where a change goes either way alike."""
    changes, fewer = fixed + broken, min(fixed, broken)
    ways = tail = 1
    for k in range(fewer):
        ways = ways * (changes - k) // (k + 1)
        tail += ways
    return min(1.0, float(Fraction(2 * tail, 2**changes)))


def _paired(before: Sequence[Case], after: Sequence[Case]) -> tuple[list[Pair], int, int, int]:
    """Pairs of the cases with one id, and how many were left over: of the first, of the second, by another truth.

    Of cases that share an id (parts of one image) the first goes with the first, and so on.
    """
    waiting: dict[str, list[Case]] = defaultdict(list)
    for case in before:
        waiting[case.id].append(case)
    pairs, only_after, changed = [], 0, 0
    for case in after:
        if not waiting[case.id]:
            only_after += 1
            continue
        other = waiting[case.id].pop(0)
        if other.truth == case.truth:
            pairs.append(Pair(other, case))
        else:
            changed += 1
    return pairs, sum(map(len, waiting.values())), only_after, changed


def _source(pair: Pair, groups: Mapping[str, str]) -> str:
    return pair.after.group or groups.get(pair.after.id, "")


def _clusters(pairs: Sequence[Pair], groups: Mapping[str, str]) -> NDArray[np.intp]:
    """The number of the source of each pair; a case whose source nobody knows is one of its own."""
    names = [f"group {group}" if (group := _source(pair, groups)) else f"case {row}" for row, pair in enumerate(pairs)]
    return np.unique(names, return_inverse=True)[1]


Value = Callable[[Case], float | None]
Mean = Callable[[Floats], Floats]


def _as_it_is(mean: Floats) -> Floats:
    return mean


def _overlap(least: float) -> Value:
    return lambda case: None if case.iou is None else float(case.iou >= least)


def _error(what: Callable[[float], float]) -> Value:
    return lambda case: None if case.error is None else what(case.error)


def _crop_error(case: Case) -> float | None:
    if case.crop_truth is None or case.crop_said is None:
        return None
    return sum(abs(a - b) for a, b in zip(case.crop_truth, case.crop_said, strict=True)) / 4


MEASURES: dict[str, tuple[Value, Mean]] = {
    "accuracy": (lambda case: float(case.right), _as_it_is),
    "top1": (lambda case: float(case.right), _as_it_is),
    "mean_iou": (lambda case: case.iou, _as_it_is),
    "iou50": (_overlap(0.5), _as_it_is),
    "iou75": (_overlap(0.75), _as_it_is),
    "crop_mae": (_crop_error, _as_it_is),
    "mae": (_error(abs), _as_it_is),
    "rmse": (_error(lambda error: error * error), np.sqrt),
    "exact": (_error(lambda error: float(error == 0)), _as_it_is),
    "within1": (_error(lambda error: float(abs(error) <= 1)), _as_it_is),
    "bias": (_error(lambda error: error), _as_it_is),
}
"""What a case adds to a figure, and what is made of the mean over the cases."""


def _differences(task: Task, pairs: Sequence[Pair], clusters: NDArray[np.intp]) -> list[Difference]:
    known = [about for about in task.figures if about.name in MEASURES]
    sums = [_sums(pairs, clusters, MEASURES[about.name][0]) for about in known]
    totals = _resampled(np.concatenate(sums, axis=1))
    found = []
    for place, (about, own) in enumerate(zip(known, sums, strict=True)):
        if own[:, 2].any():
            found.append(_difference(about, own, totals[:, 3 * place : 3 * place + 3], MEASURES[about.name][1]))
    return found


def _sums(pairs: Sequence[Pair], clusters: NDArray[np.intp], value: Value) -> Floats:
    """(clusters, 3): what both add to a figure in each source, and in how many cases both have it."""
    both = [(value(pair.before), value(pair.after)) for pair in pairs]
    table = np.array(
        [
            (before, after, 1.0) if before is not None and after is not None else (0.0, 0.0, 0.0)
            for before, after in both
        ]
    )
    sums = np.zeros((clusters.max() + 1, 3))
    np.add.at(sums, clusters, table)
    return sums


def _resampled(sums: Floats) -> Floats:
    """(rounds, columns): `sums` (clusters, columns) added up over as many clusters drawn with replacement.

    Clusters that add the same are drawn as one kind, which changes no chance and is much less to draw. A block of
    rounds at a time keeps memory bounded however many kinds there are.
    """
    kinds, counts = np.unique(sums, axis=0, return_counts=True)
    shares, count = counts / len(sums), len(sums)
    generator = np.random.default_rng(SEED)
    block = max(1, BLOCK // len(kinds))
    return np.concatenate(
        [generator.multinomial(count, shares, min(block, ROUNDS - start)) @ kinds for start in range(0, ROUNDS, block)]
    )


def _difference(about: About, sums: Floats, totals: Floats, mean: Mean) -> Difference:
    whole = mean(sums[:, :2].sum(axis=0) / sums[:, 2].sum())
    usable = totals[totals[:, 2] > 0]
    gaps = mean(usable[:, 1] / usable[:, 2]) - mean(usable[:, 0] / usable[:, 2])
    spread = (float(np.quantile(gaps, 0.025)), float(np.quantile(gaps, 0.975))) if len(sums) > 1 else None
    return Difference(about, float(whole[0]), float(whole[1]), float(whole[1] - whole[0]), spread)


def _loss(pair: Pair) -> float:
    case = pair.before if pair.sort == "fixed" else pair.after
    return case.loss if case.loss is not None else 0.0


def _settings(before: Side, after: Side) -> list[tuple[str, str, str]]:
    """(setting, of the first, of the second) of what differs."""
    found = []
    first, second = _plain(before), _plain(after)
    for name in dict.fromkeys([*first, *second]):
        if first.get(name) != second.get(name):
            found.append((name.replace("_", " "), _said(first.get(name)), _said(second.get(name))))
    return found


def _plain(side: Side) -> dict[str, Any]:
    report = side.report
    known = {"dataset": report.dataset, "preset": report.preset, "seed": report.seed, "epochs": report.epochs}
    return known | {name: value for name, value in side.config.items() if name not in known}


def _said(value: Any) -> str:
    return "-" if value is None or value == "" else str(value)
