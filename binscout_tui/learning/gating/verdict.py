"""What the gate's rules are made of: checks, the verdict over them, and what every task checks alike."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Literal, Protocol

import msgspec

from binscout_tui.wording import counted

MEBIBYTE = 1 << 20
State = Literal["pass", "fail", "error"]


class Sample(Protocol):
    """What a known-good sample of any task tells: a picture, or a set of them."""

    @property
    def identity(self) -> str:
        """The SHA-256 of the picture, or the key of the set."""

    @property
    def hashes(self) -> tuple[str, ...]:
        """The SHA-256 of every picture in it."""

    @property
    def right(self) -> bool: ...

    @property
    def must_pass(self) -> bool: ...

    @property
    def error(self) -> str | None: ...


class GateBudget(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer may cost on this machine; None is no limit. Seconds a picture, and bytes."""

    seconds_per_image: float | None = None
    memory_bytes: int | None = None


class GateMeasured(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer did cost, in the units of `GateBudget`; None is not measured."""

    seconds_per_image: float | None = None
    memory_bytes: int | None = None


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the verdict: `value` against `limit`, both None where the check has no number.

    `unsure` marks a check that failed because the test itself could not be carried out.
    """

    name: str
    passed: bool
    detail: str
    value: float | None = None
    limit: float | None = None
    unsure: bool = False


class GateVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """`passed` is true only when every check passed; `newly_broken` are samples that the active model has right."""

    passed: bool
    checks: list[Check]
    newly_broken: list[str]

    @property
    def state(self) -> State:
        """`error` where nothing speaks against the model, but something could not be tried."""
        failed = [check for check in self.checks if not check.passed]
        if failed and all(check.unsure for check in failed):
            return "error"
        return "pass" if self.passed else "fail"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What is known beside the answers.

    `leaked` are hashes of pictures that the model learned from or was tuned on, `alike` those of known-good pictures
    that look like one of them. `repeated` says whether one sample, asked twice, got the same answer; None where
    that was not tried.
    """

    leaked: AbstractSet[str] = frozenset()
    alike: AbstractSet[str] = frozenset()
    repeated: bool | None = None
    budget: GateBudget = GateBudget()
    measured: GateMeasured = GateMeasured()


def verdict(checks: Sequence[Check], newly_broken: Sequence[str] = ()) -> GateVerdict:
    """All checks together; none at all is no pass."""
    passed = bool(checks) and all(check.passed for check in checks)
    return GateVerdict(passed=passed, checks=list(checks), newly_broken=list(newly_broken))


def loads(arch: str, sha256: str) -> Check:
    """The files are those that training made, and fit the network of their card."""
    return Check(name="loads", passed=True, detail=f"{arch or 'network'}, SHA-256 {sha256[:12]}… as training wrote it")


def does_not_load(sentence: str) -> GateVerdict:
    """The verdict on a model whose files cannot be used."""
    return verdict([Check(name="loads", passed=False, detail=sentence)])


def could_not_be_tried(sentence: str) -> GateVerdict:
    """The verdict where the test could not be carried out; it says nothing of the model, and lets nothing through."""
    return verdict([Check(name="tried", passed=False, detail=sentence, unsure=True)])


def common_checks(cases: Sequence[Sample], evidence: Evidence, *, noun: str, least: int) -> list[Check]:
    """What every task asks before it looks at figures."""
    return [
        _enough(cases, noun, least),
        _no_duplicates(cases, noun),
        _readable(cases, noun),
        *_repeatable(evidence.repeated),
        _no_leak(cases, evidence.leaked, noun),
        _no_lookalike(cases, evidence.alike, noun),
    ]


def must_pass(cases: Sequence[Sample], noun: str = "image") -> Check:
    """One mistake on a sample that must pass is one too many."""
    wrong = [case.identity[:12] for case in cases if case.must_pass and not case.right]
    return none_of("must_pass", f"must-pass {noun}", "wrong", wrong)


def within_budget(evidence: Evidence) -> list[Check]:
    """Time and memory, where they have limits; what was not measured is over them."""
    budget, measured = evidence.budget, evidence.measured
    pairs = [
        ("speed", "s an image", 1, budget.seconds_per_image, measured.seconds_per_image),
        ("memory", "MiB", MEBIBYTE, budget.memory_bytes, measured.memory_bytes),
    ]
    checks = []
    for name, unit, size, limit, value in pairs:
        if limit is None:
            continue
        told = "not measured" if value is None else f"{short(value / size)} {unit}"
        detail = f"{told}, at most {short(limit / size)}"
        passed = value is not None and value <= limit
        checks.append(Check(name=name, passed=passed, detail=detail, value=value, limit=limit))
    return checks


def at_least(name: str, value: float, limit: float, detail: str) -> Check:
    """False for NaN, so that no samples are no pass."""
    return Check(name=name, passed=value >= limit, detail=detail, value=number(value), limit=limit)


def at_most(name: str, value: float, limit: float, detail: str) -> Check:
    """False for NaN, as `at_least`."""
    return Check(name=name, passed=value <= limit, detail=detail, value=number(value), limit=limit)


def none_of(name: str, noun: str, what: str, bad: Sequence[str], plural: str = "") -> Check:
    """A check that wants none of something."""
    return Check(name=name, passed=not bad, detail=listed(noun, what, bad, plural), value=len(bad), limit=0)


def share_right(cases: Sequence[Sample]) -> float:
    """The fraction of `cases` that are right; NaN without cases."""
    marks = [case.right for case in cases]
    return sum(marks) / len(marks) if marks else math.nan


def mean(values: Sequence[float]) -> float:
    """NaN without values."""
    return sum(values) / len(values) if values else math.nan


def number(value: float) -> float | None:
    """None where JSON has no number."""
    return value if math.isfinite(value) else None


def short(value: float) -> str:
    """A number with three digits, thousands in full."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def listed(noun: str, what: str, names: Sequence[str], plural: str = "", most: int = 5) -> str:
    """`no image seen in training`, or how many there are and the first of their names."""
    if not names:
        return f"no {noun} {what}"
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{counted(len(names), noun, plural)} {what}: {', '.join(name[:40] for name in names[:most])}{more}"


def _enough(cases: Sequence[Sample], noun: str, least: int) -> Check:
    limit = max(1, least)
    detail = f"{counted(len(cases), f'known-good {noun}')}, {limit} needed"
    if len(cases) < limit:
        detail += "; `binscout known-good add` puts more on the list"
    return Check(name=f"{noun}s", passed=len(cases) >= limit, detail=detail, value=len(cases), limit=limit)


def _no_duplicates(cases: Sequence[Sample], noun: str) -> Check:
    twice = [name for name, times in Counter(case.identity for case in cases).items() if times > 1]
    return none_of("distinct", noun, "given twice", twice)


def _readable(cases: Sequence[Sample], noun: str) -> Check:
    bad = [f"{case.identity[:12]} ({case.error})" for case in cases if case.error is not None]
    return none_of("readable", noun, "without an answer", bad)


def _repeatable(repeated: bool | None) -> list[Check]:
    if repeated is None:
        return []
    detail = "asked twice, it says the same" if repeated else "asked twice, it says two things"
    return [Check(name="repeatable", passed=repeated, detail=detail)]


def _no_leak(cases: Sequence[Sample], leaked: AbstractSet[str], noun: str) -> Check:
    bad = [case.identity for case in cases if any(sha256 in leaked for sha256 in case.hashes)]
    return none_of("unseen", noun, "seen in training", bad)


def _no_lookalike(cases: Sequence[Sample], alike: AbstractSet[str], noun: str) -> Check:
    bad = [case.identity for case in cases if any(sha256 in alike for sha256 in case.hashes)]
    return none_of("unlike", noun, "nearly the same as one seen in training", bad)
