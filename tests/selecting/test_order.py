"""The way through the sets, whatever is added, decided or gone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.selecting.order import SetOrder
from binscout_tui.selecting.place import Place, from_kept

STATES = st.sampled_from(["pending", "done", "skipped", "rejected"])
MANY = st.dictionaries(st.integers(1, 40), STATES, max_size=15).map(lambda found: dict(sorted(found.items())))
ONLY = st.sampled_from([None, "pending", "done", "skipped", "rejected"])


@given(states=MANY, only=ONLY, after=st.integers(0, 41))
def test_what_follows_is_to_be_decided_and_another_one(states, only, after) -> None:  # type: ignore[no-untyped-def]
    found = SetOrder(states, only).following(after)
    aim = only or "pending"
    others = [set_id for set_id, state in states.items() if state == aim and set_id != after]
    later = [set_id for set_id in others if set_id > after]
    goes_round = aim in ("pending", "skipped")
    assert found == next(iter(later or (others if goes_round else [])), None)


@given(states=MANY, only=ONLY)
def test_steps_go_through_every_set_once_and_back(states, only) -> None:  # type: ignore[no-untyped-def]
    order = SetOrder(states, only)
    there, here = [], order.step(0, 1)
    while here is not None:
        there.append(here)
        here = order.step(here, 1)
    back, here = [], order.step(41, -1)
    while here is not None:
        back.append(here)
        here = order.step(here, -1)
    assert there == back[::-1] == order.listed
    assert [order.position(found) for found in there] == list(range(1, len(there) + 1))


@given(states=MANY, changes=st.lists(st.tuples(st.integers(1, 40), STATES), max_size=8))
def test_counts_follow_every_change(states, changes) -> None:  # type: ignore[no-untyped-def]
    order = SetOrder(states)
    for set_id, state in changes:
        if set_id in order:
            order.change(set_id, state)
            states[set_id] = state
    assert order.counts == {s: list(states.values()).count(s) for s in ("pending", "done", "skipped", "rejected")}


def test_filters_pass_over_states_that_no_set_is_in() -> None:
    order = SetOrder({1: "done", 2: "rejected"})
    seen = []
    for _ in range(4):
        order.narrow(order.next_filter())
        seen.append(order.only)
    assert seen == ["done", "rejected", None, "done"]


@pytest.mark.parametrize(
    ("kept", "place"),
    [
        (None, Place()),
        (7, Place(set=7)),
        (
            {"set": 7, "key": "k", "suggestions": True, "only": "done"},
            Place(set=7, key="k", suggestions=True, only="done"),
        ),
        ({"only": "nonsense"}, Place()),
        ("nonsense", Place()),
    ],
)
def test_a_place_is_read_whatever_was_kept(kept: object, place: Place) -> None:
    assert from_kept(kept) == place
