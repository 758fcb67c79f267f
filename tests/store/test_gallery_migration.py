"""A database of the schema before tags and collections keeps all that is in it, and counts it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from binscout_tui.store import captures, filters, images, named, sets, users, views
from binscout_tui.store.connection import connect, transaction
from binscout_tui.store.migrate import APPLICATION_ID, migrate, migrations, statements
from binscout_tui.store.named import TAG

BEFORE = 14
AT = "2026-01-01T00:00:00.000Z"


@pytest.fixture
def old(tmp_path: Path) -> Iterator[tuple[sqlite3.Connection, Path]]:
    """A database of that schema with captures, a set, notes and labels, one image each in the trash and withheld."""
    path = tmp_path / "binscout.db"
    with closing(connect(path)) as db:
        with transaction(db):
            for number, script in migrations():
                if number <= BEFORE:
                    for statement in statements(script):
                        db.execute(statement)
            db.execute(f"PRAGMA application_id={APPLICATION_ID}")
            db.execute(f"PRAGMA user_version={BEFORE}")
        db.execute("INSERT INTO user VALUES (1, 'ada', 'admin', ?)", (AT,))
        for image_id, origin in enumerate(("imported", "imported", "captured", "captured", "generated"), 1):
            db.execute(
                "INSERT INTO image (id, sha256, origin, storage, path, name, source, bytes, mtime_ns, width, height,"
                " format, mode, source_group, added_at, added_by)"
                " VALUES (?, ?, ?, 'copy', ?, ?, '', 1, 1, 8, 8, 'JPEG', 'RGB', '', ?, 1)",
                (image_id, f"{image_id:064x}", origin, f"{image_id}".encode(), f"{image_id}.jpg", AT),
            )
        db.execute("UPDATE image SET trashed_at = ?, trashed_by = 1 WHERE id = 2", (AT,))
        db.execute("UPDATE image SET withheld = 'staged' WHERE id = 4")
        for image_id, state in ((3, "accepted"), (4, "staged")):
            db.execute(
                "INSERT INTO capture (state, image_id, owns_image, added_at, uid) VALUES (?, ?, 1, ?, 1)",
                (state, image_id, AT),
            )
        db.execute("INSERT INTO image_note VALUES (1, 'a brass gear', 1, ?)", (AT,))
        db.execute("INSERT INTO class (name) VALUES ('m3')")
        db.execute("INSERT INTO label VALUES (1, 'class', 1, 1, ?)", (AT,))
        sets.add(db, name="burst", kind="burst", image_ids=[1, 3])
        yield db, path


def test_everything_is_kept_and_counted(old: tuple[sqlite3.Connection, Path]) -> None:
    db, path = old
    migrate(db, path)
    assert views.counts(db) == {
        **{"all": 3, "starred": 0, "trash": 1, "uncategorised": 3, "unlabelled": 2},
        **{"captured": 1, "imported": 1, "generated": 1},
    }
    assert captures.counts(db) == {"staged": 1, "accepted": 1, "superseded": 0, "rejected": 0, "failed": 0}
    assert filters.page(db, filters.parse("text:gear")) == [1]
    assert sets.ids(db) == [1]
    assert images.get(db, 4).withheld == "staged"
    assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_what_was_there_before_can_be_hidden_and_shown_as_it_was(old: tuple[sqlite3.Connection, Path]) -> None:
    db, path = old
    migrate(db, path)
    users.sign_in(db, 1, "ada")
    with transaction(db):
        tag = named.ensure(db, 1, TAG, "private")
        named.put(db, 1, TAG, tag, [1, 3])
        captures.decide(db, 1, [1], "staged")
        named.hide(db, 1, TAG, tag)
    assert views.counts(db)["all"] == 1
    assert captures.counts(db)["staged"] == 1
    assert sets.ids(db) == []
    assert db.execute("SELECT images FROM class").fetchone()[0] == 0
    with transaction(db):
        named.hide(db, 1, TAG, tag, on=False)
    assert images.get(db, 3).withheld == "staged"
    assert (captures.counts(db)["staged"], views.counts(db)["all"], sets.ids(db)) == (2, 2, [1])
    assert db.execute("SELECT images FROM class").fetchone()[0] == 1


def test_a_new_database_has_the_schema_of_one_that_was_migrated(
    old: tuple[sqlite3.Connection, Path], tmp_path: Path
) -> None:
    db, path = old
    migrate(db, path)
    schema = "SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2"
    with closing(connect(tmp_path / "new.db")) as new:
        migrate(new, tmp_path / "new.db")
        assert [tuple(row) for row in new.execute(schema)] == [tuple(row) for row in db.execute(schema)]
