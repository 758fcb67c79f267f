"""Older logs line by line: trusted, repaired where the line proves it, or refused with its reason."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.errors import UsageError
from binscout_tui.operations.trust import FIXED, PER_IMAGE, SELECT_CROP_HEAD, SELECTION_ONLY_HEAD, Judged, judge

HEADER = [*SELECT_CROP_HEAD, *(f"{field}_{n}" for n in (0, 1) for field in ("path", "stage", "width", "height"))]
AT = "2025-10-01T12:30:00"


def line(
    number: int = 2,
    *,
    chosen: int | str = 0,
    crop: tuple[Any, ...] = (0.1, 0.1, 0.9, 0.9),
    size: tuple[int, int] = (640, 480),
    name: str = "a",
    **changes: Any,
) -> list[Any]:
    """A line of the older program for so many images."""
    images = [f"/p/{name}{n}.png" for n in range(number)]
    path = images[chosen] if isinstance(chosen, int) and 0 <= chosen < number else ""
    fixed = dict(
        zip(SELECT_CROP_HEAD, ("s", f"t_{name}", "/p", number, chosen, path, *(crop or ("",) * 4), AT), strict=True)
    )
    fixed |= changes
    return [*fixed.values(), *(field for image in images for field in (image, "1", *size))]


def judged(*lines: list[Any], header: list[str] | None = None) -> list[Judged]:
    text = io.StringIO()
    csv.writer(text).writerows([header or HEADER, *lines])
    return judge(io.StringIO(text.getvalue(), newline=""))


@pytest.mark.parametrize(
    ("given_line", "verdict", "codes"),
    [
        (line(), "trusted", ()),
        (line(crop=()), "trusted", ()),
        (line(chosen=-1, crop=()), "trusted", ()),
        (line(4), "repaired", ("width",)),
        (line(4, chosen=3, crop=(64, 48, 320, 480)), "repaired", ("width", "pixels")),
        (line(crop=(0, 0, 1, 1)), "repaired", ("whole",)),
        (line(crop=(0, 0, 640, 480)), "repaired", ("whole",)),
        (line(1), "refused", ("single",)),
        (line(10), "refused", ("too_many",)),
        (line()[:-1], "refused", ("fields",)),
        (line()[: FIXED - 1], "refused", ("fields",)),
        (line(4)[: FIXED + 3 * PER_IMAGE], "refused", ("count",)),
        (line(image_count=3), "refused", ("count",)),
        (line(chosen=2), "refused", ("chosen",)),
        (line(chosen_path="/p/a1.png"), "refused", ("chosen",)),
        (line(chosen=""), "refused", ("crop",)),
        (line(crop=(64, 48, 320, 480), size=(0, 0)), "refused", ("no_size",)),
        (line(crop=(64, 48, 700, 480)), "refused", ("outside",)),
        (line(crop=(0, 0, 0, 0)), "refused", ("placeholder",)),
        (line(crop=(0.5, 0.5, 0.1, 0.9)), "refused", ("crop",)),
        (line(crop=("nan", 0, 1, 1)), "refused", ("shifted",)),
        (line(timestamp="/p/a0.png"), "refused", ("shifted",)),
        (["s", *line()], "refused", ("fields",)),
        ([*line()[:4], "", *line()[4:-1]], "refused", ("shifted",)),
        ([*line()[:FIXED], "x", *line()[FIXED:-1]], "refused", ("chosen",)),
    ],
)
def test_w7_w8_w9_what_can_be_trusted(given_line: list[Any], verdict: str, codes: tuple[str, ...]) -> None:
    [found] = judged(given_line)
    assert (found.verdict, found.codes) == (verdict, codes), found.reasons
    assert (found.logged is None) == (verdict == "refused")
    assert all(reason.endswith(".") for reason in found.reasons)
    assert len(found.reasons) == len(codes)


def test_pixels_become_fractions_of_the_size_in_the_line() -> None:
    [found] = judged(line(chosen=1, crop=(64, 48, 320, 480)))
    assert found.logged is not None
    assert (found.logged.chosen, found.logged.crop) == (1, (0.1, 0.1, 0.5, 1.0))


def test_w8_lines_of_19_27_and_15_fields_under_one_header_are_told_apart() -> None:
    found = judged(line(2, name="a"), line(4, name="b"), line(1, name="c"))
    assert [(one.line, one.verdict) for one in found] == [(2, "trusted"), (3, "repaired"), (4, "refused")]
    assert [len(one.logged.images) for one in found if one.logged] == [2, 4]


def test_w9_a_box_on_many_pictures_is_a_placeholder() -> None:
    found = judged(*(line(name=f"n{n}", crop=(0.25, 0.25, 0.75, 0.75)) for n in range(5)), line(name="own"))
    assert [one.codes for one in found] == [("placeholder",)] * 5 + [()]


def test_lines_that_repeat_or_contradict_each_other() -> None:
    found = judged(line(name="a"), line(name="a"), line(name="b"), line(name="b", chosen=1))
    assert [one.codes for one in found] == [(), ("repeated",), ("contradiction",), ("contradiction",)]


def test_a_line_that_is_no_csv_hides_no_other() -> None:
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, line(name="a")])
    lines = [*text.getvalue().splitlines(keepends=True), 'x,"y" z\r\n', "q" * 200_000 + "\r\n"]
    text = io.StringIO()
    csv.writer(text).writerow(line(name="b"))
    found = judge([*lines, text.getvalue()])
    assert [(one.line, one.verdict) for one in found] == [
        (2, "trusted"), (3, "refused"), (4, "refused"), (5, "trusted")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "verdict", "codes"),
    [
        (["s", "t", "/p/a.png", '["/p/b.png"]', AT], "trusted", ()),
        (["s", "t", "", '["/p/a.png", "/p/b.png"]', AT], "trusted", ()),
        (["s", "t", "/p/a.png", "[]", AT], "refused", ("single",)),
        (["s", "t", "/p/a.png", '["/p/a.png"]', AT], "refused", ("same_path",)),
        (["s", "t", "/p/a.png", "/p/b.png", AT], "refused", ("negatives",)),
        (["s", "t", "/p/a.png", "[1]", AT], "refused", ("negatives",)),
        (["s", "t", "/p/a.png", '["/p/b.png"]', "yesterday"], "refused", ("shifted",)),
        (["s", "/p/a.png", '["/p/b.png"]', AT], "refused", ("fields",)),
    ],
)
def test_the_selection_log(fields: list[str], verdict: str, codes: tuple[str, ...]) -> None:
    [found] = judged(fields, header=list(SELECTION_ONLY_HEAD))
    assert (found.verdict, found.codes) == (verdict, codes)


@pytest.mark.parametrize("text", ["", "a,b,c\n", "\x89PNG\r\n\x1a\n", ",".join(reversed(HEADER))])
def test_another_file_is_refused_as_a_whole(text: str) -> None:
    with pytest.raises(UsageError, match="not the header"):
        judge(io.StringIO(text, newline=""))


CELL = st.one_of(
    st.sampled_from(["", "0", "1", "2", "-1", "0.5", "640", "/p/a0.png", AT, "nan", "1e999", "٣"]), st.text(max_size=5)
)


@given(st.lists(st.lists(CELL, max_size=30), max_size=4))
def test_no_line_is_trusted_that_could_not_be_written_again(lines: list[list[str]]) -> None:
    for found in judged(*lines):
        if found.logged is None:
            assert found.verdict == "refused"
            assert found.codes
        else:
            assert len(found.logged.images) >= 2
            box = found.logged.crop
            assert box is None or (0 <= box[0] < box[2] <= 1 and 0 <= box[1] < box[3] <= 1)
