"""What a client asks at once."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.engine.answers import SetPicture, SetToJudge
from binscout_tui.engine.parts import parts
from binscout_tui.engine.protocol import PredictItem


def judged(number: int, pictures: int) -> SetToJudge:
    return SetToJudge(number, [SetPicture(Path("a.jpg"))] * pictures)


def test_pictures_are_asked_in_lists_of_the_size() -> None:
    items = [PredictItem(number, Path("a.jpg")) for number in range(7)]
    assert [[one.id for one in part] for part in parts(items, 3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(parts([], 3)) == []


@given(sizes=st.lists(st.integers(0, 9)), most=st.integers(1, 6))
def test_sets_are_asked_by_their_pictures(sizes: list[int], most: int) -> None:
    found = list(parts([judged(number, size) for number, size in enumerate(sizes)], most))
    assert [one.id for part in found for one in part] == list(range(len(sizes)))
    weights = [sum(len(one.images) for one in part) for part in found]
    assert all(weight <= most or len(part) == 1 for part, weight in zip(found, weights, strict=True))
    firsts = [len(part[0].images) for part in found[1:]]
    assert all(weight + first > most for weight, first in zip(weights, firsts, strict=False) if weight < most)
