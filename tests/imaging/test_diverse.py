"""Unlike pictures first."""

from __future__ import annotations

import numpy as np

from binscout_tui.imaging.diverse import far_apart
from binscout_tui.imaging.hashes import hamming


def clusters(rng: np.random.Generator, kinds: int, each: int) -> np.ndarray:
    """Hashes of `kinds` very unlike pictures, each in `each` nearly equal versions, mixed."""
    centres = rng.integers(0, 1 << 63, kinds, dtype=np.uint64)
    bits = np.uint64(1) << rng.integers(0, 64, (kinds, each), dtype=np.uint64)
    hashes: np.ndarray = (centres[:, None] ^ bits).ravel()
    return rng.permutation(hashes)


def test_one_of_each_kind_comes_before_a_second_of_any() -> None:
    hashes = clusters(np.random.default_rng(4), 12, 30)
    first = hashes[far_apart(hashes, 12)]
    apart = hamming(first[:, None], first[None, :])
    assert apart[~np.eye(12, dtype=bool)].min() > 4


def test_what_is_known_already_comes_last() -> None:
    hashes = clusters(np.random.default_rng(5), 6, 10)
    known = hashes[:1]
    first = hashes[far_apart(hashes, 5, known)]
    assert hamming(first, known[0]).min() > 4


def test_every_row_comes_once_twins_too_and_it_can_be_stopped() -> None:
    hashes = np.array([7, 7, 7, 900, 7], dtype=np.uint64)
    assert sorted(far_apart(hashes, 99).tolist()) == [0, 1, 2, 3, 4]
    assert far_apart(hashes, 2).tolist() == [0, 3]
    assert far_apart(hashes, 99, stopped=lambda: True).tolist() == []
    assert far_apart(np.array([], dtype=np.uint64), 5).tolist() == []
