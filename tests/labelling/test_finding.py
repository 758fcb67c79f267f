"""Finding a class by a few letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.labelling.finding import find_classes, is_new
from binscout_tui.labelling.pace import per_minute

NAMES = ["M3 washer", "M3", "spring washer", "nut", "Écrou", "hex bolt", "washer"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", NAMES),
        ("m3", ["M3", "M3 washer"]),
        ("washer", ["washer", "M3 washer", "spring washer"]),
        ("ecr", ["Écrou"]),
        ("hb", ["hex bolt"]),
        ("ut", ["nut"]),
        ("qq", []),
        ("   ", NAMES),
    ],
)
def test_the_best_comes_first(text: str, found: list[str]) -> None:
    assert find_classes(text, NAMES) == found


@given(st.text(max_size=20))
def test_any_text_can_be_typed(text: str) -> None:
    found = find_classes(text, NAMES)
    assert len(set(found)) == len(found)


def test_only_a_name_that_nobody_has_is_new() -> None:
    assert is_new("bracket", NAMES)
    assert not is_new(" nut ", NAMES)
    assert not is_new("  ", NAMES)


@pytest.mark.parametrize(
    ("moments", "now", "rate"),
    [
        ([], 100.0, None),
        ([99.0, 100.0], 100.0, None),
        ([98.0, 99.0, 100.0], 100.0, 60),
        ([0.0, 1.0, 97.0, 98.5, 100.0], 100.0, 40),
        ([98.0, 99.0, 100.0], 130.0, None),
    ],
)
def test_pace_is_that_of_the_last_minute_of_work(moments: list[float], now: float, rate: int | None) -> None:
    assert per_minute(moments, now) == rate
