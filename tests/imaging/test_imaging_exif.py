"""The moment that a camera wrote down, to the part of a second."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from binscout_tui.imaging.exif import read_facts, taken_at


@pytest.mark.parametrize(
    ("part", "millisecond"),
    [
        ("25", "250"),
        ("1234567", "123"),
        ("05 ", "050"),
        ("7\0", "700"),
        ("", "000"),
        ("x", "000"),
        (None, "000"),
        (5, "000"),
    ],
)
def test_parts_of_a_second(part: object, millisecond: str) -> None:
    assert taken_at("2024:05:01 10:20:30", "+02:00", part) == f"2024-05-01T08:20:30.{millisecond}Z"


@pytest.mark.parametrize(
    ("main", "details", "moment"),
    [
        ({0x132: "2024:05:01 10:00:00"}, {0x9003: "2024:05:01 11:00:00", 0x9291: "5", 0x9290: "9"}, "11:00:00.500"),
        ({0x132: "2024:05:01 10:00:00"}, {0x9290: "9", 0x9291: "5"}, "10:00:00.900"),
        ({0x132: "2024:05:01 10:00:00"}, {}, "10:00:00.000"),
    ],
)
def test_each_moment_has_its_own_part(main: dict[int, str], details: dict[int, str], moment: str) -> None:
    exif = Image.Exif()
    exif.update(main)
    if details:
        exif[0x8769] = details
    content = io.BytesIO()
    Image.new("RGB", (8, 8)).save(content, "JPEG", exif=exif)
    with Image.open(content) as image:
        assert read_facts(image).taken_at == f"2024-05-01T{moment}Z"
