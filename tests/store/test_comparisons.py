"""A winner of a comparison: star, trash and what it was chosen over are one decision."""

from __future__ import annotations

import pytest

from binscout_tui.browsing.desk import AREAS
from binscout_tui.errors import BinScoutError, NotFoundError, UsageError
from binscout_tui.store import comparisons, images, journal, stars, undoing
from binscout_tui.store.journal import Change
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages


def choose(ws: Workspace, winner: int, others: list[int], *, trash: bool = False) -> Change:
    """Choose as this person."""
    return ws.db.write(comparisons.choose, ws.user.uid, winner, others, trash=trash)


def starred(ws: Workspace, ids: list[int]) -> list[int]:
    """Those with a star."""
    return [image_id for image_id in ids if ws.db.read(images.get, image_id).starred]


def trashed(ws: Workspace, ids: list[int]) -> list[int]:
    """Those in the trash."""
    return [image_id for image_id in ids if ws.db.read(images.get, image_id).trashed_at is not None]


def test_a_winner_gets_a_star_and_the_journal_says_over_what(workspace: Workspace, add_images: AddImages) -> None:
    a, b, c = ids = add_images(3)
    assert choose(workspace, b, [c, a]).changed == 1
    assert (starred(workspace, ids), trashed(workspace, ids)) == ([b], [])
    assert workspace.db.read(comparisons.chosen_over, b) == [a, c]
    assert workspace.db.read(comparisons.chosen_over, a) == []
    [row] = workspace.db.read(journal.history, area="compare")
    assert (row.action, row.target, row.before) == ("winner", b, {"over": [], "trashed": False})
    assert row.after == {"over": [a, c], "trashed": False}


def test_one_undo_takes_all_of_it_back_and_redo_does_it_again(workspace: Workspace, add_images: AddImages) -> None:
    a, b, c = ids = add_images(3)
    workspace.db.write(stars.star, workspace.user.uid, [a])
    assert choose(workspace, b, [a, c], trash=True).changed == 3
    assert (starred(workspace, ids), trashed(workspace, ids)) == ([a, b], [a, c])
    for _ in range(2):
        entry = workspace.db.write(undoing.undo, workspace.user.uid, AREAS)
        assert (sorted(set(entry.turned)), entry.left) == (ids, 0)
        assert (starred(workspace, ids), trashed(workspace, ids)) == ([a], [])
        assert workspace.db.read(comparisons.chosen_over, b) == []
        workspace.db.write(undoing.redo, workspace.user.uid, AREAS)
        assert (starred(workspace, ids), trashed(workspace, ids)) == ([a, b], [a, c])
        assert workspace.db.read(comparisons.chosen_over, b) == [a, c]
    workspace.db.write(undoing.undo, workspace.user.uid, AREAS)
    workspace.db.write(undoing.undo, workspace.user.uid, AREAS)
    assert starred(workspace, ids) == []


def test_undo_of_a_star_or_of_the_trash_alone_does_not_reach_it(workspace: Workspace, add_images: AddImages) -> None:
    a, b = ids = add_images(2)
    choose(workspace, b, [a], trash=True)
    for area in ("star", "trash"):
        with pytest.raises(NotFoundError):
            workspace.db.write(undoing.undo, workspace.user.uid, (area,))
    assert (starred(workspace, ids), trashed(workspace, ids)) == ([b], [a])


def test_choosing_again_changes_nothing_and_choosing_another_adds_to_it(
    workspace: Workspace, add_images: AddImages
) -> None:
    a, b, c = ids = add_images(3)
    choose(workspace, a, [b, c])
    rows = workspace.db.read(journal.history)
    assert choose(workspace, a, [c, b]).changed == 0
    assert workspace.db.read(journal.history) == rows
    choose(workspace, b, [a, c])
    assert starred(workspace, ids) == [a, b]
    workspace.db.write(undoing.undo, workspace.user.uid, AREAS)
    assert starred(workspace, ids) == [a]
    assert workspace.db.read(comparisons.chosen_over, a) == [b, c]


def test_a_winner_that_has_its_star_already_is_undone_without_losing_it(
    workspace: Workspace, add_images: AddImages
) -> None:
    a, b = add_images(2)
    workspace.db.write(stars.star, workspace.user.uid, [a])
    assert choose(workspace, a, [b]).changed == 1
    workspace.db.write(undoing.undo, workspace.user.uid, AREAS)
    assert starred(workspace, [a, b]) == [a]
    assert workspace.db.read(comparisons.chosen_over, a) == []


@pytest.mark.parametrize("trash", [False, True])
def test_what_cannot_be_compared_changes_nothing(workspace: Workspace, add_images: AddImages, trash: bool) -> None:
    a, b, c = ids = add_images(3)
    workspace.db.write(images.trash, workspace.user.uid, [c])
    before = workspace.db.read(journal.history)
    wrong: list[tuple[list[int], type[BinScoutError]]] = [
        ([c], UsageError),
        ([99], NotFoundError),
        ([a, b], UsageError),
        ([], UsageError),
    ]
    for others, error in wrong:
        with pytest.raises(error):
            choose(workspace, a, others, trash=trash)
    assert (starred(workspace, ids), trashed(workspace, ids)) == ([], [c])
    assert workspace.db.read(journal.history) == before
