"""Pictures that look alike: what the pairs connect, without a pair too many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.operations.lookalikes import clusters, linked

# Few bits, so that many hashes are near each other.
HASHES = st.lists(st.one_of(st.none(), st.integers(0, 2**9 - 1).map(lambda bits: bits * 0x0101_0101)), max_size=25)


def by_hand(hashes: list[int | None], radius: int) -> list[list[int]]:
    """Clusters by comparing all with all."""
    pairs = [
        (a, b)
        for a, one in enumerate(hashes)
        for b, two in enumerate(hashes[:a])
        if one is not None and two is not None and (one ^ two).bit_count() <= radius
    ]
    return sorted(clusters(pairs))


@given(hashes=HASHES, radius=st.integers(0, 8))
def test_the_pairs_connect_what_is_near_and_nothing_else(hashes: list[int | None], radius: int) -> None:
    pairs = linked(hashes, radius)
    assert all(a < b for a, b in pairs)
    assert sorted(clusters(pairs)) == by_hand(hashes, radius)


def test_a_thousand_copies_make_no_million_pairs() -> None:
    assert len(linked([7] * 1000)) == 999
