"""What holds for every rule and every input: a partition, whatever the order, and nothing new the second time."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from binscout_tui.imaging.grouping.by_burst import by_burst
from binscout_tui.imaging.grouping.by_folder import by_folder
from binscout_tui.imaging.grouping.by_similarity import by_similarity
from binscout_tui.imaging.grouping.by_stage import by_stage
from binscout_tui.imaging.grouping.candidates import Candidate
from binscout_tui.imaging.grouping.report import Bounds, Grouping

Rule = Callable[[list[Candidate], Bounds], Grouping]
RULES: dict[str, Rule] = {
    "folder": by_folder,
    "burst": by_burst,
    "wide burst": partial(by_burst, gap_ms=1000, across=True),
    "stage": by_stage,
    "stage with gap": partial(by_stage, gap_ms=60_000),
    "similar": by_similarity,
    "similar, small crowds": partial(by_similarity, radius=3, crowd=4),
}
EXAMPLES = 40
ONE_PLACE = ("burst", "stage", "stage with gap")
LOOKS = [bytes(range(192)), bytes(reversed(range(192))), bytes(192), None]

names = st.builds(
    lambda before, minute, stage, suffix: f"{before}{minute}{stage}{suffix}.png",
    st.sampled_from(["", "bolt_", "nut "]),
    st.sampled_from(["", "20250101_120000", "20250101_120030", "20250101_130000"]),
    st.sampled_from(["", "_stage1", "_stage1.5_x", "_stage2", "_stage3", "_stage9"]),
    st.sampled_from(["", "_a", "_b2", "_b10"]),
)
places = st.builds(
    lambda image, name, folder: {"key": (image, f"{folder}/{name}"), "name": name, "folder": folder},
    st.integers(1, 25),
    names,
    st.sampled_from(["/a", "/a/b", "/c"]),
)
facts = st.fixed_dictionaries(
    {
        "taken_ms": st.none() | st.integers(0, 12).map(lambda step: step * 700),
        "mtime_ms": st.integers(0, 12).map(lambda step: step * 900),
        "camera": st.sampled_from(["", "one"]),
        "phash": st.none() | st.integers(0, 15) | st.sampled_from([0xFFFF, 0xFFFF_FFFF, 0x7]),
        "look": st.sampled_from(LOOKS),
        "in_set": st.sampled_from([False, False, False, True]),
    }
)


@st.composite
def candidates(draw: st.DrawFn) -> list[Candidate]:
    """Files of up to 25 images; what is known of an image is the same for each of its files."""
    found = draw(st.lists(places, max_size=24, unique_by=lambda place: place["key"][1]))
    known: dict[int, dict[str, object]] = {}
    for place in found:
        known.setdefault(place["key"][0], draw(facts))
    return [Candidate(**place, **known[place["key"][0]]) for place in found]  # type: ignore[arg-type]


bounds = st.sampled_from([Bounds(), Bounds(3, 9), Bounds(2, 3), Bounds(4, 4)])


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@settings(max_examples=EXAMPLES, deadline=None)
@given(everything=candidates(), size=bounds)
def test_each_is_in_exactly_one_set_or_told_with_a_reason(
    rule: Rule, everything: list[Candidate], size: Bounds
) -> None:
    found = rule(everything, size)
    told = [one.candidate.key for one in found.left_out]
    grouped = [member.key for group in found.sets for member in group.members]
    assert sorted(told + grouped) == sorted(one.key for one in everything)
    assert all(one.reason.endswith(".") for one in found.left_out)
    assert all(size.smallest <= len(group.members) <= size.largest for group in found.sets)
    assert all(len({member.image for member in group.members}) == len(group.members) for group in found.sets)
    assert not any(member.in_set for group in found.sets for member in group.members)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@settings(max_examples=EXAMPLES, deadline=None)
@given(everything=candidates(), size=bounds, shuffling=st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(
    rule: Rule, everything: list[Candidate], size: Bounds, shuffling: random.Random
) -> None:
    shuffled = list(everything)
    shuffling.shuffle(shuffled)
    assert rule(shuffled, size).keys() == rule(everything, size).keys()


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@settings(max_examples=EXAMPLES, deadline=None)
@given(everything=candidates(), size=bounds)
def test_a_second_run_makes_nothing_new(rule: Rule, everything: list[Candidate], size: Bounds) -> None:
    joined = {member.image for group in rule(everything, size).sets for member in group.members}
    again = [replace(one, in_set=one.in_set or one.image in joined) for one in everything]
    assert rule(again, size).sets == []


@pytest.mark.parametrize("rule", [RULES[name] for name in ONE_PLACE], ids=ONE_PLACE)
@settings(max_examples=EXAMPLES, deadline=None)
@given(everything=candidates())
def test_bursts_and_stages_stay_in_their_folder(rule: Rule, everything: list[Candidate]) -> None:
    for group in rule(everything, Bounds()).sets:
        assert len({member.folder for member in group.members}) == 1
