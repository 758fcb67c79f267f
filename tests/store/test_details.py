"""Everything about an image in one reading, and nothing of what is concealed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from binscout_tui.errors import NotFoundError
from binscout_tui.imaging.outcomes import Told
from binscout_tui.store import (
    box_labels,
    crops,
    details,
    images,
    journal,
    labels,
    named,
    predictions,
    reviews,
    sets,
    stars,
    texts,
    told,
)
from binscout_tui.store.box_labels import LabelBox
from binscout_tui.store.crops import Drawn
from binscout_tui.store.named import COLLECTION, TAG
from binscout_tui.store.predictions import Prediction
from binscout_tui.workspace import Workspace

AddImages = Callable[[int], list[int]]


def _say_everything(db: sqlite3.Connection, uid: int, ids: list[int]) -> None:
    one = ids[0]
    labels.set_label(db, uid, one, labels.add_class(db, "m3").name)
    labels.set_label(db, uid, one, labels.add_class(db, "m4").name)
    for kind, name in ((TAG, "brass"), (COLLECTION, "Screws")):
        named.put(db, uid, kind, named.ensure(db, uid, kind, name), [one])
    stars.star(db, uid, [one])
    texts.set_title(db, uid, one, "A gear")
    reviews.set_note(db, uid, one, "dusty")
    reviews.flag(db, uid, [one])
    m3 = labels.find_class(db, "m3").id
    box_labels.set_boxes(db, uid, one, [LabelBox(box=(0.1, 0.1, 0.4, 0.4), class_id=m3)] * 1)
    box_labels.set_count(db, uid, one, 7)
    crops.keep(db, uid, one, [Drawn(box=(0.0, 0.0, 0.5, 0.5))])
    found, _ = sets.add(db, name="burst", kind="burst", image_ids=ids[:2])
    sets.choose(db, uid, found, one)
    told.note(db, one, Told(prompt="a **gear**", data={"camera": "Canon"}))


def _ask(workspace: Workspace, image_id: int) -> details.Details:
    return workspace.db.read(details.details, image_id)


def test_all_that_was_said_is_there(workspace: Workspace, add_images: AddImages) -> None:
    ids = add_images(3)
    workspace.db.write(_say_everything, workspace.user.uid, ids)
    found = _ask(workspace, ids[0])
    assert (found.title, found.prompt, found.note, found.review) == ("A gear", "a **gear**", "dusty", True)
    assert found.label is not None
    assert (found.label.name, found.label.by) == ("m4", workspace.user.name)
    assert [one.name for one in found.tags + found.collections] == ["brass", "Screws"]
    assert found.image.starred
    assert [(one.name, one.count) for one in found.boxes + found.counts] == [("m3", 1), (None, 7)]
    assert found.box_state == "boxes"
    assert [one.box for one in found.crops] == [(0.0, 0.0, 0.5, 0.5)]
    assert [(one.name, one.images, one.chosen) for one in found.sets] == [("burst", 2, True)]
    assert found.meta == {"camera": "Canon"}
    assert found.added_by == workspace.user.name
    bare = _ask(workspace, ids[2])
    assert (bare.label, bare.tags, bare.crops, bare.sets, bare.meta, bare.prompt) == (None, (), (), (), None, "")


def test_history_tells_who_decided_what_the_newest_first(workspace: Workspace, add_images: AddImages) -> None:
    ids = add_images(3)
    workspace.db.write(_say_everything, workspace.user.uid, ids)
    workspace.db.write(journal.undo, workspace.user.uid, "star")
    found = workspace.db.read(details.history, ids[0])
    assert [(one.area, one.action) for one, _ in found[:2]] == [("star", "undo"), ("crops", "boxes")]
    assert {who for _, who in found} == {workspace.user.name}
    by_area: dict[str, Any] = {one.area: one for one, _ in found}
    assert by_area["tag"].after == {"in": ["brass"]}
    assert {"label", "title", "note", "review", "boxes", "counts", "collection"} <= by_area.keys()
    assert len(workspace.db.read(details.history, ids[0], 3)) == 3
    assert workspace.db.read(details.history, ids[2]) == []


def test_what_is_concealed_is_not_told(workspace: Workspace, add_images: AddImages) -> None:
    ids, uid = add_images(2), workspace.user.uid

    def hide(db: sqlite3.Connection) -> None:
        secret = named.ensure(db, uid, TAG, "secret")
        named.put(db, uid, TAG, secret, ids)
        named.put(db, uid, TAG, named.ensure(db, uid, TAG, "brass"), ids)
        named.take(db, uid, TAG, secret, ids[1:])
        named.hide(db, uid, TAG, secret)

    workspace.db.write(hide)
    for ask in (details.details, details.history):
        with pytest.raises(NotFoundError):
            workspace.db.read(ask, ids[0])
    assert [one.name for one in _ask(workspace, ids[1]).tags] == ["brass"]
    told_of = [(one.before, one.after) for one, _ in workspace.db.read(details.history, ids[1])]
    assert told_of == [({"in": []}, {"in": ["brass"]})]


def test_words_of_active_models_stand_first(workspace: Workspace, add_images: AddImages) -> None:
    [one] = add_images(1)

    def say(db: sqlite3.Connection) -> None:
        for model in ("old", "new"):
            db.execute(
                "INSERT INTO model (id, task, sha256, bytes, card, uid, created_at)"
                " VALUES (?, 'classify', ?, 1, '{}', ?, '2026-01-01T00:00:00.000Z')",
                (model, "0" * 64, workspace.user.uid),
            )
        predictions.keep(
            db,
            [
                Prediction(image_id=one, model_id="new", label="m3", score=0.9, unknown=False),
                Prediction(image_id=one, model_id="old", label=None, score=None, unknown=False, error="too dark"),
            ],
        )

    workspace.db.write(say)
    found = _ask(workspace, one).predictions
    assert {(word.model, word.label, word.error, word.active) for word in found} == {
        ("new", "m3", None, False),
        ("old", None, "too dark", False),
    }


def test_a_prompt_of_a_generation_stays_and_others_follow_the_file(workspace: Workspace, add_images: AddImages) -> None:
    ids = add_images(2)

    def note(db: sqlite3.Connection, prompt: str) -> None:
        for one in ids:
            told.note(db, one, Told(prompt=prompt, data={"caption": prompt} if prompt == "first" else {}))

    workspace.db.write(lambda db: db.execute("UPDATE image SET origin = 'generated' WHERE id = ?", (ids[1],)))
    workspace.db.write(note, "first")
    workspace.db.write(note, "second")
    assert [workspace.db.read(texts.get, one).prompt for one in ids] == ["second", "first"]
    workspace.db.write(note, "")
    assert workspace.db.read(texts.get, ids[0]).prompt == "second"
    assert workspace.db.read(texts.meta, ids[0]) == {"caption": "first"}


def test_only_what_was_not_read_is_unread(workspace: Workspace, add_images: AddImages) -> None:
    ids, uid = add_images(4), workspace.user.uid
    workspace.db.write(told.note, ids[0], Told())
    workspace.db.write(lambda db: images.set_health(db, ids[1], "missing"))
    workspace.db.write(lambda db: named.put(db, uid, TAG, named.add(db, uid, TAG, "x"), [ids[2]]))
    workspace.db.write(lambda db: named.hide(db, uid, TAG, named.find(db, TAG, "x").id))
    assert [one.id for one in workspace.db.read(told.unread)] == [ids[3]]
    assert workspace.db.read(told.count_unread) == 1
    assert [one.id for one in workspace.db.read(told.unread, again=True)] == [ids[0], ids[3]]


def test_nothing_of_one_image_reads_all_that_are_hidden(workspace: Workspace, add_images: AddImages) -> None:
    ids = add_images(3)
    workspace.db.write(_say_everything, workspace.user.uid, ids)
    asked: list[str] = []
    db = workspace.db.connection
    db.set_trace_callback(asked.append)
    _ask(workspace, ids[0])
    db.set_trace_callback(None)
    plans = [
        row["detail"] for sql in asked if sql.startswith("SELECT") for row in db.execute(f"EXPLAIN QUERY PLAN {sql}")
    ]
    assert any("set_member" in plan for plan in plans)
    assert [plan for plan in plans if "image_hidden" in plan or plan.startswith("SCAN hidden_one")] == []
