"""A random order that nobody keeps: every place has one number, and finds back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.store.shuffle import Shuffle


@given(st.integers(0, 5_000), st.integers(0, 2**31))
def test_every_number_has_one_place(highest: int, seed: int) -> None:
    shuffle = Shuffle(highest, seed)
    assert highest < shuffle.size
    numbers = shuffle.numbers(np.arange(shuffle.size, dtype=np.uint64))
    assert sorted(numbers.tolist()) == list(range(shuffle.size))
    assert shuffle.places(numbers).tolist() == list(range(shuffle.size))


def test_an_order_is_random_and_another_one_for_each_seed() -> None:
    places = np.arange(1 << 16, dtype=np.uint64)
    first, second = (Shuffle(50_000, seed).numbers(places).astype(np.float64) for seed in (1, 2))
    for one, two in ((first, places.astype(np.float64)), (first[1:], first[:-1]), (first, second)):
        assert abs(np.corrcoef(one, two)[0, 1]) < 0.02
