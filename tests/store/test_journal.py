"""Undo and redo: any depth, by person and area, across restarts, and never over somebody else's word."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from binscout_tui.errors import NotFoundError
from binscout_tui.store import events, images, journal, labels, named, sets, users
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages

CLASSES = ("m3", "m4", "nut")


def label_of(workspace: Workspace, image_id: int) -> str | None:
    label = workspace.db.read(labels.get, image_id)
    return None if label is None else label.name or label.state


@pytest.fixture
def three_classes(workspace: Workspace) -> None:
    for name in CLASSES:
        workspace.db.write(labels.add_class, name)


@pytest.mark.usefixtures("three_classes")
def test_undo_and_redo_survive_a_restart(workspace: Workspace, add_images: AddImages) -> None:
    first, second = add_images(2)
    uid = workspace.user.uid
    workspace.db.write(labels.set_label, uid, first, "m3")
    workspace.db.write(labels.set_label, uid, first, "m4")
    workspace.db.write(labels.set_label, uid, second, None, state="skipped")
    with Workspace(workspace.paths.root) as again:
        assert again.db.write(journal.undo, uid).target == second
        assert again.db.write(journal.undo, uid).target == first
    assert label_of(workspace, first) == "m3"
    assert label_of(workspace, second) is None
    workspace.db.write(journal.redo, uid)
    assert label_of(workspace, first) == "m4"


@pytest.mark.usefixtures("three_classes")
def test_a_new_decision_ends_redo_in_its_area_only(workspace: Workspace, add_images: AddImages) -> None:
    ids = add_images(3)
    uid = workspace.user.uid
    workspace.db.write(images.trash, uid, [ids[2]])
    workspace.db.write(labels.set_label, uid, ids[0], "m3")
    workspace.db.write(journal.undo, uid, "label")
    workspace.db.write(journal.undo, uid, "trash")
    workspace.db.write(labels.set_label, uid, ids[1], "nut")
    with pytest.raises(NotFoundError):
        workspace.db.write(journal.redo, uid, "label")
    assert workspace.db.write(journal.redo, uid, "trash").target == ids[2]


@pytest.mark.usefixtures("three_classes")
def test_undo_leaves_what_somebody_else_decided_since(workspace: Workspace, add_images: AddImages) -> None:
    (image,) = add_images(1)
    other = workspace.db.write(users.sign_in, 4711, "ana").uid
    workspace.db.write(labels.set_label, workspace.user.uid, image, "m3")
    workspace.db.write(labels.set_label, other, image, "m4")
    assert workspace.db.write(journal.undo, workspace.user.uid).stale
    assert label_of(workspace, image) == "m4"
    with pytest.raises(NotFoundError):
        workspace.db.write(journal.undo, workspace.user.uid)


@pytest.mark.usefixtures("three_classes")
def test_the_journal_cannot_be_rewritten(workspace: Workspace, add_images: AddImages) -> None:
    (image,) = add_images(1)
    workspace.db.write(labels.set_label, workspace.user.uid, image, "m3")
    for statement in ("UPDATE journal SET uid = 1", "DELETE FROM journal"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            workspace.db.connection.execute(statement)


@pytest.mark.usefixtures("three_classes")
def test_a_decision_writes_state_journal_and_event_or_nothing(workspace: Workspace, add_images: AddImages) -> None:
    (image,) = add_images(1)
    seen = workspace.db.read(events.latest)
    workspace.db.write(labels.set_label, workspace.user.uid, image, "m3", suggested={"label": "nut", "score": 0.9})
    entry = workspace.db.read(journal.history, area="label", target=image)[0]
    assert (entry.before, entry.suggested) == ({}, {"label": "nut", "score": 0.9})
    assert [event.kind for event in workspace.db.read(events.since, seen)] == ["label"]

    def failing(db: sqlite3.Connection) -> None:
        labels.set_label(db, workspace.user.uid, image, "m4")
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        workspace.db.write(failing)
    assert label_of(workspace, image) == "m3"
    assert len(workspace.db.read(journal.history, area="label", target=image)) == 1


def test_labels_that_came_with_an_import_are_not_undone_by_key(workspace: Workspace, add_images: AddImages) -> None:
    (image,) = add_images(1)
    assert workspace.db.write(labels.import_label, workspace.user.uid, image, "m3") == "new"
    assert workspace.db.write(labels.import_label, workspace.user.uid, image, "m3") == "known"
    assert workspace.db.write(labels.import_label, workspace.user.uid, image, "m4") == "other"
    assert [one.name for one in workspace.db.read(labels.classes)] == ["m3"], "what is not taken over makes no class"
    with pytest.raises(NotFoundError):
        workspace.db.write(journal.undo, workspace.user.uid)
    assert label_of(workspace, image) == "m3"


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("label"), st.integers(0, 2), st.sampled_from([*CLASSES, "empty", "skipped"])),
        st.tuples(st.just("undo"), st.none(), st.none()),
        st.tuples(st.just("redo"), st.none(), st.none()),
    ),
    max_size=25,
)


@pytest.mark.usefixtures("three_classes")
@given(steps=STEPS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_undo_and_redo_walk_like_an_editor(
    workspace: Workspace, add_images: AddImages, steps: list[tuple[str, int | None, str | None]]
) -> None:
    """Against a model: a list of states and a position in it."""
    ids = add_images(3)
    uid = workspace.user.uid
    workspace.db.write(lambda db: db.execute("DELETE FROM undo_entry"))
    states: list[dict[int, str]] = [{}]
    position = 0
    for action, which, value in steps:
        if action == "label" and which is not None and value is not None:
            if states[position].get(ids[which]) == value:
                continue
            if value in CLASSES:
                workspace.db.write(labels.set_label, uid, ids[which], value)
            else:
                workspace.db.write(labels.set_label, uid, ids[which], None, state=value)  # type: ignore[arg-type]
            states = [*states[: position + 1], {**states[position], ids[which]: value}]
            position += 1
            continue
        step = -1 if action == "undo" else 1
        turn = journal.undo if action == "undo" else journal.redo
        if 0 <= position + step < len(states):
            workspace.db.write(turn, uid)
            position += step
        else:
            with pytest.raises(NotFoundError):
                workspace.db.write(turn, uid)
    assert {i: label_of(workspace, i) for i in ids if label_of(workspace, i)} == states[position]


def test_class_counts_are_kept_right(workspace: Workspace, add_images: AddImages) -> None:
    ids = add_images(4)
    uid = workspace.user.uid
    for name in CLASSES:
        workspace.db.write(labels.add_class, name)
    for image in ids:
        workspace.db.write(labels.set_label, uid, image, "m3")
    workspace.db.write(labels.set_label, uid, ids[0], "m4")
    workspace.db.write(labels.clear, uid, ids[1])
    workspace.db.write(journal.undo, uid)
    workspace.db.write(labels.set_label, uid, ids[2], None, state="empty")
    kept = {one.name: one.images for one in workspace.db.read(labels.classes)}
    counted = dict(
        workspace.db.connection.execute(
            "SELECT name, count(image_id) FROM class LEFT JOIN label ON class_id = class.id GROUP BY name"
        ).fetchall()
    )
    assert kept == counted == {"m3": 2, "m4": 1, "nut": 0}


def test_undo_brings_back_a_choice_with_its_crop(workspace: Workspace, add_images: AddImages) -> None:
    ids = add_images(3)
    uid = workspace.user.uid
    set_id, _ = workspace.db.write(sets.add, name="one", kind="folder", image_ids=ids)
    workspace.db.write(sets.choose, uid, set_id, ids[0], crop=(0.1, 0.2, 0.5, 0.6))
    workspace.db.write(sets.choose, uid, set_id, None, state="rejected")
    workspace.db.write(journal.undo, uid, "set")
    found = workspace.db.read(sets.get, set_id)
    assert (found.state, found.chosen_image_id, found.crop) == ("done", ids[0], (0.1, 0.2, 0.5, 0.6))


def test_what_an_earlier_version_wrote_without_a_batch_is_undone_one_by_one(
    workspace: Workspace, add_images: AddImages
) -> None:
    ids, uid = add_images(4), workspace.user.uid
    workspace.db.write(images.trash, uid, ids[:2])
    workspace.db.write(images.trash, uid, [ids[2]])
    workspace.db.write(images.trash, uid, [ids[3]])
    workspace.db.write(
        lambda db: db.execute(
            "UPDATE undo_entry SET batch = NULL WHERE journal_id IN (SELECT id FROM journal WHERE target IN (?, ?))",
            (str(ids[2]), str(ids[3])),
        )
    )
    assert workspace.db.write(journal.undo, uid).turned == (ids[3],)
    assert workspace.db.write(journal.undo, uid).turned == (ids[2],)
    assert workspace.db.write(journal.redo, uid).turned == (ids[2],)
    assert workspace.db.write(journal.undo, uid).turned == (ids[2],)
    assert workspace.db.write(journal.undo, uid).turned == tuple(ids[:2])


def test_what_somebody_changed_since_is_counted_as_left(workspace: Workspace, add_images: AddImages) -> None:
    ids, uid = add_images(3), workspace.user.uid
    workspace.db.write(images.trash, uid, ids)
    workspace.db.write(users.sign_in, uid + 1, "other")
    workspace.db.write(images.restore, uid + 1, [ids[1]])
    entry = workspace.db.write(journal.undo, uid)
    assert (entry.turned, entry.left, entry.stale) == ((ids[0], ids[2]), 1, False)


def test_a_large_decision_is_turned_in_parts(workspace: Workspace, add_images: AddImages) -> None:
    ids, uid, db = add_images(7), workspace.user.uid, workspace.db

    def live() -> list[int]:
        return [one for one in ids if db.read(images.get, one).trashed_at is None]

    db.write(images.trash, uid, ids)
    parts = [db.write(journal.undo, uid, "trash", most=3)]
    assert (parts[0].turned, parts[0].waiting, live()) == (tuple(ids[4:]), 4, ids[4:])
    parts.append(db.write(journal.undo, uid, "trash", most=3, goes_on=parts[-1]))
    parts.append(db.write(journal.undo, uid, "trash", most=3, goes_on=parts[-1]))
    whole = journal.together(parts)
    assert (whole.target, whole.turned, whole.left, whole.waiting) == (ids[0], tuple(ids), 0, 0)
    first = db.write(journal.redo, uid, "trash", most=3)
    assert (first.turned, first.waiting) == (tuple(ids[:3]), 4)
    rest = db.write(journal.redo, uid, "trash", goes_on=first)
    assert (rest.turned, rest.waiting, live()) == (tuple(ids[3:]), 0, [])


def test_a_decision_that_was_turned_half_way_is_gone_on_with(workspace: Workspace, add_images: AddImages) -> None:
    ids, uid, db = add_images(6), workspace.user.uid, workspace.db
    db.write(images.trash, uid, ids[:1])
    db.write(images.trash, uid, ids[1:])
    part = db.write(journal.undo, uid, "trash", most=2)
    with Workspace(workspace.paths.root) as again:
        assert again.db.write(journal.undo, uid, "trash").turned == tuple(ids[1:4])
    over = db.write(journal.undo, uid, "trash", most=2, goes_on=part)
    assert (over.turned, over.waiting) == ((), 0), "another program has gone on with it"
    assert db.write(journal.undo, uid, "trash").turned == tuple(ids[:1])
    assert db.write(journal.redo, uid, "trash").turned == tuple(ids[:1])
    assert db.write(journal.redo, uid, "trash").turned == tuple(ids[1:])


def test_redo_in_parts_does_nothing_twice_though_another_undoes_in_between(
    workspace: Workspace, add_images: AddImages
) -> None:
    ids, uid, db = add_images(6), workspace.user.uid, workspace.db
    db.write(images.trash, uid, ids)
    db.write(journal.undo, uid, "trash")
    first = db.write(journal.redo, uid, "trash", most=2)
    db.write(journal.undo, uid, "trash")
    rest = db.write(journal.redo, uid, "trash", most=2, goes_on=first)
    assert rest.turned == tuple(ids[2:4])
    assert db.read(images.get, ids[0]).trashed_at is None


def test_a_decision_about_a_name_is_turned_whole(workspace: Workspace, add_images: AddImages) -> None:
    ids, uid, db = add_images(5), workspace.user.uid, workspace.db
    one, other = (db.write(named.add, uid, named.TAG, name) for name in ("one", "other"))
    db.write(named.put, uid, named.TAG, one, ids)
    db.write(named.merge, uid, named.TAG, one, other)
    entry = db.write(journal.undo, uid, "tag_name", most=2)
    assert (entry.target, len(entry.turned), entry.waiting) == (one, 1 + len(ids), 0)


def test_whoever_opens_the_store_can_undo_everything() -> None:
    code = (
        "import importlib, pkgutil, binscout_tui.store as store; from binscout_tui.store import journal;"
        "known = set(journal.areas());"
        "[importlib.import_module(f'binscout_tui.store.{one.name}') for one in pkgutil.iter_modules(store.__path__)];"
        "print(sorted(set(journal.areas()) - known))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
