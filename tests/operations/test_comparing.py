"""What differs between images in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.errors import NotFoundError
from binscout_tui.imaging.difference import Difference
from binscout_tui.operations import comparing
from binscout_tui.operations.comparing import MOST_FIELDS, MOST_WORDS, differing, in_words, prompt_words, share
from binscout_tui.store import labels, named, stars, texts
from binscout_tui.store.named import COLLECTION, TAG
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages


def fields(ws: Workspace, ids: list[int]) -> dict[str, list[str]]:
    """The fields that differ."""
    return {row.field: row.values for row in differing(ws.db.read(comparing.facts, ids))}


def test_only_what_differs_is_told(workspace: Workspace, add_images: AddImages) -> None:
    a, b, c = add_images(3)
    uid = workspace.user.uid
    workspace.db.write(labels.add_class, "nut")
    workspace.db.write(labels.set_label, uid, a, "nut")
    workspace.db.write(stars.star, uid, [b])
    for kind, name, ids in ((TAG, "brass", [a, b, c]), (TAG, "shiny", [c]), (COLLECTION, "best", [a])):
        workspace.db.write(named.put, uid, kind, workspace.db.write(named.ensure, uid, kind, name), ids)
    found = fields(workspace, [a, b, c])
    assert found["label"] == ["nut", "", ""]
    assert found["star"] == ["", "yes", ""]
    assert found["tags"] == ["brass", "brass", "brass, shiny"]
    assert found["collections"] == ["best", "", ""]
    assert "size" not in found
    assert "tags" not in fields(workspace, [a, b])


def test_what_is_hidden_is_in_no_comparison(workspace: Workspace, add_images: AddImages) -> None:
    a, b = add_images(2)
    uid = workspace.user.uid
    tag = workspace.db.write(named.ensure, uid, TAG, "private")
    workspace.db.write(named.put, uid, TAG, tag, [b])
    workspace.db.write(named.hide, uid, TAG, tag)
    with pytest.raises(NotFoundError):
        workspace.db.read(comparing.facts, [a, b])


def test_what_files_say_is_bounded_and_of_one_safe_line(workspace: Workspace, add_images: AddImages) -> None:
    a, b = add_images(2)
    deep: dict[str, object] = {"end": 1}
    for _ in range(20):
        deep = {"in": deep}
    said = {f"key {number}": number for number in range(500)} | {"long": "x" * 5000, "bad": "a\x1b]0;b\n", "deep": deep}
    workspace.db.write(texts.set_meta, a, dict(reversed(said.items())))
    found = fields(workspace, [a, b])
    assert len(found) == MOST_FIELDS
    assert found["file: bad"] == ["a\\x1b]0;b", ""]
    assert len(found["file: long"][0]) == 200
    assert all(len(name) < 80 for name in found)


@pytest.mark.parametrize(
    ("before", "after", "added", "removed"),
    [
        ("", "", [], []),
        ("a brass gear", "A Brass gear.", [], []),
        ("a brass gear", "a steel gear, steel", ["steel"], ["brass"]),
        ("", "Two  words", ["Two", "words"], []),
        ("evil \x1b[31m", "", [], ["evil", "\\x1b[31m"]),
    ],
)
def test_words_of_prompts(before: str, after: str, added: list[str], removed: list[str]) -> None:
    found = prompt_words(before, after)
    assert (found.added, found.removed) == (added, removed)


@given(st.text(max_size=400), st.text(max_size=400))
def test_words_are_few_and_the_other_way_round_they_change_sides(before: str, after: str) -> None:
    found, back = prompt_words(before, after), prompt_words(after, before)
    assert (found.added, found.removed) == (back.removed, back.added)
    assert max(len(found.added), len(found.removed)) <= MOST_WORDS
    assert prompt_words(before, before).added == []


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (0, "0 %"),
        (1e-9, "less than 0.1 %"),
        (0.001, "0.1 %"),
        (0.1234, "12.3 %"),
        (0.99999, "99.9 %"),
        (1, "100 %"),
    ],
)
def test_shares_are_never_nothing_nor_all_where_they_are_not(part: float, words: str) -> None:
    assert share(part) == words


def test_a_difference_is_said() -> None:
    def said(*, same_size: bool = True, same_shape: bool = True, changed: float = 0.5, plain: bool = True) -> str:
        return in_words(
            Difference((80, 60), same_size, same_shape, changed, changed / 10, 42.4, (0, 0, 1, 1), 1.0, plain)
        )

    assert said(changed=0) == "every pixel is the same"
    assert said(changed=0, plain=False).startswith("every pixel looks the same; transparency")
    assert said() == "5.0 % of pixels differ clearly, 50.0 % at all, one block by 42/255"
    assert said(same_size=False, changed=0) == "no pixel differs; compared at 80x60"
    assert said(same_shape=False).endswith("; other shapes, stretched over each other")
