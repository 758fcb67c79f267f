"""What to say of a photo that was just taken: each check with its value, its threshold and a sentence.

A check warns and nothing else: whoever took the photo decides whether to take it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Literal

import msgspec

from binscout_tui.imaging.outcomes import Measures
from binscout_tui.settings import QualitySettings

Level = Literal["ok", "warn"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found: `value` against `threshold`, both in the units of the measure (None where it has none)."""

    check: str
    level: Level
    value: float | None = None
    threshold: float | None = None
    sentence: str


class Checks(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that was found of one capture, and what was measured."""

    measures: Measures | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Those findings that speak for taking the photo again."""
        return tuple(finding for finding in self.findings if finding.level == "warn")

    @property
    def worst(self) -> Level:
        """`warn` when any check warns."""
        return "warn" if self.warnings else "ok"

    def with_finding(self, finding: Finding) -> Checks:
        """These and one more, in the place of an older one of the same check."""
        others = tuple(other for other in self.findings if other.check != finding.check)
        return msgspec.structs.replace(self, findings=(*others, finding))


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """What earlier captures say: `exact` and `near` are the ids of those with the same bytes and the same look.

    `focus` are those of accepted captures of the same compartment, newest first.
    """

    exact: int | None = None
    near: int | None = None
    focus: Sequence[float] = ()


def checks(measures: Measures, thresholds: QualitySettings, earlier: Earlier | None = None) -> Checks:
    """Judge one photo. Pure; the order of the findings is the order in which they are shown."""
    earlier = earlier or Earlier()
    return Checks(
        measures=measures,
        findings=(
            _blur(measures, thresholds, earlier.focus),
            _dark(measures, thresholds),
            _bright(measures, thresholds),
            _contrast(measures, thresholds),
            _noise(measures, thresholds),
            _size(measures, thresholds),
            _shape(measures, thresholds),
            _duplicate("exact_duplicate", earlier.exact, "has the same bytes as"),
            _duplicate("near_duplicate", earlier.near if earlier.exact is None else None, "looks like"),
        ),
    )


def encode(found: Checks) -> dict[str, Any]:
    """As it is kept with a capture: plain values for JSON."""
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain


def decode(kept: Mapping[str, Any]) -> Checks:
    """The inverse of `encode`; `{}` is a capture of which nothing is known. Raises msgspec.ValidationError."""
    return msgspec.convert(kept, Checks)


def _blur(measures: Measures, thresholds: QualitySettings, twins: Sequence[float]) -> Finding:
    """Against accepted captures of the same compartment where there are some: they know this camera and this thing."""
    if not twins:
        return _at_least(
            "blur", measures.focus, thresholds.focus, "The photo is sharp.", "The photo is blurred or shaken."
        )
    return _at_least(
        "blur",
        measures.focus,
        round(thresholds.focus_of_accepted * median(twins), 3),
        "The photo is as sharp as those accepted of this compartment.",
        "The photo is far less sharp than those accepted of this compartment.",
    )


def _dark(measures: Measures, thresholds: QualitySettings) -> Finding:
    return _at_least(
        "dark",
        measures.high,
        thresholds.dark,
        "There is enough light.",
        "The photo is too dark.",
    )


def _bright(measures: Measures, thresholds: QualitySettings) -> Finding:
    share = f"{measures.white:.0%} of the photo"
    return _at_most(
        "bright", measures.white, thresholds.bright, "The photo is not over-exposed.", f"{share} is plain white."
    )


def _contrast(measures: Measures, thresholds: QualitySettings) -> Finding:
    spread = measures.high - measures.low
    return _at_least(
        "contrast", spread, thresholds.contrast, "There is enough contrast.", "The photo has little contrast."
    )


def _noise(measures: Measures, thresholds: QualitySettings) -> Finding:
    return _at_most("noise", measures.noise, thresholds.noise, "There is little noise.", "The photo is very noisy.")


def _size(measures: Measures, thresholds: QualitySettings) -> Finding:
    shorter = min(measures.width, measures.height)
    told = f"{measures.width} x {measures.height} pixels"
    return _at_least("size", shorter, thresholds.shorter_side, f"{told}.", f"The photo is small: {told}.")


def _shape(measures: Measures, thresholds: QualitySettings) -> Finding:
    ratio = round(max(measures.width, measures.height) / max(1, min(measures.width, measures.height)), 2)
    return _at_most(
        "shape", ratio, thresholds.aspect, "The shape is usual.", f"One side is {ratio:g} times as long as the other."
    )


def _duplicate(check: str, capture_id: int | None, how: str) -> Finding:
    if capture_id is None:
        return Finding(check=check, level="ok", sentence="No earlier capture is the same.")
    return Finding(check=check, level="warn", value=capture_id, sentence=f"The photo {how} #{capture_id}.")


def _at_least(check: str, value: float, threshold: float, good: str, bad: str) -> Finding:
    fine = value >= threshold
    return _finding(check, value, threshold, good if fine else bad, fine=fine)


def _at_most(check: str, value: float, threshold: float, good: str, bad: str) -> Finding:
    fine = value <= threshold
    return _finding(check, value, threshold, good if fine else bad, fine=fine)


def _finding(check: str, value: float, threshold: float, sentence: str, *, fine: bool) -> Finding:
    return Finding(check=check, level="ok" if fine else "warn", value=value, threshold=threshold, sentence=sentence)
