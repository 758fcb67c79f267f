"""The gate's rules for models that count."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from statistics import median

import msgspec

from binscout_tui.learning.gating.paired import no_regression, no_rise
from binscout_tui.learning.gating.verdict import (
    Check,
    Evidence,
    GateVerdict,
    at_least,
    at_most,
    common_checks,
    listed,
    mean,
    must_pass,
    none_of,
    number,
    share_right,
    verdict,
    within_budget,
)
from binscout_tui.settings import GateSettings
from binscout_tui.wording import counted


class CountCase(msgspec.Struct, frozen=True, kw_only=True):
    """One known-good image with how many a person counted, and what a model counted; `item` is what, '' anything."""

    image: str
    expected: int
    counted: int | None
    raw: float = 0.0
    item: str = ""
    must_pass: bool = False
    error: str | None = None

    @property
    def identity(self) -> str:
        return self.image

    @property
    def hashes(self) -> tuple[str, ...]:
        return (self.image,)

    @property
    def right(self) -> bool:
        return self.error is None and self.counted == self.expected

    @property
    def off(self) -> float:
        """How far off it is; without an answer as far as if it had said twice as many, and at least 1."""
        if self.error is not None or self.counted is None:
            return float(max(1, self.expected))
        return float(abs(self.counted - self.expected))


def judge(
    cases: Sequence[CountCase],
    floors: GateSettings,
    *,
    active: Sequence[CountCase] | None = None,
    item: str | None = None,
    evidence: Evidence | None = None,
) -> GateVerdict:
    """Judge a model by what it counted on the known-good images; `active` as for classifiers.

    `item` is what the model learned to count, '' everything, None where nobody knows. Numbers of something else say
    nothing of it, so where the list holds any, no figure is judged.
    """
    evidence = evidence or Evidence()
    common = common_checks(cases, evidence, noun="image", least=floors.min_counts)
    if other := _other_items(cases, item):
        return verdict([*common, other])
    error = mean([case.off for case in cases])
    checks = [
        *common,
        _finite(cases),
        at_most("mean_error", error, floors.max_mae, f"off by {error:.2f} in the mean of {len(cases)}"),
        at_least(
            "exact", share_right(cases), floors.exact, f"{sum(case.right for case in cases)} of {len(cases)} exactly"
        ),
        _per_item(cases, floors),
        _better_than_one_number(cases, error),
        must_pass(cases),
    ]
    broken: list[str] = []
    if active is not None:
        check, broken = no_regression(cases, active, floors.max_drop)
        checks += [check, *_no_farther_off(cases, active, floors)]
    return verdict([*checks, *within_budget(evidence)], broken)


def _other_items(cases: Sequence[CountCase], item: str | None) -> Check | None:
    """The failed check where the list counts something else than the model."""
    others = [case.item for case in cases if item is not None and case.item != item]
    if not others:
        return None
    names = ", ".join(name or "everything" for name in sorted(set(others)))
    detail = f"the list counts {names} in {counted(len(others), 'image')}, the model {item or 'everything'}"
    return Check(name="same_item", passed=False, detail=detail, value=len(others), limit=0, unsure=True)


def _finite(cases: Sequence[CountCase]) -> Check:
    bad = [
        case.image
        for case in cases
        if case.error is None and not (case.counted is not None and case.counted >= 0 and math.isfinite(case.raw))
    ]
    return none_of("scores", "image", "with something that is no count", bad)


def _per_item(cases: Sequence[CountCase], floors: GateSettings) -> Check:
    by_item: dict[str, list[float]] = defaultdict(list)
    for case in cases:
        by_item[case.item or "anything"].append(case.off)
    errors = {name: mean(found) for name, found in sorted(by_item.items())}
    weak = [f"{name} {value:.2f}" for name, value in errors.items() if not value <= floors.max_item_mae]
    return Check(
        name="per_item",
        passed=bool(errors) and not weak,
        detail=listed("item", "farther off than allowed", weak),
        value=number(max(errors.values(), default=math.nan)),
        limit=floors.max_item_mae,
    )


def _better_than_one_number(cases: Sequence[CountCase], error: float) -> Check:
    """Who always says the middle number of this list must be farther off."""
    if not cases:
        return Check(name="constant", passed=False, detail="no image to count on")
    middle = median(case.expected for case in cases)
    limit = mean([abs(case.expected - middle) for case in cases])
    detail = f"who always says {middle:g} is off by {limit:.2f}"
    return Check(name="constant", passed=error < limit or error == 0, detail=detail, value=number(error), limit=limit)


def _no_farther_off(cases: Sequence[CountCase], active: Sequence[CountCase], floors: GateSettings) -> list[Check]:
    before = {case.image: case.off for case in active if case.error is None}
    pairs = [(before[case.image], case.off) for case in cases if case.image in before]
    if not pairs:
        return []
    old, new = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return [no_rise("error_no_worse", old, new, floors.max_mae_rise, "mean error")]
