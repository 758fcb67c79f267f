"""The gate's rules for models that choose from sets and cut."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from binscout_tui.learning.gating.paired import no_regression, no_rise
from binscout_tui.learning.gating.verdict import (
    Check,
    Evidence,
    GateVerdict,
    at_least,
    common_checks,
    mean,
    must_pass,
    none_of,
    share_right,
    verdict,
    within_budget,
)
from binscout_tui.settings import GateSettings
from binscout_tui.wording import counted

Crop = tuple[float, float, float, float]


class SetCase(msgspec.Struct, frozen=True, kw_only=True):
    """One known-good set and what a model said about it.

    `key` is its identity, `images` the hashes of its pictures; `expected` and `chosen` count them from 0. `crop` is
    what the person cut (0..1), None where nothing was cut; `said` what the model would.
    """

    key: str
    images: tuple[str, ...]
    expected: int
    chosen: int | None
    score: float
    crop: Crop | None = None
    said: Crop | None = None
    must_pass: bool = False
    error: str | None = None

    @property
    def identity(self) -> str:
        return self.key

    @property
    def hashes(self) -> tuple[str, ...]:
        return self.images

    @property
    def right(self) -> bool:
        return self.error is None and self.chosen == self.expected

    @property
    def iou(self) -> float | None:
        """Overlap of both crops; 0 where the model gave none, None where the person cut nothing."""
        if self.crop is None:
            return None
        return overlap(self.crop, self.said) if self.error is None and self.said is not None else 0.0


def judge(
    cases: Sequence[SetCase],
    floors: GateSettings,
    *,
    active: Sequence[SetCase] | None = None,
    evidence: Evidence | None = None,
) -> GateVerdict:
    """Judge a model by what it said of the known-good sets; `active` as for classifiers."""
    evidence = evidence or Evidence()
    chance = mean([1 / max(1, len(case.images)) for case in cases])
    right = sum(case.right for case in cases)
    checks = [
        *common_checks(cases, evidence, noun="set", least=floors.min_sets),
        _finite(cases),
        at_least("top1", share_right(cases), floors.top1, f"{right} of {len(cases)} right"),
        _above_chance(share_right(cases), chance),
        *_crops(cases, floors),
        must_pass(cases, "set"),
    ]
    broken: list[str] = []
    if active is not None:
        check, broken = no_regression(cases, active, floors.max_drop)
        checks += [check, *_crops_no_worse(cases, active, floors)]
    return verdict([*checks, *within_budget(evidence)], broken)


def overlap(a: Crop, b: Crop) -> float:
    """Intersection over union of two boxes `x1, y1, x2, y2`; 0 for boxes without area or with NaN."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    both = max(0.0, width) * max(0.0, height)
    union = _area(a) + _area(b) - both
    return both / union if union > 0 and math.isfinite(both) else 0.0


def _area(box: Crop) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _finite(cases: Sequence[SetCase]) -> Check:
    bad = [case.key for case in cases if case.error is None and not (0.0 <= case.score <= 1.0 and _is_box(case.said))]
    return none_of("scores", "set", "with a score outside 0..1 or a crop outside the picture", bad)


def _is_box(box: Crop | None) -> bool:
    if box is None:
        return True
    x1, y1, x2, y2 = box
    return 0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1


def _above_chance(value: float, chance: float) -> Check:
    detail = f"a blind choice is right in {chance:.2f} of these sets"
    return Check(
        name="chance",
        passed=value > chance,
        detail=detail,
        value=None if math.isnan(value) else value,
        limit=None if math.isnan(chance) else chance,
    )


def _crops(cases: Sequence[SetCase], floors: GateSettings) -> list[Check]:
    """Judged only where people cut; a list without crops says nothing of them, which is told."""
    found = [case.iou for case in cases if case.iou is not None]
    if not found:
        return [Check(name="crops", passed=True, detail="nobody cut a known-good set, so crops were not judged")]
    detail = f"mean overlap {mean(found):.2f} over {counted(len(found), 'crop')}"
    return [at_least("crops", mean(found), floors.mean_iou, detail)]


def _crops_no_worse(cases: Sequence[SetCase], active: Sequence[SetCase], floors: GateSettings) -> list[Check]:
    before = {case.key: case.iou for case in active if case.error is None}
    pairs = [(old, case.iou) for case in cases if case.iou is not None and (old := before.get(case.key)) is not None]
    if not pairs:
        return []
    lost_before, lost_after = [1 - old for old, _ in pairs], [1 - new for _, new in pairs]
    return [no_rise("crops_no_worse", lost_before, lost_after, floors.max_iou_drop, "overlap lost")]
