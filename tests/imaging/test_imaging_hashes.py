"""Perceptual hashes and the search for near ones."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_pictures import encoded, photo
from PIL import Image, ImageEnhance

from binscout_tui.imaging.hashes import hamming, near_pairs, perceptual_hash

hash_values = st.integers(0, 2**64 - 1)


@st.composite
def clustered_hashes(draw: st.DrawFn) -> list[int]:
    """Hashes of which many are a few flipped bits away from each other."""
    seeds = draw(st.lists(hash_values, min_size=1, max_size=4))
    flips = st.lists(st.integers(0, 63), max_size=9).map(lambda bits: sum(1 << bit for bit in set(bits)))
    return draw(st.lists(st.builds(lambda seed, flip: seed ^ flip, st.sampled_from(seeds), flips), max_size=25))


@settings(max_examples=150, deadline=None)
@given(clustered_hashes(), st.integers(0, 8))
def test_near_pairs_finds_exactly_what_comparing_all_finds(values: list[int], radius: int) -> None:
    expected = [
        (i, j)
        for i in range(len(values))
        for j in range(i + 1, len(values))
        if (values[i] ^ values[j]).bit_count() <= radius
    ]
    assert near_pairs(np.array(values, dtype=np.uint64), radius) == expected


def test_near_pairs_of_many_at_once() -> None:
    rng = np.random.default_rng(7)
    base = rng.integers(0, 2**64, 3000, dtype=np.uint64)
    near = base[:100] ^ np.uint64(0b1001)
    found = near_pairs(np.concatenate([base, near]), 6)
    assert {(i, 3000 + i) for i in range(100)} <= set(found)


@pytest.mark.parametrize("radius", [-1, 64])
def test_a_radius_that_makes_no_sense_is_refused(radius: int) -> None:
    with pytest.raises(ValueError, match="radius"):
        near_pairs(np.zeros(2, dtype=np.uint64), radius)


@given(st.lists(st.tuples(hash_values, hash_values), min_size=1, max_size=20))
def test_hamming_counts_differing_bits(pairs: list[tuple[int, int]]) -> None:
    a, b = (np.array(column, dtype=np.uint64) for column in zip(*pairs, strict=True))
    assert hamming(a, b).tolist() == [(x ^ y).bit_count() for x, y in pairs]


def test_the_same_shot_is_near_and_another_is_far() -> None:
    shot = photo(1200, 900, seed=1)
    original = perceptual_hash(shot)
    worse = Image.open(io.BytesIO(encoded(shot.resize((600, 450)), quality=50)))
    brighter = ImageEnhance.Brightness(shot).enhance(1.1)
    assert (perceptual_hash(worse) ^ original).bit_count() <= 4
    assert (perceptual_hash(brighter) ^ original).bit_count() <= 6
    assert (perceptual_hash(photo(1200, 900, seed=2)) ^ original).bit_count() >= 16
    assert (perceptual_hash(shot.transpose(Image.Transpose.ROTATE_90)) ^ original).bit_count() >= 16


def test_tiny_and_flat_pictures_have_a_hash() -> None:
    assert perceptual_hash(Image.new("RGB", (1, 1))) == 0
    assert perceptual_hash(Image.new("RGB", (50, 9), "white")) == perceptual_hash(Image.new("L", (500, 90), 200))
