"""Moments in the names of files."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.clock import from_text
from binscout_tui.imaging.name_dates import AHEAD, taken_at

MOMENT = "2024-01-31T14:22:33.000Z"
EXACT = "2024-01-31T14:22:33.123Z"
NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("IMG_20240131_142233.jpg", MOMENT),
        ("IMG_20240131_142233_HDR.jpg", MOMENT),
        ("IMG_20240131_142233~2.jpg", MOMENT),
        ("PXL_20240131_142233123.jpg", EXACT),
        ("PXL_20240131_142233123.MP.jpg", EXACT),
        ("2024-01-31 14.22.33.png", MOMENT),
        ("2024-01-31T14:22:33Z.png", MOMENT),
        ("20240131142233.jpg", MOMENT),
        ("20240131142233123.jpg", EXACT),
        ("Screenshot_2024-01-31-14-22-33-123_com.app.png", MOMENT),
        ("Screenshot_20240131-142233.png", MOMENT),
        ("Screenshot 2024-01-31 at 14.22.33.png", MOMENT),
        ("Screenshot 2024-01-31 at 2.22.33 PM.png", MOMENT),
        ("Screenshot 2024-01-31 at 2.22.33\u202fPM.png", MOMENT),
        ("Screenshot 2024-01-31 at 12.22.33 AM.png", "2024-01-31T00:22:33.000Z"),
        ("Bildschirmfoto 2024-01-31 um 14.22.33.png", MOMENT),
        ("WhatsApp Image 2024-01-31 at 14.22.33.jpeg", MOMENT),
        ("WhatsApp Image 2024-01-31 at 14.22.33 (1).jpeg", MOMENT),
        ("signal-2024-01-31-142233.jpg", MOMENT),
        ("photo_2024-01-31_14-22-33.jpg", MOMENT),
        ("2024-02-29 10.11.12.png", "2024-02-29T10:11:12.000Z"),
        ("9912_20240131_142233.jpg", MOMENT),
        ("20249999_999999_20240131_142233.jpg", MOMENT),
    ],
)
def test_names_that_say_a_moment(name: str, moment: str) -> None:
    assert taken_at(name, NOW) == moment


@pytest.mark.parametrize(
    "name",
    [
        "2023-02-29 10.11.12.png",
        "IMG_20240230_142233.jpg",
        "IMG_20241331_142233.jpg",
        "IMG_20240131_252233.jpg",
        "IMG_20240131_146033.jpg",
        "IMG_20240131_142260.jpg",
        "Screenshot 2024-01-31 at 14.22.33 PM.png",
        "00000000_000000.jpg",
        "12345678901234.jpg",
        "99990131_142233.jpg",
        "18990131_142233.jpg",
        "920240131_1422334.jpg",
        "IMG-20240131-WA0001.jpg",
        "2024-01-31.png",
        "DSC_1234.jpg",
        "m3-washer_012.jpg",
        "IMG_20990101_120000.jpg",
        "20380119031407.jpg",
        "IMG_20240602_120001.jpg",
        "DSC_19700101_000000.jpg",
        "",
    ],
)
def test_names_that_say_none_or_an_impossible_one(name: str) -> None:
    assert taken_at(name, NOW) is None


@given(st.text(alphabet="0123456789-_ .:TatPMpm", max_size=60))
def test_any_name_says_nothing_or_a_possible_moment(name: str) -> None:
    found = taken_at(name, NOW)
    assert found is None or (from_text(found).year > 1970 and from_text(found) <= NOW + AHEAD)


def test_a_clock_of_another_zone_may_be_ahead() -> None:
    assert taken_at("IMG_20240602_010000.jpg", NOW) == "2024-06-02T01:00:00.000Z"
