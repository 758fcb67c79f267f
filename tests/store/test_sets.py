"""A set has one selection with one owner, whatever is pressed."""

from __future__ import annotations

import sqlite3

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.store import images, journal, sets, suggestions, undoing
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages

BOX = (0.1, 0.1, 0.9, 0.9)


@pytest.fixture
def one_set(workspace: Workspace, add_images: AddImages) -> tuple[int, list[int]]:
    ids = add_images(4)
    return workspace.db.write(sets.add, name="burst", kind="folder", image_ids=ids)[0], ids


def test_cropping_another_image_moves_the_choice(workspace: Workspace, one_set: tuple[int, list[int]]) -> None:
    set_id, ids = one_set
    workspace.db.write(sets.choose, workspace.user.uid, set_id, ids[0])
    found = workspace.db.write(sets.choose, workspace.user.uid, set_id, ids[1], crop=BOX)
    assert (found.chosen_image_id, found.crop) == (ids[1], BOX)
    crops = workspace.db.connection.execute("SELECT image_id FROM crop WHERE set_id = ?", (set_id,)).fetchall()
    assert [row[0] for row in crops] == [ids[1]]


CHOICES = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(0, 3)), st.booleans(), st.sampled_from(["skipped", "rejected", "pending"])
    ),
    min_size=1,
    max_size=12,
)


@given(choices=CHOICES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_at_most_one_is_ever_chosen(
    workspace: Workspace, one_set: tuple[int, list[int]], choices: list[tuple[int | None, bool, str]]
) -> None:
    set_id, ids = one_set
    for which, cropped, state in choices:
        image = None if which is None else ids[which]
        crop = BOX if cropped and image is not None else None
        workspace.db.write(sets.choose, workspace.user.uid, set_id, image, crop=crop, state=state)  # type: ignore[arg-type]
        found = workspace.db.read(sets.get, set_id)
        assert found.chosen_image_id == image
        assert found.state == (state if image is None else "done")
        assert found.crop == crop
        crops = workspace.db.connection.execute("SELECT image_id FROM crop").fetchall()
        assert [row[0] for row in crops] == ([image] if crop else [])


@pytest.mark.parametrize(
    "box", [(0, 0, 0, 1), (0.5, 0, 0.4, 1), (-0.1, 0, 1, 1), (0, 0, 1, 1.01), (float("nan"), 0, 1, 1)]
)
def test_a_box_outside_the_picture_is_refused(
    workspace: Workspace, one_set: tuple[int, list[int]], box: tuple[float, float, float, float]
) -> None:
    set_id, ids = one_set
    with pytest.raises(UsageError, match="between 0 and 1"):
        workspace.db.write(sets.choose, workspace.user.uid, set_id, ids[0], crop=box)
    assert workspace.db.read(sets.get, set_id).state == "pending"


def test_the_database_itself_refuses_a_stranger_as_the_choice(
    workspace: Workspace, one_set: tuple[int, list[int]], add_images: AddImages
) -> None:
    set_id, _ = one_set
    (stranger,) = add_images(1)
    with pytest.raises(UsageError, match="not in set"):
        workspace.db.write(sets.choose, workspace.user.uid, set_id, stranger)
    with pytest.raises(sqlite3.IntegrityError):
        workspace.db.connection.execute(
            "UPDATE image_set SET state = 'done', chosen_image_id = ? WHERE id = ?", (stranger, set_id)
        )


def test_trashed_images_and_unknown_sets_are_refused(workspace: Workspace, one_set: tuple[int, list[int]]) -> None:
    set_id, ids = one_set
    workspace.db.write(images.trash, workspace.user.uid, [ids[0]])
    with pytest.raises(UsageError, match="in the trash"):
        workspace.db.write(sets.choose, workspace.user.uid, set_id, ids[0])
    with pytest.raises(NotFoundError):
        workspace.db.write(sets.choose, workspace.user.uid, 999, ids[1])


def test_a_set_is_known_by_its_members(
    workspace: Workspace, one_set: tuple[int, list[int]], add_images: AddImages
) -> None:
    set_id, ids = one_set
    again = workspace.db.write(sets.add, name="other name", kind="folder", image_ids=list(reversed(ids)))
    assert again == (set_id, False)
    other, added = workspace.db.write(sets.add, name="overlap", kind="folder", image_ids=[ids[0], *add_images(1)])
    assert added
    workspace.db.write(sets.choose, workspace.user.uid, other, ids[0])
    assert workspace.db.read(sets.get, set_id).state == "pending"
    with pytest.raises(UsageError, match="at least two"):
        workspace.db.write(sets.add, name="single", kind="folder", image_ids=add_images(1))


def history(workspace: Workspace, area: str = "set") -> list[journal.Entry]:
    return workspace.db.read(journal.history, area=area)


def test_ruling_out_decides_nothing_and_choosing_ends_it(workspace: Workspace, one_set: tuple[int, list[int]]) -> None:
    set_id, ids = one_set
    uid, db = workspace.user.uid, workspace.db
    found = db.write(sets.rule_out, uid, set_id, ids[1])
    db.write(sets.rule_out, uid, set_id, ids[2])
    assert (found.state, found.chosen_image_id, found.ruled_out) == ("pending", None, (ids[1],))
    assert db.read(images.get, ids[1]).trashed_at is None
    found = db.write(sets.choose, uid, set_id, ids[1])
    assert (found.chosen_image_id, found.ruled_out) == (ids[1], (ids[2],))
    with pytest.raises(UsageError, match="is kept"):
        db.write(sets.rule_out, uid, set_id, ids[1])
    with pytest.raises(UsageError, match="not in set"):
        db.write(sets.rule_out, uid, set_id, 999)
    assert db.write(sets.rule_out, uid, set_id, ids[2], False).ruled_out == ()
    for expected in ((ids[2],), (ids[1], ids[2]), (ids[1],), ()):
        db.write(journal.undo, uid, "set")
        assert db.read(sets.get, set_id).ruled_out == expected
    assert db.read(sets.get, set_id).state == "pending"


def test_reset_begins_anew_and_undo_brings_everything_back(
    workspace: Workspace, one_set: tuple[int, list[int]]
) -> None:
    set_id, ids = one_set
    uid, db = workspace.user.uid, workspace.db
    db.write(sets.rule_out, uid, set_id, ids[3])
    before = db.write(sets.choose, uid, set_id, ids[0], crop=BOX)
    found = db.write(sets.choose, uid, set_id, None, state="pending")
    assert (found.state, found.chosen_image_id, found.crop, found.ruled_out) == ("pending", None, None, ())
    assert history(workspace)[0].action == "reset"
    db.write(journal.undo, uid, "set")
    assert db.read(sets.get, set_id) == before


def test_rows_written_before_candidates_could_be_ruled_out_can_still_be_undone(
    workspace: Workspace, one_set: tuple[int, list[int]]
) -> None:
    set_id, ids = one_set
    workspace.db.write(sets.choose, workspace.user.uid, set_id, ids[0])
    assert set(history(workspace)[0].after) == {"state", "image", "crop"}


def test_a_note_is_one_line_with_an_undo_of_its_own(workspace: Workspace, one_set: tuple[int, list[int]]) -> None:
    set_id, ids = one_set
    uid, db = workspace.user.uid, workspace.db
    assert db.write(sets.write_note, uid, set_id, "  a  scratch ").note == "a scratch"
    db.write(sets.choose, uid, set_id, ids[0])
    assert db.read(sets.get, set_id).note == "a scratch"
    for bad in ("x" * 201, "\x1b[2J", "a\u202eb"):
        with pytest.raises(UsageError, match="printable"):
            db.write(sets.write_note, uid, set_id, bad)
    db.write(sets.write_note, uid, set_id, "")
    assert [entry.action for entry in history(workspace, "set_note")] == ["forget", "note"]
    db.write(undoing.undo, uid, ["set", "set_note"])
    assert db.read(sets.get, set_id).note == "a scratch"
    db.write(undoing.undo, uid, ["set", "set_note"])
    assert db.read(sets.get, set_id).state == "pending"


def test_every_decision_says_what_was_suggested(workspace: Workspace, one_set: tuple[int, list[int]]) -> None:
    set_id, ids = one_set
    uid, db = workspace.user.uid, workspace.db
    db.write(sets.choose, uid, set_id, ids[0])
    db.write(suggestions.put, set_id, "m-2", ids[2], 0.3)
    db.write(suggestions.put, set_id, "m-1", ids[1], 0.4, BOX)
    for state in ("rejected", "skipped"):
        db.write(sets.choose, uid, set_id, None, state=state)
    seen = db.read(sets.get, set_id).suggested
    assert seen is not None
    db.write(
        sets.choose, uid, set_id, ids[1], crop=BOX, suggested=msgspec.structs.replace(seen, shown=True, taken=True)
    )
    said = {"by": "m-1", "image": ids[1], "score": 0.4, "crop": list(BOX), "shown": False, "taken": False}
    assert [entry.suggested for entry in history(workspace)] == [
        said | {"shown": True, "taken": True},
        said,
        said,
        None,
    ]


def test_undo_of_a_set_that_is_gone_changes_nothing(workspace: Workspace, one_set: tuple[int, list[int]]) -> None:
    set_id, ids = one_set
    uid, db = workspace.user.uid, workspace.db
    db.write(sets.write_note, uid, set_id, "a note")
    db.write(sets.choose, uid, set_id, ids[0])
    db.write(lambda db: db.execute("DELETE FROM image_set WHERE id = ?", (set_id,)))
    assert db.write(undoing.undo, uid, ["set", "set_note"]).stale
    assert db.write(undoing.undo, uid, ["set", "set_note"]).stale
    with pytest.raises(NotFoundError):
        db.write(undoing.undo, uid, ["set", "set_note"])
