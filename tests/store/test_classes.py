"""The set of classes: every change is journaled and undone, no two have a name or a key, deleting is soft."""

from __future__ import annotations

from typing import Any

import pytest

from binscout_tui.errors import ConflictError, NotFoundError, UsageError
from binscout_tui.store import box_labels, classes, items, journal, labels, models
from binscout_tui.store.box_labels import LabelBox
from binscout_tui.store.classes import ClassRow
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages

BOX, OTHER = (0.1, 0.1, 0.4, 0.4), (0.5, 0.5, 0.9, 0.9)


@pytest.fixture
def made(workspace: Workspace) -> dict[str, int]:
    """Ids of four classes by name."""
    return {name: workspace.db.write(labels.add_class, name).id for name in ("m3", "m4", "nut", "screw")}


def row(workspace: Workspace, class_id: int) -> ClassRow:
    return workspace.db.read(classes.get, class_id)


@pytest.mark.parametrize(
    ("change", "value", "field", "after"),
    [
        (classes.rename, " M3x8 ", "name", "M3x8"),
        (classes.set_key, "k", "key", "k"),
        (classes.set_colour, "#FF8800", "colour", "#ff8800"),
        (classes.set_group, "screws", "group", "screws"),
    ],
)
def test_a_change_is_journaled_and_undone(
    workspace: Workspace, made: dict[str, int], change: Any, value: str, field: str, after: str
) -> None:
    db, uid = workspace.db, workspace.user.uid
    before = row(workspace, made["m3"])
    assert db.write(change, uid, made["m3"], value)
    assert db.write(change, uid, made["m3"], value) is None, "nothing changed"
    assert getattr(row(workspace, made["m3"]), field) == after
    entry = db.read(journal.history, area="class")[0]
    assert (entry.target, entry.before[field], entry.after[field]) == (made["m3"], getattr(before, field), after)
    db.write(journal.undo, uid, "class")
    assert row(workspace, made["m3"]) == before
    db.write(journal.redo, uid, "class")
    assert getattr(row(workspace, made["m3"]), field) == after


@pytest.mark.parametrize(
    ("change", "value", "code"),
    [
        (classes.rename, "", "bad_class_name"),
        (classes.rename, "a\nb", "bad_class_name"),
        (classes.rename, "x" * 201, "bad_class_name"),
        (classes.set_key, "", "bad_key"),
        (classes.set_key, "ab", "bad_key"),
        (classes.set_key, "ü", "bad_key"),
        (classes.set_key, " ", "bad_key"),
        (classes.set_colour, "red", "bad_colour"),
        (classes.set_colour, "#ff88001", "bad_colour"),
        (classes.set_group, "a\tb", "bad_group"),
    ],
)
def test_what_makes_no_sense_changes_nothing(
    workspace: Workspace, made: dict[str, int], change: Any, value: str, code: str
) -> None:
    before = row(workspace, made["m3"])
    with pytest.raises(UsageError) as refused:
        workspace.db.write(change, workspace.user.uid, made["m3"], value)
    assert (refused.value.code, row(workspace, made["m3"])) == (code, before)


def test_a_name_or_key_that_another_class_has_is_refused(workspace: Workspace, made: dict[str, int]) -> None:
    db, uid = workspace.db, workspace.user.uid
    db.write(classes.set_key, uid, made["m3"], "k")
    for change, value, code in ((classes.rename, "m3", "name_taken"), (classes.set_key, "k", "key_taken")):
        with pytest.raises(ConflictError) as refused:
            db.write(change, uid, made["m4"], value)
        assert refused.value.code == code
    with pytest.raises(ConflictError, match="is a command: note"):
        db.write(classes.set_key, uid, made["m4"], "n", reserved={"n": "note"})
    db.write(classes.archive, uid, made["m3"])
    db.write(classes.set_key, uid, made["m4"], "k")
    with pytest.raises(ConflictError):
        db.write(classes.archive, uid, made["m3"], back=True)
    with pytest.raises(NotFoundError):
        db.write(classes.rename, uid, 99, "x")


def test_a_new_class_is_a_decision_and_undo_archives_it(workspace: Workspace, made: dict[str, int]) -> None:
    db, uid = workspace.db, workspace.user.uid
    one = db.write(classes.add, uid, " bolt ")
    assert (one.name, one.archived_at, one.images) == ("bolt", None, 0)
    assert [found.name for found in db.read(classes.all_classes)][-1] == "bolt"
    db.write(journal.undo, uid, classes.AREA)
    assert row(workspace, one.id).archived_at is not None
    with pytest.raises(ConflictError) as refused:
        db.write(classes.add, uid, "bolt")
    assert "archived" in refused.value.hint
    db.write(journal.redo, uid, classes.AREA)
    assert row(workspace, one.id).archived_at is None
    for name, error in (("m3", ConflictError), ("", UsageError), ("a\nb", UsageError)):
        with pytest.raises(error):
            db.write(classes.add, uid, name)


def test_what_a_merge_would_move_is_what_it_moves(
    workspace: Workspace, made: dict[str, int], add_images: AddImages
) -> None:
    db, uid = workspace.db, workspace.user.uid
    one, two, three = add_images(3)
    for image in (one, two):
        db.write(labels.set_label, uid, image, "m3")
    boxes = [LabelBox(box=BOX, class_id=made["m3"]), LabelBox(box=OTHER, class_id=made["m4"])]
    db.write(box_labels.set_boxes, uid, three, boxes)
    db.write(box_labels.set_count, uid, one, 5, class_id=made["m3"])
    db.write(classes.set_parent, uid, made["nut"], made["m3"])
    found = db.read(classes.load, made["m3"])
    assert (found.images, found.boxes, found.counts, found.items, found.below) == (2, 1, 1, 0, 1)
    assert db.write(classes.merge, uid, made["m3"], made["m4"]) == 3
    assert db.read(classes.load, made["m3"]) == classes.Load(images=0, boxes=0, counts=0, items=0, below=0)
    assert db.read(classes.load, made["m4"]).boxes == 2


def test_an_undo_that_would_make_two_of_a_name_leaves_all_as_it_is(workspace: Workspace, made: dict[str, int]) -> None:
    db, uid = workspace.db, workspace.user.uid
    db.write(classes.rename, uid, made["m4"], "M4")
    db.write(classes.rename, uid, made["m3"], "M3")
    db.write(labels.add_class, "m3")
    assert db.write(journal.undo, uid, "class").stale
    assert row(workspace, made["m3"]).name == "M3"
    assert db.write(journal.undo, uid, "class").target == made["m4"], "the decisions before it are within reach"


def test_archiving_is_soft(workspace: Workspace, made: dict[str, int], add_images: AddImages) -> None:
    (image,), db, uid = add_images(1), workspace.db, workspace.user.uid
    db.write(labels.set_label, uid, image, "m3")
    db.write(classes.archive, uid, made["m3"])
    assert [one.name for one in db.read(labels.classes)] == ["m4", "nut", "screw"]
    assert db.read(labels.get, image) == labels.Label(image, "class", "m3")
    assert db.write(classes.archive, uid, made["m3"]) is None
    db.write(journal.undo, uid, "class")
    assert row(workspace, made["m3"]).archived_at is None


def test_classes_below_others_never_make_a_circle(workspace: Workspace, made: dict[str, int]) -> None:
    db, uid = workspace.db, workspace.user.uid
    db.write(classes.set_parent, uid, made["m3"], made["screw"])
    db.write(classes.set_parent, uid, made["m4"], made["m3"])
    for below, above in (("screw", "m4"), ("screw", "screw"), ("m3", "m4")):
        with pytest.raises(UsageError):
            db.write(classes.set_parent, uid, made[below], made[above])
        with pytest.raises(UsageError):
            db.write(classes.merge, uid, made[below], made[above])


def test_the_order_is_one_decision(workspace: Workspace, made: dict[str, int]) -> None:
    db, uid = workspace.db, workspace.user.uid
    db.write(classes.put_in_order, uid, [made["screw"], made["m4"]])
    assert [one.name for one in db.read(labels.classes)] == ["screw", "m4", "m3", "nut"]
    db.write(labels.add_class, "new")
    assert db.read(labels.classes)[-1].name == "new"
    assert db.write(classes.put_in_order, uid, [made["screw"], made["m4"]]) is None
    with pytest.raises(UsageError):
        db.write(classes.put_in_order, uid, [made["m3"], made["m3"]])
    db.write(journal.undo, uid, "class")
    assert [one.name for one in db.read(labels.classes)] == ["m3", "m4", "nut", "screw", "new"]


def test_merging_moves_everything_and_one_undo_takes_it_back(
    workspace: Workspace, made: dict[str, int], add_images: AddImages
) -> None:
    (one, two, three), db, uid = add_images(3), workspace.db, workspace.user.uid
    m3, m4 = made["m3"], made["m4"]
    db.write(labels.set_label, uid, one, "m3")
    db.write(labels.set_label, uid, two, "m4")
    db.write(box_labels.set_boxes, uid, one, [LabelBox(box=BOX, class_id=m3), LabelBox(box=OTHER, class_id=m4)])
    db.write(box_labels.set_count, uid, one, 3, class_id=m3)
    db.write(box_labels.set_count, uid, one, 4, class_id=m4)
    db.write(box_labels.set_count, uid, three, 5, class_id=m3)
    item = db.write(items.add, uid, "M3", class_name="m3")
    db.write(classes.set_parent, uid, made["nut"], m3)
    before = everything(workspace)
    assert db.write(classes.merge, uid, m3, m4) == 2
    assert [entry.name for entry in db.read(labels.classes)] == ["m4", "nut", "screw"]
    assert db.read(labels.find_class, "m4").images == 2
    assert db.read(labels.get, one) == labels.Label(one, "class", "m4")
    assert {box.class_id for box in db.read(box_labels.get, one).boxes} == {m4}
    assert [(count.class_id, count.count) for count in db.read(box_labels.counts, one)] == [(m4, 7)]
    assert db.read(items.get, item.id).class_name == "m4"
    assert row(workspace, made["nut"]).parent_id == m4
    with pytest.raises(UsageError):
        db.write(classes.merge, uid, m3, m4)
    after = everything(workspace)
    db.write(journal.undo, uid, "class")
    assert everything(workspace) == before
    db.write(journal.redo, uid, "class")
    assert everything(workspace) == after


def test_what_was_relabelled_after_a_merge_stays_so_when_it_is_undone(
    workspace: Workspace, made: dict[str, int], add_images: AddImages
) -> None:
    (one, two), db, uid = add_images(2), workspace.db, workspace.user.uid
    for image in (one, two):
        db.write(labels.set_label, uid, image, "m3")
    db.write(classes.merge, uid, made["m3"], made["m4"])
    db.write(labels.set_label, uid, two, "nut")
    entry = db.write(journal.undo, uid, "class")
    assert entry.left == 1
    assert [db.read(labels.get, image).name for image in (one, two)] == ["m3", "nut"]  # type: ignore[union-attr]


def expected(workspace: Workspace) -> dict[int, str]:
    return {one.image_id: one.expected for one in workspace.db.read(models.known_good, "classify")}


def test_what_the_gate_expects_follows_a_merge_and_its_undo(
    workspace: Workspace, made: dict[str, int], add_images: AddImages
) -> None:
    (one, two, three), db, uid = add_images(3), workspace.db, workspace.user.uid
    for image, name in ((one, "m3"), (two, "m4"), (three, "m3")):
        db.write(labels.set_label, uid, image, name)
        db.write(models.add_known_good, uid, "classify", image, name, must_pass=image == one)
    db.write(models.add_known_good, uid, "other", one, "m4")
    assert db.write(classes.merge, uid, made["m3"], made["m4"]) == 2
    assert expected(workspace) == {one: "m4", two: "m4", three: "m4"}
    assert db.read(models.known_good, "classify")[0].must_pass
    db.write(classes.rename, uid, made["m4"], "M4")
    db.write(journal.undo, uid, "class")
    db.write(journal.undo, uid, "class")
    assert expected(workspace) == {one: "m3", two: "m4", three: "m3"}
    db.write(journal.redo, uid, "class")
    assert expected(workspace) == {one: "m4", two: "m4", three: "m4"}
    assert [entry.expected for entry in db.read(models.known_good, "other")] == ["m4"]


def test_what_the_gate_expects_of_a_counter_follows_a_merge_and_its_undo(
    workspace: Workspace, made: dict[str, int], add_images: AddImages
) -> None:
    (one, two, three, four), db, uid = add_images(4), workspace.db, workspace.user.uid
    m3, m4 = made["m3"], made["m4"]
    db.write(box_labels.set_count, uid, one, 2, class_id=m3)
    db.write(box_labels.set_count, uid, one, 3, class_id=m4)
    db.write(models.add_known_count, uid, one, 2, class_id=m3, must_pass=True)
    db.write(box_labels.set_boxes, uid, two, [LabelBox(box=BOX, class_id=m3), LabelBox(box=OTHER, class_id=m4)])
    db.write(models.add_known_count, uid, two, 1, class_id=m4)
    db.write(models.add_known_count, uid, three, 7, class_id=m3)
    db.write(models.add_known_count, uid, four, 9)
    before = [(one, 2, "m3", True), (two, 1, "m4", False), (three, 7, "m3", False), (four, 9, None, False)]
    after = [(one, 5, "m4", True), (two, 2, "m4", False), (three, 7, "m4", False), (four, 9, None, False)]
    assert counted(workspace) == before
    assert db.write(classes.merge, uid, m3, m4) == 2
    assert counted(workspace) == after
    db.write(journal.undo, uid, "class")
    assert counted(workspace) == before
    db.write(journal.redo, uid, "class")
    assert counted(workspace) == after


def counted(workspace: Workspace) -> list[tuple[int, int, str | None, bool]]:
    """What the gate expects of counters."""
    found = workspace.db.read(models.known_counts)
    return [(one.image_id, one.count, one.item, one.must_pass) for one in found]


def test_what_the_gate_expects_follows_a_new_name(
    workspace: Workspace, made: dict[str, int], add_images: AddImages
) -> None:
    (one, two), db, uid = add_images(2), workspace.db, workspace.user.uid
    for image, name in ((one, "m3"), (two, "m4")):
        db.write(models.add_known_good, uid, "classify", image, name)
    db.write(classes.rename, uid, made["m3"], "M3")
    assert expected(workspace) == {one: "M3", two: "m4"}
    db.write(journal.undo, uid, "class")
    assert expected(workspace) == {one: "m3", two: "m4"}
    db.write(journal.redo, uid, "class")
    assert expected(workspace) == {one: "M3", two: "m4"}


def test_what_an_admin_expects_since_a_merge_stays_when_it_is_undone(
    workspace: Workspace, made: dict[str, int], add_images: AddImages
) -> None:
    (one, two), db, uid = add_images(2), workspace.db, workspace.user.uid
    for image in (one, two):
        db.write(models.add_known_good, uid, "classify", image, "m3")
    db.write(classes.merge, uid, made["m3"], made["m4"])
    db.write(models.add_known_good, uid, "classify", two, "nut")
    db.write(journal.undo, uid, "class")
    assert expected(workspace) == {one: "m3", two: "nut"}


def everything(workspace: Workspace) -> list[Any]:
    """What the tables say, without who and when."""
    tables = (
        "SELECT id, name, key, parent_id, archived_at IS NULL, images FROM class ORDER BY id",
        "SELECT image_id, state, class_id FROM label ORDER BY 1",
        "SELECT image_id, class_id, x1 FROM label_box ORDER BY 1, 2, 3",
        "SELECT image_id, class_id, count FROM label_count ORDER BY 1, 2",
        "SELECT id, class_id FROM item ORDER BY 1",
    )
    return [[tuple(one) for one in workspace.db.connection.execute(sql)] for sql in tables]
