"""Look-alikes: every two of a set are alike, crowds are told, colours count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from binscout_tui.imaging.grouping.by_similarity import COLOUR, STRUCTURE, by_similarity, difference, need_looks
from binscout_tui.imaging.grouping.candidates import Candidate
from binscout_tui.imaging.grouping.looks import look_of
from binscout_tui.imaging.grouping.neighbours import near
from binscout_tui.imaging.hashes import near_pairs
from tests.imaging.grouping.made_up import candidate, left_of, sets_of

RAMP = bytes(range(192))
TURNED = bytes(reversed(RAMP))


def alike(*hashes: int | None, look: bytes | None = RAMP) -> list[Candidate]:
    return [candidate(number, f"{number}.jpg", phash=phash, look=look) for number, phash in enumerate(hashes, 1)]


def bits(number: int) -> int:
    """A hash with its `number` lowest bits set."""
    return (1 << number) - 1


def test_a_chain_of_small_steps_swallows_no_drawer() -> None:
    """0, 8, 16, 24 bits: each is near the next, but the ends are strangers."""
    found = by_similarity(alike(bits(0), bits(8), bits(16), bits(24)), radius=12)
    assert sets_of(found) == [["1.jpg", "2.jpg"], ["3.jpg", "4.jpg"]]


def test_the_nearest_are_joined_first() -> None:
    found = by_similarity(alike(bits(0), bits(10), bits(13)), radius=12)
    assert sets_of(found) == [["2.jpg", "3.jpg"]]
    assert left_of(found) == {"1.jpg": "single"}


def test_the_same_shapes_in_another_place_or_colour_are_not_alike() -> None:
    first, second = alike(bits(0), bits(1))
    assert sets_of(by_similarity([first, second])) == [["1.jpg", "2.jpg"]]
    assert by_similarity([first, replace(second, look=TURNED)]).sets == []
    red = look_of(Image.new("RGB", (80, 80), (200, 30, 30)))
    blue = look_of(Image.new("RGB", (80, 80), (30, 30, 200)))
    assert by_similarity([replace(first, look=red), replace(second, look=blue)]).sets == []
    assert sets_of(by_similarity([replace(first, look=red), replace(second, look=red)])) == [["1.jpg", "2.jpg"]]


def test_exposure_changes_a_look_little() -> None:
    picture = Image.effect_mandelbrot((160, 120), (-2, -1.5, 1, 1.5), 40).convert("RGB")
    darker = picture.point(lambda value: value * 0.5)
    structure, colour = difference(look_of(picture), look_of(darker))
    assert structure < STRUCTURE / 4
    assert colour < COLOUR
    assert difference(look_of(picture), look_of(picture)) == (pytest.approx(0, abs=1e-9), 0)


def test_what_cannot_be_compared_is_told() -> None:
    no_hash, lonely = alike(None, bits(40), look=None)
    pair = [replace(one, look=None) for one in alike(0, 0, bits(3), 1)[2:]]
    found = by_similarity([no_hash, lonely, *pair])
    assert left_of(found) == {"1.jpg": "no_hash", "2.jpg": "single", "3.jpg": "no_preview", "4.jpg": "no_preview"}
    assert need_looks([no_hash, lonely, *pair]) == {one.key for one in pair}


def test_a_drawer_of_pictures_that_are_all_alike_is_told() -> None:
    found = by_similarity(alike(*[7] * 12))
    assert set(left_of(found).values()) == {"too_many"}
    crowd = by_similarity(alike(*[7] * 12), crowd=10)
    assert set(left_of(crowd).values()) == {"crowd"}


def test_a_crowd_stays_one_after_some_of_it_joined_sets() -> None:
    drawer = alike(*[7] * 12)
    again = by_similarity([replace(one, in_set=one.image > 3) for one in drawer], crowd=10)
    assert again.sets == []
    assert left_of(again)["1.jpg"] == "crowd"


@given(
    st.lists(st.integers(0, 63).map(lambda bit: 1 << bit) | st.integers(0, 2**64 - 1), max_size=30), st.integers(0, 20)
)
def test_no_near_pair_is_missed(values: list[int], radius: int) -> None:
    hashes = np.array(values, dtype=np.uint64)
    pairs, crowded = near(hashes, radius, crowd=len(values) + 1)
    assert sorted(map(tuple, pairs.tolist())) == near_pairs(hashes, radius)
    assert not crowded.any()


@given(st.lists(st.integers(0, 255), max_size=30), st.integers(0, 3), st.integers(0, 5))
def test_who_has_too_many_neighbours_is_known(values: list[int], radius: int, crowd: int) -> None:
    hashes = np.array(values, dtype=np.uint64)
    pairs, crowded = near(hashes, radius, crowd)
    counts = np.bincount(np.array(near_pairs(hashes, radius), dtype=np.int64).ravel(), minlength=len(values))
    assert crowded.tolist() == (counts > crowd).tolist()
    expected = [pair for pair in near_pairs(hashes, radius) if not crowded[list(pair)].any()]
    assert sorted(map(tuple, pairs.tolist())) == expected


def test_a_radius_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="radius"):
        near(np.zeros(2, dtype=np.uint64), 64, 1)
