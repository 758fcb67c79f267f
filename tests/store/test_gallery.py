"""The gallery's questions: ids in pieces, rows of a page, what changed since."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.store import events, gallery, images, journal, labels, migrate, sets
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages


def test_ids_come_in_pieces_in_both_orders_without_the_trash(workspace: Workspace, add_images: AddImages) -> None:
    ids = add_images(7)
    workspace.db.write(images.trash, workspace.user.uid, [ids[2], ids[6]])
    live = [ids[0], ids[1], ids[3], ids[4], ids[5]]
    for order, expected in (("oldest", live), ("newest", live[::-1])):
        found: list[int] = []
        while piece := workspace.db.read(gallery.piece, order, found[-1] if found else None, 2):
            assert len(piece) <= 2
            found += piece
        assert found == expected


def test_ids_are_read_from_the_index_alone(workspace: Workspace, add_images: AddImages) -> None:
    add_images(3)
    seen: list[str] = []
    workspace.db.connection.set_trace_callback(seen.append)
    workspace.db.read(gallery.piece, "newest", 3, 10)
    workspace.db.connection.set_trace_callback(None)
    plan = workspace.db.connection.execute(f"EXPLAIN QUERY PLAN {seen[0]}").fetchall()
    assert [row["detail"] for row in plan] == ["SEARCH image USING COVERING INDEX image_live (id<?)"]


def test_rows_of_a_page_keep_its_order_and_know_label_and_crops(workspace: Workspace, add_images: AddImages) -> None:
    ids = add_images(4)
    uid = workspace.user.uid
    workspace.db.write(labels.add_class, "nut")
    workspace.db.write(labels.set_label, uid, ids[1], "nut")
    workspace.db.write(labels.set_label, uid, ids[2], None, state="empty")
    set_id, _ = workspace.db.write(sets.add, name="a", kind="hand", image_ids=ids[:2])
    workspace.db.write(sets.choose, uid, set_id, ids[0], crop=(0.1, 0.2, 0.3, 0.4))
    rows = workspace.db.read(gallery.rows, [ids[2], 999, ids[0], ids[1]])
    assert [row.image.id for row in rows] == [ids[2], ids[0], ids[1]]
    assert [(row.label.state, row.label.name) if row.label else None for row in rows] == [
        ("empty", None),
        None,
        ("class", "nut"),
    ]
    assert [row.crops for row in rows] == [(), ((0.1, 0.2, 0.3, 0.4),), ()]
    assert workspace.db.read(gallery.rows, []) == []


def test_news_name_what_is_there_what_is_gone_and_what_looks_different(
    workspace: Workspace, add_images: AddImages
) -> None:
    ids = add_images(5)
    uid = workspace.user.uid
    workspace.db.write(labels.add_class, "nut")
    set_id, _ = workspace.db.write(sets.add, name="a", kind="hand", image_ids=ids[3:])
    event_id, count, trashed = workspace.db.read(gallery.begin)
    assert (count, trashed) == (5, False)
    assert workspace.db.read(gallery.news, event_id) == gallery.News(event_id=event_id)
    workspace.db.write(images.trash, uid, [ids[0], ids[1]])
    workspace.db.write(images.restore, uid, [ids[1]])
    workspace.db.write(labels.set_label, uid, ids[2], "nut")
    workspace.db.write(sets.choose, uid, set_id, ids[4])
    found = workspace.db.read(gallery.news, event_id)
    assert (found.live, found.gone) == ({ids[1], ids[2], ids[3], ids[4]}, {ids[0]})
    assert workspace.db.read(gallery.news, found.event_id).live == frozenset()


def test_news_say_when_it_was_too_much_or_forgotten(workspace: Workspace, add_images: AddImages) -> None:
    (image,) = add_images(1)
    event_id, *_ = workspace.db.read(gallery.begin)
    for _ in range(gallery.MOST_NEWS + 1):
        workspace.db.connection.execute("INSERT INTO event (at, kind, target) VALUES ('2026', 'image', ?)", (image,))
    found = workspace.db.read(gallery.news, event_id)
    assert found.too_many
    assert found.event_id == workspace.db.read(events.latest)
    workspace.db.connection.execute("DELETE FROM event WHERE id <= ?", (event_id + 5,))
    assert workspace.db.read(gallery.news, event_id + 2).too_many
    assert not workspace.db.read(gallery.news, found.event_id - 3).too_many


def test_trashing_several_is_one_decision_with_a_journal_row_each(workspace: Workspace, add_images: AddImages) -> None:
    ids = add_images(5)
    uid = workspace.user.uid
    workspace.db.write(images.trash, uid, [ids[0]])
    assert workspace.db.write(images.trash, uid, [*ids[1:4], ids[1], ids[0]]) == 3
    assert [entry.target for entry in workspace.db.read(journal.history, area="trash")] == ids[3::-1]
    assert workspace.db.write(journal.undo, uid).turned == tuple(ids[1:4])
    assert workspace.db.read(images.count) == 4
    assert workspace.db.write(journal.redo, uid).turned == tuple(ids[1:4])
    assert workspace.db.write(journal.undo, uid).turned == tuple(ids[1:4])
    assert workspace.db.write(journal.undo, uid).turned == (ids[0],)
    assert workspace.db.write(journal.redo, uid).turned == (ids[0],)
    assert workspace.db.write(journal.redo, uid).turned == tuple(ids[1:4])


def test_undo_of_several_leaves_those_that_somebody_changed_since(workspace: Workspace, add_images: AddImages) -> None:
    ids = add_images(3)
    uid = workspace.user.uid
    workspace.db.write(images.trash, uid, ids)
    workspace.db.connection.execute("UPDATE image SET trashed_at = NULL, trashed_by = NULL WHERE id = ?", (ids[1],))
    entry = workspace.db.write(journal.undo, uid)
    assert not entry.stale
    assert entry.turned == (ids[0], ids[2])
    assert workspace.db.write(journal.redo, uid).turned == (ids[0], ids[2])
    assert [image.id for image in workspace.db.read(images.page)] == [ids[1]]


def test_decisions_from_before_batches_are_undone_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = migrate.migrations()[:1]
    with monkeypatch.context() as old:
        old.setattr(migrate, "migrations", lambda: first)
        workspaces.create(tmp_path / "old")
    with sqlite3.connect(tmp_path / "old" / workspaces.DATABASE) as db:
        db.row_factory = sqlite3.Row
        (uid,) = db.execute("SELECT uid FROM user").fetchone()
        for image_id in (1, 2):
            db.execute(
                "INSERT INTO image (sha256, origin, storage, path, name, source, bytes, mtime_ns, width, height,"
                " format, mode, source_group, added_at, added_by) VALUES (printf('%064d', ?1), 'imported', 'copy',"
                " CAST(?1 AS BLOB), 'a', 'a', 1, 1, 1, 1, 'JPEG', 'RGB', 'a', '', ?2)",
                (image_id, uid),
            )
            images._write_trash(db, image_id, {"trashed": True}, uid)
            db.execute(
                "INSERT INTO journal (at, uid, area, action, target, before, after)"
                """ VALUES ('', ?, 'trash', 'trash', ?, '{"trashed":false}', '{"trashed":true}')""",
                (uid, image_id),
            )
        db.execute("INSERT INTO undo_entry (journal_id, uid, area) SELECT id, uid, area FROM journal")
    db.close()
    with Workspace(tmp_path / "old") as opened:
        assert opened.db.write(journal.undo, uid).turned == (2,)
        assert opened.db.write(journal.undo, uid).turned == (1,)
