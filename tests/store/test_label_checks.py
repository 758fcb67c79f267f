"""Answers that check people: which images are asked about, and that an answer is never a label."""

from __future__ import annotations

import random

import pytest

from binscout_tui.errors import NotFoundError
from binscout_tui.operations.label_agreement import accuracies, agreements
from binscout_tui.store import classes, gold, images, journal, label_checks, labels, reviews, undoing, users
from binscout_tui.store.label_checks import Check
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages

AREAS = ("label", "answer", "review")


@pytest.fixture
def ids(workspace: Workspace, add_images: AddImages) -> list[int]:
    """Six images, two classes."""
    for name in ("m3", "m4"):
        workspace.db.write(labels.add_class, name)
    return add_images(6)


def pick(
    workspace: Workspace, *avoid: int, uid: int | None = None, seed: int = 1, labelled: bool = False
) -> Check | None:
    choose = label_checks.pick_labelled if labelled else label_checks.pick_gold
    return workspace.db.read(choose, uid or workspace.user.uid, avoid, random.Random(seed))


def answer(workspace: Workspace, check: Check | None, name: str | None, uid: int | None = None) -> int:
    assert check is not None
    state = "class" if name else "empty"
    return workspace.db.write(label_checks.answer, uid or workspace.user.uid, check, name, state)


def sign_in(workspace: Workspace, name: str) -> int:
    return workspace.db.write(users.sign_in, workspace.user.uid + 1, name).uid


def test_a_gold_image_is_asked_once_a_day_and_its_answer_is_no_label(workspace: Workspace, ids: list[int]) -> None:
    workspace.db.write(gold.add, workspace.user.uid, ids[2], "m3")
    workspace.db.write(gold.add, workspace.user.uid, ids[4], None)
    assert workspace.db.read(label_checks.golds, workspace.user.uid) == 2
    assert {found.image_id for seed in range(9) if (found := pick(workspace, seed=seed))} == {ids[2], ids[4]}
    check = pick(workspace, ids[4])
    assert check == Check(kind="gold", image_id=ids[2], expected=("class", 1))
    answer(workspace, check, "m4")
    assert workspace.db.read(labels.get, ids[2]) is None
    assert workspace.db.read(reviews.page) == []
    assert pick(workspace, ids[4]) is None
    assert workspace.db.read(label_checks.golds, workspace.user.uid) == 1
    workspace.db.connection.execute("UPDATE label_check SET at = '2026-01-01T00:00:00.000Z'")
    assert workspace.db.read(label_checks.golds, workspace.user.uid) == 2
    assert pick(workspace, ids[4]) is not None
    workspace.db.write(images.trash, workspace.user.uid, [ids[2], ids[4]])
    assert pick(workspace) is None


def test_a_labelled_image_is_asked_about_once_and_only_by_its_label(workspace: Workspace, ids: list[int]) -> None:
    assert pick(workspace, labelled=True) is None
    for image, name in ((ids[1], "m3"), (ids[3], None)):
        state = "class" if name else "empty"
        workspace.db.write(labels.set_label, workspace.user.uid, image, name, state=state)
    workspace.db.write(labels.set_label, workspace.user.uid, ids[5], None, state="skipped")
    assert {found.image_id for seed in range(9) if (found := pick(workspace, seed=seed, labelled=True))} == {
        ids[1],
        ids[3],
    }
    check = pick(workspace, ids[3], labelled=True)
    assert check is not None
    assert (check.kind, check.expected, check.of_uid) == ("own", ("class", 1), workspace.user.uid)
    answer(workspace, check, "m3")
    assert workspace.db.read(reviews.page) == []
    assert pick(workspace, ids[3], labelled=True) is None


def test_another_answer_leaves_the_label_and_asks_for_review_in_one_decision(
    workspace: Workspace, ids: list[int]
) -> None:
    workspace.db.write(labels.set_label, workspace.user.uid, ids[0], "m3")
    answer(workspace, pick(workspace, labelled=True), "m4")
    assert workspace.db.read(labels.get, ids[0]).name == "m3"  # type: ignore[union-attr]
    assert workspace.db.read(reviews.page) == [ids[0]]
    before = list(
        workspace.db.connection.execute("SELECT id, image_id, kind, of_uid, state, class_id FROM label_check")
    )
    entry = workspace.db.write(undoing.undo, workspace.user.uid, AREAS)
    assert label_checks.check_of(entry) is not None
    assert workspace.db.read(reviews.page) == []
    assert workspace.db.read(label_checks.answers) == []
    workspace.db.write(undoing.redo, workspace.user.uid, AREAS)
    after = list(workspace.db.connection.execute("SELECT id, image_id, kind, of_uid, state, class_id FROM label_check"))
    assert list(map(tuple, before)) == list(map(tuple, after))
    assert workspace.db.read(reviews.page) == [ids[0]]


def test_an_answer_can_be_given_anew_and_ids_are_never_given_twice(workspace: Workspace, ids: list[int]) -> None:
    workspace.db.write(gold.add, workspace.user.uid, ids[0], "m3")
    workspace.db.write(gold.add, workspace.user.uid, ids[1], "m3")
    check = Check(kind="gold", image_id=ids[0], expected=("class", 1))
    first = answer(workspace, check, "m4")
    again = Check(kind="gold", image_id=ids[0], expected=("class", 1), id=first)
    assert answer(workspace, again, "m3") == first
    assert workspace.db.read(label_checks.given, again).name == "m3"  # type: ignore[union-attr]
    rows = len(workspace.db.read(journal.history))
    assert answer(workspace, again, "m3") == first
    assert len(workspace.db.read(journal.history)) == rows
    for _ in range(2):
        workspace.db.write(undoing.undo, workspace.user.uid, AREAS)
    assert workspace.db.read(label_checks.given, again) is None
    assert answer(workspace, Check(kind="gold", image_id=ids[1], expected=("class", 1)), "m3") == first + 1


def test_agreement_is_with_oneself_and_between_people_and_accuracy_on_gold(
    workspace: Workspace, ids: list[int]
) -> None:
    me, bea = workspace.user.uid, sign_in(workspace, "bea")
    for image, name in zip(ids, ("m3", "m3", "m4", "m4", "m3", "m4"), strict=True):
        workspace.db.write(labels.set_label, me, image, name)
        expected = ("class", 1 if name == "m3" else 2)
        answer(workspace, Check(kind="own", image_id=image, expected=expected, of_uid=me), name)
        answer(workspace, Check(kind="other", image_id=image, expected=expected, of_uid=me), "m3", bea)
    for image, name, hers in ((ids[0], "m3", "m3"), (ids[1], "m4", "m3")):
        check = Check(kind="gold", image_id=image, expected=("class", 1))
        answer(workspace, check, name)
        answer(workspace, check, hers, bea)
    own, between = workspace.db.read(agreements)
    assert (own.kind, own.people, own.n, own.observed, own.kappa) == ("own", [workspace.user.name], 6, 1, 1)
    assert (between.people, between.n) == ([workspace.user.name, "bea"], 8)
    assert between.observed == 0.5
    assert between.kappa is not None
    assert between.low is not None
    assert between.low <= between.kappa < 0.2
    assert [one.kind for one in workspace.db.read(agreements, "bea")] == ["between"]
    right = {one.person: (one.right, one.n) for one in workspace.db.read(accuracies)}
    assert right == {workspace.user.name: (1, 2), "bea": (2, 2)}
    assert [one.person for one in workspace.db.read(accuracies, "bea")] == ["bea"]
    with pytest.raises(NotFoundError):
        workspace.db.read(agreements, "carl")


def test_half_of_the_labels_that_are_asked_about_are_of_others(workspace: Workspace, ids: list[int]) -> None:
    bea = sign_in(workspace, "bea")
    workspace.db.write(labels.set_label, workspace.user.uid, ids[0], "m3")
    workspace.db.write(labels.set_label, bea, ids[1], "m4")
    kinds = {found.kind for seed in range(20) if (found := pick(workspace, seed=seed, labelled=True))}
    assert kinds == {"own", "other"}


def test_a_merged_class_is_the_truth_of_its_gold_images_too(workspace: Workspace, ids: list[int]) -> None:
    workspace.db.write(gold.add, workspace.user.uid, ids[0], "m3")
    workspace.db.write(classes.merge, workspace.user.uid, 1, 2)
    assert pick(workspace) == Check(kind="gold", image_id=ids[0], expected=("class", 2))
    workspace.db.write(undoing.undo, workspace.user.uid, ("class",))
    assert pick(workspace) == Check(kind="gold", image_id=ids[0], expected=("class", 1))


def test_gold_images_are_taken_back_by_undo_and_end_with_their_image(workspace: Workspace, ids: list[int]) -> None:
    workspace.db.write(gold.add, workspace.user.uid, ids[0], "m3")
    assert workspace.db.write(gold.add, workspace.user.uid, ids[0], "m3") is None
    workspace.db.write(gold.add, workspace.user.uid, ids[0], "m4")
    assert [(one.image_id, one.name) for one in workspace.db.read(gold.page)] == [(ids[0], "m4")]
    workspace.db.write(undoing.undo, workspace.user.uid, ("gold",))
    assert [one.name for one in workspace.db.read(gold.page)] == ["m3"]
    workspace.db.write(gold.remove, workspace.user.uid, ids[0])
    with pytest.raises(NotFoundError):
        workspace.db.write(gold.remove, workspace.user.uid, ids[0])
