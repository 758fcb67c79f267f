"""Long sequences of ids: found, merged and cut in both orders."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.browsing import sequence
from binscout_tui.browsing.place import Place, from_kept
from binscout_tui.store.gallery import Order

IDS = st.frozensets(st.integers(1, 60))
ORDERS = st.sampled_from(["newest", "oldest"])


def ordered(ids: frozenset[int] | set[int], order: Order) -> sequence.Ids:
    return array("q", sorted(ids, reverse=order == "newest"))


@given(IDS, IDS, IDS, ORDERS)
def test_merging_is_what_sets_do_in_order(
    ids: frozenset[int], live: frozenset[int], gone: frozenset[int], order: Order
) -> None:
    gone -= live
    before = ordered(ids, order)
    after = sequence.merged(before, live, gone, order)
    assert after == ordered((ids | live) - gone, order)
    assert before == ordered(ids, order)
    assert (after is before) == (after == before)


@given(IDS, st.integers(1, 60), ORDERS)
def test_positions_and_what_takes_the_place_of_one_that_is_gone(ids: frozenset[int], image: int, order: Order) -> None:
    all_ids = ordered(ids, order)
    position = sequence.position_of(all_ids, image, order)
    assert (position is not None) == (image in ids)
    assert position is None or all_ids[position] == image
    near = sequence.nearest(all_ids, image, order)
    following = [other for other in all_ids if (other <= image if order == "newest" else other >= image)]
    assert near == (following[0] if following else all_ids[-1] if all_ids else None)


@given(IDS, st.integers(1, 60), st.integers(1, 60), ORDERS)
def test_a_range_is_the_same_from_both_ends(ids: frozenset[int], one: int, other: int, order: Order) -> None:
    ids |= {one, other}
    all_ids = ordered(ids, order)
    found = sequence.between(all_ids, one, other, order)
    assert set(found) == {image for image in ids if min(one, other) <= image <= max(one, other)}
    assert found == sequence.between(all_ids, other, one, order)


def test_what_comes_next_in_the_direction_of_travel_comes_first() -> None:
    ids = array("q", range(10, 20))
    assert sequence.around(ids, 4, 1, 3, 1) == [15, 16, 17, 13]
    assert sequence.around(ids, 4, -1, 3, 1) == [13, 12, 11, 15]
    assert sequence.around(ids, 0, -1, 3, 1) == [11]
    assert sequence.around(ids, 9, 1, 3, 1) == [18]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    )
)
def test_a_place_that_was_kept_by_anything_is_a_place(value: object) -> None:
    assert isinstance(from_kept(value), Place)
    assert from_kept({"image": value, "size": value, "order": value, "full": value}).size in "S M L XL XXL"


def test_a_kept_place_comes_back() -> None:
    place = Place(image=7, full=True, size="XL", order="oldest")
    assert from_kept({"image": 7, "full": True, "size": "XL", "order": "oldest"}) == place
    assert from_kept({"image": True, "size": "huge", "order": 3}) == Place()
