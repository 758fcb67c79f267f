"""The gate: may this model be activated? Pure rules over predictions on known-good images; doubt fails."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

import msgspec

from binscout_tui.settings import GateSettings
from binscout_tui.wording import counted

MEBIBYTE = 1 << 20
SIGNIFICANCE = 0.05  # newly broken images may outnumber the newly mended only as far as chance explains it


class GateCase(msgspec.Struct, frozen=True, kw_only=True):
    """One known-good image and what a model said about it. `image` is its identity (the SHA-256 of its bytes)."""

    image: str
    expected: str
    predicted: str | None
    score: float
    must_pass: bool = False
    error: str | None = None

    @property
    def right(self) -> bool:
        return self.error is None and self.predicted == self.expected


class GateBudget(msgspec.Struct, frozen=True, kw_only=True):
    """What a prediction may cost on this machine; None is no limit. Seconds an image, and bytes."""

    seconds_per_image: float | None = None
    memory_bytes: int | None = None


class GateMeasured(msgspec.Struct, frozen=True, kw_only=True):
    """What a prediction did cost, in the units of `GateBudget`; None is not measured."""

    seconds_per_image: float | None = None
    memory_bytes: int | None = None


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the verdict: `value` against `limit`, both None where the check has no number."""

    name: str
    passed: bool
    detail: str
    value: float | None = None
    limit: float | None = None


class GateVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """`passed` is true only when every check passed; `newly_broken` are images the active model has right."""

    passed: bool
    checks: list[Check]
    newly_broken: list[str]


def judge(
    cases: Sequence[GateCase],
    floors: GateSettings,
    *,
    classes: Sequence[str],
    active: Sequence[GateCase] | None = None,
    leaked: AbstractSet[str] = frozenset(),
    budget: GateBudget | None = None,
    measured: GateMeasured | None = None,
) -> GateVerdict:
    """Judge a model that knows `classes` by its predictions `cases` on the known-good images.

    `active` holds the predictions of the active model on the same images, None when no model is active;
    `leaked` the images (same identity as `GateCase.image`) that were in the candidate's training or validation data.
    """
    checks = [
        _enough(cases, floors),
        _no_duplicates(cases),
        _readable(cases),
        _finite(cases),
        _no_leak(cases, leaked),
        _classes_covered(cases, classes, floors),
        _overall(cases, floors),
        _per_class(cases, floors),
        _must_pass(cases),
    ]
    broken: list[str] = []
    if active is not None:
        check, broken = _no_regression(cases, active, floors)
        checks.append(check)
    checks += _within_budget(budget or GateBudget(), measured or GateMeasured())
    return GateVerdict(passed=all(check.passed for check in checks), checks=checks, newly_broken=broken)


def _enough(cases: Sequence[GateCase], floors: GateSettings) -> Check:
    number, limit = len(cases), max(1, floors.min_images)
    detail = f"{counted(number, 'known-good image')}, {limit} needed"
    return Check(name="images", passed=number >= limit, detail=detail, value=number, limit=limit)


def _no_duplicates(cases: Sequence[GateCase]) -> Check:
    twice = [image for image, number in Counter(case.image for case in cases).items() if number > 1]
    return Check(
        name="distinct", passed=not twice, detail=_listed("image", "given twice", twice), value=len(twice), limit=0
    )


def _readable(cases: Sequence[GateCase]) -> Check:
    bad = [f"{case.image[:12]} ({case.error})" for case in cases if case.error is not None]
    return Check(
        name="readable", passed=not bad, detail=_listed("image", "without a prediction", bad), value=len(bad), limit=0
    )


def _finite(cases: Sequence[GateCase]) -> Check:
    bad = [case.image for case in cases if case.error is None and not 0.0 <= case.score <= 1.0]
    return Check(
        name="scores",
        passed=not bad,
        detail=_listed("image", "with a score outside 0..1", bad),
        value=len(bad),
        limit=0,
    )


def _no_leak(cases: Sequence[GateCase], leaked: AbstractSet[str]) -> Check:
    bad = [case.image for case in cases if case.image in leaked]
    return Check(
        name="unseen", passed=not bad, detail=_listed("image", "seen in training", bad), value=len(bad), limit=0
    )


def _classes_covered(cases: Sequence[GateCase], classes: Sequence[str], floors: GateSettings) -> Check:
    numbers = Counter(case.expected for case in cases)
    limit = max(1, floors.min_per_class)
    thin = [name for name in classes if numbers[name] < limit]
    unknown = [name for name in numbers if name not in set(classes)]
    few = "without an image" if limit == 1 else f"with fewer than {limit} images"
    said = [_listed("class", few, thin, "classes")] if thin or not unknown else []
    if unknown:
        said.append(_listed("class", "that the model does not know", unknown, "classes"))
    return Check(
        name="classes",
        passed=bool(classes) and not thin and not unknown,
        detail="; ".join(said),
        value=len(thin),
        limit=0,
    )


def _overall(cases: Sequence[GateCase], floors: GateSettings) -> Check:
    value = accuracy(cases)
    detail = f"{sum(case.right for case in cases)} of {len(cases)} right"
    passed = value >= floors.overall  # false for NaN, so that no images is no pass
    return Check(name="overall", passed=passed, detail=detail, value=_number(value), limit=floors.overall)


def _per_class(cases: Sequence[GateCase], floors: GateSettings) -> Check:
    by_class: dict[str, list[GateCase]] = defaultdict(list)
    for case in cases:
        by_class[case.expected].append(case)
    recall = {name: accuracy(found) for name, found in sorted(by_class.items())}
    weak = [f"{name} {value:.2f}" for name, value in recall.items() if not value >= floors.per_class]
    lowest = min(recall.values(), default=math.nan)
    return Check(
        name="per_class",
        passed=bool(by_class) and not weak,
        detail=_listed("class", "below the floor", weak, "classes"),
        value=_number(lowest),
        limit=floors.per_class,
    )


def _must_pass(cases: Sequence[GateCase]) -> Check:
    wrong = [f"{case.image[:12]} ({case.expected})" for case in cases if case.must_pass and not case.right]
    return Check(
        name="must_pass", passed=not wrong, detail=_listed("must-pass image", "wrong", wrong), value=len(wrong), limit=0
    )


def _no_regression(
    cases: Sequence[GateCase], active: Sequence[GateCase], floors: GateSettings
) -> tuple[Check, list[str]]:
    before = {case.image: case for case in active}
    after = {case.image: case for case in cases}
    if not before or before.keys() != after.keys():
        return Check(name="regression", passed=False, detail="the active model was judged on other images"), []
    broken = sorted(image for image, case in before.items() if case.right and not after[image].right)
    mended = sum(1 for image, case in before.items() if not case.right and after[image].right)
    drop = (len(broken) - mended) / len(before)
    chance = sign_test(len(broken), mended)
    significant = len(broken) > mended and chance < SIGNIFICANCE
    detail = f"{len(broken)} newly wrong, {mended} newly right, p = {chance:.3f}"
    check = Check(
        name="regression",
        passed=drop <= floors.max_drop and not significant,
        detail=detail,
        value=drop,
        limit=floors.max_drop,
    )
    return check, broken


def _within_budget(budget: GateBudget, measured: GateMeasured) -> list[Check]:
    pairs = [
        ("speed", "s an image", 1, budget.seconds_per_image, measured.seconds_per_image),
        ("memory", "MiB", MEBIBYTE, budget.memory_bytes, measured.memory_bytes),
    ]
    checks = []
    for name, unit, size, limit, value in pairs:
        if limit is None:
            continue
        told = "not measured" if value is None else f"{_short(value / size)} {unit}"
        detail = f"{told}, at most {_short(limit / size)}"
        passed = value is not None and value <= limit
        checks.append(Check(name=name, passed=passed, detail=detail, value=value, limit=limit))
    return checks


def accuracy(cases: Iterable[GateCase]) -> float:
    """The fraction of `cases` that are right; NaN without cases."""
    marks = [case.right for case in cases]
    return sum(marks) / len(marks) if marks else math.nan


def sign_test(worse: int, better: int) -> float:
    """One-sided exact McNemar test: the chance of at least `worse` of `worse + better` changes being for the worse."""
    changes = worse + better
    return float(sum(math.comb(changes, k) for k in range(worse, changes + 1)) / 2**changes)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _listed(noun: str, what: str, names: Sequence[str], plural: str = "", most: int = 5) -> str:
    """`no image seen in training`, or how many there are and the first of their names."""
    if not names:
        return f"no {noun} {what}"
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{counted(len(names), noun, plural)} {what}: {', '.join(name[:40] for name in names[:most])}{more}"
