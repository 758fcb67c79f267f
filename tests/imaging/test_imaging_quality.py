"""What is said of a fresh photo."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.imaging import quality
from binscout_tui.imaging.outcomes import Measures
from binscout_tui.imaging.quality import Checks, Earlier, Finding, checks
from binscout_tui.settings import QualitySettings

DEFAULTS = QualitySettings()
GOOD = Measures(
    width=4000,
    height=3000,
    focus=30.0,
    detail=500.0,
    low=20.0,
    middle=100.0,
    high=200.0,
    black=0.0,
    white=0.01,
    noise=1.0,
)


def warned(measures: Measures, earlier: Earlier | None = None) -> list[str]:
    return [finding.check for finding in checks(measures, DEFAULTS, earlier).warnings]


def test_a_good_photo_passes_every_check() -> None:
    found = checks(GOOD, DEFAULTS)
    assert found.worst == "ok"
    assert [finding.check for finding in found.findings] == [
        *("blur", "dark", "bright", "contrast", "noise", "size", "shape", "exact_duplicate", "near_duplicate")
    ]


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"focus": 4.49}, "blur"),
        ({"high": 64, "low": 10}, "dark"),
        ({"white": 0.36}, "bright"),
        ({"low": 171}, "contrast"),
        ({"noise": 16.1}, "noise"),
        ({"height": 239, "width": 400}, "size"),
        ({"width": 9100}, "shape"),
        ({"height": 12100}, "shape"),
    ],
)
def test_one_fault_one_warning_with_its_number(change: dict[str, float], check: str) -> None:
    found = checks(msgspec.structs.replace(GOOD, **change), DEFAULTS)
    [warning] = found.warnings
    assert warning.check == check
    assert warning.value is not None
    assert warning.threshold is not None
    assert warning.sentence.endswith(".")
    assert found.worst == "warn"


@pytest.mark.parametrize(("field", "edge"), [("focus", 4.5), ("high", 65), ("white", 0.35), ("noise", 16)])
def test_the_threshold_itself_is_good(field: str, edge: float) -> None:
    assert warned(msgspec.structs.replace(GOOD, **{field: edge})) == []


def test_accepted_photos_of_the_compartment_are_the_yardstick() -> None:
    sharp_place = Earlier(focus=[40.0, 50.0, 60.0])
    assert warned(msgspec.structs.replace(GOOD, focus=17.4), sharp_place) == ["blur"], "0.35 of the median is 17.5"
    assert warned(msgspec.structs.replace(GOOD, focus=17.6), sharp_place) == []
    soft_camera = Earlier(focus=[3.0, 3.2])
    assert warned(msgspec.structs.replace(GOOD, focus=2.9)) == ["blur"]
    assert warned(msgspec.structs.replace(GOOD, focus=2.9), soft_camera) == [], "it is as sharp as this camera gets"


def test_duplicates_name_the_earlier_capture() -> None:
    found = checks(GOOD, DEFAULTS, Earlier(near=123))
    assert [finding.sentence for finding in found.warnings] == ["The photo looks like #123."]
    found = checks(GOOD, DEFAULTS, Earlier(exact=7, near=7))
    assert [finding.sentence for finding in found.warnings] == ["The photo has the same bytes as #7."], "said once"


def test_thresholds_come_from_the_settings() -> None:
    lax = QualitySettings(focus=0, dark=0, bright=1, contrast=0, noise=255, shorter_side=1, aspect=100_000)
    awful = Measures(width=1, height=9000, focus=1, detail=0, low=0, middle=0, high=0, black=1, white=1, noise=200)
    assert checks(awful, lax).worst == "ok"
    assert len(checks(awful, DEFAULTS).warnings) == 7


def test_a_finding_takes_the_place_of_its_older_one() -> None:
    new = Finding(check="blur", level="warn", sentence="Look again.")
    found = checks(GOOD, DEFAULTS).with_finding(new).with_finding(new)
    assert [finding for finding in found.findings if finding.check == "blur"] == [new]


def test_what_is_kept_comes_back() -> None:
    found = checks(GOOD, DEFAULTS, Earlier(near=3))
    assert quality.decode(quality.encode(found)) == found
    assert quality.decode(msgspec.json.decode(msgspec.json.encode(quality.encode(found)))) == found
    assert quality.decode({}) == Checks()


@given(st.floats(1, 1000), st.floats(0, 255), st.floats(0, 1), st.integers(1, 10**5), st.integers(1, 10**5))
def test_better_never_warns_more(focus: float, high: float, white: float, width: int, height: int) -> None:
    """Raising one measure towards good takes warnings away and adds none."""
    some = msgspec.structs.replace(GOOD, focus=focus, high=high, low=0, white=white, width=width, height=height)
    better = msgspec.structs.replace(some, focus=focus + 5, high=min(255, high + 40), white=white / 2)
    assert set(warned(better)) <= set(warned(some))
