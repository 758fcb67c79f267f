"""The queue of suspects: what answers a suspicion, and what brings it back."""

from __future__ import annotations

import pytest

from binscout_tui.errors import NotFoundError
from binscout_tui.store import images, journal, labels, suspects
from binscout_tui.store.suspects import Suspicion
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages

RINGS = "rings-1"


@pytest.fixture
def queue(workspace: Workspace, add_images: AddImages) -> list[int]:
    """Four images called m3, the second the most suspect, the fourth not at all."""
    ids = add_images(4)
    for name in ("m3", "m4"):
        workspace.db.write(labels.add_class, name)
    for image in ids:
        workspace.db.write(labels.set_label, workspace.user.uid, image, "m3")
    look(workspace, [ids[1], ids[0], ids[2]])
    return ids


def look(workspace: Workspace, ranked: list[int], features: str = RINGS) -> int:
    m3, m4 = (workspace.db.read(labels.find_class, name).id for name in ("m3", "m4"))
    found = [
        Suspicion(
            image_id=image,
            class_id=m3,
            likely_class_id=m4,
            probability=0.1 if rank == 2 else 0.1 * rank,
            likely_probability=0.8,
            margin=0.1 * rank,
            rank=rank,
        )
        for rank, image in enumerate(ranked, 1)
    ]
    return workspace.db.write(suspects.replace, found, features)


def listed(workspace: Workspace) -> list[int]:
    return [one.image_id for one in workspace.db.read(suspects.page)]


def test_the_most_suspect_come_first_and_pages_go_on(workspace: Workspace, queue: list[int]) -> None:
    first = workspace.db.read(suspects.page, limit=2)
    assert [one.image_id for one in first] == [queue[1], queue[0]]
    assert (first[0].label, first[0].likely, first[0].features) == ("m3", "m4", RINGS)
    assert [one.image_id for one in workspace.db.read(suspects.page, after=first[1])] == [queue[2]]
    assert workspace.db.read(suspects.page, label="m4") == []
    assert len(workspace.db.read(suspects.page, label="m3")) == workspace.db.read(suspects.count) == 3


def test_equal_probabilities_are_not_lost_between_pages(workspace: Workspace, queue: list[int]) -> None:
    seen, after = [], None
    while page := workspace.db.read(suspects.page, after=after, limit=1, order="confidence"):
        after = page[-1]
        seen.append(after.image_id)
    assert seen == [queue[0], queue[1], queue[2]]


def test_a_changed_label_leaves_and_undo_brings_it_back(workspace: Workspace, queue: list[int]) -> None:
    uid = workspace.user.uid
    workspace.db.write(labels.set_label, uid, queue[1], "m4")
    workspace.db.write(labels.clear, uid, queue[0])
    assert listed(workspace) == [queue[2]]
    workspace.db.write(journal.undo, uid)
    workspace.db.write(journal.undo, uid)
    assert listed(workspace) == [queue[1], queue[0], queue[2]]


def test_an_image_in_the_trash_is_not_shown(workspace: Workspace, queue: list[int]) -> None:
    workspace.db.write(images.trash, workspace.user.uid, [queue[1]])
    assert queue[1] not in listed(workspace)
    workspace.db.write(images.restore, workspace.user.uid, [queue[1]])
    assert queue[1] in listed(workspace)


def test_dismissed_stays_dismissed_by_the_same_features(workspace: Workspace, queue: list[int]) -> None:
    uid = workspace.user.uid
    assert workspace.db.write(suspects.dismiss, uid, [queue[1], queue[0], queue[1]]) == 2
    assert listed(workspace) == [queue[2]]
    look(workspace, queue[:3])
    assert listed(workspace) == [queue[2]]
    look(workspace, queue[:3], "rings-1+model-parts-1")
    assert listed(workspace) == queue[:3]


def test_a_dismissal_ends_with_its_label(workspace: Workspace, queue: list[int]) -> None:
    uid = workspace.user.uid
    workspace.db.write(suspects.dismiss, uid, [queue[1]])
    m3, m4 = (workspace.db.read(labels.find_class, name).id for name in ("m3", "m4"))
    workspace.db.write(labels.set_label, uid, queue[1], "m4")
    again = Suspicion(
        image_id=queue[1],
        class_id=m4,
        likely_class_id=m3,
        probability=0.2,
        likely_probability=0.7,
        margin=0.25,
        rank=1,
    )
    workspace.db.write(suspects.replace, [again], RINGS)
    assert listed(workspace) == [queue[1]]


def test_a_dismissal_is_one_decision_that_undo_takes_back(workspace: Workspace, queue: list[int]) -> None:
    uid = workspace.user.uid
    workspace.db.write(suspects.dismiss, uid, [queue[1], queue[0]])
    entry = workspace.db.read(journal.history, area="suspect", target=queue[1])[0]
    assert (entry.action, entry.before, entry.after["features"]) == ("dismiss", {}, RINGS)
    assert entry.suggested is not None
    assert workspace.db.write(journal.undo, uid, "suspect").turned == (queue[1], queue[0])
    assert len(listed(workspace)) == 3
    workspace.db.write(journal.redo, uid, "suspect")
    assert listed(workspace) == [queue[2]]


def test_only_what_is_suspect_can_be_dismissed(workspace: Workspace, queue: list[int]) -> None:
    for image in (queue[3], 999):
        with pytest.raises(NotFoundError):
            workspace.db.write(suspects.dismiss, workspace.user.uid, [queue[1], image])
    assert len(listed(workspace)) == 3
    assert workspace.db.read(journal.history, area="suspect") == []


def test_what_was_changed_during_a_look_is_left_out(workspace: Workspace, queue: list[int]) -> None:
    workspace.db.write(labels.set_label, workspace.user.uid, queue[1], "m4")
    assert look(workspace, queue[:3]) == 2
    assert workspace.db.connection.execute("SELECT count(*) FROM suspect").fetchone()[0] == 2
