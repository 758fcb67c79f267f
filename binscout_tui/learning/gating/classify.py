"""The gate's rules for classifiers."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from binscout_tui.learning.gating.paired import no_regression
from binscout_tui.learning.gating.verdict import (
    Check,
    Evidence,
    GateVerdict,
    at_least,
    at_most,
    common_checks,
    listed,
    must_pass,
    none_of,
    number,
    share_right,
    verdict,
    within_budget,
)
from binscout_tui.settings import GateSettings
from binscout_tui.wording import counted

NOTHING = ""
"""What is expected of a picture that shows none of the classes: that the model calls it unknown."""
A_BIN = 15  # images a bin of the calibration at least; fewer make the gaps noise
MOST_BINS = 10


class GateCase(msgspec.Struct, frozen=True, kw_only=True):
    """One known-good image and what a model said about it. `image` is its identity (the SHA-256 of its bytes)."""

    image: str
    expected: str
    predicted: str | None
    score: float
    unknown: bool = False
    must_pass: bool = False
    error: str | None = None

    @property
    def identity(self) -> str:
        return self.image

    @property
    def hashes(self) -> tuple[str, ...]:
        return (self.image,)

    @property
    def named(self) -> bool:
        """Whether its best class is the expected one, though it may be called unknown."""
        return self.error is None and self.predicted == self.expected

    @property
    def right(self) -> bool:
        """What is called unknown is not recognised; only of an image of nothing that is the right answer."""
        if self.expected == NOTHING:
            return self.error is None and self.unknown
        return self.named and not self.unknown


def judge(
    cases: Sequence[GateCase],
    floors: GateSettings,
    *,
    classes: Sequence[str],
    active: Sequence[GateCase] | None = None,
    has_threshold: bool = True,
    evidence: Evidence | None = None,
) -> GateVerdict:
    """Judge a model that knows `classes` by its predictions `cases` on the known-good images.

    `active` holds the predictions of the active model on the same images, None when no model is active. Images of
    nothing count for the model's threshold alone, and where it has none only those that must pass.
    """
    evidence = evidence or Evidence()
    known = [case for case in cases if case.expected != NOTHING]
    nothing = [case for case in cases if case.expected == NOTHING]
    checks = [
        *common_checks(known, evidence, noun="image", least=floors.min_images),
        _finite(cases),
        _classes_covered(known, classes, floors),
        at_least("overall", share_right(known), floors.overall, _right_words(known)),
        _per_class(known, floors),
        must_pass([*known, *nothing]),
        _calibrated(known, floors),
        *(_unknown(nothing, known, floors) if has_threshold else []),
    ]
    broken: list[str] = []
    if active is not None:
        rival = [case for case in active if case.expected != NOTHING]
        check, broken = no_regression(known, rival, floors.max_drop)
        checks.append(check)
    return verdict([*checks, *within_budget(evidence)], broken)


def _finite(cases: Sequence[GateCase]) -> Check:
    bad = [case.image for case in cases if case.error is None and not 0.0 <= case.score <= 1.0]
    return none_of("scores", "image", "with a score outside 0..1", bad)


def _classes_covered(cases: Sequence[GateCase], classes: Sequence[str], floors: GateSettings) -> Check:
    numbers = Counter(case.expected for case in cases)
    limit = max(1, floors.min_per_class)
    thin = [name for name in classes if numbers[name] < limit]
    unknown = [name for name in numbers if name not in set(classes)]
    few = "without an image" if limit == 1 else f"with fewer than {limit} images"
    said = [listed("class", few, thin, "classes")] if thin or not unknown else []
    if unknown:
        said.append(listed("class", "that the model does not know", unknown, "classes"))
    passed = bool(classes) and not thin and not unknown
    return Check(name="classes", passed=passed, detail="; ".join(said), value=len(thin), limit=0)


def _right_words(cases: Sequence[GateCase]) -> str:
    refused = sum(case.named and case.unknown for case in cases)
    more = f", {refused} more if it did not call them unknown" if refused else ""
    return f"{sum(case.right for case in cases)} of {len(cases)} right{more}"


def _per_class(cases: Sequence[GateCase], floors: GateSettings) -> Check:
    by_class: dict[str, list[GateCase]] = defaultdict(list)
    for case in cases:
        by_class[case.expected].append(case)
    recall = {name: share_right(found) for name, found in sorted(by_class.items())}
    weak = [f"{name} {value:.2f}" for name, value in recall.items() if not value >= floors.per_class]
    lowest = min(recall.values(), default=math.nan)
    return Check(
        name="per_class",
        passed=bool(by_class) and not weak,
        detail=listed("class", "below the floor", weak, "classes"),
        value=number(lowest),
        limit=floors.per_class,
    )


def _calibrated(cases: Sequence[GateCase], floors: GateSettings) -> Check:
    error = calibration_error((case.score, case.named) for case in cases if case.error is None)
    detail = "no answers" if math.isnan(error) else f"confidence and truth are {error:.2f} apart in the mean"
    return at_most("calibration", error, floors.max_ece, detail)


def calibration_error(answers: Iterable[tuple[float, bool]]) -> float:
    """Mean gap between confidence and share of right answers, over bins of equally many answers; NaN without any."""
    found = sorted(answers)
    if not found:
        return math.nan
    bins = max(1, min(MOST_BINS, len(found) // A_BIN))
    gap = 0.0
    for index in range(bins):
        part = found[index * len(found) // bins : (index + 1) * len(found) // bins]
        gap += abs(sum(score - right for score, right in part))
    return gap / len(found)


def _unknown(nothing: Sequence[GateCase], known: Sequence[GateCase], floors: GateSettings) -> list[Check]:
    """Pictures of nothing must be called unknown. Without any there is nothing to check."""
    if not nothing:
        return []
    refused = sum(case.unknown for case in known)
    detail = (
        f"{sum(case.right for case in nothing)} of {counted(len(nothing), 'image')} of nothing called unknown,"
        f" and {refused} of {len(known)} of something"
    )
    return [at_least("unknown", share_right(nothing), floors.unknown_rejected, detail)]
