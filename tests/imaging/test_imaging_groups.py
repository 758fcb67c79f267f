"""Names to groups of siblings."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.imaging.groups import source_group


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("x/coins/10c/test_1_13.jpg", "coins/test_1"),
        ("coins/10c/IMG_4187_30.jpg", "coins/IMG_4187"),
        ("boards/ESP8266/IMG_20181228_104356_0.jpg", "boards/IMG_20181228_104356"),
        ("boards/ESP8266/IMG_20181228_104356.jpg", "boards/IMG_20181228_104356"),
        ("nuts/fig/8_4.jpg", "nuts/8"),
        ("screwseat/screw/7_1111_2.jpg", "screwseat/7_1111"),
        ("a/b/IMG_0001.jpg", "a/IMG_0001"),
        ("a/b/date_4.jpg", "a/date_4"),
        ("a/b/12.jpg", "a/12"),
        ("a/b/x1_٣.jpg", "a/x1_٣"),
        ("b/1_2.jpg", None),
        ("1_2.jpg", None),
        ("/b/1_2.jpg", None),
        ("../b/1_2.jpg", None),
    ],
)
def test_source_group(path: str, group: str | None) -> None:
    assert source_group(Path(path)) == group


photo_names = st.from_regex(r"[A-Za-z]{0,6}_?[0-9]{4,8}", fullmatch=True)


@given(photo_names, st.lists(st.integers(0, 999), min_size=2, max_size=4), st.sampled_from([".jpg", ".JPEG", ".png"]))
def test_crops_of_one_photo_stay_together(photo: str, counters: list[int], suffix: str) -> None:
    keys = {source_group(Path(f"set/class{n % 2}/{photo}_{n}{suffix}")) for n in counters}
    assert keys == {f"set/{photo}"}
    assert source_group(Path(f"set/a/{photo}{suffix}")) == f"set/{photo}"


@given(photo_names, photo_names, st.integers(0, 999))
def test_different_photos_stay_apart(one: str, other: str, counter: int) -> None:
    same = source_group(Path(f"set/a/{one}_{counter}.jpg")) == source_group(Path(f"set/a/{other}_{counter}.jpg"))
    assert same == (one == other)
