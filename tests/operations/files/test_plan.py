"""Plans: nothing meets anything, and every file is in a group or refused with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.operations.files.plan import File, Group, Move, Plan, There, above, plan

SOURCE, ROOT = Path("/in"), Path("/out")


def group(*pairs: tuple[str, str]) -> Group:
    return Group(tuple(Move(File(SOURCE / source), ROOT / target) for source, target in pairs))


def codes(made: Plan) -> dict[str, str]:
    return {str(one.path.relative_to(SOURCE)): one.code for one in made.refused}


@pytest.mark.parametrize(
    ("groups", "there", "refused"),
    [
        ([group(("a", "a"))], [], {}),
        ([group(("a", "a"))], [There(ROOT / "a", False)], {"a": "exists"}),
        ([group(("a", "a"))], [There(ROOT / "A", False)], {"a": "case_clash"}),
        ([group(("a", "a"), ("b", "b"))], [There(ROOT / "b", False)], {"a": "exists", "b": "exists"}),
        ([group(("x/a", "a")), group(("y/a", "a"))], [], {"x/a": "same_target", "y/a": "same_target"}),
        ([group(("x/a", "a")), group(("y/A", "A"))], [], {"x/a": "same_target", "y/A": "same_target"}),
        ([group(("é", "é")), group(("x", "e\u0301"))], [], {"é": "same_target", "x": "same_target"}),
        ([group(("d/a", "d/a"))], [There(ROOT / "d", False)], {"d/a": "not_a_folder"}),
        ([group(("d/a", "d/a"))], [There(ROOT / "d", True)], {}),
        ([group(("d/a", "d/a"))], [There(ROOT / "D", True)], {"d/a": "case_clash"}),
        ([group(("d/a", "d/a")), group(("D/b", "D/b"))], [], {"d/a": "case_clash", "D/b": "case_clash"}),
        ([group(("d/a", "d/a")), group(("D", "D"))], [], {"D": "case_clash"}),
        ([group(("a\nb", "a\nb"))], [], {"a\nb": "name"}),
        ([group(("\udce9", "\udce9"))], [], {"\udce9": "name"}),
        ([group(("\x1b[2J/a", "\x1b[2J/a"))], [], {"\x1b[2J/a": "name"}),
    ],
)
def test_what_is_refused(groups: list[Group], there: list[There], refused: dict[str, str]) -> None:
    made = plan("move", ROOT, groups, there)
    assert codes(made) == refused
    assert made.files + len(made.refused) == sum(len(one.moves) for one in groups)


PART = st.sampled_from(["a", "A", "b", "é", "e\u0301", "ß", "ss", "new\nline"])
PATH = st.lists(PART, min_size=1, max_size=3).map(lambda parts: str(Path(*parts)))


@given(st.lists(st.lists(PATH, min_size=1, max_size=3), max_size=6), st.lists(st.tuples(PATH, st.booleans())))
def test_no_plan_meets_anything_or_itself(targets: list[list[str]], existing: list[tuple[str, bool]]) -> None:
    groups = [
        group(*((f"{number}-{place}", target) for place, target in enumerate(names)))
        for number, names in enumerate(targets)
    ]
    there = [There(ROOT / path, is_folder) for path, is_folder in existing]
    made = plan("move", ROOT, groups, there)
    assert made.files + len(made.refused) == sum(len(one.moves) for one in groups)
    assert all(one.reason.endswith(".") for one in made.refused)
    ends = [move.destination for one in made.groups for move in one.moves]
    assert len({str(end).casefold() for end in ends}) == len(ends)
    assert not set(ends) & {one.path for one in there}
    assert not set(ends) & {folder for end in ends for folder in above(ROOT, end)}
    assert plan("move", ROOT, list(reversed(groups)), there) == made


def test_a_group_is_refused_whole_and_says_which_file_is_in_the_way() -> None:
    made = plan("move", ROOT, [group(("a.jpg", "a.jpg"), ("a.txt", "a.txt"))], [There(ROOT / "a.txt", False)])
    assert [one.reason for one in made.refused] == [
        "/out/a.txt is there already.",
        "It goes with a.jpg: /out/a.txt is there already.",
    ]
